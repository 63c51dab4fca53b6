"""Transition matrices against msm and Stuart, and noise taken out of made-up answers."""

import numpy as np
import pytest
from scipy import linalg, stats
from tests.analysis.reference import reference_json

from emptychair.analysis.customers.noise import (
    answer_weights,
    corrected_moves,
    latent_correlation,
    normal_both_below,
    reliability_of,
)
from emptychair.analysis.customers.transitions import (
    fit_intensities,
    marginal_homogeneity,
    memory_test,
    stationary_shares,
    transition_shares,
)
from emptychair.analysis.delivery.differences import paired_difference
from emptychair.analysis.errors import ArgumentError, NoAnswersError


def test_shares_errors_and_limits_are_those_of_r():
    published = reference_json("markov.json")
    found = transition_shares(published["counts"])
    for name, field, tolerance in (
        ("P", "share", 1e-10),
        ("se", "standard_error", 1e-10),
        ("dirichlet_jeffreys_lower", "low", 1e-8),
        ("dirichlet_jeffreys_upper", "high", 1e-8),
    ):
        values = [[getattr(cell, field) for cell in row] for row in found]
        assert np.array(values) == pytest.approx(np.array(published[name]), abs=tolerance)
    shares = np.array([[cell.share for cell in row] for row in found])
    assert stationary_shares(shares) == pytest.approx(np.array(published["stationary"]), abs=1e-10)
    assert shares @ shares == pytest.approx(np.array(published["P_squared"]), abs=1e-10)


def test_paired_change_and_homogeneity_are_those_of_r():
    published = reference_json("markov.json")
    change = paired_difference(published["counts"])
    assert change.difference == pytest.approx(published["paired_net_change"]["est"], abs=1e-10)
    half = (change.high - change.low) / 2 / stats.norm.ppf(0.975)
    assert half == pytest.approx(published["paired_net_change"]["se"], abs=1e-10)
    test = marginal_homogeneity(published["counts"])
    assert test.chi_square == pytest.approx(published["stuart_maxwell"]["chisq"], abs=1e-8)


def test_stuarts_own_example():
    published = reference_json("stuart_maxwell.json")
    found = marginal_homogeneity(published["table"])
    assert found.chi_square == pytest.approx(published["chisq"], abs=1e-8)
    assert (found.degrees, round(found.p_value, 6)) == (3, 0.007533)


def test_nobody_in_a_state_has_no_shares():
    assert transition_shares([[0, 0], [1, 1]])[0] == []
    with pytest.raises(ArgumentError, match="never negative"):
        transition_shares([[-1, 2]])
    with pytest.raises(ArgumentError, match="same states"):
        marginal_homogeneity([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(NoAnswersError, match="Nobody moved"):
        marginal_homogeneity([[3, 0], [0, 2]])


def test_limits_cover_the_true_shares():
    rng = np.random.default_rng(8)
    truth = np.array([0.7, 0.2, 0.06, 0.03, 0.01])
    tables = rng.multinomial(120, truth, size=400)
    found = [transition_shares([row])[0] for row in tables.tolist()]
    for j, share in enumerate(truth):
        inside = np.mean([row[j].low <= share <= row[j].high for row in found])
        assert 0.91 <= inside <= 0.99


def test_intensities_are_found_again_at_uneven_gaps():
    q = np.array([[-0.5, 0.4, 0.1], [0.3, -0.7, 0.4], [0.05, 0.25, -0.3]])
    gaps = {0.25: 40_000, 1.0: 40_000, 2.5: 40_000}
    exact = {gap: n * linalg.expm(gap * q) for gap, n in gaps.items()}
    assert fit_intensities(exact) == pytest.approx(q, abs=1e-4)
    with pytest.raises(ArgumentError, match="time between two answers is a number above zero"):
        fit_intensities({0: [[1, 1], [1, 1]]})
    with pytest.raises(ArgumentError, match="same states"):
        fit_intensities({1: [[1, 1], [1, 1]], 2: [[1]]})
    with pytest.raises(NoAnswersError, match="Nobody moved"):
        fit_intensities({1: [[5, 0], [0, 4]]})


def test_memory_shows_where_noise_moves_people_there_and_back():
    shares = np.array([[0.8, 0.15, 0.05], [0.2, 0.6, 0.2], [0.05, 0.15, 0.8]])
    assert memory_test(1000 * shares, 1000 * (shares @ shares)).p_value == pytest.approx(1.0)
    # Noise alone: as many change in one period as in two.
    assert memory_test(1000 * shares, 1000 * shares).p_value < 0.001


@pytest.mark.parametrize("correlation", [-0.6, 0.3, 0.9, 0.995])
def test_normal_both_below_is_that_of_scipy(correlation):
    covariance = [[1, correlation], [correlation, 1]]
    for a, b in ((0.3, -0.4), (-1.5, 1.1), (2.0, 2.1)):
        expected = stats.multivariate_normal.cdf([a, b], cov=covariance)
        found = normal_both_below(np.array(a), np.array(b), correlation)
        assert float(found) == pytest.approx(expected, abs=2e-6)


def answers(rng, n, reliability, persistence, rates):
    """Return moves and repeats of `n` customers who answer by what they think, with noise."""
    then = rng.normal(size=n)
    now = persistence * then + np.sqrt(1 - persistence**2) * rng.normal(size=n)
    scale = np.sqrt(1 / reliability - 1)

    def said(thought):
        return np.digitize(thought + scale * rng.normal(size=n), cuts)

    cuts = np.array([-0.8, 0.1])
    moves, repeats = np.zeros((4, 5)), np.zeros((3, 3))
    first, again, after = said(then), said(then), said(now)
    spoke, spoke_again, speaks = (rng.random(n) < rates[one] for one in (first, again, after))
    lost = rng.random(n) < np.array([0.1, 0.05, 0.02])[np.digitize(then, cuts)]
    states = np.where(lost, 4, np.where(speaks, after, 3))
    np.add.at(moves, (np.where(spoke, first, 3), states), 1)
    np.add.at(repeats, (first[spoke & spoke_again], again[spoke & spoke_again]), 1)
    a, b = np.digitize(then, cuts), np.digitize(now, cuts)
    truth = np.zeros((3, 3))
    np.add.at(truth, (a, b), 1)
    return moves, repeats, truth / truth.sum(axis=1, keepdims=True)


def test_noise_and_silence_are_taken_out():
    rng = np.random.default_rng(9)
    rates = np.array([0.5, 0.3, 0.6])
    moves, repeats, truth = answers(rng, 400_000, 0.7, 0.8, rates)
    found = corrected_moves(moves, repeats)
    assert found.reliability == pytest.approx(0.7, abs=0.02)
    assert found.correlation == pytest.approx(0.8, abs=0.02)
    assert found.shares[:, 3] == pytest.approx(np.array([0.1, 0.05, 0.02]), abs=0.01)
    staying = found.shares[:, :3] / found.shares[:, :3].sum(axis=1, keepdims=True)
    assert np.abs(staying - truth).max() < 0.02
    raw = moves[:3, :3] / moves[:3, :3].sum(axis=1, keepdims=True)
    assert np.abs(raw - truth).max() > 0.1  # what it would have said without
    assert found.answer_weights == pytest.approx(1 / rates, rel=0.05)


def test_answers_without_noise_stay_as_they_are():
    moves = np.array(
        [[70, 20, 10, 0, 0], [20, 60, 20, 0, 0], [10, 20, 170, 0, 0], [0] * 5], dtype=float
    )
    found = corrected_moves(moves, np.diag([100.0, 100, 200]), weights=np.ones(3))
    assert found.reliability > 0.99
    raw = moves[:3, :3] / moves[:3, :3].sum(axis=1, keepdims=True)
    assert np.abs(found.shares[:, :3] - raw).max() < 0.02


def test_weights_that_cannot_be_told_are_one():
    flat = np.ones((3, 3))
    assert answer_weights(flat, np.ones(3)).tolist() == [1, 1, 1]
    assert latent_correlation(np.diag([10.0, 10, 10])) > 0.99


def test_answers_that_tell_nothing_of_each_other_are_taken_as_they_are():
    assert reliability_of(-0.2, np.ones((3, 3)), 0.0) == 0.999
