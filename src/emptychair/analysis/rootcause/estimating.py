"""Effects and importance of one group of customers as arrays, from its sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.rootcause.importance import importance
from emptychair.analysis.rootcause.moments import Moments, moments
from emptychair.analysis.rootcause.regression import (
    Fit,
    correlations,
    jackknife_covariance,
    slopes,
)
from emptychair.analysis.sums.crossproducts import PatternSums

_CONSTANT = 1e-12
_FEWEST_PARTS = 3  # hash groups with answers, for an interval by leaving one out
_PER_DRIVER = 3
_FEWEST_ANSWERS = 10


@dataclass(frozen=True)
class Estimates:
    """What the sums of one group say about drivers that can be told apart.

    Attributes:
        chosen: places of the usable drivers among all.
        places: of the usable, those that stand together, group by group.
        matrix: combines the usable into drivers that can be told apart.
        columns: names of the usable columns.
        moments: of the combined drivers.
        effects: per combined driver, on the scale -1 to 1.
        covariance: of the effects.
        degrees: of freedom.
        importance: shares, for all and without each hash group.
        explained: R squared likewise.
        promoters: change of the promoter share per step, for all and without each hash group.
        detractors: of the detractor share likewise.
    """

    chosen: list[int]
    places: list[list[int]]
    matrix: Floats
    columns: list[str]
    moments: Moments
    effects: Floats
    covariance: Floats
    degrees: int
    importance: Floats
    explained: Floats
    promoters: Floats
    detractors: Floats

    @property
    def is_complete(self) -> bool:
        """Whether nothing had to be filled in."""
        return self.moments.is_complete

    def with_fit(self, fit: Fit) -> Estimates:
        """Return the estimates with errors from a second pass over the answers."""
        return replace(self, covariance=fit.covariance[1:, 1:], degrees=fit.degrees)


def usable(sums: PatternSums, least: int | None = None) -> tuple[list[int], dict[str, str]]:
    """Return places of the drivers that something can be said of, and why not of the others.

    Args:
        sums: of one group.
        least: answers a driver needs; ten, and three per usable driver, by default.
    """
    p = len(sums.names)
    seen = sums.seen_rows
    total = sums.sums.sum(axis=(0, 1))
    squares = np.einsum("ii->i", sums.cross.sum(axis=(0, 1)))
    weight = sums.weight.sum(axis=0) @ sums.seen
    verdicts: dict[str, str] = {}
    bucket = total[p:] / max(float(sums.weight.sum()), 1e-300)
    parts = int(np.sum(sums.rows.sum(axis=1) > 0))
    one_bucket = max(*bucket, 1 - bucket.sum()) > 1 - _CONSTANT
    for i, name in enumerate(sums.names):
        spread = squares[i] / weight[i] - (total[i] / weight[i]) ** 2 if weight[i] > 0 else 0.0
        if not seen[i]:
            verdicts[name] = "not_rated"
        elif seen[i] > 1 and spread <= _CONSTANT * max(1.0, squares[i] / weight[i]):
            verdicts[name] = "constant"
        elif one_bucket and seen[i] > 1:
            verdicts[name] = "one_bucket"
    left = [i for i, name in enumerate(sums.names) if name not in verdicts]
    while left:
        needed = max(_FEWEST_ANSWERS, least or _PER_DRIVER * len(left))
        fewest = min(left, key=lambda i: (seen[i], i))
        if seen[fewest] >= needed and parts >= _FEWEST_PARTS:
            break
        verdicts[sums.names[fewest]] = "too_few"
        left.remove(fewest)
    return left, verdicts


def estimates(
    sums: PatternSums, chosen: list[int], places: list[list[int]], matrix: Floats
) -> Estimates:
    """Return effects and importance of combined drivers, with jackknife replicates.

    Args:
        sums: of one group of customers.
        chosen: places of the usable drivers.
        places: which of them stand together.
        matrix: combines them.
    """
    kept = sums.keep(chosen)
    names = tuple(" + ".join(kept.names[i] for i in group) for group in places)
    found = moments(kept).mapped(names, matrix)
    p = len(names)
    effects = slopes(found)
    parts = np.maximum(importance(correlations(found)), 0.0)
    explained = parts.sum(axis=1)
    shares = parts / np.maximum(explained, _CONSTANT)[:, None]
    return Estimates(
        chosen=chosen,
        places=places,
        matrix=matrix,
        columns=list(kept.names),
        moments=found,
        effects=effects[0],
        covariance=jackknife_covariance(effects),
        degrees=max(1, len(effects) - 2),
        importance=shares,
        explained=explained,
        promoters=slopes(found, found.covariance[:, :p, p]),
        detractors=slopes(found, found.covariance[:, :p, p + 1]),
    )


@dataclass(frozen=True)
class Performance:
    """How a driver is rated: the mean, its standard error, the fewest who rated a member."""

    mean: float | None
    error: float
    n: int


def performance(sums: PatternSums, members: Sequence[int]) -> Performance:
    """Return how those who rated a driver rated it; over several members the mean of theirs."""
    total = sums.sums.sum(axis=(0, 1))
    squares = np.einsum("ii->i", sums.cross.sum(axis=(0, 1)))
    weight = sums.weight.sum(axis=0) @ sums.seen
    known = [i for i in members if weight[i] > 0]
    n = round(min(float(sums.seen_rows[i]) for i in members))
    if not known:
        return Performance(None, 0.0, n)
    means = [float(total[i] / weight[i]) for i in known]
    spreads = [
        max(0.0, float(squares[i] / weight[i]) - m**2) for i, m in zip(known, means, strict=True)
    ]
    return Performance(sum(means) / len(means), (sum(spreads) / len(spreads) / n) ** 0.5, n)
