"""Take back what an import brought, row by row, as long as each row still is what it made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import (
    ErasurePermit,
    Invitation,
    LedgerEntry,
    Link,
    Response,
    Survey,
    Wording,
)
from emptychair.programme.closedloop.models import Case
from emptychair.programme.comments.models import CommentReading
from emptychair.programme.customers.models import (
    Contact,
    Customer,
    Event,
    Membership,
    Suppression,
    Value,
)
from emptychair.programme.exchange.models import Import, ImportedRow
from emptychair.programme.exchange.traces import STATES, digest
from emptychair.programme.exchange.writing import after_customers_changed
from emptychair.programme.lib.bulk import delete_many
from emptychair.programme.standing.models import Standing

CHANGED_SINCE = "changed_since"
IN_USE = "in_use"
# Facts first, then what they hang on.
ORDER = ("events", "values", "customers", "accounts", "surveys", "drivers", "units")


def undo_responses(imported: Import, most: int) -> tuple[int, int]:
    """Delete up to `most` responses that only this import wrote; return rows undone and waiting."""
    rows = list(_untouched(imported).values_list("pk", "public_id")[:most])
    keys = [public_id for _, public_id in rows]
    permit = ErasurePermit.objects.create()
    delete_many(LedgerEntry, "response_id", keys)
    delete_many(CommentReading, "response_id", [pk for pk, _ in rows])
    delete_many(Response, "id", [pk for pk, _ in rows])
    permit.delete()
    mark_changed("responses", keys)
    return len(rows), len(rows)


def responses_kept(imported: Import) -> int:
    """Return how many responses of the import stay because somebody added to them."""
    return Response.objects.filter(source=imported.public_id).count()


def _untouched(imported: Import) -> QuerySet[Response]:
    later = LedgerEntry.objects.filter(response=OuterRef("public_id")).exclude(kind="import")
    own = Response.objects.filter(source=imported.public_id)
    return own.filter(~Exists(later)).order_by("pk")


def undo_rows(imported: Import, table: str, most: int) -> tuple[int, int, Counter[str]]:
    """Take back up to `most` rows of one table.

    Returns:
        How many were taken back, how many traces were dealt with, and how many rows had to
        stay, by reason.
    """
    # The newest trace first: a row made and then changed goes back step by step.
    traces = list(ImportedRow.objects.filter(imported=imported, table=table).order_by("-pk")[:most])
    model, states_of = STATES[table]
    rows = {row.pk: row for row in model.objects.filter(pk__in=[trace.key for trace in traces])}
    states = states_of(list(rows.values()))
    used = _IN_USE[table](list(rows)) if table in _IN_USE else set()
    undone: list[ImportedRow] = []
    kept: Counter[str] = Counter()
    for trace in traces:
        row = rows.get(trace.key)
        if row is None:
            continue
        if digest(states[row.pk]) != trace.after:
            kept[CHANGED_SINCE] += 1
        elif trace.before is None and row.pk in used:
            kept[IN_USE] += 1
        else:
            undone.append(trace)
    _take_back(table, undone, rows)
    if table == "customers":
        Suppression.objects.filter(source=imported.public_id).delete()
    delete_many(ImportedRow, "id", [trace.pk for trace in traces])
    return len(undone), len(traces), kept


def _take_back(table: str, traces: Sequence[ImportedRow], rows: Mapping[int, Any]) -> None:
    gone = [rows[trace.key] for trace in traces if trace.before is None]
    restored = [(rows[trace.key], trace.before) for trace in traces if trace.before is not None]
    changed = [*gone, *(row for row, _ in restored)]
    if table in ("values", "events"):
        customers = Customer.objects.filter(pk__in={row.customer_id for row in changed})
        mark_changed(table, list(customers.values_list("code", flat=True)))
    if table == "customers":
        mark_changed("customers", [row.code for row in gone])
    _delete(table, [row.pk for row in gone])
    for row, before in restored:
        _restore(table, row, before)
    if table == "customers" and restored:
        after_customers_changed([row for row, _ in restored])


def _delete(table: str, keys: Sequence[int]) -> None:
    model = STATES[table][0]
    if table == "customers":
        delete_many(Membership, "customer_id", keys)
        delete_many(Standing, "customer_id", keys)
        delete_many(Contact, "customer_id", keys)
    if table in ("customers", "values", "events"):
        delete_many(model, "id", keys)
    else:
        model.objects.filter(pk__in=keys).delete()  # few, and others may refer to them


def _restore(table: str, row: Any, before: Mapping[str, Any]) -> None:
    """Write a row's former state; moments, dates and amounts come back from text."""
    for name, value in before.items():
        if name != "contact":
            setattr(row, name, _value(row, name, value))
    row.save()
    if table == "customers":
        _restore_contact(row, before["contact"])


def _restore_contact(customer: Customer, before: Sequence[str] | None) -> None:
    if before is None:
        Contact.objects.filter(customer=customer).delete()
        return
    name, email, phone = before
    Contact.objects.update_or_create(
        customer=customer, defaults={"name": name, "email": email, "phone": phone}
    )


def _value(row: Any, name: str, value: Any) -> Any:
    kind = row._meta.get_field(name.removesuffix("_id")).get_internal_type()
    if value is None:
        return None
    if kind == "DateTimeField":
        return datetime.fromisoformat(value)
    if kind == "DateField":
        return date.fromisoformat(value)
    return Decimal(value) if kind == "DecimalField" else value


def _customers_in_use(keys: Sequence[int]) -> set[int]:
    return _referring(keys, [(model, "customer") for model in (Response, Invitation, Value, Event)])


def _responses_in_use(keys: Sequence[int]) -> set[int]:
    return _referring(keys, [(Case, "response")])


def _accounts_in_use(keys: Sequence[int]) -> set[int]:
    return _referring(keys, [(Customer, "account")])


def _surveys_in_use(keys: Sequence[int]) -> set[int]:
    return _referring(keys, [(one, "survey") for one in (Response, Invitation, Link, Wording)])


def _drivers_in_use(keys: Sequence[int]) -> set[int]:
    return _referring(keys, [(Survey.drivers.through, "driver")])


def _units_in_use(keys: Sequence[int]) -> set[int]:
    named = dict(Unit.objects.filter(pk__in=keys).values_list("code", "pk"))
    answered = Response.objects.filter(unit__in=named).values_list("unit", flat=True).distinct()
    parts: list[tuple[Any, str]] = [(Customer, "unit"), (User, "unit"), (Link, "unit")]
    return _referring(keys, [*parts, (Unit, "parent")]) | {named[code] for code in answered}


def _referring(keys: Sequence[int], parts: Sequence[tuple[Any, str]]) -> set[int]:
    return {
        key
        for model, name in parts
        for key in model.objects.filter(**{f"{name}__in": keys})
        .values_list(f"{name}_id", flat=True)
        .distinct()
    }


_IN_USE: Mapping[str, Callable[[Sequence[int]], set[int]]] = {
    "responses": _responses_in_use,
    "customers": _customers_in_use,
    "accounts": _accounts_in_use,
    "surveys": _surveys_in_use,
    "drivers": _drivers_in_use,
    "units": _units_in_use,
}
