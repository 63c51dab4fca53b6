"""How long the customers of each bucket stay after they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from emptychair.analysis.checks import check_positive
from emptychair.analysis.customers.lifetable import Exit, LifeTable, life_table
from emptychair.analysis.customers.survival import (
    CurvePoint,
    LogRank,
    kaplan_meier,
    kept_share,
    log_rank,
    lost_to,
    restricted_mean,
)
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.followup import (
    MONTH_DAYS,
    exit_counts,
    first_answers,
    followed,
    last_day,
)
from emptychair.analysis.sums.jackknife import Estimate

if TYPE_CHECKING:
    import ibis.expr.types as ir

WINDOW_MONTHS = 24
HORIZON_MONTHS = 12


@dataclass(frozen=True)
class Retention:
    """How long the customers of one bucket stayed after an answer.

    Attributes:
        group: values of the columns grouped by.
        bucket: of the answer that started the clock.
        n: customers followed.
        lost: those who left while they were followed.
        kept: share still there at the horizon; None where nobody was followed that long.
        months_kept: mean months up to the horizon; None likewise.
        lost_share: by reason, the share lost to it at the horizon.
        curve: the share still there; times in days.
    """

    group: Group
    bucket: str
    n: int
    lost: int
    kept: Estimate | None
    months_kept: Estimate | None
    lost_share: dict[str, float]
    curve: list[CurvePoint]


def retention(
    responses: ir.Table,
    customers: ir.Table,
    *,
    by: Sequence[str] = (),
    until: date | None = None,
    window_months: int = WINDOW_MONTHS,
    horizon_months: int = HORIZON_MONTHS,
    confidence: float = 0.95,
) -> list[Retention]:
    """Return how long customers stay, by the bucket of the answer that starts the clock.

    The clock starts at each customer's first counted answer in the window; only what came
    after counts. Customers still there at the end were followed until then and no longer.

    Args:
        responses: one row per response.
        customers: one row per customer, with `left_at` and maybe `left_reason`.
        by: columns of either table to group by.
        until: last day of which anything is known; that of the last answer or leaving when
            left out.
        window_months: how far back the clock may start.
        horizon_months: where retention and months kept are read off.
        confidence: coverage of the intervals.

    Returns:
        One record per group and bucket, in the order of groups.

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: no customer answered in the window.
        DataError: a customer is there twice.

    References:
        See `kaplan_meier`, `restricted_mean` and `lost_to`.
    """
    check_positive(window_months, "window_months")
    check_positive(horizon_months, "horizon_months")
    end = until or last_day(responses, customers)
    start = end - timedelta(days=round(window_months * MONTH_DAYS))
    answers = first_answers(responses, start, end + timedelta(days=1))
    counts = exit_counts(followed(answers, customers, end, by), by)
    if not counts:
        raise NoAnswersError(
            f"No customer of the base answered between {start} and {end}, so nobody is followed."
        )
    return [
        _retention(group, table, horizon_months, confidence)
        for group, table in life_tables(counts).items()
    ]


def life_tables(counts: dict[Group, list[dict[str, Any]]]) -> dict[Group, LifeTable]:
    """Return the life table of each group of `exit_counts`."""
    return {
        group: life_table(Exit(row["days"], row["cause"], row["n"]) for row in rows)
        for group, rows in counts.items()
    }


def compare_retention(
    responses: ir.Table, customers: ir.Table, *, until: date | None = None
) -> LogRank:
    """Return the log-rank test of equal retention of detractors, passives and promoters.

    Raises:
        ArgumentError: fewer than two buckets answered, or nobody left.
    """
    end = until or last_day(responses, customers)
    start = end - timedelta(days=round(WINDOW_MONTHS * MONTH_DAYS))
    answers = first_answers(responses, start, end + timedelta(days=1))
    return log_rank(list(life_tables(exit_counts(followed(answers, customers, end))).values()))


def _retention(group: Group, table: LifeTable, horizon_months: int, confidence: float) -> Retention:
    days = horizon_months * MONTH_DAYS
    is_known = days <= table.last_time
    months = restricted_mean(table, days, confidence=confidence) if is_known else None
    lost_share = {}
    for cause in table.lost if is_known else ():
        before = [point for point in lost_to(table, cause) if point.time <= days]
        lost_share[cause] = before[-1].share if before else 0.0
    return Retention(
        group=group[:-1],
        bucket=str(group[-1]),
        n=table.n,
        lost=int(table.ends.sum()),
        kept=kept_share(table, days, confidence=confidence) if is_known else None,
        months_kept=None if months is None else _in_months(months),
        lost_share=lost_share,
        curve=kaplan_meier(table, confidence=confidence),
    )


def _in_months(days: Estimate) -> Estimate:
    return Estimate(
        *(one / MONTH_DAYS for one in (days.value, days.standard_error, days.low, days.high))
    )
