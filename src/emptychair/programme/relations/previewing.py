"""What a rule would choose, counted in the warehouse before anybody is moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from emptychair.programme.customers.building import twelve_months
from emptychair.programme.customers.rules import (
    EVENT,
    Condition,
    is_behaviour,
    operator_of,
)
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import tables

_COLUMNS = {"country": "country", "language": "language", "unit": "unit", "account": "account_id"}


@dataclass(frozen=True)
class Preview:
    """How many customers a rule chooses, of how many, and what they brought.

    Revenue is that of the last twelve whole months; shares are of all present customers.
    """

    customers: int
    customers_share: float
    revenue: float
    revenue_share: float


def preview(rule: Sequence[Condition]) -> Preview:
    """Return what a rule would choose among the present customers."""
    people = tables.table("customers")
    people = people.filter(people["left_at"].isnull() | (people["left_at"] > now()))
    people = _with_numbers(people, rule)
    chosen = ibis.literal(True)
    for number, condition in enumerate(rule):
        chosen = chosen & _holds(people, condition, number)
    told = people.aggregate(
        n=people.count(where=chosen),
        money=people["revenue"].sum(where=chosen),
        all_n=people.count(),
        all_money=people["revenue"].sum(),
    )
    (row,) = told.to_pyarrow().to_pylist()
    revenue, whole = float(row["money"] or 0), float(row["all_money"] or 0)
    return Preview(
        customers=row["n"],
        customers_share=row["n"] / row["all_n"] if row["all_n"] else 0.0,
        revenue=revenue,
        revenue_share=revenue / whole if whole else 0.0,
    )


def event_kinds() -> list[str]:
    """Return the kinds of events customers have had."""
    kinds = tables.table("events").select("kind").distinct().to_pyarrow()["kind"].to_pylist()
    return sorted(kind for kind in kinds if kind)


def _with_numbers(people: ir.Table, rule: Sequence[Condition]) -> ir.Table:
    """Add the revenue of each customer, and a column per condition about an event."""
    start, stop = twelve_months(today())
    values = tables.table("values")
    inside = values.filter((values["month"] >= start) & (values["month"] < stop))
    paid = inside.group_by("customer_id").aggregate(revenue=inside["revenue"].cast("float64").sum())
    people = _joined(people, paid, "revenue")
    events = tables.table("events")
    for number, condition in enumerate(rule):
        field = str(condition["field"])
        if field.startswith(EVENT):
            since = now() - timedelta(days=condition["days"])
            mine = events.filter(
                (events["kind"] == field.removeprefix(EVENT)) & (events["at"] >= since)
            )
            times = f"times_{number}"
            counted = mine.group_by("customer_id").aggregate(**{times: mine.count()})
            people = _joined(people, counted, times)
    return people


def _joined(people: ir.Table, more: ir.Table, column: str) -> ir.Table:
    more = more.rename(of_customer="customer_id")
    both = people.left_join(more, people["customer_id"] == more["of_customer"])
    kept = {name: both[name] for name in people.columns}
    return both.select(**kept, **{column: both[column].fill_null(0)})


def _holds(people: ir.Table, condition: Condition, number: int) -> Any:
    operator = operator_of(condition)
    value, wanted = _value(people, condition, number), condition[operator]
    if operator == "known":
        return value.notnull() == wanted
    if operator in ("at_least", "at_most"):
        amount = value if is_behaviour(condition) else value.try_cast("float64")
        amount = amount.cast("float64")
        holds = amount >= wanted if operator == "at_least" else amount <= wanted
        return holds.fill_null(False)
    inside = _is_one_of(value, wanted).fill_null(False)
    return inside if operator == "is" else ~inside


def _value(people: ir.Table, condition: Condition, number: int) -> Any:
    field = str(condition["field"])
    if field.startswith(EVENT):
        return people[f"times_{number}"]
    if field == "revenue":
        return people["revenue"]
    if field == "tenure_days":
        age = ibis.literal(now()).epoch_seconds() - people["created_at"].epoch_seconds()
        return (age / 86_400).floor()
    column = _COLUMNS.get(field) or "attr_" + field.removeprefix("trait:")
    return people[column] if column in people.columns else ibis.null("string")


def _is_one_of(value: Any, wanted: Sequence[Any]) -> Any:
    texts = [str(one).lower() if isinstance(one, bool) else str(one) for one in wanted]
    numbers = [
        float(one) for one in wanted if isinstance(one, int | float) and not isinstance(one, bool)
    ]
    found = value.isin(texts)
    return found | value.try_cast("float64").isin(numbers) if numbers else found
