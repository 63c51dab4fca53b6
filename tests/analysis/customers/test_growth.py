"""Earned growth by hand, and the origin of the customers of a company whose truth is known."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from emptychair.analysis.customers.growth import growth
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, NoAnswersError
from emptychair.analysis.sums.newcomers import period_starts
from emptychair.analysis.tables import put
from emptychair.analysis.tables.simulate import load_config, simulate_company


@pytest.fixture
def company(make_table):
    values = make_table(
        {
            "customer_id": ["a", "a", "b", "b", "c", "d", "e", "f", "back", "old"],
            "month": [
                date(2025, 3, 1), date(2026, 3, 1), date(2025, 12, 1), date(2026, 1, 1),
                date(2025, 5, 1), date(2026, 2, 1), date(2026, 4, 1), date(2026, 12, 1),
                date(2026, 5, 1), date(2024, 5, 1),
            ],
            "revenue": [100.0, 130.0, 60.0, 30.0, 40.0, 20.0, 10.0, 10.0, 25.0, 5.0],
        }
    )  # fmt: skip
    customers = make_table(
        {
            "customer_id": ["a", "b", "c", "d", "e", "f", "back", "old"],
            "created_at": [datetime(2025, 1, 1)] * 3
            + [datetime(2026, 1, 2)] * 3
            + [datetime(2019, 1, 1)] * 2,
            "attr_size": ["big"] + ["small"] * 7,
        }
    )
    referrals = make_table(
        {
            "referred_id": ["d", "e", "c"],
            "origin": ["earned", "bought", "earned"],
        }
    )
    return customers, values, referrals


def test_growth_by_hand(company):
    found = growth(*company)
    one = found[-1]
    assert one.period == date(2026, 1, 1)
    assert (one.customers, one.newcomers) == (3, 3)
    assert (one.revenue_before, one.revenue) == (200.0, 225.0)
    assert one.net_revenue_retention.value == pytest.approx(160 / 200)
    # Of 30 with a known origin 20 were earned; f's origin is unknown, "back" is not new.
    assert one.earned_new_share.value == pytest.approx(2 / 3)
    assert one.known_origin_share == pytest.approx(30 / 40)
    assert one.earned_growth_rate.value == pytest.approx((160 + 20 + 10 * 2 / 3) / 200 - 1)
    assert one.least_earned_growth_rate == pytest.approx(180 / 200 - 1)
    # The months before 2025 are no whole year to compare with.
    assert [each.period for each in found] == [date(2026, 1, 1)]


def test_growth_by_group_and_without_newcomers(company):
    big, *_ = growth(*company, by=["attr_size"])
    assert (big.group, big.net_revenue_retention.value) == (("big",), 1.3)
    assert (big.newcomers, big.earned_new_share, big.known_origin_share) == (0, None, 1.0)
    assert big.earned_growth_rate is None or big.earned_growth_rate.value == pytest.approx(0.3)


def test_other_periods_and_earlier_ends(company):
    until = growth(*company, until=date(2026, 6, 30), every="quarter")
    assert until[-1].period == date(2026, 4, 1)
    assert until[-1].revenue == 35.0
    customers, values, referrals = company
    assumed = growth(customers.drop("created_at"), values, referrals.drop("origin"))
    assert assumed[-1].earned_new_share.value == 1.0
    assert period_starts(date(2025, 1, 1), date(2025, 7, 1), "quarter") == {0: date(2025, 5, 1)}


def test_bad_input_is_named(company):
    customers, values, referrals = company
    with pytest.raises(ArgumentError, match="every is one of month, quarter, year"):
        growth(*company, every="week")
    with pytest.raises(ColumnNotFoundError, match="no column 'revenue'"):
        growth(customers, values.drop("revenue"), referrals)
    with pytest.raises(NoAnswersError, match="hold no month"):
        growth(customers, values.filter(values["revenue"] < 0), referrals)
    with pytest.raises(NoAnswersError, match="two whole years; there are months from 2026-01-01"):
        growth(customers, values.filter(values["month"] >= date(2026, 1, 1)), referrals)


def test_origin_of_a_companys_newcomers_is_found(duckdb):
    config = load_config(customers=8000)
    config = replace(
        config, referrals=replace(config.referrals, earned_share=0.5, bought_share=0.3)
    )
    made = simulate_company(config, seed=9, until=date(2026, 6, 30))
    tables = [put(duckdb, made.tables[name]) for name in ("customers", "values", "referrals")]
    (found,) = growth(*tables)
    assert found.earned_new_share.low < 0.5 / 0.8 < found.earned_new_share.high
    assert found.known_origin_share == pytest.approx(0.8, abs=0.06)
    rate = found.earned_growth_rate
    assert found.net_revenue_retention.value - 1 < rate.low < rate.value < rate.high
    assert found.least_earned_growth_rate < rate.value
