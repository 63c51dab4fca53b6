"""Reads of standings: the picture of the base, lists, accounts and silent key contacts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from emptychair.programme.accounts.models import Unit
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.customers.models import Account, Contact, Customer
from emptychair.programme.standing.models import (
    SILENT,
    AccountStanding,
    Health,
    Standing,
    State,
)

MOST_FOUND = 2_000  # by one search in one table
LAST_LETTER = "\U0010ffff"
ASKED_SILENT = (State.TOO_OLD, State.NEVER_ANSWERED)


@dataclass(frozen=True)
class Part:
    """How many are in a state, and the revenue of their last twelve whole months."""

    state: str
    customers: int
    revenue: Decimal


def standings(scope: Scope) -> QuerySet[Standing]:
    """Return the standings a reader may see, the most valuable first."""
    found = Standing.objects.order_by("-revenue", "pk")
    return found if scope.units is None else found.filter(unit__in=_units(sorted(scope.units)))


def _units(codes: Sequence[str]) -> list[int]:
    """Return the units' keys: known before the query, they lead it to `standing_of_unit`."""
    return list(Unit.objects.filter(code__in=codes).values_list("pk", flat=True))


def narrowed(
    found: QuerySet[Standing], filters: Mapping[str, str], *, search_names: bool
) -> QuerySet[Standing]:
    """Return those of `found` that the filters leave.

    Args:
        found: standings within the reader's scope.
        filters: `state` (or `silent`, `asked_silent`, `all`; without it all but those who
            left), `unit` and `segment` by code, `key` for key contacts, `search` in ids, names
            and addresses.
        search_names: whether names and addresses may be searched.
    """
    state = filters.get("state", "")
    if state == "silent":
        found = found.filter(state__in=SILENT)
    elif state == "asked_silent":
        found = found.filter(state__in=ASKED_SILENT)
    elif state in State:
        found = found.filter(state=state)
    elif state != "all":
        found = found.exclude(state=State.LEFT)
    if filters.get("unit"):
        found = found.filter(unit__in=_units([filters["unit"]]))
    if filters.get("segment"):
        found = found.filter(customer__segments__slug=filters["segment"])
    if filters.get("key"):
        found = found.filter(is_key=True)
    if filters.get("search"):
        found = found.filter(_has(filters["search"], search_names=search_names))
    return found


def _has(text: str, *, search_names: bool) -> Q:
    """Return whom a text finds; each table is asked by itself, since an OR over joins reads all."""
    after = text + LAST_LETTER
    found = list(_keys(Customer.objects.filter(code__gte=text, code__lt=after), "pk"))
    if search_names:
        mail = text.lower()
        found += _keys(Contact.objects.filter(name__icontains=text), "pk")
        found += _keys(Contact.objects.filter(email__gte=mail, email__lt=mail + LAST_LETTER), "pk")
    accounts = list(_keys(Account.objects.filter(name__icontains=text), "pk"))
    return Q(pk__in=found) | Q(account__in=accounts)


def _keys(rows: QuerySet[Any], name: str) -> Iterable[int]:
    return rows.values_list(name, flat=True)[:MOST_FOUND]


def parts(found: QuerySet[Standing]) -> dict[str, Part]:
    """Return count and revenue of each state that occurs among `found`."""
    rows = found.order_by().values_list("state").annotate(n=Count("*"), money=Sum("revenue"))
    return {state: Part(state, n, money or Decimal(0)) for state, n, money in rows}


def account_standings(scope: Scope) -> QuerySet[AccountStanding]:
    """Return the accounts a reader may see, the most valuable first.

    A reader of some units sees the accounts that have a contact there.
    """
    found = AccountStanding.objects.select_related("account").order_by("-revenue", "pk")
    if scope.units is None:
        return found
    there = Standing.objects.filter(unit__code__in=sorted(scope.units), account__isnull=False)
    return found.filter(pk__in=there.values("account"))


def accounts_by_health(found: QuerySet[AccountStanding]) -> dict[str, Part]:
    """Return count and revenue of each health among `found`."""
    rows = found.order_by().values_list("health").annotate(n=Count("*"), money=Sum("revenue"))
    there = {health: Part(health, n, money or Decimal(0)) for health, n, money in rows}
    return {health: there.get(health, Part(health, 0, Decimal(0))) for health in Health.values}


def silent_key_contacts(scope: Scope) -> QuerySet[Standing]:
    """Return the key contacts who were asked and say nothing, the most valuable account first."""
    found = standings(scope).filter(is_key=True, account__isnull=False)
    found = found.filter(state__in=ASKED_SILENT)
    return found.select_related("customer__contact", "account__standing").order_by(
        "-account__standing__revenue", "-revenue", "pk"
    )
