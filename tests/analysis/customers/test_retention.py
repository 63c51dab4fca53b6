"""Retention from tables: which answer starts the clock, who is followed, what is read off."""

from datetime import date, datetime, timedelta

import pytest

from emptychair.analysis.customers.retention import compare_retention, retention
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError

START = datetime(2025, 1, 1, 12)


def day(number):
    return START + timedelta(days=number)


@pytest.fixture
def company(make_table):
    """Ten promoters of whom one leaves after 100 days; ten detractors of whom five do."""
    names = [f"p{i}" for i in range(10)] + [f"d{i}" for i in range(10)]
    responses = make_table(
        {
            # p0 answered again later, as a detractor: the clock began with the first answer.
            "customer_id": [*names, "p0", "gone", "stranger"],
            "answered_at": [day(0)] * 20 + [day(50), day(60), day(1)],
            "score": [9] * 10 + [4] * 10 + [0, 9, 9],
            "response_id": [f"r{i}" for i in range(23)],
        }
    )
    left = [day(100)] + [None] * 9 + [day(10 * i) for i in range(1, 6)] + [None] * 5
    customers = make_table(
        {
            "customer_id": [*names, "gone"],
            "left_at": [*left, day(20)],
            "left_reason": [None] * 10 + ["price"] * 4 + ["moved"] + [None] * 6,
            "attr_size": ["big"] * 21,
        }
    )
    return responses, customers


def test_retention_by_bucket_counts_by_hand(company):
    detractor, promoter = retention(*company, until=day(400).date(), by=["attr_size"])
    assert (promoter.group, promoter.bucket, promoter.n, promoter.lost) == (
        ("big",),
        "promoter",
        10,
        1,
    )
    assert promoter.kept is not None
    assert promoter.kept.value == pytest.approx(0.9)
    assert promoter.lost_share == {"left": pytest.approx(0.1)}
    assert detractor.kept is not None
    assert detractor.kept.value == pytest.approx(0.5)
    assert detractor.lost_share == {"moved": pytest.approx(0.1), "price": pytest.approx(0.4)}
    assert [point.time for point in detractor.curve] == [10, 20, 30, 40, 50]
    assert detractor.months_kept is not None
    kept_days = (10 + 20 + 30 + 40 + 50 + 5 * 365.25) / 10
    assert detractor.months_kept.value == pytest.approx(kept_days / 365.25 * 12)


def test_horizon_nobody_was_followed_to_is_left_open(company):
    found = retention(*company, until=day(200).date())
    assert all(one.kept is None and one.months_kept is None for one in found)
    assert all(one.lost_share == {} for one in found)
    short = retention(*company, until=day(200).date(), horizon_months=1)
    assert short[1].lost_share == {"left": 0.0}


def test_without_reasons_all_leave_for_the_same(company):
    responses, customers = company
    found = retention(responses, customers.drop("left_reason"), until=day(400).date())
    assert set(found[0].lost_share) == {"left"}


def test_log_rank_of_the_buckets(company):
    assert compare_retention(*company).p_value == pytest.approx(0.05, abs=0.02)


def test_bad_input_is_named(company):
    responses, customers = company
    with pytest.raises(ColumnNotFoundError, match="no column 'left_at'"):
        retention(responses, customers.drop("left_at"))
    with pytest.raises(ColumnNotFoundError, match="no column 'colour'"):
        retention(responses, customers, by=["colour"])
    with pytest.raises(NoAnswersError, match="between 2020-07-01 and 2020-07-31"):
        retention(responses, customers, until=date(2020, 7, 31), window_months=1)
