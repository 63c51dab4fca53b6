"""D01-D04: LMG, Johnson and dominance against R, brute force over all subsets."""

import itertools
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.rootcause.importance import dominance, importance, johnson, lmg

PREDICTORS = {
    "swiss": ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"],
    "mtcars": ["cyl", "disp", "hp", "drat", "wt", "qsec"],
}


def correlation_of(name):
    case = reference_json("importance.json")[name]
    rows = reference_rows(f"{name}.csv")
    y = case["y"]
    values = np.array([[float(row[x]) for x in [*PREDICTORS[name], y]] for row in rows])
    return np.corrcoef(values.T), case


def made(p, seed=1):
    rng = np.random.default_rng(seed)
    return np.corrcoef((rng.normal(size=(60, p + 1)) + rng.normal(size=(60, 1))).T)


def r2(correlation, subset):
    if not subset:
        return 0.0
    among = correlation[np.ix_(subset, subset)]
    outcome = correlation[list(subset), -1]
    return float(outcome @ np.linalg.solve(among, outcome))


def by_brute_force(correlation):
    """LMG as its definition says it: the mean over all orders in which drivers enter."""
    p = len(correlation) - 1
    parts = np.zeros(p)
    for order in itertools.permutations(range(p)):
        for place, j in enumerate(order):
            parts[j] += r2(correlation, order[: place + 1]) - r2(correlation, order[:place])
    return parts / factorial(p)


@pytest.mark.parametrize("name", ["swiss", "mtcars"])
def test_d01_d03_lmg(name):
    correlation, case = correlation_of(name)
    assert lmg(correlation[None])[0] == pytest.approx(list(case["lmg"].values()), abs=1e-8)
    assert lmg(correlation[None]).sum() == pytest.approx(case["r2"], abs=1e-8)


@pytest.mark.parametrize("name", ["swiss", "mtcars"])
def test_d02_johnson(name):
    correlation, case = correlation_of(name)
    assert johnson(correlation[None])[0] == pytest.approx(list(case["johnson"].values()), abs=1e-8)


def test_d04_conditional_dominance():
    correlation, case = correlation_of("swiss")
    table = dominance(correlation)
    for predictor, level, increment in case["conditional_dominance"]:
        assert table[predictor - 1, level] == pytest.approx(increment, abs=1e-8)


@given(st.integers(1, 5), st.integers(0, 1000))
def test_lmg_is_the_mean_over_all_orders(p, seed):
    correlation = made(p, seed)
    assert lmg(correlation[None])[0] == pytest.approx(by_brute_force(correlation), abs=1e-10)


def test_lmg_of_many_matrices_at_once_is_that_of_each():
    several = np.array([made(4, seed) for seed in range(7)])
    assert lmg(several) == pytest.approx(np.array([lmg(one[None])[0] for one in several]))


def test_lmg_gives_equal_parts_to_a_driver_and_its_double():
    r = np.array([[1.0, 1.0, 0.6], [1.0, 1.0, 0.6], [0.6, 0.6, 1.0]])
    assert lmg(r[None])[0] == pytest.approx([0.18, 0.18])


def test_johnson_of_drivers_apart_is_their_squared_correlation():
    r = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.3], [0.6, 0.3, 1.0]])
    assert johnson(r[None])[0] == pytest.approx([0.36, 0.09])


def test_dominance_rows_average_to_lmg():
    correlation = made(4)
    assert dominance(correlation).mean(axis=1) == pytest.approx(lmg(correlation[None])[0])


def test_importance_of_more_than_fifteen_drivers_is_johnsons():
    correlation = made(16)[None]
    assert importance(correlation) == pytest.approx(johnson(correlation))
    with pytest.raises(ArgumentError, match="at most 15 predictors, not 16"):
        lmg(correlation)
