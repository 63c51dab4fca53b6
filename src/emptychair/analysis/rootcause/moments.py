"""Means and covariances from pattern sums, whether or not ratings are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.sums.crossproducts import OUTCOMES, PatternSums, Truths

_STEPS = 200  # of three steps of EM each; what has not settled then never will
_TINY = 1e-10  # of a standard deviation: the change at which the iteration ends
_TINY_WITHOUT = 1e-7  # without a hash group, where only the spread is asked for
_TRACE = 1e-12
_FURTHEST = 1_000.0  # how many steps' worth one extrapolation may go
_SMALLEST_ROOT = 1e-9  # of a correlation matrix that may be gone on from

_State = tuple[Floats, Floats]


@dataclass(frozen=True)
class Moments:
    """Means and covariances of drivers, promoter and detractor.

    The first entry is of everybody, the others leave out one hash group each.

    Attributes:
        names: the drivers.
        n: answers of everybody.
        weight: sums of weights, (1 + hash groups).
        mean: (1 + hash groups, variables).
        covariance: (1 + hash groups, variables, variables).
        is_complete: whether nothing had to be filled in.
    """

    names: tuple[str, ...]
    n: int
    weight: Floats
    mean: Floats
    covariance: Floats
    is_complete: bool

    @property
    def drivers(self) -> Floats:
        """The covariances among drivers."""
        p = len(self.names)
        return self.covariance[:, :p, :p]

    @property
    def with_nps(self) -> Floats:
        """The covariances of drivers with the answer -1, 0, +1."""
        p = len(self.names)
        found: Floats = self.covariance[:, :p, p] - self.covariance[:, :p, p + 1]
        return found

    @property
    def nps_variance(self) -> Floats:
        """The variance of the answer -1, 0, +1."""
        p = len(self.names)
        c = self.covariance
        found: Floats = c[:, p, p] - 2 * c[:, p, p + 1] + c[:, p + 1, p + 1]
        return found

    def mapped(self, names: tuple[str, ...], matrix: Floats) -> Moments:
        """Return the moments of combinations of drivers; `matrix` is (new, old)."""
        full = np.zeros((len(names) + OUTCOMES, len(self.names) + OUTCOMES))
        full[: len(names), : len(self.names)] = matrix
        full[len(names) :, len(self.names) :] = np.eye(OUTCOMES)
        return Moments(
            names,
            self.n,
            self.weight,
            self.mean @ full.T,
            full @ self.covariance @ full.T,
            self.is_complete,
        )


def moments(sums: PatternSums, *, replicates: bool = True) -> Moments:
    """Return means and covariances of one group, by EM where ratings are missing.

    Args:
        sums: of at least one answer, every driver seen in at least one.
        replicates: whether to repeat it without each hash group.
    """
    weight, total, cross = (
        _replicated(one, replicates) for one in (sums.weight, sums.sums, sums.cross)
    )
    weights = weight.sum(axis=1)
    is_complete = bool(np.all(sums.seen | (sums.rows.sum(axis=0) == 0)[:, None]))
    if is_complete:
        mean = total.sum(axis=1) / weights[:, None]
        covariance = cross.sum(axis=1) / weights[:, None, None] - _outer(mean, mean)
    else:
        seen = _all_seen(sums.seen)
        mean, covariance = em_moments(weight[:1], total[:1], cross[:1], seen)
        if replicates:
            mean, covariance = em_moments(
                weight, total, cross, seen, start=(mean, covariance), tiny=_TINY_WITHOUT
            )
    return Moments(sums.names, sums.n, weights, mean, covariance, is_complete)


def em_moments(
    weight: Floats,
    total: Floats,
    cross: Floats,
    seen: Truths,
    *,
    start: tuple[Floats, Floats] | None = None,
    tiny: float = _TINY,
) -> tuple[Floats, Floats]:
    """Return maximum-likelihood means and covariances of normal variables with missing cells.

    Several data sets with the same patterns are worked on at once.

    Args:
        weight: sums of weights, (sets, patterns).
        total: sums of seen values, (sets, patterns, variables).
        cross: sums of their products, (sets, patterns, variables, variables).
        seen: which variables a pattern has, (patterns, variables).
        start: means and covariances of one set to begin with.
        tiny: change, in standard deviations, at which to end.

    Returns:
        Means (sets, variables) and covariances (sets, variables, variables), divided by n.

    References:
        Dempster, Laird & Rubin (1977), Journal of the Royal Statistical Society B 39(1), 1-38.
        Little & Rubin (2019), "Statistical Analysis with Missing Data", 11.2. Made quicker by
        Varadhan & Roland (2008), Scandinavian Journal of Statistics 35(2), 335-353.
    """
    used = weight.sum(axis=0) > 0
    weight, total, cross, seen = weight[:, used], total[:, used], cross[:, used], seen[used]
    mean, covariance = start or _start(weight, total, cross, seen)
    sets, size = len(weight), seen.shape[1]
    mean = np.broadcast_to(mean, (sets, size))
    covariance = np.broadcast_to(covariance, (sets, size, size))
    step = partial(_em_step, weight, total, cross, seen)
    for _round in range(_STEPS):
        once = step(mean, covariance)
        twice = step(*once)
        mean, covariance = _extrapolated((mean, covariance), once, twice)
        newer_mean, newer = step(mean, covariance)
        deviation = np.sqrt(np.maximum(np.einsum("rii->ri", newer), 1e-30))
        change = max(
            float(np.max(np.abs(newer_mean - mean) / deviation)),
            float(np.max(np.abs(newer - covariance) / _outer(deviation, deviation))),
        )
        mean, covariance = newer_mean, newer
        if change < tiny:
            break
    return mean, covariance


def _extrapolated(start: _State, once: _State, twice: _State) -> _State:
    """Return where two steps of EM lead to if they go on as they began (SQUAREM, scheme S3).

    Where much is missing EM alone takes thousands of steps. A set whose extrapolated covariance
    is none keeps the second step.
    """
    deviation = np.sqrt(np.maximum(np.einsum("rii->ri", start[1]), 1e-30))
    scales = (deviation, _outer(deviation, deviation))
    first = [b - a for a, b in zip(start, once, strict=True)]
    bend = [c - b - r for b, c, r in zip(once, twice, first, strict=True)]
    length = [_length(first, scales), _length(bend, scales)]
    reach = np.clip(length[0] / np.maximum(length[1], 1e-300), 1.0, _FURTHEST)
    found = [
        a + 2 * _aligned(reach, r) * r + _aligned(reach, r) ** 2 * v
        for a, r, v in zip(start, first, bend, strict=True)
    ]
    lowest = np.linalg.eigvalsh(found[1] / scales[1])[:, 0]
    mean, covariance = (
        np.where(_aligned(lowest > _SMALLEST_ROOT, new), new, old)
        for new, old in zip(found, twice, strict=True)
    )
    return mean, covariance


def _length(difference: Sequence[Floats], scales: Sequence[Floats]) -> Floats:
    squares = [
        ((one / scale) ** 2).reshape(len(one), -1).sum(axis=1)
        for one, scale in zip(difference, scales, strict=True)
    ]
    return np.asarray(np.sqrt(squares[0] + squares[1]))


def _aligned(values: npt.NDArray[Any], like: Floats) -> npt.NDArray[Any]:
    return values.reshape(-1, *[1] * (like.ndim - 1))


def _em_step(
    weight: Floats, total: Floats, cross: Floats, seen: Truths, mean: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """Return the next means and covariances: fill in what is expected, and add up."""
    size = mean.shape[1]
    both = seen[:, :, None] & seen[:, None, :]
    # A driver that is made up of others leaves no inverse; a trace of its own keeps one.
    shown = np.where(both, covariance[:, None], 0.0) * (1 + _TRACE * np.eye(size))
    inverse = np.where(both, np.linalg.inv(shown + np.eye(size) * ~seen[:, :, None]), 0.0)
    slopes = covariance[:, None] @ inverse
    left = covariance[:, None] - slopes @ covariance[:, None]
    masked = np.where(seen, mean[:, None], 0.0)
    first = total - weight[..., None] * masked
    second = (
        cross
        - _outer(total, masked)
        - _outer(masked, total)
        + weight[..., None, None] * _outer(masked, masked)
    )
    n = weight.sum(axis=1)
    shift = np.einsum("rpij,rpj->ri", slopes, first) / n[:, None]
    seconds = slopes @ second @ np.swapaxes(slopes, -1, -2) + weight[..., None, None] * left
    filled = seconds.sum(axis=1)
    return mean + shift, filled / n[:, None, None] - _outer(shift, shift)


def _start(weight: Floats, total: Floats, cross: Floats, seen: Truths) -> tuple[Floats, Floats]:
    n = np.maximum(weight @ seen, 1e-12)
    mean = total.sum(axis=1) / n
    spread = np.einsum("rpii->ri", cross) / n - mean**2
    return mean, np.maximum(spread, 1e-12)[:, :, None] * np.eye(mean.shape[1])


def _replicated(values: Floats, replicates: bool) -> Floats:
    """Return the sum over hash groups, followed by the sums without each."""
    whole = values.sum(axis=0, keepdims=True)
    return np.concatenate([whole, whole - values]) if replicates else whole


def _all_seen(seen: Truths) -> Truths:
    return np.hstack([seen, np.ones((len(seen), OUTCOMES), dtype=bool)])


def _outer(one: Floats, other: Floats) -> Floats:
    product: Floats = one[..., :, None] * other[..., None, :]
    return product
