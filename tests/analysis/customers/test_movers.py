"""What moved customers: hand sums, a planted cause, and pure noise."""

from datetime import datetime, timedelta
from math import sqrt

import numpy as np
import pyarrow as pa
import pytest

from emptychair.analysis.customers.movers import movers
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError
from emptychair.analysis.tables import put

FIRST, SECOND = datetime(2026, 1, 10, 12), datetime(2026, 5, 10, 12)


def answers(first, second, **ratings):
    """Return the responses of customers who answered twice."""
    n = len(first)
    names = [f"c{i:04}" for i in range(n)]
    columns = {
        "customer_id": names * 2,
        "answered_at": [FIRST] * n + [SECOND] * n,
        "score": [*first, *second],
        "unit": ["N"] * 2 * n,
    }
    return columns | {f"rating_{name}": [*was, *now] for name, (was, now) in ratings.items()}


@pytest.fixture
def twice(make_table):
    """Twenty who said 6: ten said 9 later, their waiting got better, nine of them were called."""
    later = [9] * 10 + [6] * 10
    waiting = ([2] * 20, [4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 3, None])
    responses = make_table(answers([6] * 20, later, waiting=waiting))
    called = [f"c{i:04}" for i in (*range(9), 10, 11)]
    events = make_table(
        {
            "customer_id": [*called, *called, *called],
            # Only what lies between the two answers counts.
            "at": [FIRST + timedelta(days=9)] * 11
            + [FIRST - timedelta(days=1)] * 11
            + [SECOND + timedelta(days=1)] * 11,
            "kind": ["call"] * 11 + ["visit"] * 22,
        }
    )
    return responses, events


def test_contrasts_by_hand(twice):
    found = {one.feature: one for one in movers(*twice)}
    # One of the others was not asked the second time, so nine tell of waiting: too few.
    assert set(found) == {"events_call"}
    call = found["events_call"]
    assert (call.direction, call.n, call.mover_mean, call.other_mean) == ("up", 20, 0.9, 0.2)
    rose, others = np.array([1] * 9 + [0]), np.array([1, 1] + [0] * 8)
    pooled = sqrt((rose.var(ddof=1) + others.var(ddof=1)) / 2)
    assert call.contrast == pytest.approx((0.9 - 0.2) / pooled)
    error = sqrt(rose.var(ddof=1) / 10 + others.var(ddof=1) / 10) / pooled
    assert call.high - call.low == pytest.approx(2 * 2.100922 * error, rel=1e-6)


def test_the_change_of_a_rating_is_compared(make_table):
    was, now = [2] * 24, [4] * 11 + [3] + [2] * 11 + [3]
    columns = answers([6] * 24, [9] * 12 + [5] * 12, waiting=(was, now))
    (found,) = movers(make_table(columns), by=["unit"])
    assert (found.group, found.direction, found.feature) == (("N",), "up", "rating_waiting")
    assert found.mover_mean == pytest.approx(23 / 12)
    assert found.other_mean == pytest.approx(1 / 12)
    assert found.low > 0


def test_who_moved_down_is_compared_with_who_started_alike(make_table):
    first = [9] * 24 + [2] * 24
    second = [5] * 12 + [10] * 12 + [2] * 24
    late = ([5] * 48, [2] * 11 + [3] + [5] * 11 + [4] + [1] * 24)
    (found,) = movers(make_table(answers(first, second, delivery=late)))
    # Those who said 2 cannot fall, so their worse ratings are no comparison.
    assert (found.direction, found.n, found.other_mean) == ("down", 24, pytest.approx(-1 / 12))
    assert found.high < 0


def test_only_the_latest_two_answers_count_and_not_those_too_far_apart(twice):
    responses, events = twice
    assert {one.n for one in movers(responses, events, days=200)} == {20}
    with pytest.raises(NoAnswersError, match="ten who moved"):
        movers(responses, events, days=30)


def test_what_is_missing_is_said(twice):
    responses, events = twice
    with pytest.raises(NoAnswersError, match="ratings at both answers or events"):
        movers(responses.drop("rating_waiting"))
    with pytest.raises(ColumnNotFoundError, match="no column 'kind'"):
        movers(responses, events.drop("kind"))


def company(rng, n, kinds, cause=0.0):
    """Return answers and events of customers whom one kind of event moves by `cause` points."""
    times = rng.poisson(0.6, (n, kinds))
    first = rng.integers(0, 11, n)
    moved = first + rng.normal(0, 2, n) + cause * times[:, 0]
    second = np.clip(np.round(moved), 0, 10).astype(int)
    who, kind = np.nonzero(times)
    again = times[who, kind]
    who, kind = np.repeat(who, again), np.repeat(kind, again)
    days = rng.uniform(1, 110, len(who))
    events = {
        "customer_id": [f"c{i:04}" for i in who],
        "at": [FIRST + timedelta(days=float(day)) for day in days],
        "kind": [f"kind {i}" for i in kind],
    }
    return answers(first.tolist(), second.tolist()), events


def test_pure_noise_moves_nobody(duckdb):
    rng = np.random.default_rng(3)
    runs, false_lists, p_values = 25, 0, []
    for _ in range(runs):
        tables = company(rng, 600, 20)
        found = movers(*(put(duckdb, pa.table(one)) for one in tables))
        assert len(found) == 40
        false_lists += any(one.q_value <= 0.1 for one in found)
        p_values += [one.p_value for one in found]
    assert false_lists / runs <= 0.1 + 2 * sqrt(0.1 * 0.9 / runs)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_what_moves_customers_is_found_before_all_else(duckdb):
    tables = company(np.random.default_rng(5), 1_500, 20, cause=1.5)
    first, second, *_rest = movers(*(put(duckdb, pa.table(one)) for one in tables))
    assert first.feature == second.feature == "events_kind 0"
    ways = {one.direction: one for one in (first, second)}
    assert ways["up"].low > 0
    assert ways["down"].high < 0
