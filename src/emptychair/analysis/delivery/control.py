"""Control charts for display: individuals chart, limits for varying n, and a smoothed line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError

_D2 = 1.128  # mean range of two normal values, in standard deviations
SMOOTHING = 0.2


@dataclass(frozen=True)
class ControlLimits:
    """The limits of a control chart: one pair for all values or one for each.

    Attributes:
        mean: centre line.
        mean_range: mean distance between neighbours.
        low: lower limits, one per value.
        high: upper limits, one per value.
    """

    mean: float
    mean_range: float
    low: list[float]
    high: list[float]


def individuals_limits(values: Sequence[float], baseline: int | None = None) -> ControlLimits:
    """Return the limits of an individuals (XmR) chart, for display only.

    Looked at daily or weekly it alarms far more often than `monitor`, so it warns nobody.

    Args:
        values: the series.
        baseline: how many of the first values set the limits; all by default.

    Returns:
        The limits, the same for every value.

    Raises:
        ArgumentError: fewer than two values set the limits.

    References:
        NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2.

    Examples:
        >>> chart = individuals_limits([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
        >>> round(chart.low[0], 3), round(chart.high[0], 3)
        (45.816, 55.804)
    """
    base = np.asarray(values[:baseline], dtype=np.float64)
    _check_length(base)
    mean, mean_range = float(base.mean()), float(np.abs(np.diff(base)).mean())
    spread = 3 * mean_range / _D2
    return ControlLimits(
        mean, mean_range, [mean - spread] * len(values), [mean + spread] * len(values)
    )


def laney_limits(
    values: Sequence[float],
    variances: Sequence[float],
    answers: Sequence[float],
    baseline: int | None = None,
) -> ControlLimits:
    """Return limits that widen where a period has few answers, for display only.

    The sampling part follows from each period's answers; it is scaled by how much the
    standardised values really vary from period to period.

    Args:
        values: NPS of each period.
        variances: variance of one answer in each period.
        answers: number of answers in each period.
        baseline: how many of the first periods set the limits; all by default.

    Returns:
        The limits of each period.

    Raises:
        ArgumentError: fewer than two periods set the limits, or one has no answers.

    References:
        Laney (2002), "Improved control charts for attributes", Quality Engineering 14(4),
        531-537.

    Examples:
        >>> chart = laney_limits([0.3, 0.2, 0.3], [0.6] * 3, [100, 100, 400])
        >>> chart.high[2] < chart.high[0]
        True
    """
    y, v, n = (np.asarray(part, dtype=np.float64) for part in (values, variances, answers))
    _check_length(y[:baseline])
    if not np.all(n > 0):
        raise ArgumentError("A period without answers has no place on the chart; leave it out.")
    base_n, base_y = n[:baseline], y[:baseline]
    mean = float(np.average(base_y, weights=base_n))
    error = np.sqrt(np.average(v[:baseline], weights=base_n) / n)
    standardised = (base_y - mean) / np.where(error[:baseline] > 0, error[:baseline], 1.0)
    mean_range = float(np.abs(np.diff(standardised)).mean())
    spread = 3 * error * mean_range / _D2
    return ControlLimits(
        mean,
        mean_range,
        [float(limit) for limit in mean - spread],
        [float(limit) for limit in mean + spread],
    )


def smoothed(values: Sequence[float], weight: float = SMOOTHING) -> list[float]:
    """Return the exponentially weighted moving average, the line drawn through a series.

    Args:
        values: the series.
        weight: of the newest value, above 0 and at most 1.

    Returns:
        One value each; the first is the first of the series.

    Raises:
        ArgumentError: `weight` is out of range.

    Examples:
        >>> smoothed([10.0, 20.0, 20.0])
        [10.0, 12.0, 13.6]
    """
    if not 0 < weight <= 1:
        raise ArgumentError(f"The weight of the newest value is above 0, at most 1; got {weight}.")
    line: list[float] = []
    for value in values:
        line.append(line[-1] + weight * (value - line[-1]) if line else value)
    return line


def _check_length(base: Floats) -> None:
    if len(base) < 2:
        raise ArgumentError(f"Control limits need at least 2 values; got {len(base)}.")
