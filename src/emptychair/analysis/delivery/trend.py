"""The NPS of each period: one interval for the reporting date, one that bears daily looking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.score import nps_of_cells
from emptychair.analysis.delivery.sequences import EXPECTED_ANSWERS, betting_sequences
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.sums.counts import Group, ScoreCounts, in_order, score_counts

Every = Literal["day", "week", "month", "quarter", "year"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class TrendPoint:
    """The NPS of one period.

    Attributes:
        period: its first day; of a week the Monday.
        n: responses that count.
        nps_points: from -100 to 100; null where nobody answered.
        low_points: lower limit of the interval that holds at the period's end.
        high_points: its upper limit.
        sequence_low_points: lower limit of the interval that holds at every look, however
            often, while the period fills up.
        sequence_high_points: its upper limit.
        group: values of the grouping columns.
    """

    period: date
    n: int
    nps_points: float | None
    low_points: float | None
    high_points: float | None
    sequence_low_points: float | None
    sequence_high_points: float | None
    group: Group = ()


def trend(
    responses: ir.Table,
    every: Every = "month",
    *,
    by: Sequence[str] = (),
    score: str = "score",
    on: str | None = None,
    confidence: float = 0.95,
    expected_answers: float = EXPECTED_ANSWERS,
) -> list[TrendPoint]:
    """Return the NPS of each period between the first and the last answer of each group.

    A period in which nobody answered is there with `n` 0 and without points, so that a
    gap is seen as a gap.

    Args:
        responses: one row per response. Those without a date are left out.
        every: "day", "week" (ISO, from Monday), "month", "quarter" or "year".
        by: columns to group by.
        score: column with the 0-to-10 answer.
        on: column with the date; by default `answered_on`, or else the UTC date of
            `answered_at`.
        confidence: coverage of both intervals, a share strictly between 0 and 1.
        expected_answers: answers at which the sequence is tuned to be tightest; fix it
            beforehand.

    Returns:
        Points ordered by group and period.

    Raises:
        ColumnNotFoundError: `responses` lacks a named column or any date.
        ArgumentError: `every` is none of the above, or the date column holds no dates.

    References:
        See `net_promoter_score` for the interval, `betting_sequences` for the sequence.

    Examples:
        >>> import ibis
        >>> table = ibis.memtable({"score": [10, 9], "answered_on": ["2025-01-31", "2025-03-01"]})
        >>> table = table.mutate(answered_on=table.answered_on.cast("date"))
        >>> [(point.period.isoformat(), point.n) for point in trend(table)]
        [('2025-01-01', 1), ('2025-02-01', 0), ('2025-03-01', 1)]
    """
    check_columns(responses, [score, *by])
    days = counts_by_day(responses, by, score=score, on=on)
    points: list[TrendPoint] = []
    for group in in_order(days):
        points += trend_of_counts(
            days[group],
            every,
            group=group,
            confidence=confidence,
            expected_answers=expected_answers,
        )
    return points


def trend_of_counts(
    counts_by_date: Mapping[date, ScoreCounts],
    every: Every = "month",
    *,
    group: Group = (),
    confidence: float = 0.95,
    expected_answers: float = EXPECTED_ANSWERS,
) -> list[TrendPoint]:
    """Return the NPS of each period from counts per day, or per any shorter period.

    Args:
        counts_by_date: counts of each day, or of each period under its first day.
        every: as in `trend`.
        group: values of the grouping columns, copied to the points.
        confidence: coverage of both intervals.
        expected_answers: answers at which the sequence is tuned to be tightest.

    Returns:
        Points from the first to the last period with an answer, those between included.

    Raises:
        ArgumentError: `every` is not a known period.

    Examples:
        >>> from emptychair.analysis.sums.counts import ScoreCounts
        >>> days = {date(2025, 1, 6): ScoreCounts.of([10]), date(2025, 1, 12): ScoreCounts.of([3])}
        >>> [(point.period.isoformat(), point.n) for point in trend_of_counts(days, "week")]
        [('2025-01-06', 2)]
    """
    totals: dict[date, ScoreCounts] = {}
    for day, counts in counts_by_date.items():
        if counts.n:
            period = period_of(day, every)
            totals[period] = totals.get(period, ScoreCounts()) + counts
    periods = periods_between(min(totals), max(totals), every) if totals else []
    cells = [totals.get(period, ScoreCounts()) for period in periods]
    low, high = betting_sequences(
        [float(cell.detractors) for cell in cells],
        [float(cell.passives) for cell in cells],
        [float(cell.promoters) for cell in cells],
        confidence=confidence,
        expected_answers=expected_answers,
    )
    figures = nps_of_cells(
        {(period,): cell for period, cell in zip(periods, cells, strict=True)}, confidence
    )
    return [
        TrendPoint(
            period=period,
            n=nps.n,
            nps_points=nps.nps_points,
            low_points=nps.low_points,
            high_points=nps.high_points,
            sequence_low_points=100 * float(low[i]) if nps.n else None,
            sequence_high_points=100 * float(high[i]) if nps.n else None,
            group=group,
        )
        for i, (period, nps) in enumerate(zip(periods, figures, strict=True))
    ]


def counts_by_day(
    responses: ir.Table, by: Sequence[str] = (), *, score: str = "score", on: str | None = None
) -> dict[Group, dict[date, ScoreCounts]]:
    """Return the score counts of each group and day, with one grouped query.

    Raises:
        ColumnNotFoundError: `responses` lacks a named column or any date.
        ArgumentError: the date column holds no dates.
    """
    column = on or date_column(responses)
    check_columns(responses, [column])
    if not (responses[column].type().is_date() or responses[column].type().is_timestamp()):
        raise ArgumentError(f"column {column!r} holds {responses[column].type()}, not dates")
    dated = responses.filter(responses[column].notnull())
    dated = dated.mutate(day_of_answer=dated[column].cast("date"))
    days: dict[Group, dict[date, ScoreCounts]] = {}
    for key, counts in score_counts(dated, [*by, "day_of_answer"], score=score).items():
        day = key[-1]
        assert isinstance(day, date)
        day = day.date() if isinstance(day, datetime) else day
        days.setdefault(key[:-1], {})[day] = counts
    return days


def date_column(responses: ir.Table) -> str:
    """Return the column that says on which day an answer came.

    Raises:
        ColumnNotFoundError: there is neither `answered_on` nor `answered_at`.
    """
    for name in ("answered_on", "answered_at"):
        if name in responses.columns:
            return name
    raise ColumnNotFoundError(
        "a trend needs the date of each answer: there is no column 'answered_on' or 'answered_at'; "
        f"there are: {', '.join(responses.columns)}"
    )


def period_of(day: date, every: Every) -> date:
    """Return the first day of the period that `day` falls into.

    Examples:
        >>> period_of(date(2025, 8, 20), "quarter").isoformat()
        '2025-07-01'
    """
    if every == "day":
        return day
    if every == "week":
        return day - timedelta(days=day.weekday())
    if every not in _MONTHS:
        raise ArgumentError(f"every={every!r}: choose one of {', '.join(get_args(Every))}")
    months = _MONTHS[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def periods_between(first: date, last: date, every: Every) -> list[date]:
    """Return the first days of all periods from `first` to `last`, both first days themselves."""
    periods = [first]
    while periods[-1] < last:
        periods.append(_next_period(periods[-1], every))
    return periods


def _next_period(period: date, every: Every) -> date:
    if every in ("day", "week"):
        return period + timedelta(days=1 if every == "day" else 7)
    month = period.month - 1 + _MONTHS[every]
    return date(period.year + month // 12, month % 12 + 1, 1)
