"""One customer: where the customer stands, what we know, and the whole story by month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import Scope, may, scope_of
from emptychair.programme.capture.letters import MY_DATA
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Contact, Customer, Segment, Value
from emptychair.programme.customers.timeline import Entry, Window, entries_of
from emptychair.programme.lib import mail, tokens
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.templatetags.look import day
from emptychair.programme.relations import naming
from emptychair.programme.standing.models import Standing

SHOWN: Final = 60
LINK_LIFE: Final = timedelta(days=1)


@dataclass(frozen=True)
class Fact:
    """One thing we know, with a name."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True)
class Month:
    """One month of the story: what the customer brought in it, and what happened."""

    start: date
    value: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class PersonPage:
    """Everything the page of a customer shows."""

    key: int
    code: str
    title: str
    standing: Standing | None
    bucket: str
    state_name: str
    facts: tuple[Fact, ...]
    traits: tuple[Fact, ...]
    segments: tuple[Segment, ...]
    contact: Contact | None
    said_no: bool
    months: tuple[Month, ...]
    older_url: str
    is_older: bool
    may_change: bool
    may_erase: bool
    my_data_url: str


def customers_in(scope: Scope) -> QuerySet[Customer]:
    """Return the customers a reader may see."""
    found = Customer.objects.select_related("unit", "account", "contact", "standing")
    return found if scope.units is None else found.filter(unit__code__in=sorted(scope.units))


def person_page(customer: Customer, reader: User, before: datetime | None) -> PersonPage:
    """Return the page of a customer.

    Args:
        customer: one of `customers_in` the reader's scope.
        reader: who looks.
        before: shows the story before this moment; None shows the newest.
    """
    scope = scope_of(reader)
    standing = getattr(customer, "standing", None)
    contact = getattr(customer, "contact", None) if scope.pii else None
    entries = entries_of(customer, scope, Window(SHOWN + 1, before))
    shown = entries[:SHOWN]
    more = len(entries) > SHOWN
    older = f"?before={shown[-1].at.isoformat().replace('+', '%2B')}" if more else ""
    state = standing.state if standing else ""
    return PersonPage(
        key=customer.pk,
        code=customer.code,
        title=contact.name if contact and contact.name else customer.code,
        standing=standing,
        bucket=state if state in ("detractor", "passive", "promoter") else "",
        state_name=naming.state_name(state) if state else "",
        facts=_facts(customer, standing),
        traits=_traits(customer),
        segments=tuple(customer.segments.order_by("priority", "name")),
        contact=contact,
        said_no=consent.is_suppressed(customer),
        months=_months(customer, shown, is_newest=before is None, is_last=not more),
        older_url=older,
        is_older=before is not None,
        may_change=may(reader, "customer.change") and scope.pii,
        may_erase=may(reader, "customer.erase"),
        my_data_url=reverse("customers:my_data", args=[customer.pk]),
    )


def my_data_link(customer: Customer) -> str:
    """Return the address at which the customer sees everything we hold, good for a day."""
    return mail.link(f"/me/{tokens.sign(MY_DATA, customer.code, now() + LINK_LIFE)}")


def _facts(customer: Customer, standing: Standing | None) -> tuple[Fact, ...]:
    account = customer.account
    facts = [
        Fact(_("Customer's id"), customer.code),
        Fact(
            _("Account"),
            account.name if account else "",
            reverse("customers:account", args=[account.pk]) if account else "",
        ),
        Fact(_("Unit"), customer.unit.name if customer.unit else ""),
        Fact(_("Country"), customer.country),
        Fact(_("Language"), customer.language),
        Fact(_("Customer since"), _day(customer.created_at)),
        Fact(_("Left"), _left(customer)),
        Fact(_("Revenue, twelve whole months"), naming.money(standing.revenue) if standing else ""),
    ]
    return tuple(fact for fact in facts if fact.value)


def _left(customer: Customer) -> str:
    if customer.left_at is None:
        return ""
    return ", ".join(filter(None, (_day(customer.left_at), customer.left_reason)))


def _day(moment: datetime) -> str:
    return day(local_date(moment))


def _traits(customer: Customer) -> tuple[Fact, ...]:
    return tuple(
        Fact(name.replace("_", " ").capitalize(), _said(value))
        for name, value in sorted(customer.traits.items())
        if value not in (None, "")
    )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _months(
    customer: Customer, shown: Sequence[Entry], *, is_newest: bool, is_last: bool
) -> tuple[Month, ...]:
    """Group the story by month; months that brought something stand there without entries too."""
    by_month: dict[date, list[Entry]] = {}
    for entry in shown:
        by_month.setdefault(local_date(entry.at).replace(day=1), []).append(entry)
    values = _values(customer, by_month, is_newest=is_newest, is_last=is_last)
    starts = sorted({*by_month, *values}, reverse=True)
    return tuple(
        Month(start, _brought(values.get(start)), tuple(by_month.get(start, ())))
        for start in starts
    )


def _values(
    customer: Customer, months: Iterable[date], *, is_newest: bool, is_last: bool
) -> dict[date, Value]:
    found = Value.objects.filter(customer=customer)
    known = list(months)
    if known and not is_last:
        found = found.filter(month__gte=min(known))
    if known and not is_newest:
        found = found.filter(month__lte=max(known))
    return {value.month: value for value in found}


def _brought(value: Value | None) -> str:
    if value is None:
        return ""
    parts = [_("Revenue %(amount)s") % {"amount": naming.money(value.revenue)}]
    if value.margin is not None:
        parts.append(_("margin %(amount)s") % {"amount": naming.money(value.margin)})
    if value.cost_to_serve is not None:
        parts.append(_("cost to serve %(amount)s") % {"amount": naming.money(value.cost_to_serve)})
    return " · ".join(parts)
