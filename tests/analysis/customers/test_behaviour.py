"""Behaviour of the buckets: hand sums, what is known of a company, and pure noise."""

from datetime import date, datetime, timedelta
from math import sqrt

import numpy as np
import pytest

from emptychair.analysis.customers.behaviour import behaviour, contrasts_of
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError
from emptychair.analysis.tables import put
from emptychair.analysis.tables.simulate import load_config, simulate_company

AT = datetime(2026, 6, 1, 12)


@pytest.fixture
def company(make_table):
    """Twelve promoters, twelve detractors, two passives; promoters call before they answer."""
    names = [f"p{i}" for i in range(12)] + [f"d{i}" for i in range(12)] + ["s0", "s1"]
    responses = make_table(
        {
            "customer_id": names,
            "answered_at": [AT] * 26,
            "score": [9] * 12 + [1] * 12 + [7] * 2,
            "attr_colour": ["red", "blue"] * 12 + ["red", None],
            "attr_size": [float(i % 4) for i in range(26)],
            "unit": ["N"] * 26,
        }
    )
    calls = [f"p{i}" for i in range(9)] + ["d0", "d1", "d2"]
    events = make_table(
        {
            # Everybody visited, but after the answer; and long ago.
            "customer_id": [*calls, "p0", *names, *names],
            "at": [AT - timedelta(days=5)] * 13
            + [AT + timedelta(days=1)] * 26
            + [AT - timedelta(days=500)] * 26,
            "kind": ["call"] * 13 + ["visit"] * 52,
        }
    )
    return responses, events


def test_contrasts_by_hand(company):
    found = {one.feature: one for one in behaviour(*company)}
    assert set(found) == {"events_call", "attr_colour=red", "attr_colour=blue", "attr_size"}
    call = found["events_call"]
    assert (call.n, call.promoter_share, call.detractor_share) == (24, 9 / 12, 3 / 12)
    assert (call.promoter_mean, call.detractor_mean, call.passive_mean) == (10 / 12, 3 / 12, 0.0)
    promoter = np.array([2] + [1] * 8 + [0] * 3)
    detractor = np.array([1] * 3 + [0] * 9)
    pooled = sqrt((promoter.var(ddof=1) + detractor.var(ddof=1)) / 2)
    assert call.contrast == pytest.approx((promoter.mean() - detractor.mean()) / pooled)
    error = sqrt(promoter.var(ddof=1) / 12 + detractor.var(ddof=1) / 12) / pooled
    assert call.high - call.low == pytest.approx(2 * 2.073873 * error, rel=1e-6)
    assert found["attr_colour=red"].contrast == pytest.approx(0.0)
    assert behaviour(*company)[0].feature == "events_call"


def test_groups_are_told_apart(company):
    assert {one.group for one in behaviour(*company, by=["unit"])} == {("N",)}


def test_a_difference_between_segments_is_no_difference_within_them():
    # In one segment all are promoters and call often, in the other detractors who seldom do.
    sums = {}
    for segment, (promoters, detractors, mean) in {"a": (90, 10, 5), "b": (10, 90, 1)}.items():
        rows = np.zeros((3, 1, 4))
        for bucket, n in ((0, detractors), (2, promoters)):
            rows[bucket, 0] = [n, n * mean, n * (mean**2 + 1), n]
        sums[segment] = rows
    (found,) = contrasts_of(sums, ["calls"])
    assert found.promoter_mean > found.detractor_mean + 1
    assert found.contrast == pytest.approx(0.0)


@pytest.mark.parametrize("features", [5, 50, 500])
def test_pure_noise_makes_no_findings_however_long_the_list(features):
    rng = np.random.default_rng(features)
    runs, false_lists = 150, 0
    for _ in range(runs):
        rows = np.zeros((3, features, 4))
        for bucket in (0, 2):
            x = rng.poisson(1.5, (200, features))
            rows[bucket] = np.column_stack(
                [np.full(features, 200), x.sum(axis=0), (x**2).sum(axis=0), (x > 0).sum(axis=0)]
            )
        found = contrasts_of({"": rows}, [f"kind {i}" for i in range(features)])
        assert len(found) == features
        false_lists += any(one.q_value <= 0.1 for one in found)
    assert false_lists / runs <= 0.1 + 2 * sqrt(0.1 * 0.9 / runs)


def test_events_of_pure_noise_find_nothing(duckdb):
    import pyarrow as pa

    rng = np.random.default_rng(12)
    n, most = 600, 150
    names = [f"c{i}" for i in range(n)]
    responses = {"customer_id": names, "answered_at": [AT] * n, "score": rng.choice([1, 8, 10], n)}
    happened = rng.integers(0, n, 40_000)
    events = {
        "customer_id": [names[i] for i in happened],
        "at": [AT - timedelta(days=float(d)) for d in rng.uniform(0.1, 170, 40_000)],
        "kind": [f"kind {i}" for i in rng.integers(0, most, 40_000)],
    }
    found = behaviour(*(put(duckdb, pa.table(one)) for one in (responses, events)))
    assert len(found) == most
    assert sum(one.p_value < 0.05 for one in found) > 0
    assert not [one for one in found if one.q_value <= 0.1]


def test_habits_of_a_company_are_found(duckdb):
    made = simulate_company(load_config(customers=4000), seed=2, until=date(2026, 6, 30))
    tables = [put(duckdb, made.tables[name]) for name in ("responses", "events")]
    found = {one.feature: one for one in behaviour(*tables)}
    assert found["events_complaint"].high < 0
    assert found["events_purchase"].low > 0
    assert found["events_login"].q_value < 0.01


def test_too_few_are_said(company):
    responses, events = company
    with pytest.raises(NoAnswersError, match="10 promoters and as many detractors"):
        behaviour(responses.filter(responses["score"] > 1), events)
    with pytest.raises(ColumnNotFoundError, match="no column 'kind'"):
        behaviour(responses, events.drop("kind"))
