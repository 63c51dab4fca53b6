"""Confidence sequences: intervals that hold at every look at once, on the scale -1 to 1."""

from __future__ import annotations

from math import log, log1p, sqrt

import numpy as np

from emptychair.analysis.checks import check_share
from emptychair.analysis.delivery.intervals import Counts, Floats
from emptychair.analysis.errors import ArgumentError

EXPECTED_ANSWERS = 1000

_BETS = np.linspace(-4, 4, 41)
_LOG_SHARES = -(_BETS**2) / 2 - np.log(np.sum(np.exp(-(_BETS**2) / 2)))
_TYPICAL_VARIANCE = 0.14  # of an answer scaled to 0, 1/2, 1
_LARGEST_STAKE = 0.95
_STEPS = 45  # halvings: to 3e-14


def betting_sequences(
    detractors: Counts,
    passives: Counts,
    promoters: Counts,
    *,
    confidence: float = 0.95,
    expected_answers: float = EXPECTED_ANSWERS,
) -> tuple[Floats, Floats]:
    """Return the exact confidence sequence of the NPS at cumulative counts, per cell.

    Against each candidate a fixed mixture of bets is placed on every answer. At the true
    value the capital is a martingale, so it ever reaches 1/(1 - confidence) with at most
    that probability; the candidates below it form the interval. It needs no order of the
    answers, no normal approximation and no smallest number of answers.

    Args:
        detractors: count or array of counts since the window began.
        passives: count or array of counts.
        promoters: count or array of counts.
        confidence: probability that the truth is inside at every look.
        expected_answers: answers at which the interval is tuned to be tightest. It may be
            any number fixed beforehand, but not chosen after seeing the answers.

    Returns:
        The lower and the upper limits; -1 and 1 where nobody answered.

    References:
        Waudby-Smith & Ramdas (2024), "Estimating means of bounded random variables by
        betting", Journal of the Royal Statistical Society B 86(1), 1-27.

    Examples:
        >>> low, high = betting_sequences(10, 21, 19, expected_answers=200)
        >>> round(float(low), 4), round(float(high), 4)
        (-0.1722, 0.5132)
    """
    check_share(confidence, "confidence")
    check_expected(expected_answers)
    d, p, k = np.broadcast_arrays(
        *(np.asarray(c, dtype=np.float64) for c in (detractors, passives, promoters))
    )
    reach = sqrt(mixture_variance(confidence, expected_answers) / _TYPICAL_VARIANCE)
    threshold = -log1p(-confidence)
    n = np.maximum(d + p + k, 1)
    mean = np.where(d + p + k > 0, (k + p / 2) / n, 0.5)
    limits = []
    for end in (0.0, 1.0):
        inside, outside = mean.copy(), np.full_like(mean, end)
        at_end = _log_capital(d, p, k, outside, reach) < threshold
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            compatible = _log_capital(d, p, k, middle, reach) < threshold
            inside = np.where(compatible, middle, inside)
            outside = np.where(compatible, outside, middle)
        limits.append(np.where(at_end, end, (inside + outside) / 2))
    return 2 * limits[0] - 1, 2 * limits[1] - 1


def log_capital(
    detractors: Counts,
    passives: Counts,
    promoters: Counts,
    nps: Counts,
    *,
    confidence: float = 0.95,
    expected_answers: float = EXPECTED_ANSWERS,
) -> Floats:
    """Return the logarithm of the capital won against the candidate `nps`, per cell.

    The capital is an e-value: however often one looks, it reaches E with a probability of
    at most 1/E if `nps` is true.

    Examples:
        >>> round(float(log_capital(10, 21, 19, 0.0, expected_answers=200)), 6)
        0.381509
    """
    check_expected(expected_answers)
    reach = sqrt(mixture_variance(confidence, expected_answers) / _TYPICAL_VARIANCE)
    d, p, k, mean = np.broadcast_arrays(
        *(np.asarray(c, dtype=np.float64) for c in (detractors, passives, promoters, nps))
    )
    return _log_capital(d, p, k, (mean + 1) / 2, reach)


def _log_capital(
    detractors: Floats, passives: Floats, promoters: Floats, mean: Floats, reach: float
) -> Floats:
    with np.errstate(divide="ignore"):
        lowest, highest = -_LARGEST_STAKE / (1 - mean), _LARGEST_STAKE / mean
    stake = np.clip(_BETS * reach, lowest[..., None], highest[..., None])
    m = mean[..., None]
    terms = (
        _LOG_SHARES
        + detractors[..., None] * np.log1p(-stake * m)
        + passives[..., None] * np.log1p(stake * (0.5 - m))
        + promoters[..., None] * np.log1p(stake * (1 - m))
    )
    top = terms.max(axis=-1)
    return np.asarray(top + np.log(np.exp(terms - top[..., None]).sum(axis=-1)))


def mixture_variance(confidence: float, expected_answers: float) -> float:
    """Return the spread of the mixture that is tightest at `expected_answers`.

    Examples:
        >>> round(mixture_variance(0.95, 100), 6)
        0.079362
    """
    alpha = 1 - confidence
    return (2 * log(1 / alpha) + log(1 + 2 * log(1 / alpha))) / expected_answers


def normal_mixture_radius(
    n: float,
    standard_deviation: float,
    *,
    confidence: float = 0.95,
    expected_answers: float = EXPECTED_ANSWERS,
) -> float:
    """Return half the width of the asymptotic confidence sequence after `n` answers.

    References:
        Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), "Time-uniform central limit
        theory and asymptotic confidence sequences", Annals of Statistics 52(6), 2613-2640.
        Howard, Ramdas, McAuliffe & Sekhon (2021), "Time-uniform, nonparametric,
        nonasymptotic confidence sequences", Annals of Statistics 49(2), 1055-1080, whose
        normal mixture this is for a standard deviation of 1.

    Examples:
        >>> round(100 * normal_mixture_radius(100, 1.0, expected_answers=100), 5)
        30.35209
    """
    check_share(confidence, "confidence")
    check_expected(expected_answers)
    rho = mixture_variance(confidence, expected_answers)
    alpha = 1 - confidence
    inside = 2 * (n * rho + 1) / (n * n * rho) * log(sqrt(n * rho + 1) / alpha)
    return standard_deviation * sqrt(inside)


def asymptotic_sequence(
    detractors: float,
    passives: float,
    promoters: float,
    *,
    confidence: float = 0.95,
    expected_answers: float = EXPECTED_ANSWERS,
) -> tuple[float, float]:
    """Return the confidence sequence for weighted answers, from effective counts.

    The standard deviation is taken after adding 0.75, 1.5 and 0.75 answers, without which
    a first run of equal answers would make the interval far too short.

    Args:
        detractors: effective number of answers times the weighted share of detractors.
        passives: the same for passives.
        promoters: the same for promoters.
        confidence: probability that the truth is inside at every look.
        expected_answers: answers at which the interval is tuned to be tightest.

    Returns:
        The limits; -1 and 1 where nobody answered.

    Examples:
        >>> low, high = asymptotic_sequence(10, 21, 19, expected_answers=200)
        >>> round(low, 4), round(high, 4)
        (-0.1613, 0.5213)
    """
    n = detractors + passives + promoters
    if not n:
        return -1.0, 1.0
    d, k, more = detractors + 0.75, promoters + 0.75, n + 3
    deviation = sqrt((d + k) / more - ((k - d) / more) ** 2)
    radius = normal_mixture_radius(
        n, deviation, confidence=confidence, expected_answers=expected_answers
    )
    centre = (promoters - detractors) / n
    return max(-1.0, centre - radius), min(1.0, centre + radius)


def check_expected(expected_answers: float) -> None:
    """Make sure that the number of answers expected in the window is positive.

    Raises:
        ArgumentError: it is not.
    """
    if not expected_answers > 0:
        raise ArgumentError(f"expected_answers must be above 0; got {expected_answers!r}")
