from contextlib import suppress
from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.tables import put
from emptychair.analysis.tables.choose import Period, parse_period, where_true, within

ANSWERS = pa.table(
    {
        "n": [1, 2, 3, 4, 5],
        "score": pa.array([9, 3, 10, None, 6], pa.int8()),
        "unit": ["Malmö", "Lund", "Malmö", None, "Åre's"],
        "price": ["1,5", "20", "x", None, "3"],
        "answered_on": pa.array(
            [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1), None, date(2025, 12, 31)]
        ),
        "answered_at": pa.array([datetime(2026, 1, 31, 12)] * 5, pa.timestamp("us")),
        "is_new": [True, False, True, None, False],
    }
)


def chosen(backend, condition):
    table = where_true(put(backend, ANSWERS), condition)
    return sorted(table.n.to_pyarrow().to_pylist())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("unit = 'Malmö'", [1, 3]),
        ("unit <> 'Malmö'", [2, 5]),
        ("unit != 'Malmö'", [2, 5]),
        ("unit = 'Åre''s'", [5]),
        ("score <= 6", [2, 5]),
        ("6 >= score", [2, 5]),
        ("3 = score", [2]),
        ("score > 3 and score < 10", [1, 5]),
        ("score = 3 or score = 10", [2, 3]),
        ("not (score = 3 or score = 10)", [1, 5]),
        ("unit = 'Malmö' and (score = 10 or score = 3)", [3]),
        ("score between 6 and 9", [1, 5]),
        ("score in (3, 10)", [2, 3]),
        ("unit not in ('Malmö', 'Lund')", [5]),
        ("unit like 'M%'", [1, 3]),
        ("unit ilike 'm%'", [1, 3]),
        ("unit is null", [4]),
        ("score is not null", [1, 2, 3, 5]),
        ("answered_on >= '2026-02-01'", [2, 3]),
        ("answered_on between '2026-01-01' and '2026-01-31'", [1]),
        ("answered_at < '2026-02-01 00:00'", [1, 2, 3, 4, 5]),
        ("price > 2", [2, 5]),
        ("price = 1.5", [1]),
        ("score = '9'", [1]),
        ("score > -1", [1, 2, 3, 5]),
        ("is_new", [1, 3]),
        ("is_new = true", [1, 3]),
        ("not is_new", [2, 5]),
        ("\"unit\" = 'Lund'", [2]),
    ],
)
def test_where_true_keeps_the_rows_for_which_it_holds(duckdb, condition, expected):
    assert chosen(duckdb, condition) == expected


def test_where_true_runs_on_every_engine(engine):
    assert chosen(engine, "unit = 'Malmö' and score between 9 and 10") == [1, 3]
    assert chosen(engine, "answered_on >= '2026-02-01'") == [2, 3]
    assert chosen(engine, "price > 2") == [2, 5]
    assert chosen(engine, "unit = 'Åre''s' or unit like 'L_nd'") == [2, 5]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("", "is no condition"),
        ("score", "cannot be used in a condition"),
        ("unit", "cannot be used in a condition"),
        ("score =", "is no condition"),
        ("score = unit", "must be a text in single quotes or a number"),
        ("unit = (select 1)", "is neither a text nor a number"),
        ("exists (select 1)", "cannot be used in a condition"),
        ("score in (select 1)", "cannot be used in a condition"),
        ("1 = 1", "'1' is no column"),
        ("score = 1; drop table answers", "is no condition"),
        ("score = 1 order by 1", "is no condition"),
        ("score = 1 union select 1", "is no condition"),
        ("score = 1 limit 1", "is no condition"),
        ("lower(unit) = 'x'", "'LOWER\\(unit\\)' is no column"),
        ("t.unit = 'x'", "'t.unit' is no column"),
        ("unit like 5", "like needs a text"),
        ("score = 'nine'", "score holds numbers, and 'nine' is none"),
        ("answered_on = 'soon'", "is no date; write it as '2026-03-31'"),
        ("answered_at > 'soon'", "is no date"),
        ("unit = -'x'", "is no condition|'x'"),
        ("(" * 3000 + "score = 1", "at most 2000 characters"),
        ("(" * 900 + "score = 1" + ")" * 900, "is no condition"),
        ("read_csv('/etc/passwd')", "cannot be used in a condition"),
        ("score is true", "cannot be used in a condition"),
    ],
)
def test_where_true_refuses_everything_else(duckdb, condition, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        where_true(put(duckdb, ANSWERS), condition)


def test_where_true_names_a_column_that_is_not_there(duckdb):
    with pytest.raises(ColumnNotFoundError, match=r"no column 'shop'\. There are: n, score"):
        where_true(put(duckdb, ANSWERS), "shop = 'Lund'")


def test_where_true_takes_columns_by_the_name_they_had_in_the_file(duckdb):
    table = where_true(put(duckdb, ANSWERS), "Butik = 'Lund'", lambda name: {"Butik": "unit"}[name])
    assert table.n.to_pyarrow().to_pylist() == [2]


@settings(deadline=None)
@given(text=st.text(max_size=40))
def test_where_true_never_fails_in_another_way(duckdb, text):
    table = put(duckdb, ANSWERS.slice(0, 1))
    with suppress(ArgumentError, ColumnNotFoundError):
        where_true(table, text)


@pytest.mark.parametrize(
    ("text", "first_on", "last_on"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-03-05", date(2026, 3, 5), date(2026, 3, 5)),
        ("2026-01..2026-06", date(2026, 1, 1), date(2026, 6, 30)),
        ("2025..2026-Q2", date(2025, 1, 1), date(2026, 6, 30)),
        ("2026-02-15..", date(2026, 2, 15), None),
        ("..2026-02", None, date(2026, 2, 28)),
        (" last-90-days ", date(2026, 2, 1), date(2026, 5, 1)),
        ("last-1-day", date(2026, 5, 1), date(2026, 5, 1)),
    ],
)
def test_parse_period_reads_what_a_person_writes(text, first_on, last_on):
    assert parse_period(text, today=date(2026, 5, 1)) == Period(first_on, last_on)


def test_parse_period_counts_back_from_this_day():
    period = parse_period("last-7-days")
    assert (period.last_on - period.first_on).days == 6


@pytest.mark.parametrize(
    "text",
    ["", "..", "26", "2026-13", "2026-00", "2026-Q5", "2026-02-30", "2026-02-00", "last year",
     "last-0-days", "0000", "2026-06..2026-01", "2026-01...2026-02", "2026/01"],
)  # fmt: skip
def test_parse_period_refuses_everything_else(text):
    with pytest.raises(ArgumentError, match="period"):
        parse_period(text)


def test_within_keeps_the_period_and_counts_those_without_a_date(engine):
    table = put(engine, ANSWERS)
    kept, without = within(table, parse_period("2026-01..2026-02"))
    assert sorted(kept.n.to_pyarrow().to_pylist()) == [1, 2]
    assert without == 1
    open_end, _ = within(table, parse_period("2026-02.."))
    assert sorted(open_end.n.to_pyarrow().to_pylist()) == [2, 3]
    open_start, _ = within(table, parse_period("..2025"))
    assert sorted(open_start.n.to_pyarrow().to_pylist()) == [5]


def test_within_needs_a_date(duckdb):
    with pytest.raises(ColumnNotFoundError, match="--map answered_on=COLUMN"):
        within(put(duckdb, ANSWERS.select(["score"])), parse_period("2026"))
