import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.reference import reference_json

from emptychair.analysis.delivery.sequences import (
    asymptotic_sequence,
    betting_sequences,
    log_capital,
    mixture_variance,
    normal_mixture_radius,
)
from emptychair.analysis.errors import ArgumentError

counts = st.integers(0, 300)


def test_t01_normal_mixture_equals_the_published_value():
    assert 100 * normal_mixture_radius(100, 1.0, expected_answers=100) == pytest.approx(
        30.35209, abs=1e-4
    )


def test_t02_to_t04_sequences_equal_the_reference():
    for case in reference_json("anytime_nps.json")["cases"]:
        d, p, k, n_opt = case["det"], case["pas"], case["pro"], case["n_opt"]
        low, high = betting_sequences(d, p, k, expected_answers=n_opt)
        assert (float(low), float(high)) == pytest.approx(case["mixture_betting_cs"], abs=1e-7)
        assert float(log_capital(d, p, k, 0.0, expected_answers=n_opt)) == pytest.approx(
            case["log_e_at_nps_0"], rel=1e-9
        )
        # The reference takes the plain deviation; ours adds pseudo answers on top of it.
        n, nps = d + p + k, (k - d) / (d + p + k)
        plain = ((k + d) / n - nps**2) ** 0.5
        radius = normal_mixture_radius(n, plain, expected_answers=n_opt)
        assert (nps - radius, nps + radius) == pytest.approx(case["asymp_cs"], abs=1e-7)


def test_t02_mixture_betting_by_figures():
    low, high = betting_sequences(10, 21, 19, expected_answers=200)
    assert (float(low), float(high)) == pytest.approx((-0.1722116846, 0.5131833750), abs=1e-7)


@settings(deadline=None, max_examples=30)
@given(counts, counts, counts)
def test_betting_sequence_is_mirrored_and_holds_the_estimate(d, p, k):
    low, high = (float(end) for end in betting_sequences(d, p, k))
    mirrored = betting_sequences(k, p, d)
    assert (low, high) == pytest.approx((-float(mirrored[1]), -float(mirrored[0])), abs=1e-9)
    if d + p + k:
        assert -1 <= low <= (k - d) / (d + p + k) <= high <= 1


@pytest.mark.parametrize("buckets", [(0, 0, 400), (400, 0, 0), (0, 400, 0), (0.5, 20.25, 30.25)])
def test_betting_sequence_at_the_ends_and_of_fractions(buckets):
    low, high = (float(end) for end in betting_sequences(*buckets))
    assert -1 <= low < high <= 1


def test_betting_sequence_of_nobody_is_the_whole_scale():
    low, high = betting_sequences([0, 50], [0, 20], [0, 80])
    assert (low[0], high[0]) == (-1, 1)
    assert -1 < low[1] < 0.2 < high[1] < 1


def test_betting_sequence_of_very_many_answers_is_narrow():
    low, high = betting_sequences(2e8, 3e8, 5e8, expected_answers=1e9)
    assert 0 < float(high) - float(low) < 0.001


def test_asymptotic_sequence_does_not_believe_a_first_run_of_equal_answers():
    assert asymptotic_sequence(0, 0, 0) == (-1.0, 1.0)
    low, high = asymptotic_sequence(0, 0, 10)
    assert low < 0.6
    assert high == 1.0
    assert asymptotic_sequence(10, 0, 0) == (-high, -low)


def test_sequences_are_tightest_where_they_were_tuned():
    widths = [
        np.subtract(*betting_sequences(200, 300, 500, expected_answers=n)[::-1])
        for n in (10, 1000, 100_000)
    ]
    assert widths[1] < widths[0]
    assert widths[1] < widths[2]


@pytest.mark.parametrize("expected", [0, -5, float("nan")])
def test_sequences_want_a_positive_number_of_answers(expected):
    with pytest.raises(ArgumentError, match="expected_answers"):
        betting_sequences(1, 2, 3, expected_answers=expected)


def test_mixture_variance_of_the_reference():
    alpha = 0.05
    expected = (2 * np.log(1 / alpha) + np.log(1 + 2 * np.log(1 / alpha))) / 200
    assert mixture_variance(0.95, 200) == pytest.approx(expected)
