"""What customers are worth over time: contracts that end, and purchases that may stop unseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import lgamma, log

import numpy as np
from scipy import optimize, special

from emptychair.analysis.checks import check_positive
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, DataError

_STEPS = 60
_STEEPEST = 3.0  # hazards that fall to a quarter after the first period; data never ask for more
_GOLDEN = (5**0.5 - 1) / 2
_MOST_ODDS = 1e12  # stands for a hazard of one


@dataclass(frozen=True)
class ContractFit:
    """Contracts whose chance to end differs between customers (shifted beta-geometric).

    The chance to end in a period is beta distributed with these two shape parameters, so
    that those who stay longest are those least likely to leave.
    """

    alpha: float
    beta: float

    def kept_shares(self, periods: int) -> Floats:
        """Return the share still there after each of the first `periods`."""
        k = np.arange(1, periods + 1)
        return np.asarray(np.cumprod((self.beta + k - 1) / (self.alpha + self.beta + k - 1)))


def fit_contracts(lost: Sequence[float], at_risk: Sequence[float]) -> ContractFit:
    """Fit the shifted beta-geometric by maximum likelihood.

    Args:
        lost: customers who left in each period.
        at_risk: customers followed through each period, those who left in it included.

    Raises:
        ArgumentError: lengths differ, or more left than were there.
        DataError: nobody left, so that no end is in sight.

    References:
        Fader & Hardie (2007), "How to Project Customer Retention", Journal of Interactive
        Marketing 21(1), 76-90.

    Examples:
        >>> fit = fit_contracts([131, 126, 90], [1000, 869, 743])
        >>> [round(share, 3) for share in fit.kept_shares(3).tolist()]
        [0.864, 0.749, 0.653]
    """
    d, n = np.asarray(lost, dtype=np.float64), np.asarray(at_risk, dtype=np.float64)
    if d.shape != n.shape or np.any(d > n) or np.any(d < 0):
        raise ArgumentError("Each period needs those lost and those followed, at least as many.")
    if not d.sum():
        raise DataError("Nobody left, so it cannot be told how long customers stay.")
    first, slope = (float(one[0]) for one in hazards_fitted(d[None], n[None]))
    slope = max(slope, 1e-9)
    return ContractFit(first / slope, (1 - first) / slope)


def hazards_fitted(lost: Floats, at_risk: Floats) -> tuple[Floats, Floats]:
    """Fit the hazards first / (1 + slope (t - 1)) to many life tables at once.

    That is the shifted beta-geometric with first = alpha / (alpha + beta) and slope =
    1 / (alpha + beta); a slope of 0 is a chance to leave that is the same for everybody.

    Args:
        lost: rows of those who left in each period; may be weighted.
        at_risk: rows of those followed through each period.

    Returns:
        The hazard of the first period and the slope of each row.
    """
    periods = np.arange(lost.shape[1], dtype=np.float64)
    low, high = np.zeros(len(lost)), np.full(len(lost), _STEEPEST)
    inner = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    likely = [_profile(slope, lost, at_risk, periods) for slope in inner]
    for _ in range(_STEPS):  # golden section on the profile likelihood of the slope
        rises = likely[0] < likely[1]
        low, high = np.where(rises, inner[0], low), np.where(rises, high, inner[1])
        fresh = np.where(rises, low + _GOLDEN * (high - low), high - _GOLDEN * (high - low))
        gain = _profile(fresh, lost, at_risk, periods)
        inner = [np.where(rises, inner[1], fresh), np.where(rises, fresh, inner[0])]
        likely = [np.where(rises, likely[1], gain), np.where(rises, gain, likely[0])]
    slope = np.where(low <= 1e-9, 0.0, (low + high) / 2)
    return _first_hazard(slope, lost, at_risk, periods), slope


def _first_hazard(slope: Floats, lost: Floats, at_risk: Floats, periods: Floats) -> Floats:
    """Return the first hazard that is most likely for a slope.

    With the odds u of the first hazard its score is zero where those who left are
    sum(kept g u / (1 + (1 - g) u)), g being 1 / (1 + slope (t - 1)). That rises and is concave,
    so Newton's steps from below never pass the solution.
    """
    g = 1 / (1 + slope[:, None] * periods)
    ended, kept = lost.sum(axis=1), at_risk - lost
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.clip(np.nan_to_num(ended / (kept * g).sum(axis=1)), 0.0, _MOST_ODDS)
    for _ in range(_STEPS):
        flat = 1 + (1 - g) * odds[:, None]
        rise = np.maximum((kept * g / flat**2).sum(axis=1), 1 / _MOST_ODDS)
        step = (ended - (kept * g * odds[:, None] / flat).sum(axis=1)) / rise
        odds = np.clip(odds + step, 0.0, _MOST_ODDS)
        if np.all(np.abs(step) <= 1e-14 * (1 + odds)):
            break
    return np.asarray(odds / (1 + odds))


def _profile(slope: Floats, lost: Floats, at_risk: Floats, periods: Floats) -> Floats:
    first = np.clip(_first_hazard(slope, lost, at_risk, periods), 1e-15, 1 - 1e-15)
    hazard = first[:, None] / (1 + slope[:, None] * periods)
    return np.asarray((lost * np.log(hazard) + (at_risk - lost) * np.log1p(-hazard)).sum(axis=1))


def expected_lifetime(fit: ContractFit, discount_share: float, renewals: int = 0) -> float:
    """Return the discounted periods still to come from a customer about to renew.

    Args:
        fit: how contracts end.
        discount_share: interest per period.
        renewals: how often the customer renewed already; 0 before the first renewal.

    Raises:
        ArgumentError: the interest is not above zero.

    References:
        Fader & Hardie (2010), "Customer-Base Valuation in a Contractual Setting", Marketing
        Science 29(1), 85-93, eq. 6 (discounted expected residual lifetime).

    Examples:
        >>> round(expected_lifetime(ContractFit(3.80, 15.19), 0.10), 2)
        3.31
    """
    check_positive(discount_share, "discount_share")
    a, b, n = fit.alpha, fit.beta, renewals + 1
    ratio = special.hyp2f1(1, b + n, a + b + n, 1 / (1 + discount_share))
    return float((b + n - 1) / (a + b + n - 1) * ratio)


def simple_lifetime_value(margin: float, retention_share: float, discount_share: float) -> float:
    """Return the value of a customer of steady margin and retention, the first payment now.

    A check for the others: m (1 + d) / (1 + d - r).

    Raises:
        ArgumentError: `retention_share` is not from 0 to 1, or nothing is discounted and
            nobody leaves.

    Examples:
        >>> round(simple_lifetime_value(100.0, 0.8, 0.1), 2)
        366.67
    """
    if not 0 <= retention_share <= 1 or discount_share < 0:
        raise ArgumentError("Retention is a share from 0 to 1 and the interest is not negative.")
    if 1 + discount_share <= retention_share:
        raise ArgumentError("Where nobody leaves and nothing is discounted, the value is endless.")
    return margin * (1 + discount_share) / (1 + discount_share - retention_share)


@dataclass(frozen=True)
class PurchaseFit:
    """Purchases at a rate of one's own, and an end that nobody sees (BG/NBD).

    Attributes:
        r: shape of the purchase rates between customers.
        alpha: scale of them.
        a: first shape of the chance to stop after a purchase.
        b: second.
        log_likelihood: of the data.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def expected_purchases(self, repeats: float, latest: float, age: float, ahead: float) -> float:
        """Return how many purchases to expect of a customer in the time `ahead`.

        Args:
            repeats: purchases after the first.
            latest: time from the first purchase to the latest.
            age: time from the first purchase until now.
            ahead: length of the time to come.

        Examples:
            >>> fit = PurchaseFit(0.243, 4.414, 0.793, 2.426, -9582.4)
            >>> round(fit.expected_purchases(2, 30.43, 38.86, 39), 3)
            1.226
        """
        r, alpha, a, b, x = self.r, self.alpha, self.a, self.b, repeats
        ratio = special.hyp2f1(r + x, b + x, a + b + x - 1, ahead / (alpha + age + ahead))
        numerator = (
            (a + b + x - 1)
            / (a - 1)
            * (1 - ((alpha + age) / (alpha + age + ahead)) ** (r + x) * ratio)
        )
        if x <= 0:
            return float(numerator)
        stopped = a / (b + x - 1) * ((alpha + age) / (alpha + latest)) ** (r + x)
        return float(numerator / (1 + stopped))


def fit_purchases(
    repeats: Sequence[float],
    latest: Sequence[float],
    ages: Sequence[float],
    counts: Sequence[float] | None = None,
) -> PurchaseFit:
    """Fit BG/NBD by maximum likelihood, on customers or on groups of equal ones.

    Args:
        repeats: purchases after the first.
        latest: time from the first purchase to the latest; 0 without repeats.
        ages: time from the first purchase until now.
        counts: how many customers share a row; one each when left out.

    Raises:
        ArgumentError: lengths differ, or a latest purchase lies after now.
        DataError: nobody bought again.

    References:
        Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", Marketing Science
        24(2), 275-284.
    """
    x, t_x, age = (np.asarray(one, dtype=np.float64) for one in (repeats, latest, ages))
    n = np.ones_like(x) if counts is None else np.asarray(counts, dtype=np.float64)
    if not x.shape == t_x.shape == age.shape == n.shape or np.any(t_x > age):
        raise ArgumentError("Each customer needs repeats, latest and age; latest is not after now.")
    if not (x * n).sum():
        raise DataError("Nobody bought a second time, so no rhythm of purchases can be told.")

    def value(r: float, alpha: float, a: float, b: float) -> float:
        bought = special.gammaln(r + x) - lgamma(r) + r * log(alpha)
        stays = special.betaln(a, b + x) - special.betaln(a, b) - (r + x) * np.log(alpha + age)
        stops = special.betaln(a + 1, b + np.maximum(x, 1) - 1) - special.betaln(a, b)
        stops = np.where(x > 0, stops - (r + x) * np.log(alpha + t_x), -np.inf)
        return float((n * (bought + np.logaddexp(stays, stops))).sum())

    scale = float((n * age).sum() / n.sum())
    (r, alpha, a, b), best = _most_likely(value, (1.0, scale / 10, 1.0, 1.0))
    return PurchaseFit(r, alpha, a, b, best)


@dataclass(frozen=True)
class SpendFit:
    """What customers spend per purchase, about a mean of their own (gamma-gamma)."""

    p: float
    q: float
    gamma: float

    def expected_spend(self, purchases: float, mean_spend: float) -> float:
        """Return the mean to expect of a customer, between his or her own and everybody's.

        Examples:
            >>> round(SpendFit(6.25, 3.74, 15.44).expected_spend(0, 0.0), 2)
            35.22
        """
        p, q, gamma = self.p, self.q, self.gamma
        return p * (gamma + purchases * mean_spend) / (p * purchases + q - 1)


def fit_spend(
    purchases: Sequence[float], mean_spends: Sequence[float], counts: Sequence[float] | None = None
) -> SpendFit:
    """Fit the gamma-gamma model of spending by maximum likelihood.

    Args:
        purchases: how many of each customer; those without any are left out beforehand.
        mean_spends: mean spent per purchase.
        counts: how many customers share a row.

    Raises:
        ArgumentError: lengths differ, or a number is not above zero.

    References:
        Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025.
    """
    x, m = np.asarray(purchases, dtype=np.float64), np.asarray(mean_spends, dtype=np.float64)
    n = np.ones_like(x) if counts is None else np.asarray(counts, dtype=np.float64)
    if not x.shape == m.shape == n.shape or np.any(x <= 0) or np.any(m <= 0):
        raise ArgumentError("Each customer needs a number of purchases and a mean, both above 0.")

    def value(p: float, q: float, gamma: float) -> float:
        px = p * x
        logs = special.gammaln(px + q) - special.gammaln(px) - lgamma(q) + q * log(gamma)
        logs = logs + (px - 1) * np.log(m) + px * np.log(x) - (px + q) * np.log(gamma + m * x)
        return float((n * logs).sum())

    (p, q, gamma), _ = _most_likely(value, (1.0, 2.0, float((n * m).sum() / n.sum())))
    return SpendFit(p, q, gamma)


def _most_likely(
    value: Callable[..., float], start: Sequence[float]
) -> tuple[tuple[float, ...], float]:
    """Return the positive parameters at which `value` is highest, and that height."""

    def height(logs: Floats) -> float:
        return -value(*np.exp(np.clip(logs, -12, 12)).tolist())

    found = np.log(np.asarray(start))
    for _ in range(2):  # a second start from the first end shakes a simplex that collapsed
        found = optimize.minimize(
            height,
            found,
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000, "maxfev": 4000},
        ).x
    return tuple(np.exp(found).tolist()), -height(found)
