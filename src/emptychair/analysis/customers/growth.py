"""Earned growth: what customers who stay and those they bring add, apart from what is bought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import TYPE_CHECKING, get_args

import numpy as np

from emptychair.analysis.checks import check_choice, check_share
from emptychair.analysis.customers.worth import replicates
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.jackknife import Estimate, from_replicates
from emptychair.analysis.sums.moves import Every
from emptychair.analysis.sums.newcomers import month_range, period_starts, revenue_by_origin

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Growth:
    """The growth of one period over the period before.

    An interval without ends says that all hangs on a few customers.

    Attributes:
        group: values of the columns grouped by.
        period: its first day.
        customers: who paid in the period before.
        newcomers: who paid for the first time.
        revenue_before: of the period before.
        revenue: of this period.
        net_revenue_retention: revenue of those who paid before, over what they paid then.
        earned_new_share: of the newcomers' revenue of known origin, the part that came by
            recommendation; None where no origin is known.
        known_origin_share: of the newcomers' revenue, the part whose origin is known.
        earned_growth_rate: net revenue retention plus earned newcomers' revenue over revenue
            before, less one; newcomers of unknown origin count as those of known. None
            where newcomers came and no origin is known.
        least_earned_growth_rate: the same if all of unknown origin were bought.
    """

    group: Group
    period: date
    customers: int
    newcomers: int
    revenue_before: float
    revenue: float
    net_revenue_retention: Estimate
    earned_new_share: Estimate | None
    known_origin_share: float
    earned_growth_rate: Estimate | None
    least_earned_growth_rate: float


def growth(
    customers: ir.Table,
    values: ir.Table,
    referrals: ir.Table,
    *,
    every: Every = "year",
    by: Sequence[str] = (),
    until: date | None = None,
    confidence: float = 0.95,
) -> list[Growth]:
    """Return earned growth rate and net revenue retention of each period over the one before.

    A newcomer paid for the first time and, where `created_at` is known, came within the
    period; whoever paid before it and not in the one just before is neither kept nor new.

    Args:
        customers: one row per customer.
        values: revenue per customer and month.
        referrals: who came how: `referred_id`, `origin` (earned, bought, unknown).
        every: length of the periods; the last ends with the last month of `values`, years
            and quarters are counted back from there.
        by: columns of `customers` to group by.
        until: last day that counts; the end of the last month in `values` when left out.
        confidence: coverage of the jackknife intervals.

    Raises:
        ArgumentError: an argument means nothing here.
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: there are not two whole periods of revenue.
        DataError: a customer is there twice.

    References:
        Reichheld, Darnell & Burns (2021), "Net Promoter 3.0", Harvard Business Review,
        November-December, 80-89.
    """
    check_choice(every, "every", get_args(Every))
    check_share(confidence, "confidence")
    first, last = month_range(values)
    last = last if until is None else min(last, until)
    starts = period_starts(first, last, every)
    sums = revenue_by_origin(customers, values, referrals, every, first, last, by) if starts else {}
    if not sums:
        raise NoAnswersError(
            f"Growth needs revenue of two whole {every}s; there are months from {first} to {last}."
        )
    return [
        _growth(group, starts[number], table, confidence) for (group, number), table in sums.items()
    ]


def _growth(group: Group, period: date, sums: Floats, confidence: float) -> Growth:
    """Return one period's figures from sums of the shape (hash groups, what)."""
    every = replicates(sums)
    before, kept, earned, bought, unknown, _, _, _ = every.T

    def figure(of: Callable[[], Floats]) -> Estimate | None:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = of()
        if not np.isfinite(values[0]):
            return None
        if not np.isfinite(values).all():  # all of it hangs on a few customers
            return Estimate(float(values[0]), inf, -inf, inf)
        return from_replicates(float(values[0]), values[1:].tolist(), confidence)

    def earned_rate() -> Floats:
        known = earned + bought
        ratio = np.where(earned + bought + unknown > 0, earned / known, 0.0)
        return np.asarray(kept / before + (earned + unknown * ratio) / before - 1)

    total = every[0]
    new = float(total[2:5].sum())
    retention = figure(lambda: np.asarray(kept / before))
    assert retention is not None  # periods without revenue before are not there
    return Growth(
        group=group,
        period=period,
        customers=int(total[6]),
        newcomers=int(total[7]),
        revenue_before=float(total[0]),
        revenue=float(total[5]),
        net_revenue_retention=retention,
        earned_new_share=figure(lambda: np.asarray(earned / (earned + bought))),
        known_origin_share=float(total[2] + total[3]) / new if new else 1.0,
        earned_growth_rate=figure(earned_rate),
        least_earned_growth_rate=float((total[1] + total[2]) / total[0] - 1),
    )
