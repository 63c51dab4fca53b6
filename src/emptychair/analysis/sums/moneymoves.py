"""What customers who moved paid before and after: sums by move, period and segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING

import ibis
import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.sums.followup import BUCKETS
from emptychair.analysis.sums.groups import GROUPS, hash_group
from emptychair.analysis.sums.money import PRIOR_MONTHS, month_index, month_number
from emptychair.analysis.sums.moves import Every, Period, latest_of_periods

if TYPE_CHECKING:
    import ibis.expr.types as ir

FEWEST_MONTHS = 3  # of money after the second answer
_MOST_MONTHS = 12
MOMENTS = ("n", "x", "y", "xx", "xy")


def money_moves(
    responses: ir.Table,
    customers: ir.Table,
    values: ir.Table,
    periods: Sequence[Period],
    every: Every,
    last_month: date,
    *,
    money: str = "margin",
    segment: str | None = None,
    by: Mapping[str, object] | None = None,
) -> Floats:
    """Add up money before and after of customers who answered in two periods running.

    x is the mean month of the six before the first of the two periods, y the yearly pace of
    the months after the second, up to twelve and not fewer than three. Who left since pays
    nothing from then on.

    Args:
        responses: one row per response.
        customers: one row per customer.
        values: money per customer and month.
        periods: in order.
        every: their length.
        last_month: a day of the last month that is over.
        money: column of `values`.
        segment: column of `customers` within which customers are compared.
        by: the values that columns of `customers` must have.

    Returns:
        Sums of the shape (hash groups, strata, 3 buckets then, 3 after, n x y xx xy), a
        stratum being a pair of periods in a segment; no strata where nobody can be used.
    """
    check_columns(values, ["customer_id", "month", money])
    pairs = _pairs(responses, customers, periods, every, last_month, segment, by or {})
    if pairs is None:
        return np.zeros((GROUPS, 0, len(BUCKETS), len(BUCKETS), len(MOMENTS)))
    paid = values.select(
        payer="customer_id", at=month_number(values["month"]), amount=values[money].cast("float64")
    )
    both = pairs.inner_join(paid, pairs["customer"] == paid["payer"])
    early = (both["at"] < both["first_month"]) & (both["at"] >= both["first_month"] - PRIOR_MONTHS)
    late = (both["at"] > both["last_month"]) & (both["at"] <= both["last_month"] + both["months"])
    sums = both.group_by(["customer", "period"]).aggregate(
        x=both["amount"].sum(where=early), y=both["amount"].sum(where=late)
    )
    sums = sums.rename(payer="customer", paid_in="period")
    known = pairs.left_join(
        sums, [pairs["customer"] == sums["payer"], pairs["period"] == sums["paid_in"]]
    )
    rows = known.select(
        "period", "segment", "hash_group", "before", "after",
        x=known["x"].fill_null(0.0) / PRIOR_MONTHS,
        y=known["y"].fill_null(0.0) / known["months"] * _MOST_MONTHS,
    )  # fmt: skip
    keys = ["period", "segment", "hash_group", "before", "after"]
    cells = rows.group_by(keys).aggregate(
        n=rows.count(),
        x=rows["x"].sum(),
        y=rows["y"].sum(),
        xx=(rows["x"] * rows["x"]).sum(),
        xy=(rows["x"] * rows["y"]).sum(),
    )
    return _array(cells)


def _array(cells: ir.Table) -> Floats:
    rows = cells.to_pyarrow().to_pylist()
    strata = sorted({(row["period"], row["segment"]) for row in rows})
    place = {stratum: i for i, stratum in enumerate(strata)}
    found = np.zeros((GROUPS, len(strata), len(BUCKETS), len(BUCKETS), len(MOMENTS)))
    for row in rows:
        where = (
            row["hash_group"], place[row["period"], row["segment"]],
            BUCKETS.index(row["before"]), BUCKETS.index(row["after"]),
        )  # fmt: skip
        found[where] += [float(row[name]) for name in MOMENTS]
    return found


def _pairs(
    responses: ir.Table,
    customers: ir.Table,
    periods: Sequence[Period],
    every: Every,
    last_month: date,
    segment: str | None,
    by: Mapping[str, object],
) -> ir.Table | None:
    """Return customers by period with their bucket in it and in the next, and the months around."""
    said = latest_of_periods(responses, every)
    now = said.select("customer", "period", before="bucket")
    later = said.select(whom="customer", later=said["period"] - 1, after="bucket")
    both = now.inner_join(
        later, [now["customer"] == later["whom"], now["period"] == later["later"]]
    ).select("customer", "period", "before", "after")
    base = customers
    for name, value in by.items():
        base = base.filter(base[name] == value if value is not None else base[name].isnull())
    traits = base.select(
        who="customer_id",
        segment=ibis.literal("") if segment is None else base[segment].cast("string").fill_null(""),
    )
    both = both.inner_join(traits, both["customer"] == traits["who"])
    parts = []
    for one, following in pairwise(periods):
        end = month_index(following.end) - 1
        months = min(_MOST_MONTHS, month_index(last_month) - end)
        if months >= FEWEST_MONTHS:
            chosen = both.filter(both["period"] == one.number)
            parts.append(
                chosen.select(
                    "customer", "period", "before", "after", "segment",
                    hash_group=hash_group(chosen["customer"]),
                    first_month=ibis.literal(month_index(one.start), "int64"),
                    last_month=ibis.literal(end, "int64"),
                    months=ibis.literal(months, "int64"),
                )
            )  # fmt: skip
    return reduce(lambda a, b: a.union(b), parts) if parts else None
