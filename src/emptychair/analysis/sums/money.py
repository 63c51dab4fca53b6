"""What customers paid and who left, by month after an answer: sums per bucket, cell and hash group.

Months are calendar months after the month of the answer, so that no month holds money from before
it. Whoever left counts with nothing from then on; months that are not over yet do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.followup import BUCKETS
from emptychair.analysis.sums.frame import with_parts
from emptychair.analysis.sums.groups import GROUPS, hash_group

if TYPE_CHECKING:
    import ibis.expr.types as ir

TENURE = "tenure_days"
PRIOR_REVENUE = "prior_revenue"
PRIOR_MONTHS = 6

_YEAR = 12
_FEW, _MANY = 3, 5  # parts that a number is cut into, by how many customers there are
_MANY_FROM = 5000


@dataclass(frozen=True)
class MoneySums:
    """Sums over the customers of one group.

    Arrays have the shape (hash groups, cells, buckets, months); month 1 is the first after the
    answer.

    Attributes:
        followed: customers seen through the month, whether or not they had left.
        at_risk: those of them who had not left before it.
        lost: those of them who left in it.
        sums: by name, what they brought in it.
    """

    followed: Floats
    at_risk: Floats
    lost: Floats
    sums: Mapping[str, Floats]


def month_number(moment: ir.Value) -> ir.IntegerValue:
    """Return a number that is one higher in each calendar month."""
    return moment.year().cast("int64") * _YEAR + moment.month().cast("int64")


def month_index(day: date) -> int:
    """Return the `month_number` of a day in Python."""
    return day.year * _YEAR + day.month


def with_history(people: ir.Table, customers: ir.Table, values: ir.Table) -> ir.Table:
    """Return followed customers with how long they were customers and what they had paid.

    Args:
        people: from `followed`.
        customers: one row per customer; without `created_at` there is no tenure.
        values: revenue per customer and month.

    Returns:
        `people` with `tenure_days`, where it is known, and `prior_revenue`: the mean month of
        the six before the answer.
    """
    check_columns(values, ["customer_id", "month", "revenue"])
    if "created_at" in customers.columns:
        since = customers.select(
            newcomer=customers["customer_id"], created=customers["created_at"].cast("timestamp")
        )
        known = people.left_join(since, people["customer"] == since["newcomer"])
        seconds = known["moment"].epoch_seconds() - known["created"].epoch_seconds()
        days = (seconds / 86_400).floor().cast("int64")
        people = known.select(*people.columns, **{TENURE: days})
    starts = people.select(payer="customer", start=month_number(people["moment"]))
    paid = values.select(
        customer_id="customer_id", at=month_number(values["month"]), revenue="revenue"
    )
    earlier = paid.inner_join(starts, paid["customer_id"] == starts["payer"])
    gap = earlier["start"] - earlier["at"]
    earlier = earlier.filter((gap >= 1) & (gap <= PRIOR_MONTHS))
    sums = earlier.group_by("payer").aggregate(total=earlier["revenue"].sum())
    both = people.left_join(sums, people["customer"] == sums["payer"])
    prior = both["total"].fill_null(0.0) / PRIOR_MONTHS
    return both.select(*people.columns, **{PRIOR_REVENUE: prior})


def with_cells(
    people: ir.Table,
    traits: Sequence[str],
    last_month: date,
    by: Sequence[str] = (),
    customer: str = "customer",
) -> ir.Table:
    """Return followed customers with the months they are seen and the cell they fall into.

    Args:
        people: from `followed`, with the columns of `traits` and `by`.
        traits: columns that make customers comparable; numbers are cut into parts.
        last_month: a day of the last month that is over.
        by: columns to group by.
        customer: column with the customer's id.

    Returns:
        Customers seen for a month at least: `customer`, `bucket`, `start` (number of the
        month of the answer), `months` seen, `step` (the month in which they left, 0 if they
        did not), `cell`, `hash_group` and one `key_` column per column of `by`.
    """
    people = people.cache()  # read once more for each measure
    start = month_number(people["moment"])
    (row,) = people.aggregate(n=people.count()).to_pyarrow().to_pylist()
    people = with_parts(people, traits, _MANY if row["n"] >= _MANY_FROM else _FEW)
    texts = [people[trait].cast("string").fill_null("") for trait in traits]
    cell = reduce(lambda one, other: one.concat("|", other), texts) if texts else ibis.literal("")
    gone = month_number(people["left_at"]) - start
    months = ibis.literal(month_index(last_month)) - start
    # Who left in the month of the answer is lost to the first month after it.
    step = ibis.ifelse(gone.isnull(), 0, ibis.greatest(gone, ibis.literal(1))).cast("int64")
    placed = people.select(
        customer=people[customer],
        bucket=people["bucket"],
        start=start,
        months=months.cast("int64"),
        step=ibis.ifelse(step > months, 0, step),
        cell=cell,
        hash_group=hash_group(people[customer]),
        **{f"key_{i}": people[name] for i, name in enumerate(by)},
    )
    return placed.filter(placed["months"] >= 1)


def money_sums(
    people: ir.Table,
    measures: Mapping[str, tuple[ir.Table, str]],
    by_count: int = 0,
    most_months: int = 36,
) -> dict[Group, MoneySums]:
    """Add up customers and their measures by group, hash group, cell, bucket and month.

    One grouped query for the customers and one per table of measures.

    Args:
        people: from `with_cells`.
        measures: by name, a table with `customer_id` and `at` (a month's number) and the
            column of it to add up.
        by_count: how many `key_` columns there are.
        most_months: months after which nothing more is added up.

    Returns:
        Sums by group, in order.
    """
    keys = [f"key_{i}" for i in range(by_count)]
    lives = people.group_by([*keys, "hash_group", "cell", "bucket", "months", "step"]).aggregate(
        n=people.count()
    )
    rows = lives.to_pyarrow().to_pylist()
    months = min(most_months, max((row["months"] for row in rows), default=1))
    cells: dict[Group, dict[str, int]] = {}
    for row in rows:
        places = cells.setdefault(tuple(row[key] for key in keys), {})
        places.setdefault(row["cell"], len(places))
    counted = _counted(rows, keys, cells, months)
    sums: dict[Group, dict[str, Floats]] = {group: {} for group in cells}
    for name, (table, column) in measures.items():
        found = _per_month(people, table, column, keys, months)
        for group, array in _summed(found, keys, cells, months).items():
            sums[group][name] = array
    return {group: MoneySums(*counted[group], sums[group]) for group in in_order(cells)}


def _per_month(
    people: ir.Table, table: ir.Table, column: str, keys: Sequence[str], months: int
) -> list[dict[str, Any]]:
    paid = table.select(payer=table["customer_id"], at=table["at"], amount=table[column])
    both = people.inner_join(paid, people["customer"] == paid["payer"])
    both = both.mutate(month=both["at"] - both["start"])
    inside = (both["month"] >= 1) & (both["month"] <= both["months"]) & (both["month"] <= months)
    both = both.filter(inside)
    sums = both.group_by([*keys, "hash_group", "cell", "bucket", "month"]).aggregate(
        amount=both["amount"].sum()
    )
    found: list[dict[str, Any]] = sums.to_pyarrow().to_pylist()
    return found


def _empty(cells: int, months: int) -> Floats:
    return np.zeros((GROUPS, cells, len(BUCKETS), months))


def _counted(
    rows: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    cells: Mapping[Group, Mapping[str, int]],
    months: int,
) -> dict[Group, tuple[Floats, Floats, Floats]]:
    found = {
        group: (_empty(len(c), months), _empty(len(c), months), _empty(len(c), months))
        for group, c in cells.items()
    }
    for row in rows:
        group = tuple(row[key] for key in keys)
        followed, at_risk, lost = found[group]
        place = (row["hash_group"], cells[group][row["cell"]], BUCKETS.index(row["bucket"]))
        seen, step, n = min(row["months"], months), row["step"], row["n"]
        followed[place][:seen] += n
        at_risk[place][: min(seen, step) if step else seen] += n
        if 1 <= step <= seen:
            lost[place][step - 1] += n
    return found


def _summed(
    rows: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    cells: Mapping[Group, Mapping[str, int]],
    months: int,
) -> dict[Group, Floats]:
    found = {group: _empty(len(c), months) for group, c in cells.items()}
    for row in rows:
        group = tuple(row[key] for key in keys)
        place = (
            row["hash_group"], cells[group][row["cell"]], BUCKETS.index(row["bucket"]),
            row["month"] - 1,
        )  # fmt: skip
        found[group][place] += float(row["amount"] or 0.0)
    return found
