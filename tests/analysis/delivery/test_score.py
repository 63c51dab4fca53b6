from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from emptychair.analysis.delivery.definitions import account_answers, latest_answers
from emptychair.analysis.delivery.intervals import score_interval
from emptychair.analysis.delivery.score import (
    effective_of_population,
    net_promoter_score,
    nps_of_counts,
    nps_of_sums,
)
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, ScoreRangeError
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.analysis.sums.weighted import WeightedSums


def test_net_promoter_score_of_n04(make_table):
    (found,) = net_promoter_score(make_table({"score": [0] * 12 + [8] * 9 + [10] * 15}))
    assert (found.n, found.n_effective) == (36, 36.0)
    assert (found.detractors, found.passives, found.promoters) == (12, 9, 15)
    assert found.nps_points == pytest.approx(100 * 3 / 36)
    assert found.low_points == pytest.approx(-19.560205, abs=2e-4)
    assert found.high_points == pytest.approx(34.856305, abs=2e-4)


def test_net_promoter_score_by_group_in_order(make_table):
    table = make_table({"unit": ["B", "A", None], "score": [10, 0, 7]})
    found = net_promoter_score(table, by=["unit"])
    assert [nps.group for nps in found] == [("A",), ("B",), (None,)]
    assert [nps.nps_points for nps in found] == [-100.0, 100.0, 0.0]


def test_net_promoter_score_of_nobody_is_no_score(make_table):
    table = make_table({"score": [1]}).filter(lambda t: t["score"] > 5)
    assert net_promoter_score(table) == []


def test_net_promoter_score_refuses_scores_out_of_range(make_table):
    with pytest.raises(ScoreRangeError):
        net_promoter_score(make_table({"score": [11]}))


def test_net_promoter_score_names_the_missing_column(make_table):
    with pytest.raises(ColumnNotFoundError, match="segment"):
        net_promoter_score(make_table({"score": [1]}), by=["segment"])


def test_customers_who_answer_once_are_independent(make_table):
    scores = [3] * 12 + [7] * 9 + [10] * 15
    table = make_table({"customer_id": [f"c{i}" for i in range(36)], "score": scores})
    assert net_promoter_score(table)[0] == net_promoter_score(table, customer=None)[0]
    assert net_promoter_score(table)[0].n_effective == 36


def test_customers_who_always_answer_the_same_count_once(make_table):
    scores = [3] * 12 + [7] * 9 + [10] * 15
    customers = [f"c{i}" for i in range(36)]
    table = make_table({"customer_id": customers * 2, "score": scores * 2})
    (found,) = net_promoter_score(table)
    assert found.n == 72
    # Linearised variance of 36 units has the factor 36/35; the rule takes v over it.
    assert found.n_effective == pytest.approx(35.0)
    assert found.nps_points == pytest.approx(100 * 3 / 36)


def test_customers_who_are_all_alike_are_worth_their_number(make_table):
    table = make_table({"customer_id": ["a", "a", "b"], "score": [10, 10, 10]})
    assert net_promoter_score(table)[0].n_effective == 2


def test_answers_of_one_customer_are_worth_one(make_table):
    table = make_table({"customer_id": ["a", "a", "a"], "score": [10, 3, 8]})
    assert net_promoter_score(table)[0].n_effective == 1


def test_weighted_score_by_hand(make_table):
    table = make_table({"score": [10, 8, 0], "w": [1.0, 1.0, 2.0]})
    (found,) = net_promoter_score(table, weight="w")
    assert found.nps_points == pytest.approx(-25.0)
    # v = 3/4 - 1/16 = 11/16; sum of u^2 = (1.25^2 + 0.25^2 + 1.5^2) / 16; factor 3/2.
    design = (11 / 16) / (1.5 * (1.5625 + 0.0625 + 2.25) / 16)
    assert found.n_effective == pytest.approx(min(16 / 6, design))
    low, high = score_interval(*(found.n_effective * share for share in (0.5, 0.25, 0.25)))
    assert (found.low_points, found.high_points) == pytest.approx((100 * low, 100 * high))


def test_score_per_customer_takes_the_latest_answer(make_table):
    table = make_table(
        {
            "customer_id": ["a", "a", "b", None, None],
            "score": [0, 10, 8, 3, 3],
            "answered_on": [date(2025, 1, 1), date(2025, 2, 1), None, None, None],
        }
    )
    (found,) = net_promoter_score(table, per="customer")
    assert (found.promoters, found.passives, found.detractors) == (1, 1, 2)
    assert found.n == found.n_effective == 4


def test_latest_answers_of_the_same_moment_are_chosen_the_same_everywhere(make_table):
    moment = datetime(2025, 1, 1, 12)
    table = make_table(
        {
            "customer_id": ["a", "a", "a"],
            "response_id": ["r1", "r3", "r2"],
            "answered_at": [moment, moment, moment],
            "score": [0, 9, 5],
            "held_reason": pa.array([None, None, None], pa.string()),
        }
    )
    assert latest_answers(table).to_pyarrow()["score"].to_pylist() == [9]


def test_score_per_account_weighs_by_revenue(make_table):
    table = make_table(
        {
            "account_id": ["big", "big", "small", None],
            "customer_id": ["a", "b", "c", "d"],
            "score": [10, 0, 10, 0],
            "revenue": [900.0, 900.0, 100.0, 5.0],
        }
    )
    (found,) = net_promoter_score(table, per="account", revenue="revenue")
    # The big account's two people cancel out; the small one is a promoter with 100 of 1,000.
    assert found.nps_points == pytest.approx(10.0)
    (equal,) = net_promoter_score(table, per="account")
    assert equal.nps_points == pytest.approx(50.0)
    assert equal.n == 3


def test_account_answers_share_an_accounts_weight_within_each_group(make_table):
    table = make_table(
        {
            "account_id": ["x", "x", "x"],
            "customer_id": ["a", "b", "c"],
            "unit": ["U", "U", "V"],
            "score": [10, 9, 8],
        }
    )
    rows = account_answers(table, ["unit"]).to_pyarrow().to_pylist()
    assert {row["customer_id"]: row["account_weight"] for row in rows} == {
        "a": 0.5, "b": 0.5, "c": 1.0,
    }  # fmt: skip


def test_definitions_do_not_mix_with_weights_or_strangers(make_table):
    table = make_table({"account_id": ["x"], "customer_id": ["a"], "score": [10], "w": [1.0]})
    with pytest.raises(ArgumentError, match="weights of its own"):
        net_promoter_score(table, per="account", weight="w")
    with pytest.raises(ArgumentError, match="per customer needs the column"):
        net_promoter_score(table, per="customer", customer=None)
    with pytest.raises(ColumnNotFoundError, match="guest_id"):
        net_promoter_score(table, per="customer", customer="guest_id")


def test_nps_of_counts_without_answers_has_no_points():
    found = nps_of_counts(ScoreCounts(), ("A",))
    assert (found.n, found.nps_points, found.low_points, found.high_points) == (0, None, None, None)
    assert found.group == ("A",)


def test_a_known_population_narrows_the_interval():
    counts = ScoreCounts.of([3] * 6 + [7] * 9 + [10] * 15)
    wide, narrow = nps_of_counts(counts), nps_of_counts(counts, population=40)
    assert narrow.n_effective == pytest.approx(117.0)
    low, high = score_interval(6 * 3.9, 9 * 3.9, 15 * 3.9)
    assert (narrow.low_points, narrow.high_points) == pytest.approx((100 * low, 100 * high))
    assert wide.low_points < narrow.low_points


def test_a_population_that_answered_in_full_leaves_nothing_to_estimate():
    found = nps_of_counts(ScoreCounts.of([10, 10, 0]), population=3)
    assert found.low_points == found.high_points == found.nps_points


def test_a_population_smaller_than_its_answers_is_refused():
    with pytest.raises(ArgumentError, match="population of only 2"):
        effective_of_population(3, 2)


def test_net_promoter_score_of_a_known_population(make_table):
    table = make_table({"score": [3] * 6 + [7] * 9 + [10] * 15})
    (found,) = net_promoter_score(table, population={0: 40})
    assert found.n_effective == pytest.approx(117.0)


def test_nps_of_sums_merges_over_partitions(make_table):
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 11, 300).tolist()
    whole = nps_of_counts(ScoreCounts.of(scores))
    parts = [ScoreCounts.of(scores[start::7]) for start in range(7)]
    merged = nps_of_counts(sum(parts, ScoreCounts()))
    assert merged == whole


def test_nps_of_sums_without_weight_is_refused():
    with pytest.raises(ArgumentError, match="positive weight"):
        nps_of_sums({0: WeightedSums()})
