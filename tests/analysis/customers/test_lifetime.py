"""Lifetime value: what the authors published, hand sums, and data made from known parameters."""

import numpy as np
import pytest

from emptychair.analysis.customers.lifetime import (
    ContractFit,
    PurchaseFit,
    SpendFit,
    expected_lifetime,
    fit_contracts,
    fit_purchases,
    fit_spend,
    hazards_fitted,
    simple_lifetime_value,
)
from emptychair.analysis.errors import ArgumentError, DataError

# Fader & Hardie (2007), table 1: percent still there after years 1 to 7, estimates on page 82.
HIGH_END = (86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1)
REGULAR = (63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1)


@pytest.mark.parametrize(
    ("kept", "alpha", "beta"), [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)]
)
def test_contracts_are_fitted_as_published(kept, alpha, beta):
    survivors = np.array([100.0, *kept]) * 10
    fit = fit_contracts(-np.diff(survivors), survivors[:-1])
    assert fit.alpha == pytest.approx(alpha, abs=0.0006)
    assert fit.beta == pytest.approx(beta, abs=0.0006)
    assert fit.kept_shares(7)[-1] == pytest.approx(kept[-1] / 100, abs=0.02)


def test_equal_customers_have_one_hazard():
    # Everybody leaves with the same chance; there is no slope to be found.
    at_risk = 1000 * 0.9 ** np.arange(8)
    fit = fit_contracts(0.1 * at_risk, at_risk)
    assert fit.kept_shares(20)[-1] == pytest.approx(0.9**20, rel=1e-4)


def test_a_table_in_which_all_or_none_left_has_a_hazard_too():
    first, slope = hazards_fitted(np.array([[5.0, 0], [0, 0]]), np.array([[5.0, 0], [9, 9]]))
    assert first == pytest.approx([1.0, 0.0], abs=1e-9)
    assert np.isfinite(slope).all()


def test_expected_lifetime_is_the_sum_of_discounted_shares():
    fit = ContractFit(0.668, 3.806)
    kept = fit.kept_shares(400)
    discounted = (kept / 1.1 ** np.arange(len(kept))).sum()
    assert expected_lifetime(fit, 0.1) == pytest.approx(discounted, rel=1e-7)
    later = (kept[3:] / kept[2] / 1.1 ** np.arange(len(kept) - 3)).sum()
    assert expected_lifetime(fit, 0.1, renewals=3) == pytest.approx(later, rel=1e-7)


def test_simple_value_is_the_sum_of_its_payments():
    years = np.arange(2000)
    assert simple_lifetime_value(50.0, 0.75, 0.08) == pytest.approx(
        (50 * (0.75 / 1.08) ** years).sum()
    )


def purchases_of(rng, n, fit, age):
    """Return repeats and latest purchase of customers who live as the model says."""
    rates = rng.gamma(fit.r, 1 / fit.alpha, n)
    chances = rng.beta(fit.a, fit.b, n)
    repeats, latest = np.zeros(n), np.zeros(n)
    for i in range(n):
        at = rng.exponential(1 / rates[i])
        while at < age:
            repeats[i], latest[i] = repeats[i] + 1, at
            if rng.random() < chances[i]:
                break
            at += rng.exponential(1 / rates[i])
    return repeats, latest


def test_purchases_are_found_again():
    truth = PurchaseFit(0.6, 5.0, 0.8, 2.5, 0.0)
    repeats, latest = purchases_of(np.random.default_rng(5), 6000, truth, 39.0)
    rows, counts = np.unique(
        np.column_stack([repeats, latest.round(1)]), axis=0, return_counts=True
    )
    fit = fit_purchases(rows[:, 0], rows[:, 1], np.full(len(rows), 39.0), counts)
    assert (fit.r, fit.alpha) == pytest.approx((truth.r, truth.alpha), rel=0.12)
    assert fit.a / (fit.a + fit.b) == pytest.approx(0.8 / 3.3, rel=0.12)
    whole = fit_purchases(repeats, latest, np.full(len(repeats), 39.0))
    assert whole.r == pytest.approx(fit.r, rel=0.01)


def test_newcomers_buy_as_often_as_expected():
    fit = PurchaseFit(0.6, 5.0, 0.8, 2.5, 0.0)
    repeats, _ = purchases_of(np.random.default_rng(7), 20_000, fit, 39.0)
    expected = fit.expected_purchases(0, 0, 0, 39.0)
    assert repeats.mean() == pytest.approx(expected, abs=4 * repeats.std() / 20_000**0.5)


def test_spending_is_found_again():
    rng = np.random.default_rng(6)
    n, p, q, gamma = 5000, 6.0, 4.0, 15.0
    x = rng.integers(1, 6, n)
    means = rng.gamma(p * x, 1 / (rng.gamma(q, 1 / gamma, n) * x))
    fit = fit_spend(x, means)
    assert p * gamma / (q - 1) == pytest.approx(fit.expected_spend(0, 0.0), rel=0.03)
    assert fit.q == pytest.approx(q, rel=0.1)
    # The more purchases, the more one's own mean counts.
    assert fit.expected_spend(1, 60.0) < fit.expected_spend(9, 60.0) < 60.0
    assert SpendFit(6.25, 3.74, 15.44).expected_spend(2, 30.0) == pytest.approx(
        6.25 * (15.44 + 60) / (12.5 + 2.74)
    )


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: fit_contracts([1], [1, 2]), ArgumentError, "those lost and those followed"),
        (lambda: fit_contracts([3], [2]), ArgumentError, "those lost and those followed"),
        (lambda: fit_contracts([0], [2]), DataError, "Nobody left"),
        (lambda: expected_lifetime(ContractFit(1, 1), 0), ArgumentError, "discount_share"),
        (lambda: simple_lifetime_value(1, 1.2, 0.1), ArgumentError, "from 0 to 1"),
        (lambda: simple_lifetime_value(1, 1.0, 0.0), ArgumentError, "endless"),
        (lambda: fit_purchases([1], [5], [4]), ArgumentError, "latest is not after now"),
        (lambda: fit_purchases([0], [0], [4]), DataError, "second time"),
        (lambda: fit_spend([0], [1]), ArgumentError, "both above 0"),
    ],
)
def test_what_cannot_be_is_refused(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
