"""Dating past changes of a series: the best set of breaks, and how surely each is dated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

import numpy as np

from emptychair.analysis.checks import check_share
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError


@dataclass(frozen=True)
class Change:
    """A break in the level of a series.

    Attributes:
        at: place, from 0, of the first value after the change.
        low: earliest place that the data allow.
        high: latest place that the data allow.
        before: level before it.
        after: level after it.
    """

    at: int
    low: int
    high: int
    before: float
    after: float


def change_dates(
    values: Sequence[float],
    weights: Sequence[float] | None = None,
    *,
    shortest: int | None = None,
    most: int = 5,
    confidence: float = 0.95,
) -> list[Change]:
    """Return the changes of level that make a series most plausible, by dynamic programming.

    Every placing of up to `most` breaks is compared by its sum of squares; the number of
    breaks is the one with the smallest Bayesian information criterion. The interval of a
    date holds all places whose likelihood is not too far below the best.

    Args:
        values: the series, for example the NPS of each week.
        weights: how much each value counts, for example its answers; all alike by default.
        shortest: fewest values between changes; by default 15 % of the series.
        most: largest number of changes looked for.
        confidence: coverage of the dates' intervals.

    Returns:
        The changes in order; none where a constant level is most plausible.

    Raises:
        ArgumentError: weights are missing or not positive.

    References:
        Bai & Perron (2003), "Computation and analysis of multiple structural change
        models", Journal of Applied Econometrics 18, 1-22. Interval of the date: Hansen
        (2000), "Sample splitting and threshold estimation", Econometrica 68(3), 575-603.

    Examples:
        >>> [change.at for change in change_dates([1.0, 1.2, 0.9, 1.1, 5.0, 5.2, 4.9, 5.1])]
        [4]
    """
    check_share(confidence, "confidence")
    y = np.asarray(values, dtype=np.float64)
    w = np.ones_like(y) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(w) != len(y) or not np.all(w > 0):
        raise ArgumentError("Every value of the series needs a weight above 0.")
    length = max(2, int(0.15 * len(y))) if shortest is None else shortest
    if length < 1:
        raise ArgumentError(f"The shortest stretch between changes is at least 1, not {shortest}.")
    if len(y) < 2 * length:
        return []
    costs = _segment_costs(y, w)
    breaks = _best_breaks(costs, length, most)
    edges = [0, *breaks, len(y)]
    noise = max(sum(costs[i, j] for i, j in pairwise(edges)) / len(y), 1e-300)
    allowed = -2 * log(1 - sqrt(confidence)) * noise
    found = []
    for left, at, right in zip(edges, edges[1:], edges[2:], strict=False):
        places = np.arange(left + 1, right)
        losses = costs[left, places] + costs[places, right] - costs[left, at] - costs[at, right]
        near = places[losses <= allowed]
        levels = (float(np.average(y[a:b], weights=w[a:b])) for a, b in ((left, at), (at, right)))
        found.append(Change(at, int(near.min()), int(near.max()), *levels))
    return found


def _segment_costs(y: Floats, w: Floats) -> Floats:
    """Return the weighted sum of squares around its mean of every stretch [i, j)."""
    centred = y - np.average(y, weights=w)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (w, w * centred, w * centred**2)]
    size, first, second = (total[None, :] - total[:, None] for total in sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        costs = second - first * first / size
    return np.where(size > 0, np.maximum(costs, 0.0), 0.0)


def _best_breaks(costs: Floats, shortest: int, most: int) -> list[int]:
    n = len(costs) - 1
    best = [costs[0].copy()]
    best[0][:shortest] = np.inf
    came_from: list[list[int]] = []
    for _ in range(min(most, n // shortest - 1)):
        total, source = np.full(n + 1, np.inf), [0] * (n + 1)
        for end in range(shortest, n + 1):
            candidates = best[-1][: end - shortest + 1] + costs[: end - shortest + 1, end]
            source[end] = int(np.argmin(candidates))
            total[end] = candidates[source[end]]
        best.append(total)
        came_from.append(source)
    criteria = [
        n * log(max(total[n], 1e-300) / n) + 2 * (count + 1) * log(n)
        for count, total in enumerate(best)
        if np.isfinite(total[n])
    ]
    count = int(np.argmin(criteria))
    places, end = [], n
    for source in reversed(came_from[:count]):
        end = source[end]
        places.append(end)
    return places[::-1]
