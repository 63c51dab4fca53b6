# ruff: noqa: ARG001 - every list is asked the same, whether it needs all it is told or not
"""The lists that can be taken out: which rows, which columns, who may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from emptychair.programme.accounts.models import Unit
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.models import Invitation
from emptychair.programme.capture.queries import responses_behind
from emptychair.programme.customers.models import Customer, Event, Segment, Value
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tables import RATING, TRAIT
from emptychair.programme.journeys.models import Driver, Touchpoint
from emptychair.programme.lib.spreadsheets import Cell
from emptychair.programme.lib.tokens import keyed_hash


@dataclass(frozen=True)
class Column:
    """One column of an export: its name and type in the contract, and the cell of a row."""

    name: str
    type: str
    value: Callable[[Any], Cell]


@dataclass(frozen=True)
class Filters:
    """Which rows of a list are wanted; local dates, both included."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Listing:
    """A list that can be taken out: who may, which rows, which columns."""

    name: str
    label: object
    need: str
    rows: Callable[[Scope, Filters], QuerySet[Any]]
    columns: Callable[[Scope], Sequence[Column]]


def _text(name: str, read: Callable[[Any], str | None]) -> Column:
    return Column(name, "text", lambda row: read(row) or None)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _who(scope: Scope, customer: Callable[[Any], Customer | None]) -> list[Column]:
    """Return who it is: the customer's id, or a stable pseudonym for those who may not know."""

    def name(row: Any) -> str | None:
        found = customer(row)
        if found is None:
            return None
        return found.code if scope.pii else keyed_hash(f"customer:{found.code}")[:20]

    def account(row: Any) -> str | None:
        found = customer(row)
        return found.account.code if found and found.account else None

    return [_text("customer_id", name), *([_text("account_id", account)] if scope.pii else [])]


def _responses(scope: Scope, filters: Filters) -> QuerySet[Any]:
    found = responses_behind(scope, start=filters.start, end=filters.end, include_held=True)
    return found.select_related("survey", "wording", "customer__account")


def _response_columns(scope: Scope) -> list[Column]:
    stages = {
        slug: (journey, stage)
        for slug, stage, journey in Touchpoint.objects.values_list(
            "slug", "stage__slug", "stage__journey__slug"
        )
    }

    def wording(row: Any) -> str:
        found = row.wording
        return f"{row.survey.slug}.{found.language}.{found.version}" if found else ""

    return [
        _text("response_id", lambda r: r.public_id),
        *_who(scope, lambda r: r.customer),
        Column("asked_at", "moment", lambda r: r.asked_at),
        Column("answered_at", "moment", lambda r: r.answered_at),
        Column("answered_on", "day", lambda r: r.answered_on),
        Column("score", "whole", lambda r: r.score),
        _text("comment", lambda r: r.comment),
        _text("language", lambda r: r.language),
        _text("channel", lambda r: r.channel),
        _text("survey", lambda r: r.survey.slug),
        _text("survey_kind", lambda r: r.survey.kind),
        _text("journey", lambda r: stages.get(r.touchpoint, ("", ""))[0]),
        _text("stage", lambda r: stages.get(r.touchpoint, ("", ""))[1]),
        _text("touchpoint", lambda r: r.touchpoint),
        _text("unit", lambda r: r.unit),
        _text("employee", lambda r: r.employee),
        _text("wording", wording),
        _text("held_reason", lambda r: r.held_reason),
        *(_rating(slug) for slug in Driver.objects.order_by("slug").values_list("slug", flat=True)),
        *_traits(responses_behind(scope, include_held=True)),
    ]


def _rating(slug: str) -> Column:
    return Column(RATING + slug, "whole", lambda row: row.ratings.get(slug))


def _traits(rows: QuerySet[Any]) -> list[Column]:
    """Return one column per trait that occurs in `rows`."""
    found: set[str] = set()
    for traits in rows.order_by().values_list("traits", flat=True).distinct().iterator():
        found.update(traits)
    return [_trait(name) for name in sorted(found)]


def _trait(name: str) -> Column:
    return _text(TRAIT + name, lambda row: str(row.traits.get(name, "")))


def _customers(scope: Scope, filters: Filters) -> QuerySet[Any]:
    found = _in_scope(Customer.objects.order_by("pk"), scope, "unit__code")
    return found.select_related("account", "unit", "contact").prefetch_related("segments")


def _customer_columns(scope: Scope) -> list[Column]:
    contact = [
        _text(name, lambda c, name=name: getattr(getattr(c, "contact", None), name, ""))  # type: ignore[misc]
        for name in ("name", "email", "phone")
    ]
    return [
        *_who(scope, lambda c: c),
        *(contact if scope.pii else []),
        Column("created_at", "moment", lambda c: c.created_at),
        Column("left_at", "moment", lambda c: c.left_at),
        _text("left_reason", lambda c: c.left_reason),
        _text("language", lambda c: c.language),
        _text("country", lambda c: c.country),
        _text("unit", lambda c: c.unit.code if c.unit else ""),
        Column("contactable", "flag", lambda c: c.contactable),
        *(
            _segment(slug)
            for slug in Segment.objects.order_by("slug").values_list("slug", flat=True)
        ),
        *_traits(_in_scope(Customer.objects.all(), scope, "unit__code")),
    ]


def _segment(slug: str) -> Column:
    return Column(
        f"segment_{slug}", "flag", lambda c: any(one.slug == slug for one in c.segments.all())
    )


def _values(scope: Scope, filters: Filters) -> QuerySet[Any]:
    found = Value.objects.order_by("pk").select_related("customer__account")
    return _between(_in_scope(found, scope, "customer__unit__code"), filters, "month")


def _value_columns(scope: Scope) -> list[Column]:
    return [
        *_who(scope, lambda v: v.customer)[:1],
        Column("month", "day", lambda v: v.month),
        Column("revenue", "number", lambda v: _number(v.revenue)),
        Column("margin", "number", lambda v: _number(v.margin)),
        Column("cost_to_serve", "number", lambda v: _number(v.cost_to_serve)),
    ]


def _events(scope: Scope, filters: Filters) -> QuerySet[Any]:
    found = Event.objects.order_by("pk").select_related("customer__account")
    return _between(_in_scope(found, scope, "customer__unit__code"), filters, "at__date")


def _event_columns(scope: Scope) -> list[Column]:
    return [
        *_who(scope, lambda e: e.customer)[:1],
        Column("at", "moment", lambda e: e.at),
        _text("kind", lambda e: e.kind),
        Column("amount", "number", lambda e: _number(e.amount)),
    ]


def _invitations(scope: Scope, filters: Filters) -> QuerySet[Any]:
    found = Invitation.objects.order_by("pk").select_related("customer__account", "survey")
    return _between(_in_scope(found, scope, "unit"), filters, "planned_at__date")


def _invitation_columns(scope: Scope) -> list[Column]:
    return [
        _text("invitation_id", lambda i: i.public_id),
        *_who(scope, lambda i: i.customer)[:1],
        _text("survey", lambda i: i.survey.slug),
        _text("channel", lambda i: i.channel),
        Column("planned_at", "moment", lambda i: i.planned_at),
        Column("sent_at", "moment", lambda i: i.sent_at),
        Column("delivered_at", "moment", lambda i: i.delivered_at),
        Column("answered_at", "moment", lambda i: i.answered_at),
        _text("outcome", lambda i: i.outcome),
        _text("suppressed_reason", lambda i: i.suppressed_reason),
    ]


def _units(scope: Scope, filters: Filters) -> QuerySet[Any]:
    return _in_scope(Unit.objects.order_by("code"), scope, "code").select_related("parent")


def _unit_columns(scope: Scope) -> list[Column]:
    return [
        _text("code", lambda u: u.code),
        _text("name", lambda u: u.name),
        _text("parent", lambda u: u.parent.code if u.parent else ""),
        _text("country", lambda u: u.country),
        _text("time_zone", lambda u: u.time_zone),
    ]


def _imports(scope: Scope, filters: Filters) -> QuerySet[Any]:
    return _between(Import.objects.select_related("by"), filters, "uploaded_at__date")


def _import_columns(scope: Scope) -> list[Column]:
    counts = ("added_rows", "changed_rows", "repeated_rows", "refused_rows", "undone_rows")
    return [
        _text("import_id", lambda i: i.public_id),
        _text("kind", lambda i: i.kind),
        _text("state", lambda i: i.state),
        _text("file_name", lambda i: i.file_name),
        _text("by", lambda i: i.by.email),
        Column("uploaded_at", "moment", lambda i: i.uploaded_at.astimezone(UTC)),
        Column("finished_at", "moment", lambda i: i.finished_at),
        *(_count(name) for name in counts),
    ]


def _count(name: str) -> Column:
    return Column(name, "whole", lambda row: getattr(row, name))


def _in_scope(rows: QuerySet[Any], scope: Scope, unit: str) -> QuerySet[Any]:
    return rows if scope.units is None else rows.filter(**{f"{unit}__in": scope.units})


def _between(rows: QuerySet[Any], filters: Filters, day: str) -> QuerySet[Any]:
    wanted = Q()
    if filters.start:
        wanted &= Q(**{f"{day}__gte": filters.start})
    if filters.end:
        wanted &= Q(**{f"{day}__lte": filters.end})
    return rows.filter(wanted)


LISTINGS: Mapping[str, Listing] = {
    listing.name: listing
    for listing in (
        Listing(
            "responses",
            gettext_lazy("Responses"),
            "response.export",
            _responses,
            _response_columns,
        ),
        Listing(
            "customers", gettext_lazy("Customers"), "customer.export", _customers, _customer_columns
        ),
        Listing(
            "values",
            gettext_lazy("Values per customer and month"),
            "customer.export",
            _values,
            _value_columns,
        ),
        Listing(
            "events",
            gettext_lazy("Events"),
            "customer.export",
            _events,
            _event_columns,
        ),
        Listing(
            "invitations",
            gettext_lazy("Invitations"),
            "data.export",
            _invitations,
            _invitation_columns,
        ),
        Listing("units", gettext_lazy("Units"), "data.export", _units, _unit_columns),
        Listing(
            "imports",
            gettext_lazy("Imports"),
            "data.import",
            _imports,
            _import_columns,
        ),
    )
}
