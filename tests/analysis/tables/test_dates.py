from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptychair.analysis.errors import AmbiguousDatesError
from emptychair.analysis.tables import cells, dates, put


def read(backend, texts, **options):
    table = put(backend, pa.table({"at": pa.array(texts, pa.string())}))
    form = dates.detect_form(table, "at", **options)
    text = dates.one_form(cells.text_of(table["at"]), form)
    found = table.select(at=dates.moment(text, form), zoned=dates.has_zone(text)).to_pyarrow()
    return form, found.to_pylist()


def moment_of(backend, text, **options):
    return read(backend, [text], **options)[1][0]["at"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-31", datetime(2025, 12, 31)),
        ("2025/1/2", datetime(2025, 1, 2)),
        ("2025.01.02", datetime(2025, 1, 2)),
        ("20251231", datetime(2025, 12, 31)),
        ("31-12-2025", datetime(2025, 12, 31)),
        ("31.12.25", datetime(2025, 12, 31)),
        ("1.2.2025", datetime(2025, 2, 1)),
        ("31. 12. 2025", datetime(2025, 12, 31)),
        ("31/12/99", datetime(1999, 12, 31)),
        ("12/31/25", datetime(2025, 12, 31)),
        ("12/31/2025 12:06:07 AM", datetime(2025, 12, 31, 0, 6, 7)),
        ("12/31/2025 12:06 pm", datetime(2025, 12, 31, 12, 6)),
        ("12/31/2025 5:06 p.m.", datetime(2025, 12, 31, 17, 6)),
        ("2025-12-31 23:15", datetime(2025, 12, 31, 23, 15)),
        ("2025-12-31T23:15:59", datetime(2025, 12, 31, 23, 15, 59)),
        ("2025-12-31 23.15.59", datetime(2025, 12, 31, 23, 15, 59)),
        ("2025-12-31 23:15:59,123", datetime(2025, 12, 31, 23, 15, 59)),
        ("2025-12-31 14.05", datetime(2025, 12, 31, 14, 5)),
        ("2025-12-31T23:15:00Z", datetime(2025, 12, 31, 23, 15)),
        ("2025-12-31T23:15:00.5+02:00", datetime(2025, 12, 31, 21, 15)),
        ("2025-12-31 23:15 +0100", datetime(2025, 12, 31, 22, 15)),
        ("2025-12-31 23:15-05", datetime(2026, 1, 1, 4, 15)),
        ("2025-12-31 23:15:00 UTC", datetime(2025, 12, 31, 23, 15)),
        ("2025-12-31 23:15:00 GMT+0100", datetime(2025, 12, 31, 22, 15)),
        ("2025-03-30T02:30", datetime(2025, 3, 30, 2, 30)),
        ("45000", datetime(2023, 3, 15)),
        ("45000.5", datetime(2023, 3, 15, 12)),
        ("45000,75", datetime(2023, 3, 15, 18)),
        ("1767225600", datetime(2026, 1, 1)),
        ("1767225600.9", datetime(2026, 1, 1)),
        ("1767225600123", datetime(2026, 1, 1)),
        ("31 dec 2025", datetime(2025, 12, 31)),
        ("31. december 2025", datetime(2025, 12, 31)),
        ("3 maj 2025", datetime(2025, 5, 3)),
        ("3. mai 2025", datetime(2025, 5, 3)),
        ("3 oktober 2025", datetime(2025, 10, 3)),
        ("1. des. 2025", datetime(2025, 12, 1)),
        ("December 31, 2025", datetime(2025, 12, 31)),
        ("Dec 31 2025 5:06 PM", datetime(2025, 12, 31, 17, 6)),
        ("31-Dec-2025", datetime(2025, 12, 31)),
        ("Fri, 31 Oct 2025 10:11:12 GMT", datetime(2025, 10, 31, 10, 11, 12)),
        ("  2025-12-31\u00a0", datetime(2025, 12, 31)),
    ],
)  # fmt: skip
def test_a_date_is_read_however_it_is_written(duckdb, text, expected):
    assert moment_of(duckdb, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "31-02-2025", "2025-02-30", "29-02-2025", "2025-13-01", "32.1.2025", "2025-12-31 25:00",
        "2025-12-31 23:60", "2025-12-31 23:59:60", "yesterday", "epoch", "infinity", "0001-01-01",
        "9999-12-31", "2025-12-31 and more", "12:30", "2025", "31 foo 2025", "2025-12-31 +14:00",
        "13:00 PM 12/31/2025",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(duckdb, text):
    assert moment_of(duckdb, text, order="day-first") is None


def test_the_order_of_a_column_is_decided_by_all_of_its_rows(duckdb):
    _, found = read(duckdb, ["03-04-2025", "05-06-2025", "25-12-2025", None, ""])
    assert found[0]["at"] == datetime(2025, 4, 3)
    _, found = read(duckdb, ["03/04/2025", "05/06/2025", "12/25/2025"])
    assert found[0]["at"] == datetime(2025, 3, 4)


def test_points_between_the_numbers_mean_day_first(duckdb):
    assert moment_of(duckdb, "03.04.2025") == datetime(2025, 4, 3)


def test_a_column_that_can_be_read_two_ways_is_refused(duckdb):
    with pytest.raises(AmbiguousDatesError, match=r"'at' has dates such as '05-06-2025'.*--dates"):
        read(duckdb, ["03-04-2025", "05-06-2025", "07-07-2025"])


def test_a_column_that_needs_both_orders_is_refused(duckdb):
    with pytest.raises(AmbiguousDatesError, match="1 dates that only make sense day first and 1"):
        read(duckdb, ["25-12-2025", "12-25-2025"])


@pytest.mark.parametrize(
    ("order", "expected"),
    [("day-first", datetime(2025, 4, 3)), ("month-first", datetime(2025, 3, 4))],
)
def test_the_order_that_is_told_is_used(duckdb, order, expected):
    assert moment_of(duckdb, "03-04-2025", order=order) == expected


def test_days_that_are_the_same_either_way_are_not_ambiguous(duckdb):
    assert moment_of(duckdb, "07-07-2025") == datetime(2025, 7, 7)


def test_days_are_counted_from_1904_where_a_workbook_says_so(duckdb):
    assert moment_of(duckdb, "43538", is_1904=True) == datetime(2023, 3, 15)


def test_moments_say_whether_they_have_a_zone(duckdb):
    texts = [
        "2025-12-31 10:00Z",
        "2025-12-31 10:00",
        "2025-12-31",
        "1767225600",
        "2025-12-31T10:00+01",
    ]
    _, found = read(duckdb, texts)
    assert [row["zoned"] for row in found] == [True, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "has_time"),
    [("2025-12-31", False), ("2025-12-31 10:00", True), ("45000", False), ("45000.5", True),
     ("1767225600", True)],
)  # fmt: skip
def test_a_form_says_whether_there_are_times(duckdb, text, has_time):
    assert read(duckdb, [text])[0].has_time is has_time


@settings(deadline=None, max_examples=60)
@given(
    at=st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)),
    pattern=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H.%M.%S",
         "%d %b %Y %H:%M:%S", "%B %d, %Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
    ),
)  # fmt: skip
def test_what_a_computer_writes_is_read_back(duckdb, at, pattern):
    at = at.replace(microsecond=0)
    order = "month-first" if pattern.startswith("%m") else "day-first"
    assert moment_of(duckdb, at.strftime(pattern), order=order) == at
