"""Who gets a case: by unit, account, language or turn, never somebody who is away."""

from django.db.models import F, OuterRef, QuerySet, Subquery

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.closedloop.models import Absence, Case, Rule
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import today


def owner_of(rule: Rule, *, customer: Customer | None, unit: str, language: str) -> User | None:
    """Return who gets a case of the customer in the unit; None leaves it in the unit's inbox."""
    there = present()
    if rule.assign == Rule.Assign.ACCOUNT:
        found = _of_account(customer, there)
        if found:
            return found
    if rule.assign == Rule.Assign.LANGUAGE:
        pool = there.filter(rule=rule)
        return _longest_waiting(pool.filter(language=language)) or _longest_waiting(pool)
    if rule.assign == Rule.Assign.ROUND_ROBIN:
        return _longest_waiting(there.filter(rule=rule))
    return _manager_of(unit, there)


def present() -> QuerySet[User]:
    """Return the colleagues who work today."""
    away = Absence.objects.filter(first_on__lte=today(), last_on__gte=today()).values("user")
    return User.objects.filter(is_active=True).exclude(pk__in=away)


def _manager_of(code: str, there: QuerySet[User]) -> User | None:
    """Return the manager of a unit, or of the nearest one above it that has one at work."""
    unit = Unit.objects.filter(code=code).first()
    while unit is not None:
        found = _longest_waiting(there.filter(role=Role.MANAGER, unit=unit))
        if found:
            return found
        unit = unit.parent
    return None


def _of_account(customer: Customer | None, there: QuerySet[User]) -> User | None:
    account = customer.account_id if customer else None
    if account is None:
        return None
    last = (
        Case.objects.filter(customer__account=account, owner__in=there)
        .order_by("-opened_at")
        .select_related("owner")
        .first()
    )
    return last.owner if last else None


def _longest_waiting(pool: QuerySet[User]) -> User | None:
    """Return whoever got the last case longest ago; who never had one comes first."""
    last = Case.objects.filter(owner=OuterRef("pk")).order_by("-opened_at").values("opened_at")
    waiting = pool.annotate(last_case=Subquery(last[:1]))
    return waiting.order_by(F("last_case").asc(nulls_first=True), "pk").first()
