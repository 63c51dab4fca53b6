"""Who gets a case: by unit, account, language or turn, never somebody who is away."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.closedloop.models import Absence, Case, Rule
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import today

_NEVER = datetime.min.replace(tzinfo=UTC)


class Assigner:
    """Gives out the cases of one sitting; what several of them need is looked up once.

    Whoever got a case here waits from then on, as if it were in the database already.
    """

    def __init__(self, units: Iterable[str]) -> None:
        """Look up the units of the cases to come."""
        codes = {code for code in units if code}
        found = Unit.objects.filter(code__in=codes).select_related("parent") if codes else ()
        self._units = {unit.code: unit for unit in found}
        self._managers: dict[int, list[User]] = {}  # by unit
        self._pools: dict[tuple[object, ...], list[User]] = {}
        self._last: dict[int, datetime] = {}  # by user: when the last case came
        self._of_accounts: dict[int, User | None] = {}

    def country_of(self, unit: str) -> str:
        """Return the country whose working days a unit keeps; its own or that of one above it."""
        return country_above(self._units.get(unit))

    def owner_of(
        self, rule: Rule, *, customer: Customer | None, unit: str, language: str, at: datetime
    ) -> User | None:
        """Return who gets a case of the customer in the unit; None leaves it in the unit's inbox.

        Args:
            rule: says how.
            customer: whose case it is, if known.
            unit: code of the unit.
            language: of the customer.
            at: when the case is opened.
        """
        account = customer.account_id if customer else None
        owner = self._chosen(rule, account, self._units.get(unit), language)
        if owner is not None:
            self._last[owner.pk] = at
            if account is not None:
                self._of_accounts[account] = owner
        return owner

    def _chosen(
        self, rule: Rule, account: int | None, unit: Unit | None, language: str
    ) -> User | None:
        if rule.assign == Rule.Assign.ACCOUNT and account is not None:
            found = self._of_account(account)
            if found:
                return found
        if rule.assign == Rule.Assign.LANGUAGE:
            return self._longest_waiting(
                self._people(rule, language=language)
            ) or self._longest_waiting(self._people(rule))
        if rule.assign == Rule.Assign.ROUND_ROBIN:
            return self._longest_waiting(self._people(rule))
        return self._manager_of(unit)

    def _manager_of(self, unit: Unit | None) -> User | None:
        """Return the manager of a unit, or of the nearest one above it that has one at work."""
        while unit is not None:
            found = self._longest_waiting(self._managers_of(unit))
            if found:
                return found
            unit = unit.parent
        return None

    def _managers_of(self, unit: Unit) -> list[User]:
        if unit.pk not in self._managers:
            # Those of all units of the sitting, and of the ones above them, in one query.
            nearby = {one.pk for one in self._units.values()}
            nearby |= {one.parent_id for one in self._units.values() if one.parent_id}
            nearby = (nearby - set(self._managers)) | {unit.pk}
            self._managers.update({key: [] for key in nearby})
            for user in self._loaded(present().filter(role=Role.MANAGER, unit__in=nearby)):
                assert user.unit_id is not None
                self._managers[user.unit_id].append(user)
        return self._managers[unit.pk]

    def _people(self, rule: Rule, **asked: Any) -> list[User]:
        key = (rule.pk, *asked.items())
        if key not in self._pools:
            self._pools[key] = self._loaded(present().filter(rule=rule, **asked))
        return self._pools[key]

    def _loaded(self, pool: QuerySet[User]) -> list[User]:
        """Return a pool in the order of its keys, and keep when each got the last case."""
        last = Case.objects.filter(owner=OuterRef("pk")).order_by("-opened_at")
        waiting = pool.annotate(last_case=Subquery(last.values("opened_at")[:1]))
        people: list[User] = []
        for user in waiting.order_by("pk"):
            self._last.setdefault(user.pk, user.last_case or _NEVER)
            people.append(user)
        return people

    def _longest_waiting(self, pool: list[User]) -> User | None:
        """Return whoever got the last case longest ago; who never had one comes first."""
        return min(pool, key=lambda user: self._last[user.pk], default=None)

    def _of_account(self, account: int) -> User | None:
        if account not in self._of_accounts:
            last = (
                Case.objects.filter(customer__account=account, owner__in=present())
                .order_by("-opened_at")
                .select_related("owner")
                .first()
            )
            self._of_accounts[account] = last.owner if last else None
        return self._of_accounts[account]


def country_above(unit: Unit | None) -> str:
    """Return the country of a unit or of the nearest one above it that has one."""
    while unit is not None and not unit.country:
        unit = unit.parent
    return unit.country if unit else ""


def present() -> QuerySet[User]:
    """Return the colleagues who work today."""
    away = Absence.objects.filter(first_on__lte=today(), last_on__gte=today()).values("user")
    return User.objects.filter(is_active=True).exclude(pk__in=away)
