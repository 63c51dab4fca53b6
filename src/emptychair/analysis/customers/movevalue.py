"""What a customer who moved brought more than one who stayed: the value of a move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emptychair.analysis.customers.worth import replicates
from emptychair.analysis.delivery.intervals import Floats, normal_quantile
from emptychair.analysis.delivery.shrink import shrink
from emptychair.analysis.sums.followup import BUCKETS
from emptychair.analysis.sums.jackknife import from_replicates

FEWEST_MOVERS = 5

_FEWEST_TO_SHRINK = 3
_DISAGREE = 2.0  # standard errors between the move and the level difference


@dataclass(frozen=True)
class MoveValue:
    """What moving from one bucket to another goes along with, in money per year.

    Attributes:
        before: bucket moved from.
        after: bucket moved to.
        n: customers who moved so.
        raw: movers less stayers, given what both paid before.
        value: pulled towards what the level of the two buckets lets one expect.
        low: lower limit of its interval.
        high: upper limit.
        level: what stayers of the second bucket bring more than stayers of the first.
        disagrees: raw and level lie more than two standard errors apart, so that movers are
            not the average members of a bucket.
    """

    before: str
    after: str
    n: int
    raw: float
    value: float
    low: float
    high: float
    level: float
    disagrees: bool


def move_values(sums: Floats, confidence: float = 0.95) -> list[MoveValue]:
    """Return the value of each move that enough customers made.

    Movers from i to j against stayers in i, within a period and segment, at equal money
    before (analysis of covariance with one slope); then every move is pulled towards the
    difference between stayers of j and stayers of i by how uncertain it is.

    Args:
        sums: from `money_moves`.
        confidence: coverage of the intervals.

    References:
        Analysis of covariance: Cochran (1957), Biometrics 13(3), 261-281. Shrinkage: Fay &
        Herriot (1979), Journal of the American Statistical Association 74, 269-277.
    """
    people = sums[..., 0].sum(axis=(0, 1))
    moves = [
        (i, j)
        for i in range(len(BUCKETS))
        for j in range(len(BUCKETS))
        if i != j and people[i, j] >= FEWEST_MOVERS and people[i, i] and people[j, j]
    ]
    if not moves:
        return []
    contrasts = adjusted_contrasts(replicates(sums))
    found = []
    for i, j in moves:
        moved = contrasts[:, i, j, 0]
        level = contrasts[:, i, j, 1]
        if np.isfinite(moved).all() and np.isfinite(level).all():
            gap = from_replicates(float(moved[0] - level[0]), (moved - level)[1:].tolist())
            own = from_replicates(float(moved[0]), moved[1:].tolist())
            found.append((i, j, int(people[i, j]), own, float(level[0]), gap))
    z = normal_quantile(confidence)
    variances = [max(gap.standard_error**2, 1e-12) for *_, gap in found]
    if len(found) >= _FEWEST_TO_SHRINK:
        pulled = shrink([gap.value for *_, gap in found], variances, confidence=confidence).groups
        centres = [(one.value, one.standard_error) for one in pulled]
    else:
        centres = [(gap.value, gap.standard_error) for *_, gap in found]
    return [
        MoveValue(
            BUCKETS[i],
            BUCKETS[j],
            n,
            own.value,
            level + centre,
            level + centre - z * error,
            level + centre + z * error,
            level,
            abs(gap.value) > _DISAGREE * gap.standard_error,
        )
        for (i, j, n, own, level, gap), (centre, error) in zip(found, centres, strict=True)
    ]


def adjusted_contrasts(sums: Floats) -> Floats:
    """Return movers i to j less stayers in i, and stayers in j less those in i.

    Args:
        sums: of the shape (..., strata, 3, 3, n x y xx xy).

    Returns:
        Of the shape (..., 3, 3, 2); NaN where there is nobody to compare.
    """
    n, x, y, xx, xy = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(n > 0, xx - x * x / n, 0.0).sum(axis=(-3, -2, -1))
        together = np.where(n > 0, xy - x * y / n, 0.0).sum(axis=(-3, -2, -1))
        slope = np.where(spread > 1e-9, together / spread, 0.0)
        level = (y - slope[..., None, None, None] * x) / n
        stay_n, stay = (np.diagonal(one, axis1=-2, axis2=-1) for one in (n, level))
        moved = _pooled(level - stay[..., :, None], n, stay_n[..., :, None])
        levels = _pooled(
            stay[..., None, :] - stay[..., :, None], stay_n[..., None, :], stay_n[..., :, None]
        )
    return np.stack([moved, levels], axis=-1)


def _pooled(gaps: Floats, n: Floats, other: Floats) -> Floats:
    """Return the mean gap over strata, each weighted by how much it can tell."""
    weight = np.where((n > 0) & (other > 0), n * other / (n + other), 0.0)
    total = weight.sum(axis=-3)
    gaps = np.where(weight > 0, gaps, 0.0)
    return np.asarray(np.where(total > 0, (weight * gaps).sum(axis=-3) / total, np.nan))
