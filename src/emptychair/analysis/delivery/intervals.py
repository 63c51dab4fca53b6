"""Confidence intervals of one NPS from three counts, on the scale -1 to 1."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from emptychair.analysis.checks import check_share

Floats: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = float | npt.ArrayLike

_STEPS = 60  # halvings of an interval of length 2: far below the spacing of floats near 1


def normal_quantile(confidence: float) -> float:
    """Return the standard normal quantile of a two-sided interval.

    Examples:
        >>> round(normal_quantile(0.95), 4)
        1.96
    """
    check_share(confidence, "confidence")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def score_intervals(
    detractors: Counts, passives: Counts, promoters: Counts, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Return the score interval of the promoter share minus the detractor share, per cell.

    For a trial difference d the detractor share is estimated under the constraint that the
    difference is d; the limits are the d at which the standardised statistic reaches the
    normal quantile. The interval stays within -1 and 1, is never of width zero, and takes
    fractional counts, so that weighted answers enter as n_effective times their shares.

    Args:
        detractors: count or array of counts.
        passives: count or array of counts.
        promoters: count or array of counts.
        confidence: coverage, a share strictly between 0 and 1.

    Returns:
        The lower and the upper limits; not a number where a cell holds no answers.

    References:
        Tango (1998), "Equivalence test and confidence interval for the difference in
        proportions for the paired-sample design", Statistics in Medicine 17, 891-908.
        Rocks (2016), "Interval Estimation for the Net Promoter Score", The American
        Statistician 70(4), 365-372 (there: iterative score interval).

    Examples:
        >>> low, high = score_intervals([12, 0], [9, 0], [15, 10])
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([-0.1956, 0.4449], [0.3486, 1.0])
    """
    return score_intervals_at(detractors, passives, promoters, normal_quantile(confidence))


def score_intervals_at(
    detractors: Counts, passives: Counts, promoters: Counts, z: Counts
) -> tuple[Floats, Floats]:
    """Return the score intervals at normal quantiles `z`, one for all cells or one for each."""
    d, p, k = (np.asarray(c, dtype=np.float64) for c in (detractors, passives, promoters))
    quantile = np.asarray(z, dtype=np.float64)
    return -_upper_limit(k, p, d, quantile), _upper_limit(d, p, k, quantile)


def score_interval(
    detractors: float, passives: float, promoters: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the score interval of one cell; see `score_intervals`.

    Examples:
        >>> low, high = score_interval(20, 30, 50)
        >>> round(low, 4), round(high, 4)
        (0.1396, 0.4434)
    """
    low, high = score_intervals([detractors], [passives], [promoters], confidence)
    return float(low[0]), float(high[0])


def _upper_limit(detractors: Floats, passives: Floats, promoters: Floats, z: Floats) -> Floats:
    n = detractors + passives + promoters
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (promoters - detractors) / n
        inside = inside + 0 * z  # one cell per quantile, where several are asked for
        outside = np.ones_like(inside)
        for _ in range(_STEPS):
            middle = (inside + outside) / 2
            compatible = _statistic(detractors, promoters, n, middle) > -z
            inside = np.where(compatible, middle, inside)
            outside = np.where(compatible, outside, middle)
    # All promoters: no difference above 1 exists, and the halving would end a hair below it.
    return np.where(promoters == n, np.where(n > 0, 1.0, np.nan), (inside + outside) / 2)


def _statistic(detractors: Floats, promoters: Floats, n: Floats, trial: Floats) -> Floats:
    b = (2 * n - promoters + detractors) * trial - detractors - promoters
    c = -detractors * trial * (1 - trial)
    share = (np.sqrt(b * b - 8 * n * c) - b) / (4 * n)
    variance = n * (2 * share + trial * (1 - trial))
    return np.asarray((promoters - detractors - n * trial) / np.sqrt(variance))


def wald_interval(
    detractors: float, passives: float, promoters: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the textbook interval, estimate plus or minus z standard errors.

    It misses the truth far too often for few answers or extreme scores; it is here as the
    yardstick of the coverage tables in `docs/methods`, not for showing to anyone.

    Examples:
        >>> low, high = wald_interval(12, 9, 15)
        >>> round(low, 4), round(high, 4)
        (-0.1983, 0.3649)
    """
    n = detractors + passives + promoters
    difference = (promoters - detractors) / n
    margin = normal_quantile(confidence) * sqrt(
        ((promoters + detractors) / n - difference * difference) / n
    )
    return difference - margin, difference + margin


def adjusted_wald_interval(
    detractors: float, passives: float, promoters: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Rocks's adjusted Wald interval: 0.75, 1.5 and 0.75 answers added; not clipped.

    References:
        Rocks (2016), "Interval Estimation for the Net Promoter Score", The American
        Statistician 70(4), 365-372.

    Examples:
        >>> low, high = adjusted_wald_interval(12, 9, 15)
        >>> round(low, 4), round(high, 4)
        (-0.1903, 0.3441)
    """
    return wald_interval(detractors + 0.75, passives + 1.5, promoters + 0.75, confidence)


def adjusted_wald_limits(
    detractors: ir.NumericValue,
    passives: ir.NumericValue,
    promoters: ir.NumericValue,
    confidence: float = 0.95,
) -> tuple[ir.NumericValue, ir.NumericValue]:
    """Return the adjusted Wald limits as expressions, for queries that must not leave the engine.

    The closed form is an equal substitute for the score interval from 50 answers on.

    Args:
        detractors: column of counts.
        passives: column of counts.
        promoters: column of counts.
        confidence: coverage, a share strictly between 0 and 1.

    Returns:
        The lower and upper limit, clipped to -1 and 1.
    """
    z = normal_quantile(confidence)
    # Without the casts Spark would compute in decimals of few digits.
    d, k = detractors.cast("float64") + 0.75, promoters.cast("float64") + 0.75
    n = d + k + passives.cast("float64") + 1.5
    difference = (k - d) / n
    margin = z * (((k + d) / n - difference * difference) / n).sqrt()
    low = ibis.greatest(difference - margin, -1.0)
    return low, ibis.least(difference + margin, 1.0)
