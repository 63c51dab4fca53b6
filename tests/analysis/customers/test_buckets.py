"""Who is in which bucket today."""

from datetime import date, datetime

import pytest

from emptychair.analysis.customers.buckets import BucketCount, bucket_counts, current_buckets
from emptychair.analysis.errors import (
    ArgumentError,
    ColumnNotFoundError,
    DataError,
    NoAnswersError,
)


@pytest.fixture
def responses(make_table):
    return make_table(
        {
            "customer_id": ["a", "a", "b", "c", "d", None],
            "answered_at": [
                datetime(2026, 1, 10), datetime(2026, 5, 2, 8), datetime(2025, 6, 29),
                datetime(2026, 6, 30, 23), datetime(2026, 6, 1), datetime(2026, 6, 1),
            ],
            "score": [10, 3, 9, 8, 9, 1],
            "held_reason": [None, None, None, None, "test", None],
        }
    )  # fmt: skip


@pytest.fixture
def customers(make_table):
    return make_table(
        {
            "customer_id": ["a", "b", "c", "d", "e", "f"],
            "created_at": [datetime(2020, 1, 1)] * 5 + [datetime(2026, 7, 2)],
            "left_at": [None, None, None, None, datetime(2026, 6, 30, 12), None],
            "attr_size": ["big", "big", "small", "small", "small", "small"],
        }
    )


def found(table):
    return {row["customer_id"]: row["bucket"] for row in table.to_pyarrow().to_pylist()}


def test_latest_counted_answer_of_the_last_year_decides(responses, customers):
    buckets = current_buckets(responses, customers, on=date(2026, 6, 30))
    assert found(buckets) == {"a": "detractor", "b": "silent", "c": "passive", "d": "silent"}
    older = current_buckets(responses, customers, on=date(2026, 6, 30), oldest_days=400)
    assert found(older)["b"] == "promoter"
    assert found(current_buckets(responses, customers))["c"] == "passive"


def test_an_earlier_day_knows_nothing_of_later_answers(responses, customers):
    buckets = current_buckets(responses, customers, on=date(2026, 4, 30))
    assert found(buckets) == {
        "a": "promoter", "b": "promoter", "c": "silent", "d": "silent", "e": "silent"
    }  # fmt: skip


def test_counts_and_revenue_of_each_bucket(responses, customers, make_table):
    values = make_table(
        {
            "customer_id": ["a", "a", "c"],
            "month": [date(2026, 5, 1), date(2026, 6, 1), date(2026, 6, 1)],
            "revenue": [10.0, 30.0, 60.0],
        }
    )
    buckets = current_buckets(responses, customers, on=date(2026, 6, 30))
    assert bucket_counts(buckets, values, since=date(2026, 6, 1)) == [
        BucketCount((), "detractor", 1, 0.25, 30.0, 30 / 90),
        BucketCount((), "passive", 1, 0.25, 60.0, 60 / 90),
        BucketCount((), "silent", 2, 0.5, 0.0, 0.0),
    ]
    assert bucket_counts(buckets, values)[0].revenue == 40.0
    by_size = bucket_counts(buckets, by=["attr_size"])
    assert [(one.group, one.bucket, one.customers, one.revenue) for one in by_size] == [
        (("big",), "detractor", 1, None), (("big",), "silent", 1, None),
        (("small",), "passive", 1, None), (("small",), "silent", 1, None),
    ]  # fmt: skip


def test_bad_input_is_named(responses, customers, make_table):
    with pytest.raises(ArgumentError, match="oldest_days is a number above zero"):
        current_buckets(responses, customers, oldest_days=0)
    with pytest.raises(DataError, match="1 rows of the customers repeat a 'customer_id'"):
        current_buckets(responses, make_table({"customer_id": ["a", "a"]}))
    with pytest.raises(ColumnNotFoundError, match="no column 'answered_at' or 'answered_on'"):
        current_buckets(responses.drop("answered_at"), customers)
    with pytest.raises(NoAnswersError, match="No answer that counts has a date"):
        current_buckets(responses.filter(responses["score"] > 20), customers)


def test_dates_alone_are_enough(make_table):
    responses = make_table({"customer_id": ["a"], "score": [9], "answered_on": [date(2026, 6, 30)]})
    buckets = current_buckets(responses, make_table({"customer_id": ["a", "b"]}))
    assert found(buckets) == {"a": "promoter", "b": "silent"}
