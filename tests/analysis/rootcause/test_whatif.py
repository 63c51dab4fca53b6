"""What a change may bring: the range, the ceiling, money, and kappa."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from tests.analysis.rootcause.made import answers

from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.rootcause.drivers import drivers
from emptychair.analysis.rootcause.kappa import Finished, Kappa, learn_kappa
from emptychair.analysis.rootcause.whatif import (
    Money,
    possible_shift,
    rating_histograms,
    what_if,
)

CERTAIN = Kappa(9, 1.0, 1.0, 1.0, 0.0, (*[0.0] * 999, 1.0))


@pytest.fixture
def company(make_table):
    table = make_table(answers(2000, [0.8, 0.3], seed=2))
    columns = ["rating_d0", "rating_d1"]
    return drivers(table).company, rating_histograms(table, columns)[()]


def test_what_if_with_certain_cause_is_the_effect_times_the_shift(company):
    group, histograms = company
    found = what_if(group, {"d0": 0.5}, histograms, kappa=CERTAIN)
    effect = next(one.effect_points for one in group.drivers if one.driver == "d0")
    shift = found.shifts[0].possible
    assert shift < 0.5
    assert found.associated_points == pytest.approx(effect * shift)
    assert found.effect_points == pytest.approx(effect * shift, rel=0.02)
    assert found.p_positive == 1.0


def test_what_if_scales_with_reach_and_success(company):
    group, histograms = company
    whole = what_if(group, {"d0": 0.5}, histograms)
    half = what_if(group, {"d0": 0.5}, histograms, reach=0.5)
    assert half.effect_points == pytest.approx(whole.effect_points / 2)
    risky = what_if(group, {"d0": 0.5}, histograms, success=0.3)
    assert risky.effect_points == 0.0
    assert risky.p_positive == pytest.approx(0.3, abs=0.03)


def test_what_if_halves_by_kappa_without_own_initiatives(company):
    group, histograms = company
    found = what_if(group, {"d0": 0.5, "d1": 0.2}, histograms)
    assert found.effect_points == pytest.approx(found.associated_points / 2, rel=0.06)
    assert found.low_points < found.effect_points < found.high_points


def test_what_if_in_money(company):
    group, histograms = company
    money = Money(customers=10_000, value_of_move=200.0, standard_error=20.0)
    found = what_if(group, {"d0": 0.5}, histograms, money=money, cost=1000.0)
    assert found.money == pytest.approx(found.effect_points / 100 * 10_000 * 200, rel=0.05)
    assert found.money_low < found.money < found.money_high
    assert found.p_pays_back > 0.9
    assert what_if(group, {"d0": 0.5}, histograms, cost=5.0).p_pays_back is None


def test_what_if_is_the_same_for_the_same_seed(company):
    group, histograms = company
    one, same, other = (what_if(group, {"d0": 0.5}, histograms, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.effect_points != other.effect_points


def test_what_if_never_passes_the_end_of_the_nps(make_table):
    columns = {
        "score": [10] * 55 + [7] * 5 + [2] * 2,
        "rating_a": ([5, 4] * 28)[:55] + [2] * 5 + [1] * 2,
    }
    group = drivers(make_table(columns)).company
    found = what_if(group, {"a": 5.0}, {}, kappa=CERTAIN)
    assert group.nps_points + found.high_points == pytest.approx(100.0)


def test_what_if_of_a_theme_changes_its_share(make_table):
    rng = np.random.default_rng(1)
    complains = rng.random(1000) < 0.3
    score = np.where(complains, 5, 9) + rng.integers(0, 2, 1000)
    columns = {"score": score.tolist(), "theme_delay": complains.astype(int).tolist()}
    group = drivers(make_table(columns)).company
    found = what_if(group, {"theme_delay": -0.9}, {}, kappa=CERTAIN)
    assert found.shifts[0].possible == pytest.approx(-float(complains.mean()))
    assert found.effect_points > 0


@pytest.mark.parametrize(
    ("shifts", "options", "sentence"),
    [
        ({}, {}, "at least one driver"),
        ({"x": 1.0}, {}, "no measured driver 'x'. There are: d0, d1"),
        ({"d0": 9.0}, {}, "between -5 and 5"),
        ({"d0": 0.5}, {"reach": 1.5}, "reach is a share"),
        ({"d0": 0.5}, {"success": -1}, "success is a share"),
    ],
)
def test_what_if_says_what_is_wrong(company, shifts, options, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        what_if(company[0], shifts, company[1], **options)


@pytest.mark.parametrize("name", ["d0", "rating_d0"])
def test_what_if_of_one_that_cannot_be_told_apart(make_table, name):
    columns = answers(300, [0.7])
    columns["rating_twin"] = columns["rating_d0"]
    group = drivers(make_table(columns)).company
    with pytest.raises(ArgumentError, match="change 'd0 \\+ twin' together"):
        what_if(group, {name: 0.5}, {})
    assert what_if(group, {"d0 + twin": 0.5}, {}).shifts[0].possible == 0.5


def test_possible_shift_stops_at_the_ends():
    assert possible_shift((0, 0, 0, 0, 9), 1.0) == 0.0
    assert possible_shift((0, 9, 0, 0, 0), -2.0) == -1.0
    assert possible_shift((0, 0, 0, 0, 0), 0.7) == 0.7


def test_rating_histograms_by_segment(make_table):
    table = make_table({"score": [9, 8, 7], "rating_a": [5, 5, 1], "segment": ["x", "x", "y"]})
    assert rating_histograms(table, ["rating_a"], ["segment"]) == {
        ("x",): {"rating_a": (0, 0, 0, 0, 2)}, ("y",): {"rating_a": (1, 0, 0, 0, 0)},
    }  # fmt: skip
    empty = make_table({"score": [9], "rating_a": pa.nulls(1, pa.int8())})
    with pytest.raises(NoAnswersError, match="rated a driver"):
        rating_histograms(empty, ["rating_a"])


def test_learn_kappa_without_initiatives_is_beta_two_two():
    found, prior = learn_kappa(), stats.beta(2, 2)
    assert found.mean == pytest.approx(0.5, abs=1e-3)
    assert (found.low, found.high) == pytest.approx(prior.ppf([0.1, 0.9]), abs=2e-3)
    draws = found.draw(np.random.default_rng(1), 20_000)
    assert draws.std() == pytest.approx(prior.std(), abs=0.01)


def test_learn_kappa_comes_near_what_initiatives_showed():
    few = learn_kappa([Finished(10.0, 3.0, 1.0)])
    many = learn_kappa([Finished(10.0, 3.0 + 0.1 * (i % 3), 1.0) for i in range(12)])
    assert few.n, many.n == (1, 12)
    assert abs(many.mean - 0.31) < abs(few.mean - 0.31) < 0.2
    assert many.high - many.low < few.high - few.low < 0.8


@pytest.mark.parametrize("one", [Finished(0.0, 1.0, 1.0), Finished(5.0, 1.0, 0.0)])
def test_learn_kappa_says_what_is_wrong(one):
    with pytest.raises(ArgumentError, match="expected effect other than 0"):
        learn_kappa([one])
