"""Remember what an import made or changed, so that it can be undone as long as it still stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from emptychair.programme.accounts.models import Unit
from emptychair.programme.capture.models import Survey
from emptychair.programme.customers.models import Account, Contact, Customer, Event, Value
from emptychair.programme.exchange.models import Import, ImportedRow
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.bulk import insert_many

State = dict[str, Any]
States = Callable[[Sequence[Any]], dict[int, State]]


def _customers(rows: Sequence[Customer]) -> dict[int, State]:
    contacts = {
        contact.customer_id: contact
        for contact in Contact.objects.filter(customer__in=[row.pk for row in rows])
    }
    return {row.pk: customer_state(row, contacts.get(row.pk)) for row in rows}


def customer_state(row: Customer, contact: Contact | None) -> State:
    """Return everything an import may change about a customer."""
    return {
        "code": row.code,
        "account_id": row.account_id,
        "unit_id": row.unit_id,
        "language": row.language,
        "country": row.country,
        "contactable": row.contactable,
        "created_at": row.created_at,
        "left_at": row.left_at,
        "left_reason": row.left_reason,
        "traits": row.traits,
        "contact": [contact.name, contact.email, contact.phone] if contact else None,
    }


def value_state(row: Value) -> State:
    """Return what one month of one customer brought and cost."""
    return {
        "customer_id": row.customer_id,
        "month": row.month,
        "revenue": row.revenue,
        "margin": row.margin,
        "cost_to_serve": row.cost_to_serve,
    }


def unit_state(row: Unit) -> State:
    """Return everything an import may change about a unit."""
    return {
        "code": row.code,
        "name": row.name,
        "parent_id": row.parent_id,
        "country": row.country,
        "time_zone": row.time_zone,
    }


def event_state(row: Event) -> State:
    """Return what a customer did."""
    return {"customer_id": row.customer_id, "at": row.at, "kind": row.kind, "amount": row.amount}


def _named(row: Any) -> State:
    return {"name": row.name}


def _each(state_of: Callable[[Any], State]) -> States:
    return lambda rows: {row.pk: state_of(row) for row in rows}


# Table of a trace -> model and the states of some of its rows by key.
STATES: Mapping[str, tuple[Any, States]] = {
    "events": (Event, _each(event_state)),
    "values": (Value, _each(value_state)),
    "customers": (Customer, _customers),
    "accounts": (Account, _each(_named)),
    "surveys": (Survey, _each(_named)),
    "drivers": (Driver, _each(_named)),
    "units": (Unit, _each(unit_state)),
}


def digest(state: State) -> str:
    """Return a hash of a row's state, to see later whether anything has changed."""
    text = json.dumps(state, cls=_Exact, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def plain(state: State) -> State:
    """Return a state as JSON can hold it."""
    held: State = json.loads(json.dumps(state, cls=_Exact))
    return held


def remember(imported: Import, table: str, rows: Iterable[tuple[int, State | None, State]]) -> None:
    """Store one trace per row: its key, its state before (None: made now) and its state after."""
    insert_many(
        ImportedRow,
        ["imported_id", "table", "key", "before", "after"],
        [
            (imported.pk, table, key, None if before is None else plain(before), digest(after))
            for key, before, after in rows
        ],
    )


class _Exact(DjangoJSONEncoder):
    """Amounts with two decimals and moments with microseconds, as the database gives them back."""

    def default(self, o: Any) -> Any:
        if hasattr(o, "quantize"):
            return f"{o:.2f}"
        if hasattr(o, "isoformat"):
            return o.isoformat()
        return super().default(o)
