from datetime import date, datetime

import pyarrow as pa
import pytest

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.delivery.trend import (
    counts_by_day,
    period_of,
    periods_between,
    trend,
    trend_of_counts,
)
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.sums.counts import ScoreCounts


def days(*found):
    return [date.fromisoformat(day) for day in found]


@pytest.mark.parametrize(
    ("every", "day", "period"),
    [
        ("day", "2025-08-20", "2025-08-20"),
        ("week", "2025-12-31", "2025-12-29"),
        ("week", "2026-01-04", "2025-12-29"),  # ISO week 1 of 2026 begins in December
        ("week", "2026-01-05", "2026-01-05"),
        ("month", "2024-02-29", "2024-02-01"),
        ("quarter", "2025-12-31", "2025-10-01"),
        ("year", "2025-12-31", "2025-01-01"),
    ],
)
def test_period_of_a_day(every, day, period):
    assert period_of(date.fromisoformat(day), every) == date.fromisoformat(period)


@pytest.mark.parametrize(
    ("every", "first", "last", "number"),
    [
        ("day", "2025-02-27", "2025-03-02", 4),
        ("week", "2025-01-06", "2025-01-27", 4),
        ("month", "2024-11-01", "2025-02-01", 4),
        ("quarter", "2024-10-01", "2025-07-01", 4),
        ("year", "2022-01-01", "2025-01-01", 4),
    ],
)
def test_periods_between_run_over_the_ends_of_years(every, first, last, number):
    found = periods_between(date.fromisoformat(first), date.fromisoformat(last), every)
    assert len(found) == number
    assert (found[0].isoformat(), found[-1].isoformat()) == (first, last)


def test_trend_shows_a_period_without_answers_as_empty(make_table):
    table = make_table(
        {"score": [10, 9, 0], "answered_on": days("2025-01-31", "2025-01-02", "2025-03-01")}
    )
    january, february, march = trend(table)
    assert (january.n, february.n, march.n) == (2, 0, 1)
    assert february.nps_points is None
    assert february.low_points is None
    assert february.sequence_low_points is None
    assert january.nps_points == 100.0


def test_trend_points_carry_both_intervals(make_table):
    scores = [3] * 12 + [7] * 9 + [10] * 15
    table = make_table({"score": scores, "answered_on": days("2025-01-31") * 36})
    (point,) = trend(table, "quarter")
    nps = nps_of_counts(ScoreCounts.of(scores))
    assert (point.low_points, point.high_points) == (nps.low_points, nps.high_points)
    assert point.sequence_low_points < point.low_points
    assert point.sequence_high_points > point.high_points


def test_trend_by_group_leaves_out_answers_without_a_date(make_table):
    table = make_table(
        {
            "unit": ["A", "B", "A"],
            "score": [10, 0, 3],
            "answered_on": pa.array([*days("2025-01-31", "2025-02-01"), None], pa.date32()),
        }
    )
    found = trend(table, "month", by=["unit"])
    assert [(point.group, point.period.month, point.n) for point in found] == [
        (("A",), 1, 1),
        (("B",), 2, 1),
    ]


def test_trend_takes_the_day_of_a_moment(make_table):
    table = make_table({"score": [10], "answered_at": [datetime(2025, 1, 31, 23, 59)]})
    assert trend(table, "day")[0].period == date(2025, 1, 31)


def test_trend_prefers_the_local_day(make_table):
    table = make_table(
        {
            "score": [10],
            "answered_at": [datetime(2025, 1, 31, 23, 59)],
            "answered_on": days("2025-02-01"),
        }
    )
    assert trend(table, "day")[0].period == date(2025, 2, 1)
    assert trend(table, "day", on="answered_at")[0].period == date(2025, 1, 31)


def test_trend_of_nothing_is_empty(make_table):
    table = make_table({"score": pa.array([], pa.int8()), "answered_on": pa.array([], pa.date32())})
    assert trend(table) == []
    assert trend_of_counts({}) == []
    assert trend_of_counts({date(2025, 1, 1): ScoreCounts()}) == []


def test_trend_needs_dates(make_table):
    with pytest.raises(ColumnNotFoundError, match="'answered_on' or 'answered_at'"):
        trend(make_table({"score": [10]}))
    with pytest.raises(ColumnNotFoundError, match="visited_on"):
        trend(make_table({"score": [10]}), on="visited_on")
    with pytest.raises(ArgumentError, match="holds string"):
        trend(make_table({"score": [10], "answered_on": ["2025-01-01"]}))


def test_trend_refuses_an_unknown_period():
    with pytest.raises(ArgumentError, match="fortnight"):
        trend_of_counts({date(2025, 1, 1): ScoreCounts.of([1])}, "fortnight")


def test_trend_of_counts_adds_up_whatever_the_partition(make_table):
    counts = {date(2025, 1, day): ScoreCounts.of([day % 11] * day) for day in range(1, 29)}
    (whole,) = trend_of_counts(counts, "month")
    weeks: dict = {}
    for day, cell in counts.items():
        week = period_of(day, "week")
        first = max(week, date(2025, 1, 1))
        weeks[first] = weeks.get(first, ScoreCounts()) + cell
    assert trend_of_counts(weeks, "month") == [whole]


def test_counts_by_day_is_what_the_trend_adds_up(make_table):
    table = make_table({"score": [10, 3], "answered_on": days("2025-01-31", "2025-01-31")})
    assert counts_by_day(table) == {(): {date(2025, 1, 31): ScoreCounts.of([10, 3])}}
