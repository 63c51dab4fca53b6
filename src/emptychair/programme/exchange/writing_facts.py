"""Write staged values and events: what customers brought, cost and did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.customers.models import Event, Value
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.traces import event_state, remember, value_state
from emptychair.programme.exchange.writing import (
    Row,
    Tally,
    ensure_customers,
    first_of_month,
    moment_of,
)


def write_values(imported: Import, rows: Sequence[Row]) -> Tally:
    """Bring the months of customers in; a month that is there takes the file's amounts."""
    customers = ensure_customers(imported, rows)
    wanted = {(customers[row["customer_id"]].pk, first_of_month(row["month"])): row for row in rows}
    there = {
        (value.customer_id, value.month): value
        for value in Value.objects.filter(
            customer__in={customer for customer, _ in wanted}, month__in={m for _, m in wanted}
        )
    }
    made, changed, before = [], [], {}
    for (customer, month), row in wanted.items():
        value = there.get((customer, month))
        if value is None:
            made.append(_put(Value(customer_id=customer, month=month), row))
            continue
        state = value_state(value)
        if value_state(_put(value, row)) != state:
            changed.append(value)
            before[value.pk] = state
    Value.objects.bulk_create(made)
    Value.objects.bulk_update(changed, ["revenue", "margin", "cost_to_serve"], batch_size=500)
    remember(imported, "values", [(value.pk, None, value_state(value)) for value in made])
    remember(imported, "values", [(v.pk, before[v.pk], value_state(v)) for v in changed])
    codes = {customer.pk: customer.code for customer in customers.values()}
    mark_changed("values", sorted({codes[value.customer_id] for value in [*made, *changed]}))
    return Tally(len(made), len(changed), len(rows) - len(made) - len(changed))


def _put(value: Value, row: Row) -> Value:
    value.revenue = row["revenue"]
    for name in ("margin", "cost_to_serve"):
        if row.get(name) is not None:
            setattr(value, name, row[name])
    return value


def write_events(imported: Import, rows: Sequence[Row]) -> Tally:
    """Bring events in. An equal row of the same file is a second event, a file again is not."""
    customers = ensure_customers(imported, rows)
    codes = {customer.pk: customer.code for customer in customers.values()}
    there = _events_there({customer.pk for customer in customers.values()}, rows)
    made = []
    for row in rows:
        customer = customers[row["customer_id"]]
        at, kind, amount = moment_of(row, "at"), row["kind"], row.get("amount")
        if there[customer.pk, at, kind, amount] < row["_occurrence"]:
            there[customer.pk, at, kind, amount] += 1
            made.append(Event(customer_id=customer.pk, at=at, kind=kind, amount=amount))
    Event.objects.bulk_create(made)
    remember(imported, "events", [(event.pk, None, event_state(event)) for event in made])
    mark_changed("events", sorted({codes[event.customer_id] for event in made}))
    return Tally(len(made), 0, len(rows) - len(made))


def _events_there(customers: set[int], rows: Sequence[Row]) -> Counter[Any]:
    moments = [moment_of(row, "at") for row in rows]
    known = Event.objects.filter(customer__in=customers, at__gte=min(moments), at__lte=max(moments))
    return Counter(known.values_list("customer_id", "at", "kind", "amount"))
