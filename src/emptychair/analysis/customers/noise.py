"""Moves that were no moves: what is left of a transition matrix without the noise of the answers.

Behind an answer stands what the customer thinks, on a normal scale cut into three buckets. Two
answers correlate by how reliable an answer is and by how much customers changed meanwhile, the more
the longer. So two distances between answers tell both apart: one period, and a few days (or two
periods, where nobody is asked again so soon). How the normal scale's cells differ with and without
noise is what noise did to the shares seen. Customers who answer more readily in one bucket than in
another are weighted back by what those known from before answer now.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from scipy import optimize, special

from emptychair.analysis.delivery.intervals import Floats

FEWEST_REPEATS = 60
FEWEST_APART = 400  # two periods apart: noise and change are then harder to tell apart

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_LEAST, MOST_RELIABLE = 0.05, 0.999
_FAR = 8.0  # a threshold nobody lies beyond


@dataclass(frozen=True)
class Corrected:
    """A transition matrix of what customers think, rather than say.

    Attributes:
        shares: rows from the three buckets, columns to them and to lost.
        reliability: correlation of two answers that nothing lies between.
        correlation: of what customers think, from one period to the next.
        moved_share: customers who changed their bucket, of those still there.
        answer_weights: how many customers an answer of each bucket stands for.
    """

    shares: Floats
    reliability: float
    correlation: float
    moved_share: float
    answer_weights: Floats


def corrected_moves(
    moves: Floats,
    repeats: Floats,
    *,
    gap: float = 0.0,
    weights: Floats | None = None,
    reliability: float | None = None,
) -> Corrected:
    """Return the transition matrix without the noise of answers and of who answers.

    Args:
        moves: counts from detractor, passive, promoter (and silent) to those, silent, lost.
        repeats: counts of two answers of a customer, by bucket then and after.
        gap: mean time between these, in periods; anything but one.
        weights: `answer_weights` known from elsewhere; from `moves` when left out.
        reliability: known from elsewhere; from `repeats` when left out.

    References:
        Reliability and attenuation: Spearman (1904). Correlation behind ordered categories:
        Olsson (1979), "Maximum likelihood estimation of the polychoric correlation
        coefficient", Psychometrika 44(4), 443-460. Weights: Chang & Kott (2008), Biometrika
        95(3), 555-571.
    """
    seen, silent, lost = moves[:3, :3], moves[:3, 3], moves[:3, 4]
    x = answer_weights(seen, silent) if weights is None else weights
    joint = x[:, None] * seen * x
    then, now = _thresholds(joint.sum(axis=1)), _thresholds(joint.sum(axis=0))
    observed = latent_correlation(joint)
    if reliability is None:
        reliability = reliability_of(observed, x[:, None] * repeats * x, gap)
    true = float(np.clip(observed / reliability, -MOST_RELIABLE, MOST_RELIABLE))
    root = sqrt(reliability)
    fitted, model = _rectangles(then, now, observed), _rectangles(then / root, now / root, true)
    # What the model adds to or takes from each cell, put on what was seen: without noise, nothing.
    shares = joint * model / np.maximum(fitted, 1e-300)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
    behind = _rectangles(then, then / root, root)  # what was said, what was thought
    behind = behind / behind.sum(axis=1, keepdims=True)
    seen_lost = lost / np.maximum(moves[:3].sum(axis=1), 1.0)
    left = optimize.lsq_linear(behind, seen_lost, bounds=(0.0, 1.0)).x
    start = model.sum(axis=1)
    moved = float((start * (1 - np.diag(shares))).sum() / start.sum())
    return Corrected(
        np.column_stack([shares * (1 - left)[:, None], left]), reliability, true, moved, x
    )


def reliability_of(observed: float, repeats: Floats, gap: float) -> float:
    """Return the correlation of two answers that nothing lies between.

    With reliability c and a correlation r of what customers think from period to period, answers
    one period apart correlate by c r and answers `gap` periods apart by c r^gap.

    Args:
        observed: correlation of answers one period apart.
        repeats: counts of two answers by bucket, weighted.
        gap: mean time between these, in periods.

    Examples:
        >>> same = np.array([[33.333333, 16.666667], [16.666667, 33.333333]])
        >>> round(reliability_of(0.4, same, 0.0), 3), round(reliability_of(0.6, same, 2.0), 3)
        (0.5, 0.72)
    """
    found = latent_correlation(repeats + repeats.T if gap < 1 else repeats)
    if min(found, observed) <= 0:
        return MOST_RELIABLE  # nothing to be told apart
    kept = (observed / found) ** (1 / (1 - gap))
    return float(np.clip(observed / max(kept, _LEAST), max(observed, _LEAST), MOST_RELIABLE))


def answer_weights(seen: Floats, silent: Floats) -> Floats:
    """Return how many customers an answer stands for, by bucket, so that known totals come out.

    Of those who said i before, sum_j seen_ij x_j must be all of them, silent included.

    Examples:
        >>> seen = np.array([[40.0, 10.0, 0.0], [10.0, 30.0, 10.0], [0.0, 10.0, 80.0]])
        >>> answer_weights(seen, np.array([50.0, 50.0, 90.0])).round(3).tolist()
        [2.0, 2.0, 2.0]
    """
    total = seen.sum(axis=1) + silent
    if np.linalg.matrix_rank(seen) < len(seen):
        return np.ones(len(seen))
    scale = 1 / np.maximum(total, 1.0)
    found = optimize.lsq_linear(seen * scale[:, None], total * scale, bounds=(1.0, 1000.0))
    return np.asarray(found.x)


def latent_correlation(table: Floats) -> float:
    """Return the correlation of the normal scales behind a table of ordered categories.

    Thresholds come from the margins, the correlation by maximum likelihood.

    Examples:
        >>> round(latent_correlation(np.array([[25.0, 25.0], [25.0, 25.0]])), 6)
        0.0
        >>> round(latent_correlation(np.array([[33.333333, 16.666667], [16.666667, 33.333333]])), 3)
        0.5
    """
    rows, columns = _thresholds(table.sum(axis=1)), _thresholds(table.sum(axis=0))

    def depth(correlation: float) -> float:
        chances = np.maximum(_rectangles(rows, columns, correlation), 1e-300)
        return -float((table * np.log(chances)).sum())

    found = optimize.minimize_scalar(
        depth, bounds=(-MOST_RELIABLE, MOST_RELIABLE), method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x)


def _thresholds(margin: Floats) -> Floats:
    shares = np.cumsum(margin)[:-1] / margin.sum()
    return np.asarray(np.clip(special.ndtri(np.clip(shares, 0, 1)), -_FAR, _FAR))


def _rectangles(rows: Floats, columns: Floats, correlation: float) -> Floats:
    """Return the chances of the cells that thresholds cut out of a two-dimensional normal."""
    a = np.concatenate([[-_FAR], rows, [_FAR]])
    b = np.concatenate([[-_FAR], columns, [_FAR]])
    below = normal_both_below(a[:, None], b[None, :], correlation)
    return np.asarray(np.maximum(np.diff(np.diff(below, axis=0), axis=1), 0.0))


def normal_both_below(a: Floats, b: Floats, correlation: float) -> Floats:
    """Return the chance that two correlated normal values are below `a` and `b`.

    References:
        Genz (2004), "Numerical computation of rectangular bivariate and trivariate normal and
        t probabilities", Statistics and Computing 14, 251-260, eq. 3.

    Examples:
        >>> zero = np.zeros(1)
        >>> normal_both_below(zero, zero, 0.5).round(6).tolist()
        [0.333333]
    """
    top = np.arcsin(correlation)
    angles = top * (_NODES + 1) / 2
    a, b = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    sine, cosine = np.sin(angles), np.cos(angles) ** 2
    squares = a[..., None] ** 2 + b[..., None] ** 2 - 2 * a[..., None] * b[..., None] * sine
    integral = (np.exp(-squares / (2 * cosine)) * _WEIGHTS).sum(axis=-1) * top / 2
    return np.asarray(special.ndtr(a) * special.ndtr(b) + integral / (2 * pi))
