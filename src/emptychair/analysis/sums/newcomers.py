"""Revenue of two periods running: of those who paid before, and of newcomers by origin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis
import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.followup import check_once
from emptychair.analysis.sums.groups import GROUPS, hash_group
from emptychair.analysis.sums.money import month_index, month_number
from emptychair.analysis.sums.moves import MONTHS_OF, Every

if TYPE_CHECKING:
    import ibis.expr.types as ir

WHAT = ("before", "kept", "earned", "bought", "unknown", "revenue", "customers", "newcomers")


def month_range(values: ir.Table) -> tuple[date, date]:
    """Return the first and the last month with revenue.

    Raises:
        ColumnNotFoundError: `values` lacks a column that is needed.
        NoAnswersError: there is none.
    """
    check_columns(values, ["customer_id", "month", "revenue"])
    month = values["month"].cast("date")
    (row,) = values.aggregate(first=month.min(), last=month.max()).to_pyarrow().to_pylist()
    if row["first"] is None:
        raise NoAnswersError("The values hold no month, so there is no revenue to compare.")
    return row["first"], row["last"]


def period_starts(first: date, last: date, every: Every) -> dict[int, date]:
    """Return the first day of each whole period but the first, counted back from `last`.

    The last period has the number 0, the one before -1.

    Examples:
        >>> period_starts(date(2025, 1, 1), date(2026, 12, 1), "year")
        {0: datetime.date(2026, 1, 1)}
    """
    length = MONTHS_OF[every]
    months = month_index(last) - month_index(first) + 1
    starts = {}
    for number in range(-(months // length) + 2, 1):
        index = month_index(last) - length * (1 - number)
        starts[number] = date(index // 12, index % 12 + 1, 1)
    return starts


def revenue_by_origin(
    customers: ir.Table,
    values: ir.Table,
    referrals: ir.Table,
    every: Every,
    first: date,
    last: date,
    by: Sequence[str] = (),
) -> dict[tuple[Group, int], Floats]:
    """Add up revenue by period, hash group and what it is, with one grouped query.

    Args:
        customers: one row per customer.
        values: revenue per customer and month.
        referrals: `referred_id` and `origin`; without origins all were earned.
        every: length of the periods, counted back from `last`.
        first: first month of `values`.
        last: last month that counts.
        by: columns of `customers` to group by.

    Returns:
        By group and number of the period (0 is the last), sums of the shape (hash groups,
        `WHAT`).

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
        DataError: a customer is there twice.
    """
    check_columns(customers, ["customer_id", *by])
    check_columns(referrals, ["referred_id"])
    check_once(customers)
    starts = period_starts(first, last, every)
    periods = _by_period(values, every, last)
    lives = periods.group_by("customer").aggregate(first_period=periods["period"].min())
    lives = lives.rename(payer="customer")
    now = periods.filter(periods["revenue"] != 0)
    before = now.select(earlier="customer", following=now["period"] + 1, paid_before=now["revenue"])
    later = now.select("customer", "period", "revenue")
    both = later.outer_join(
        before,
        [later["customer"] == before["earlier"], later["period"] == before["following"]],
    )
    both = both.select(
        customer=ibis.coalesce(both["customer"], both["earlier"]),
        period=ibis.coalesce(both["period"], both["following"]),
        revenue=both["revenue"].fill_null(0.0),
        before=both["paid_before"],
    )
    both = both.filter(both["period"].isin(list(starts)))
    both = both.inner_join(lives, both["customer"] == lives["payer"])
    return _added(_with_origin(both, customers, referrals, by, starts), len(by))


def _by_period(values: ir.Table, every: Every, last: date) -> ir.Table:
    month = month_number(values["month"])
    age = ibis.literal(month_index(last)) - month
    paid = values.mutate(period=-((age / MONTHS_OF[every]).floor().cast("int64")), is_over=age >= 0)
    paid = paid.filter(paid["is_over"])
    return paid.group_by(customer="customer_id", period="period").aggregate(
        revenue=paid["revenue"].sum()
    )


def _with_origin(
    both: ir.Table,
    customers: ir.Table,
    referrals: ir.Table,
    by: Sequence[str],
    starts: dict[int, date],
) -> ir.Table:
    has_created = "created_at" in customers.columns
    base = customers.select(
        who="customer_id",
        created=customers["created_at"].cast("date") if has_created else ibis.null("date"),
        **{f"key_{i}": customers[name] for i, name in enumerate(by)},
    )
    has_origin = "origin" in referrals.columns
    brought = referrals.select(
        newcomer="referred_id",
        origin=referrals["origin"] if has_origin else ibis.literal("earned"),
    )
    came = brought.group_by("newcomer").aggregate(
        earned=(brought["origin"] == "earned").fill_null(False).cast("int8").max(),
        bought=(brought["origin"] == "bought").fill_null(False).cast("int8").max(),
    )
    known = both.inner_join(base, both["customer"] == base["who"])
    known = known.left_join(came, known["customer"] == came["newcomer"])
    start = ibis.cases(
        *((known["period"] == number, ibis.literal(day)) for number, day in starts.items()),
        else_=ibis.null("date"),
    )
    is_new = (
        known["before"].isnull()
        & (known["first_period"] == known["period"])
        & (known["created"].isnull() | (known["created"] >= start))
    )
    how = ibis.cases(
        (known["earned"].fill_null(0) == 1, "earned"),
        (known["bought"].fill_null(0) == 1, "bought"),
        else_="unknown",
    )
    return known.select(
        *(name for name in known.columns if name.startswith("key_")),
        "period", "revenue", "before",
        hash_group=hash_group(known["customer"]),
        is_new=is_new,
        origin=how,
    )  # fmt: skip


def _added(rows: ir.Table, by_count: int) -> dict[tuple[Group, int], Floats]:
    keys = [f"key_{i}" for i in range(by_count)]
    stayed = rows["before"].notnull()
    new = {
        name: rows["revenue"].sum(where=rows["is_new"] & (rows["origin"] == name))
        for name in ("earned", "bought", "unknown")
    }
    sums = rows.group_by([*keys, "period", "hash_group"]).aggregate(
        before=rows["before"].sum(),
        kept=rows["revenue"].sum(where=stayed),
        **new,
        revenue=rows["revenue"].sum(),
        customers=rows.count(where=stayed),
        newcomers=rows.count(where=rows["is_new"]),
    )
    found: dict[tuple[Group, int], Floats] = {}
    for row in sums.to_pyarrow().to_pylist():
        place = (tuple(row[key] for key in keys), int(row["period"]))
        table = found.setdefault(place, np.zeros((GROUPS, len(WHAT))))
        table[row["hash_group"]] += [float(row[name] or 0.0) for name in WHAT]
    groups = in_order({group for group, _ in found})
    return {
        (group, number): found[group, number]
        for group in groups
        for number in sorted(n for g, n in found if g == group)
        if found[group, number][:, 0].sum() > 0
    }
