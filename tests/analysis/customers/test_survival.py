"""Retention curves against R's survival package and against hand sums."""

from itertools import groupby
from math import exp, sqrt

import numpy as np
import pytest
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.customers.lifetable import Exit, life_table
from emptychair.analysis.customers.survival import (
    kaplan_meier,
    kept_share,
    log_rank,
    lost_to,
    median_kept,
    restricted_mean,
)
from emptychair.analysis.errors import ArgumentError, NoAnswersError


def lung(sex=None):
    rows = [r for r in reference_rows("lung.csv") if sex is None or r["sex"] == sex]
    return life_table(
        Exit(float(r["time"]), "death" if r["status"] == "2" else None, 1) for r in rows
    )


def at(curve, time):
    return [point for point in curve if point.time <= time][-1]


def test_medians_of_lung_are_those_of_r():
    published = reference_json("survival_lung.json")["km_by_sex"]
    for i, sex in enumerate("12"):
        table = lung(sex)
        curve = kaplan_meier(table, interval="log")
        found = median_kept(curve)
        assert found == (published["median"][i], published["lcl"][i], published["ucl"][i])
        assert (table.n, table.ends.sum()) == (published["n"][i], published["events"][i])


def test_curve_of_lung_is_that_of_r():
    for one in reference_json("survival_lung.json")["km_times"]:
        curve = kaplan_meier(lung(one["strata"][-1]), interval="log")
        point = at(curve, one["time"])
        found = (point.share, point.standard_error, point.low, point.high)
        assert found == pytest.approx(
            (one["surv"], one["se"], one["lower"], one["upper"]), abs=1e-8
        )


def test_log_log_limits_of_lung_are_those_of_r():
    published = reference_json("survival_lung.json")["km_all_365_loglog"]
    found = kept_share(lung(), 365)
    assert (found.value, found.low, found.high) == pytest.approx(
        (published["surv"], published["lower"], published["upper"]), abs=1e-8
    )


def test_restricted_mean_of_lung_is_that_of_r():
    published = reference_json("survival_lung.json")["rmst365"]
    for sex in "12":
        found = restricted_mean(lung(sex), 365)
        assert found.value == pytest.approx(published[f"sex{sex}"], abs=1e-4)
        assert found.standard_error == pytest.approx(published[f"se{sex}"], abs=1e-4)


def test_log_rank_of_lung_is_that_of_r():
    published = reference_json("survival_lung.json")["logrank"]
    found = log_rank([lung("1"), lung("2")])
    assert found.chi_square == pytest.approx(published["chisq"], abs=1e-6)
    assert found.p_value == pytest.approx(published["p"], abs=1e-8)
    assert found.degrees == 1


def test_one_reason_only_is_one_minus_kaplan_meier():
    table = life_table(
        [Exit(1, "churn", 3), Exit(2, None, 4), Exit(3, "churn", 5), Exit(9, None, 8)]
    )
    kept, lost = kaplan_meier(table), lost_to(table, "churn")
    for one, other in zip(kept, lost, strict=True):
        assert other.share == pytest.approx(1 - one.share)
        assert other.standard_error == pytest.approx(one.standard_error)


def test_competing_reasons_without_censoring_are_plain_shares():
    table = life_table(
        [Exit(1, "churn", 30), Exit(2, "moved", 20), Exit(3, "churn", 10), Exit(4, None, 40)]
    )
    last = lost_to(table, "churn")[-1]
    assert last.share == pytest.approx(0.4)
    assert last.standard_error == pytest.approx(sqrt(0.4 * 0.6 / 100))
    assert last.low < 0.4 < last.high
    assert lost_to(table, "moved")[0].low == lost_to(table, "moved")[0].high == 0.0


def test_customers_who_come_late_are_followed_from_then():
    # Ten from the start, five from time 2 on; at 3 two of fifteen leave.
    table = life_table([Exit(3, "churn", 2), Exit(5, None, 13)], [(2, 5), (0, 10)])
    assert table.at_risk == (15,)
    early = life_table([Exit(1, "churn", 1), Exit(5, None, 14)], [(2, 5)])
    assert early.at_risk == (10,)


def test_everybody_left_leaves_the_binomial_limit():
    curve = kaplan_meier(life_table([Exit(1, "churn", 1), Exit(2, "churn", 2)]))
    assert (curve[-1].share, curve[-1].low) == (0.0, 0.0)
    assert curve[-1].high == pytest.approx(1 - 0.025**0.5)
    assert restricted_mean(life_table([Exit(1, "x", 1), Exit(2, "x", 1)]), 2).value == 1.5


def test_median_between_two_times_and_none():
    half = life_table([Exit(1, "churn", 2), Exit(3, "churn", 1), Exit(4, None, 1)])
    assert median_kept(kaplan_meier(half))[0] == 2.0
    end = life_table([Exit(1, "churn", 2), Exit(4, None, 2)])
    assert median_kept(kaplan_meier(end))[0] == 1.0
    few = life_table([Exit(1, "churn", 1), Exit(4, None, 99)])
    assert median_kept(kaplan_meier(few)) == (None, None, None)


def test_kept_share_covers_the_truth():
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(300):
        left, seen = rng.exponential(20, 150), rng.uniform(2, 24, 150)
        days = np.minimum(left, seen).round(2)
        pairs = sorted(zip(days.tolist(), (left < seen).tolist(), strict=True))
        exits = [
            Exit(time, "churn" if gone else None, len(list(same)))
            for (time, gone), same in groupby(pairs)
        ]
        found = kept_share(life_table(exits), 12)
        inside += found.low <= np.exp(-12 / 20) <= found.high
    assert 0.92 <= inside / 300 <= 0.98


@pytest.mark.parametrize(
    ("exits", "entries", "sentence"),
    [
        ([Exit(-1, None, 1)], [], "zero time or more"),
        ([Exit(1, None, 1)], [(1, 2)], "2 came under observation late, but only 1 did"),
    ],
)
def test_life_table_refuses_what_cannot_be(exits, entries, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        life_table(exits, entries)


def test_nobody_followed_is_said():
    with pytest.raises(NoAnswersError, match="Nobody is followed"):
        life_table([])


def test_times_nobody_was_followed_to_are_refused():
    table = life_table([Exit(2, "churn", 1), Exit(3, None, 1)])
    for ask in (kept_share, restricted_mean):
        with pytest.raises(ArgumentError, match="Nobody was followed for 9; the longest is 3"):
            ask(table, 9)
    with pytest.raises(ArgumentError, match="Nobody left for 'moved'; the reasons are: churn"):
        lost_to(table, "moved")
    with pytest.raises(ArgumentError, match="two groups"):
        log_rank([table])


def test_log_limits_are_those_of_the_formula():
    table = life_table([Exit(1, "left", 1), Exit(2, None, 3)])
    (first, *_) = kaplan_meier(table, interval="log")
    error = sqrt(1 / (4 * 3))  # Greenwood: d / (n (n - d))
    assert first.share == pytest.approx(0.75)
    assert first.low == pytest.approx(0.75 * exp(-1.959964 * error), rel=1e-6)
    assert first.high == 1
