"""How much of the differences in answers each driver goes along with: LMG (Shapley) shares."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import factorial

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError

MOST_FOR_LMG = 15

_TINY = 1e-10  # share of a variance below which a driver is made up of the others
_CHUNK = 2**19  # cells worked on at once


def subset_r2(correlation: Floats) -> Floats:
    """Return R squared of every subset of predictors.

    Args:
        correlation: correlations of the predictors and, last, the outcome; several matrices
            are worked on at once, (sets, p + 1, p + 1).

    Returns:
        (sets, 2**p); predictor j is in subset number k when bit j of k is set.

    Examples:
        >>> r = np.array([[[1.0, 0.0, 0.6], [0.0, 1.0, 0.5], [0.6, 0.5, 1.0]]])
        >>> subset_r2(r).round(2).tolist()
        [[0.0, 0.36, 0.25, 0.61]]
    """
    sets, size = correlation.shape[:2]
    per_set = 2 ** (size - 1) * 8
    step = max(1, _CHUNK // per_set)
    parts = [_subsets(correlation[start : start + step]) for start in range(0, sets, step)]
    return np.concatenate(parts)


def _subsets(matrices: Floats) -> Floats:
    """Return R squared of all subsets: take each predictor out or leave it, one by one."""
    sets = len(matrices)
    tables = np.ascontiguousarray(np.moveaxis(matrices, 0, -1))  # long rows are quick
    while len(tables) > 1:
        pivot, rest = tables[0, 0], tables[1:, 1:]
        inverse = np.where(pivot > _TINY, 1 / np.where(pivot > _TINY, pivot, 1.0), 0.0)
        taken = rest - tables[1:, :1] * (tables[:1, 1:] * inverse)
        tables = np.concatenate([rest, taken], axis=-1)
    found: Floats = matrices[:, -1, -1, None] - tables[0, 0].reshape(-1, sets).T
    return found


def lmg(correlation: Floats) -> Floats:
    """Return the LMG (Shapley) parts of R squared, (sets, p); their sum is R squared.

    Args:
        correlation: as for `subset_r2`; at most 15 predictors.

    References:
        Lindeman, Merenda & Gold (1980), "Introduction to Bivariate and Multivariate Analysis";
        Groemping (2006), Journal of Statistical Software 17(1).

    Examples:
        >>> r = np.array([[[1.0, 0.5, 0.6], [0.5, 1.0, 0.5], [0.6, 0.5, 1.0]]])
        >>> lmg(r).round(4).tolist()
        [[0.2617, 0.1517]]
    """
    p = correlation.shape[1] - 1
    _check_size(p)
    weights = [factorial(k) * factorial(p - 1 - k) / factorial(p) for k in range(p)]
    return subset_r2(correlation) @ _contrast(p, weights)


def dominance(correlation: Floats) -> Floats:
    """Return the conditional dominance table: mean increments by predictor and subset size.

    Args:
        correlation: of one data set, (p + 1, p + 1), the outcome last.

    Returns:
        (p, p): row per predictor, column per number of other predictors already there.

    References:
        Azen & Budescu (2003), Psychological Methods 8(2), 129-148.
    """
    p = correlation.shape[0] - 1
    _check_size(p)
    r2 = subset_r2(correlation[None])
    columns = []
    for level in range(p):
        sets = factorial(p - 1) / (factorial(level) * factorial(p - 1 - level))
        weights = [1 / sets if k == level else 0.0 for k in range(p)]
        columns.append((r2 @ _contrast(p, weights))[0])
    return np.column_stack(columns)


def johnson(correlation: Floats) -> Floats:
    """Return Johnson's relative weights, (sets, p): a fast stand-in for LMG with many drivers.

    References:
        Johnson (2000), Multivariate Behavioral Research 35(1), 1-19.

    Examples:
        >>> r = np.array([[[1.0, 0.5, 0.6], [0.5, 1.0, 0.5], [0.6, 0.5, 1.0]]])
        >>> johnson(r).round(4).tolist()
        [[0.2617, 0.1517]]
    """
    among, outcome = correlation[:, :-1, :-1], correlation[:, :-1, -1]
    values, vectors = np.linalg.eigh(among)
    root = np.sqrt(np.maximum(values, 0.0))
    turned = np.swapaxes(vectors, 1, 2)
    loadings = (vectors * root[:, None]) @ turned
    with np.errstate(divide="ignore"):
        inverse = np.where(values > _TINY, 1 / np.where(values > _TINY, root, 1.0), 0.0)
    slopes = np.einsum("rij,rj->ri", (vectors * inverse[:, None]) @ turned, outcome)
    found: Floats = np.einsum("rij,rj->ri", loadings**2, slopes**2)
    return found


def importance(correlation: Floats) -> Floats:
    """Return the parts of R squared by LMG, or by Johnson's weights beyond 15 predictors."""
    few = correlation.shape[1] - 1 <= MOST_FOR_LMG
    return lmg(correlation) if few else johnson(correlation)


@lru_cache(maxsize=64)
def _contrasts(p: int, weights: tuple[float, ...]) -> Floats:
    subsets = np.arange(2**p)
    sizes = np.array([bin(k).count("1") for k in subsets])
    found = np.zeros((2**p, p))
    for j in range(p):
        bit = 1 << j
        without = subsets[(subsets & bit) == 0]
        gain = np.array(weights)[sizes[without]]
        found[without | bit, j] += gain
        found[without, j] -= gain
    return found


def _contrast(p: int, weights: Sequence[float]) -> Floats:
    """Return what turns R squared of all subsets into weighted increments, (2**p, p)."""
    return _contrasts(p, tuple(weights))


def _check_size(p: int) -> None:
    if p > MOST_FOR_LMG:
        raise ArgumentError(
            f"LMG takes at most {MOST_FOR_LMG} predictors, not {p}: group them, or use johnson."
        )
