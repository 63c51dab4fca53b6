"""Differences of two NPS on the scale -1 to 1: independent, overlapping and paired groups."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import erfc, isfinite, sqrt

import numpy as np

from emptychair.analysis.delivery.intervals import (
    Floats,
    normal_quantile,
    score_intervals,
    score_intervals_at,
)
from emptychair.analysis.errors import ArgumentError

Buckets = Sequence[float]

_LARGEST_Z = 38.0  # beyond it a p-value is zero in floating point
_STEPS = 40
_ENOUGH_PAIRS = 100


@dataclass(frozen=True)
class Difference:
    """The second NPS minus the first, its interval and its p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def difference_of_buckets(
    a: Buckets, b: Buckets, *, correlation: float = 0.0, confidence: float = 0.95
) -> Difference:
    """Return NPS of `b` minus NPS of `a`, with the MOVER interval on their score limits.

    Args:
        a: detractors, passives and promoters; effective counts where weighted.
        b: the same for the second group.
        correlation: of the two estimates, above 0 where the same customers are in both.
        confidence: coverage of the interval.

    Returns:
        The difference; its p-value is the smallest level at which 0 leaves the interval.

    Raises:
        ArgumentError: a group holds no answers.

    References:
        Zou & Donner (2008), "Construction of confidence limits about effect measures",
        Statistics in Medicine 27, 1693-1702; with correlation Zou (2007), "Toward using
        confidence intervals to compare correlations", Psychological Methods 12, 399-413.

    Examples:
        >>> found = difference_of_buckets((12, 9, 15), (8, 10, 30))
        >>> round(found.difference, 3), round(found.low, 4), round(found.high, 4)
        (0.375, 0.0163, 0.7093)
    """
    return differences_of_buckets([a], [b], [correlation], confidence)[0]


def differences_of_buckets(
    a: Sequence[Buckets],
    b: Sequence[Buckets],
    correlations: Sequence[float],
    confidence: float = 0.95,
) -> list[Difference]:
    """Return the differences of many pairs at once; see `difference_of_buckets`."""
    if not a:
        return []
    first = np.asarray(a, dtype=np.float64).T
    second = np.asarray(b, dtype=np.float64).T
    if np.any(first.sum(axis=0) <= 0) or np.any(second.sum(axis=0) <= 0):
        raise ArgumentError("A difference needs answers in both groups.")
    r = np.asarray(correlations, dtype=np.float64)
    mean_a, mean_b = _means(first), _means(second)
    difference = mean_b - mean_a
    low_a, high_a = score_intervals(first[0], first[1], first[2], confidence)
    low_b, high_b = score_intervals(second[0], second[1], second[2], confidence)
    low = difference - _side(mean_b - low_b, high_a - mean_a, r)
    high = difference + _side(high_b - mean_b, mean_a - low_a, r)
    p = _p_values(first, second, difference, r)
    return [
        Difference(float(d), max(-2.0, float(lo)), min(2.0, float(hi)), float(q))
        for d, lo, hi, q in zip(difference, low, high, p, strict=True)
    ]


def wald_difference(a: Buckets, b: Buckets, confidence: float = 0.95) -> Difference:
    """Return the textbook difference with its z test; a yardstick for `docs/methods` only.

    Examples:
        >>> round(wald_difference((45, 35, 20), (30, 35, 35)).p_value, 5)
        0.00694
    """
    difference = _nps(b) - _nps(a)
    error = sqrt(_variance(a) + _variance(b))
    margin = normal_quantile(confidence) * error
    z = abs(difference) / error if error else float("inf")
    return Difference(difference, difference - margin, difference + margin, _two_sided(z))


def paired_difference(changes: Sequence[Sequence[float]], confidence: float = 0.95) -> Difference:
    """Return the mean change of customers who answered both times.

    Args:
        changes: 3 x 3 counts, rows from and columns to detractor, passive and promoter.
        confidence: coverage of the interval.

    Returns:
        The mean change of the answer -1, 0 or +1, with a normal interval. Below 100 pairs
        two are added to the variance, one that rose a step and one that fell a step;
        otherwise it would be zero where by chance nobody moved.

    Raises:
        ArgumentError: nobody answered both times.

    Examples:
        >>> table = [[1367, 204, 44], [46, 134, 54], [4, 13, 107]]
        >>> round(paired_difference(table).difference, 6)
        0.141409
    """
    n, total, squares = paired_moments(changes)
    if n <= 0:
        raise ArgumentError("No customer answered both times, so there is no change to measure.")
    mean = total / n
    more, squares = (n + 2, squares + 2) if n < _ENOUGH_PAIRS else (n, squares)
    error = sqrt((squares / more - (total / more) ** 2) / more)
    margin = normal_quantile(confidence) * error
    low, high = max(-2.0, mean - margin), min(2.0, mean + margin)
    return Difference(mean, low, high, _two_sided(abs(mean) / error) if error else 1.0)


def paired_moments(changes: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Return the number of pairs, the sum of their changes and the sum of squared changes.

    Raises:
        ArgumentError: `changes` is not a 3 x 3 table.
    """
    if len(changes) != 3 or any(len(row) != 3 for row in changes):
        raise ArgumentError("Changes are a 3 x 3 table, from and to each of the three buckets.")
    cells = [(i, j, changes[i][j]) for i in range(3) for j in range(3)]
    return (
        sum(count for _, _, count in cells),
        sum((j - i) * count for i, j, count in cells),
        sum((j - i) ** 2 * count for i, j, count in cells),
    )


def mix_and_rate(
    a: Mapping[Hashable, tuple[float, float]], b: Mapping[Hashable, tuple[float, float]]
) -> tuple[float, float]:
    """Split a difference into change of mix and change of NPS within the parts.

    A part that one side lacks changed by its mix alone.

    Args:
        a: weight and NPS of each part.
        b: the same for the second side.

    Returns:
        What the mix and what the parts contribute; they add up to the difference.

    References:
        Kitagawa (1955), "Components of a Difference Between Two Rates", Journal of the
        American Statistical Association 50(272), 1168-1194.

    Examples:
        >>> mix, rate = mix_and_rate({"x": (50, 0.0), "y": (50, 0.4)}, {"y": (100, 0.4)})
        >>> round(mix, 3), round(rate, 3)
        (0.2, 0.0)
    """
    weight_a = sum(weight for weight, _ in a.values())
    weight_b = sum(weight for weight, _ in b.values())
    mix = rate = 0.0
    for part in sorted({*a, *b}, key=repr):
        share_a, nps_a = a.get(part, (0.0, b.get(part, (0.0, 0.0))[1]))
        share_b, nps_b = b.get(part, (0.0, nps_a))
        share_a, share_b = share_a / weight_a, share_b / weight_b
        mix += (share_b - share_a) * (nps_a + nps_b) / 2
        rate += (nps_b - nps_a) * (share_a + share_b) / 2
    return mix, rate


def _means(buckets: Floats) -> Floats:
    return np.asarray((buckets[2] - buckets[0]) / buckets.sum(axis=0))


def _nps(buckets: Buckets) -> float:
    return (buckets[2] - buckets[0]) / sum(buckets)


def _variance(buckets: Buckets) -> float:
    n = sum(buckets)
    return ((buckets[0] + buckets[2]) / n - _nps(buckets) ** 2) / n


def _side(one: Floats, other: Floats, correlation: Floats) -> Floats:
    squares = one * one + other * other - 2 * correlation * one * other
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def _p_values(a: Floats, b: Floats, difference: Floats, correlation: Floats) -> Floats:
    """Return the p-values by halving on the normal quantile at which a limit touches 0."""
    inside = np.zeros_like(difference)
    outside = np.full_like(difference, _LARGEST_Z)
    mean_a, mean_b = _means(a), _means(b)
    for _ in range(_STEPS):
        z = (inside + outside) / 2
        low_a, high_a = score_intervals_at(a[0], a[1], a[2], z)
        low_b, high_b = score_intervals_at(b[0], b[1], b[2], z)
        below = _side(mean_b - low_b, high_a - mean_a, correlation)
        above = _side(high_b - mean_b, mean_a - low_a, correlation)
        excludes = np.abs(difference) > np.where(difference > 0, below, above)
        inside = np.where(excludes, z, inside)
        outside = np.where(excludes, outside, z)
    return np.asarray([_two_sided(float(z)) for z in inside])


def _two_sided(z: float) -> float:
    return erfc(z / sqrt(2)) if isfinite(z) else 0.0
