"""What buckets are worth: hand sums, comparable customers, and a company whose truth is known."""

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest
from tests.analysis.customers.companies import paying_company

from emptychair.analysis.customers.economics import economics
from emptychair.analysis.customers.worth import estimate
from emptychair.analysis.errors import (
    ArgumentError,
    ColumnNotFoundError,
    DataError,
    NoAnswersError,
)
from emptychair.analysis.tables import put
from emptychair.analysis.tables.simulate import load_config, simulate_company

UNTIL = date(2026, 6, 30)


@pytest.fixture
def company(make_table):
    """Forty of each bucket, big and small; every figure below is a hand sum of this."""
    return {name: make_table(columns) for name, columns in paying_company().items()}


def test_money_of_twelve_months_after_the_answer_by_hand(company):
    found = economics(company["responses"], company["customers"], company["values"], until=UNTIL)
    detractor, passive, promoter = found
    assert [one.bucket for one in found] == ["detractor", "passive", "promoter"]
    assert [one.n for one in found] == [40, 40, 40]
    # Money of the month of the answer and before it does not count; big customers pay twice.
    # Of the detractors a quarter left in the seventh month after the answer, having paid six.
    assert promoter.revenue_12m.value == pytest.approx(12 * (30 * 20 + 10 * 10) / 40)
    assert detractor.revenue_12m.value == pytest.approx(
        (12 * (10 * 20 + 20 * 10) + 6 * 10 * 10) / 40
    )
    assert passive.margin_12m.value == pytest.approx(0.3 * 12 * (20 * 20 + 20 * 10) / 40)
    assert detractor.retention_12m.value == pytest.approx(0.75)
    assert detractor.lost == 10
    assert detractor.months_kept.value == pytest.approx(6 + 0.875 + 5 * 0.75)
    assert (promoter.retention_12m.value, promoter.retention_12m.high) == (1.0, 1.0)


def test_adjusted_figures_compare_customers_alike(company):
    found = economics(
        company["responses"], company["customers"], company["values"],
        adjust=["attr_size"], until=UNTIL,
    )  # fmt: skip
    adjusted = [one.revenue_12m.adjusted for one in found]
    # Within each size promoters and passives pay the same: size made the raw difference.
    assert adjusted[1] == pytest.approx(adjusted[2])
    assert found[1].revenue_12m.value < found[2].revenue_12m.value
    assert found[1].value_of_move.value == pytest.approx(0.0, abs=1e-9)
    # Small detractors of whom a third left after six months; weights are harmonic means.
    big, small = 1 / (1 / 10 + 1 / 20 + 1 / 30), 1 / (1 / 30 + 1 / 20 + 1 / 10)
    by_hand = (big * 12 * 20 + small * (12 * 10 * 2 / 3 + 6 * 10 / 3)) / (big + small)
    assert adjusted[0] == pytest.approx(by_hand)
    assert found[0].value_of_move.value == pytest.approx(0.3 * (adjusted[1] - adjusted[0]))
    assert found[2].value_of_move is None
    assert [one.comparable_share for one in found] == [1.0, 1.0, 1.0]


def test_groups_are_told_apart_and_cells_without_a_bucket_do_not_compare(company):
    found = economics(
        company["responses"], company["customers"], company["values"],
        by=["attr_size"], adjust=["attr_happy"], until=UNTIL,
    )  # fmt: skip
    assert [(one.group, one.bucket, one.n) for one in found] == [
        (("big",), "detractor", 10), (("big",), "passive", 20), (("big",), "promoter", 30),
        (("small",), "detractor", 30), (("small",), "passive", 20), (("small",), "promoter", 10),
    ]  # fmt: skip
    assert all(one.comparable_share == 0.0 for one in found)
    assert found[0].revenue_12m.value == 240.0
    assert found[0].revenue_12m.adjusted is None
    assert found[0].value_of_move is None


def test_cross_sell_and_referrals_are_counted(company, make_table):
    events = make_table(
        {
            "customer_id": ["p0", "p0", "p1", "d0"],
            "at": [
                datetime(2025, 3, 3),
                datetime(2025, 4, 3),
                datetime(2025, 1, 3),
                datetime(2025, 6, 1),
            ],
            "kind": ["upgrade", "upgrade", "upgrade", "referral"],
        }
    )
    tables = (company["responses"], company["customers"], company["values"])
    detractor, _, promoter = economics(*tables, events, until=UNTIL)
    assert promoter.cross_sell_12m.value == pytest.approx(2 / 40)  # January's came before
    assert detractor.referrals_12m.value == pytest.approx(1 / 40)
    assert detractor.cross_sell_12m.low == 0.0
    referrals = make_table(
        {"referrer_id": ["p3", None], "referred_id": ["d1", "d2"], "at": [datetime(2025, 5, 1)] * 2}
    )
    detractor, _, promoter = economics(*tables, events, referrals, until=UNTIL)
    assert (detractor.referrals_12m.value, promoter.referrals_12m.value) == (0.0, 1 / 40)


def test_lifetime_value_discounts_what_is_seen_and_what_is_expected(company):
    values = company["values"].mutate(cost_to_serve=company["values"]["revenue"] * 0.1)
    tables = (company["responses"], company["customers"], values)
    found = economics(*tables, until=UNTIL, lifetime_months=24, discount_share=0.1)
    month = 0.2 * (30 * 20 + 10 * 10) / 40
    discount = 1.1 ** (-(np.arange(24) + 0.5) / 12)
    assert found[2].lifetime_value.value == pytest.approx(month * discount.sum(), rel=1e-6)
    assert found[2].cost_to_serve_12m.value == pytest.approx(0.1 * found[2].revenue_12m.value)
    assert found[0].lifetime_value.value < found[1].lifetime_value.value
    longer = economics(*tables, until=UNTIL, lifetime_months=48)
    assert longer[0].lifetime_value.value > found[0].lifetime_value.value


def test_what_the_tables_lack_is_left_open(company):
    values = company["values"].drop("margin")
    customers = company["customers"].drop("created_at")
    (one, *_) = economics(company["responses"], customers, values, until=UNTIL)
    assert (one.margin_12m, one.lifetime_value, one.value_of_move) == (None, None, None)
    early = economics(company["responses"], customers, values, until=date(2025, 8, 31))
    assert early[0].revenue_12m is None
    assert early[0].retention_12m is None
    only = company["responses"].filter(company["responses"]["score"] == 10)
    assert [one.bucket for one in economics(only, customers, values, until=UNTIL)] == ["promoter"]


def test_bad_input_is_named(company, make_table):
    responses, customers, values = (company[n] for n in ("responses", "customers", "values"))
    with pytest.raises(ArgumentError, match="discount_share is a share from 0"):
        economics(responses, customers, values, discount_share=1.0)
    with pytest.raises(ColumnNotFoundError, match="no column 'month', 'revenue'"):
        economics(responses, customers, customers)
    with pytest.raises(ColumnNotFoundError, match="no column 'colour'"):
        economics(responses, customers, values, by=["colour"])
    with pytest.raises(NoAnswersError, match="hold no month"):
        economics(responses, customers, values.filter(values["revenue"] < 0))
    with pytest.raises(NoAnswersError, match="followed for a whole month up to 2025-01-01"):
        economics(responses, customers, values.filter(values["month"] < date(2025, 2, 1)))
    with pytest.raises(DataError, match="repeat a 'customer_id'"):
        economics(responses, customers.union(customers), values)


def test_partition_of_the_rows_changes_nothing(duckdb):
    columns = paying_company()
    order = np.random.default_rng(3).permutation(len(columns["values"]["month"]))
    shuffled = {name: [one[i] for i in order] for name, one in columns["values"].items()}
    found = []
    for values in (columns["values"], shuffled):
        tables = [
            put(duckdb, pa.table(one))
            for one in (columns["responses"], columns["customers"], values)
        ]
        found.append(economics(*tables, until=UNTIL))
    for one, other in zip(*found, strict=True):
        assert one.revenue_12m.low == pytest.approx(other.revenue_12m.low, rel=1e-9)
        assert one.lifetime_value.high == pytest.approx(other.lifetime_value.high, rel=1e-9)


def test_promoters_of_a_company_are_worth_more(duckdb):
    made = simulate_company(load_config(customers=3000), seed=5, until=UNTIL)
    tables = [put(duckdb, made.tables[n]) for n in ("responses", "customers", "values", "events")]
    detractor, passive, promoter = economics(*tables, until=UNTIL)
    assert promoter.revenue_12m.adjusted_low > detractor.revenue_12m.adjusted_high
    assert promoter.retention_12m.value > passive.retention_12m.value
    assert passive.retention_12m.value > detractor.retention_12m.value
    assert passive.value_of_move.value > 0


def test_a_share_stays_within_its_bounds():
    values = np.array([0.97, *[0.96, 0.98] * 25])
    found = estimate(values, 0.95, is_share=True)
    assert 0 < found.low < 0.97 < found.high < 1
    whole = estimate(np.array([1.0, 1.0, 0.9]), 0.95, is_share=True)
    assert whole.high == 1.0
    assert estimate(np.array([1.0, np.nan]), 0.95) is None
