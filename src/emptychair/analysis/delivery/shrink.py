"""Small groups: figures pulled towards what the others, or their traits, let one expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Literal, get_args

import numpy as np
from scipy import optimize, stats

from emptychair.analysis.checks import check_choice, check_share
from emptychair.analysis.delivery.intervals import Floats, normal_quantile
from emptychair.analysis.errors import ArgumentError

Method = Literal["REML", "ML", "DL", "PM"]

_STEPS = 200


@dataclass(frozen=True)
class Shrunk:
    """One group's figure after shrinking, in the unit of the input.

    Attributes:
        raw: the figure as measured.
        value: pulled towards what is expected of the group.
        standard_error: of the shrunk value.
        low: lower limit of its interval.
        high: upper limit.
        expected: what the other groups, or the traits, let one expect.
        kept_share: how much of the group's own deviation was kept.
    """

    raw: float
    value: float
    standard_error: float
    low: float
    high: float
    expected: float
    kept_share: float


@dataclass(frozen=True)
class Shrinkage:
    """All groups after shrinking and the model behind them.

    Attributes:
        groups: one result per group, in the order of the input.
        between_variance: true variance between groups beyond their traits.
        coefficients: the mean, or intercept and effects of the traits.
        coefficient_errors: their standard errors.
    """

    groups: list[Shrunk]
    between_variance: float
    coefficients: list[float]
    coefficient_errors: list[float]


def shrink(
    values: Sequence[float],
    variances: Sequence[float],
    traits: Sequence[Sequence[float]] | None = None,
    *,
    method: Method = "REML",
    confidence: float = 0.95,
) -> Shrinkage:
    """Shrink figures of many groups by how uncertain each one is (Fay-Herriot area model).

    Args:
        values: figure of each group.
        variances: sampling variance of each figure.
        traits: numbers known of each group that help to expect its figure; none by default.
        method: how the variance between groups is estimated.
        confidence: coverage of the intervals.

    Returns:
        The shrunk figures with the model.

    Raises:
        ArgumentError: lengths differ, a variance is not positive, or there are too few
            groups for the traits.

    References:
        Fay & Herriot (1979), "Estimates of Income for Small Places", Journal of the American
        Statistical Association 74, 269-277. Viechtbauer (2005), "Bias and Efficiency of
        Meta-Analytic Variance Estimators", Journal of Educational and Behavioral Statistics
        30(3), 261-293.

    Examples:
        >>> found = shrink([10.0, 50.0, 90.0], [400.0, 25.0, 400.0])
        >>> [round(group.value, 1) for group in found.groups]
        [21.0, 50.0, 79.0]
    """
    check_share(confidence, "confidence")
    y, v, x = _checked(values, variances, traits)
    tau2 = between_variance(values, variances, traits, method=method)
    beta, covariance = _weighted_fit(y, x, 1 / (v + tau2))
    expected = x @ beta
    kept = tau2 / (tau2 + v)
    shrunk = expected + kept * (y - expected)
    leverage = np.einsum("ij,jk,ik->i", x, covariance, x)
    errors = np.sqrt(kept * v + (1 - kept) ** 2 * leverage)
    z = normal_quantile(confidence)
    groups = [
        Shrunk(*(float(part) for part in parts))
        for parts in zip(
            y, shrunk, errors, shrunk - z * errors, shrunk + z * errors, expected, kept, strict=True
        )
    ]
    coefficient_errors = [float(error) for error in np.sqrt(np.diag(covariance))]
    return Shrinkage(groups, tau2, [float(b) for b in beta], coefficient_errors)


def between_variance(
    values: Sequence[float],
    variances: Sequence[float],
    traits: Sequence[Sequence[float]] | None = None,
    *,
    method: Method = "REML",
) -> float:
    """Return the variance between groups beyond sampling error and traits.

    Args:
        values: figure of each group.
        variances: sampling variance of each figure.
        traits: numbers known of each group.
        method: restricted or full maximum likelihood, DerSimonian-Laird, Paule-Mandel.

    Raises:
        ArgumentError: see `shrink`.

    Examples:
        >>> round(between_variance([1.0, 2.0, 6.0], [0.5, 0.5, 0.5], method="DL"), 3)
        6.5
    """
    check_choice(method, "method", get_args(Method))
    y, v, x = _checked(values, variances, traits)
    if method == "DL":
        return _dersimonian_laird(y, v, x)
    if method == "PM":
        return _paule_mandel(y, v, x)
    tau2 = _dersimonian_laird(y, v, x)
    for _ in range(_STEPS):  # Fisher scoring; it doubles its digits only near the end
        tau2 = max(0.0, tau2 + _scoring_step(y, v, x, tau2, restricted=method == "REML"))
    return tau2


def expected_ranks(means: Sequence[float], standard_errors: Sequence[float]) -> list[float]:
    """Return the expected rank of each group; 1 is the highest.

    Args:
        means: posterior mean of each group.
        standard_errors: posterior standard deviation of each group.

    Returns:
        One plus the sum of the probabilities that another group is really higher.

    References:
        Laird & Louis (1989), "Empirical Bayes Ranking Methods", Journal of Educational
        Statistics 14(1), 29-46.

    Examples:
        >>> expected_ranks([0.5, 0.5], [0.1, 0.2])
        [1.5, 1.5]
    """
    if len(means) != len(standard_errors):
        raise ArgumentError("Every mean needs its standard error.")
    pairs = list(zip(means, standard_errors, strict=True))
    return [
        1 + sum(_higher(other, one) for j, other in enumerate(pairs) if j != i)
        for i, one in enumerate(pairs)
    ]


def _higher(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the probability that `one` lies above `other`."""
    spread = sqrt(one[1] ** 2 + other[1] ** 2)
    if not spread:
        return 0.5 if one[0] == other[0] else float(one[0] > other[0])
    return 0.5 * erfc((other[0] - one[0]) / spread / sqrt(2))


def _weighted_fit(y: Floats, x: Floats, w: Floats) -> tuple[Floats, Floats]:
    covariance = np.linalg.inv(x.T @ (w[:, None] * x))
    return covariance @ (x.T @ (w * y)), np.asarray(covariance, dtype=np.float64)


def _projection(x: Floats, w: Floats) -> Floats:
    covariance = np.linalg.inv(x.T @ (w[:, None] * x))
    weighted = w[:, None] * x
    return np.asarray(np.diag(w) - weighted @ covariance @ weighted.T)


def _dersimonian_laird(y: Floats, v: Floats, x: Floats) -> float:
    projection = _projection(x, 1 / v)
    excess = float(y @ projection @ y) - (len(y) - int(x.shape[1]))
    return max(0.0, excess / float(np.trace(projection)))


def _paule_mandel(y: Floats, v: Floats, x: Floats) -> float:
    freedom = len(y) - int(x.shape[1])

    def excess(tau2: float) -> float:
        return float(y @ _projection(x, 1 / (v + tau2)) @ y) - freedom

    if excess(0.0) <= 0:
        return 0.0
    high = 1.0
    while excess(high) > 0:
        high *= 4
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-14))


def _scoring_step(y: Floats, v: Floats, x: Floats, tau2: float, *, restricted: bool) -> float:
    w = 1 / (v + tau2)
    projection = _projection(x, w)
    fitted = projection @ y
    squares = float(fitted @ fitted)
    if restricted:
        numerator = squares - float(np.trace(projection))
        return numerator / float(np.trace(projection @ projection))
    return (squares - float(w.sum())) / float(w @ w)


def _checked(
    values: Sequence[float],
    variances: Sequence[float],
    traits: Sequence[Sequence[float]] | None,
) -> tuple[Floats, Floats, Floats]:
    y, v = np.asarray(values, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    ones = np.ones((len(y), 1))
    if len(v) != len(y) or (traits is not None and len(traits) != len(y)):
        raise ArgumentError("Every group needs one figure, one variance and one row of traits.")
    if not np.all(v > 0):
        raise ArgumentError("Every figure needs a sampling variance above 0.")
    x = ones if traits is None else np.hstack([ones, np.asarray(traits, dtype=np.float64)])
    if len(y) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise ArgumentError(
            f"{len(y)} groups are too few for {x.shape[1]} coefficients, or traits overlap."
        )
    return y, v, x


def heterogeneity_p_value(values: Sequence[float], variances: Sequence[float]) -> float:
    """Return the p-value of Cochran's test that all groups share one true figure.

    Examples:
        >>> round(heterogeneity_p_value([1.0, 1.1], [0.5, 0.5]), 3)
        0.92
    """
    y, v, x = _checked(values, variances, None)
    return float(stats.chi2.sf(float(y @ _projection(x, 1 / v) @ y), len(y) - 1))
