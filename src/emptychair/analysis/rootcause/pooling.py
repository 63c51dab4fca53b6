"""Effects of many segments, each pulled towards the company's by how uncertain it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError

_STEPS = 200
_TINY = 1e-10
_GROUPS_PER_EFFECT = 5  # below it the effects' variances are found one by one


@dataclass(frozen=True)
class Pooled:
    """Several effects of one segment after pooling.

    Attributes:
        effects: pulled towards the company's.
        covariance: their posterior covariance.
        away: effects less those of all segments together.
        away_covariance: of `away`.
    """

    effects: Floats
    covariance: Floats
    away: Floats
    away_covariance: Floats


@dataclass(frozen=True)
class Pooling:
    """All segments after pooling.

    Attributes:
        groups: one result per segment.
        mean: the effects that segments vary around.
        mean_covariance: of the mean.
        between: true covariance between segments.
    """

    groups: list[Pooled]
    mean: Floats
    mean_covariance: Floats
    between: Floats


def pool(
    effects: Sequence[Floats],
    covariances: Sequence[Floats],
    sizes: Sequence[float] | None = None,
) -> Pooling:
    """Pool effects of segments, two-stage empirical Bayes by restricted likelihood.

    b_s is normal around a common mean with covariance T + V_s. With fewer than five segments
    per effect, or where the whole of T comes out as no covariance, only its diagonal is found.

    Args:
        effects: b_s, one vector per segment.
        covariances: V_s, sampling covariance of each.
        sizes: how large each is, for the company's mean; all the same by default.

    Raises:
        ArgumentError: there is no segment, or numbers of effects differ.

    References:
        Berkey et al. (1998), Statistics in Medicine 17(22), 2537-2550; Laird & Ware (1982),
        "Random-Effects Models for Longitudinal Data", Biometrics 38(4), 963-974. Fisher
        scoring as in Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30(3).

    Examples:
        >>> found = pool([np.array([1.0]), np.array([5.0])], [np.eye(1), np.eye(1)])
        >>> found.between.round(3).tolist(), found.groups[0].effects.round(3).tolist()
        ([[7.0]], [1.25])
    """
    if not len(effects) or len({len(one) for one in effects}) > 1:
        raise ArgumentError("Pooling needs at least one segment, and the same effects in each.")
    b, v = np.array(effects, dtype=np.float64), np.array(covariances, dtype=np.float64)
    # In units of the effects' own standard errors, so that small steps mean the same for all.
    scale = np.sqrt(np.maximum(np.mean(np.einsum("sii->si", v), axis=0), 1e-300))
    b, v = b / scale, v / np.outer(scale, scale)
    between = _between(b, v)
    mean, spread, shrink = _fit(b, v, between)
    units = np.outer(scale, scale)
    parts = np.ones(len(b)) if sizes is None else np.array(sizes, dtype=np.float64)
    groups = _pooled(b, mean, spread, shrink, between, parts / parts.sum())
    return Pooling(
        [
            Pooled(one.effects * scale, one.covariance * units, one.away * scale,
                   one.away_covariance * units)
            for one in groups
        ],
        mean * scale,
        spread * units,
        between * units,
    )  # fmt: skip


def _pooled(
    b: Floats, mean: Floats, spread: Floats, shrink: Floats, between: Floats, parts: Floats
) -> list[Pooled]:
    """Return the posterior of each segment, and of how far it is from all segments together."""
    rest = np.eye(b.shape[1]) - shrink
    own = rest @ between
    effects = mean + np.einsum("sij,sj->si", shrink, b - mean)
    together = parts @ effects
    found = []
    for s in range(len(b)):
        share = -parts
        share[s] += 1.0
        turned = np.einsum("t,tij->ij", share, rest)
        away = np.einsum("t,tij->ij", share**2, own) + turned @ spread @ turned.T
        found.append(
            Pooled(effects[s], own[s] + rest[s] @ spread @ rest[s].T, effects[s] - together, away)
        )
    return found


def _between(b: Floats, v: Floats) -> Floats:
    """Return the covariance between segments by Fisher scoring of the restricted likelihood."""
    segments, size = b.shape
    if segments < 2:
        return np.zeros((size, size))
    diagonal = [_unit(size, i, i) for i in range(size)]
    between = _scored(b, v, diagonal, is_diagonal=True)
    if segments >= _GROUPS_PER_EFFECT * size and size > 1:
        crossed = [_unit(size, i, j) for i in range(size) for j in range(i)]
        found = _scored(b, v, [*diagonal, *crossed], is_diagonal=False)
        if float(np.min(np.linalg.eigvalsh(found))) >= 0:
            return found
    return between


def _scored(b: Floats, v: Floats, basis: Sequence[Floats], *, is_diagonal: bool) -> Floats:
    """Return the sum of multiples of `basis` at which the score is zero, or its edge reached."""
    size = b.shape[1]
    seen = np.var(b, axis=0, ddof=1) - np.mean(np.einsum("sii->si", v), axis=0)
    part = np.zeros(len(basis))
    part[:size] = np.maximum(seen, 0.1)
    change, steps = 1.0, 0
    while change > _TINY * (1 + float(np.max(np.abs(part)))) and steps < _STEPS:
        between = np.einsum("k,kij->ij", part, np.array(basis))
        score, information = _score(b, v, between, basis)
        free = (part > 0) | (score > 0) if is_diagonal else np.ones(len(basis), dtype=bool)
        step = np.zeros(len(basis))
        inner = information[np.ix_(free, free)]
        step[free] = np.linalg.lstsq(inner, score[free], rcond=None)[0]
        newer = np.maximum(part + step, 0.0) if is_diagonal else part + step
        change = float(np.max(np.abs(newer - part)))
        part, steps = newer, steps + 1
    found: Floats = np.einsum("k,kij->ij", part, np.array(basis))
    return found


def _score(b: Floats, v: Floats, between: Floats, basis: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return slope and expected curvature of twice the restricted log-likelihood."""
    precision = np.linalg.pinv(v + between, hermitian=True)
    spread = np.linalg.pinv(precision.sum(axis=0), hermitian=True)
    mean = spread @ np.einsum("sij,sj->i", precision, b)
    pulls = np.einsum("sij,sj->si", precision, b - mean)
    # P = W - W X (X'WX)^-1 X'W, as blocks of two segments each.
    blocks = -np.einsum("sij,jk,tkl->stil", precision, spread, precision, optimize=True)
    own = np.arange(len(b))
    blocks[own, own] += precision
    trace = np.einsum("ssij->ij", blocks)
    outer = np.einsum("si,sj->ij", pulls, pulls)
    flat = blocks.reshape(len(b) ** 2, -1)
    size = b.shape[1]
    squares = np.swapaxes((flat.T @ flat).reshape(size, size, size, size), 1, 2)
    parts = np.array(basis).reshape(len(basis), -1)
    information = parts @ squares.reshape(size**2, size**2) @ parts.T
    return parts @ (outer - trace).ravel(), information


def _unit(size: int, i: int, j: int) -> Floats:
    found = np.zeros((size, size))
    found[i, j] = found[j, i] = 1.0
    return found


def _fit(b: Floats, v: Floats, between: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean, its covariance, and how much each segment keeps of its own."""
    precision = np.linalg.pinv(v + between, hermitian=True)
    spread = np.linalg.pinv(precision.sum(axis=0), hermitian=True)
    mean = spread @ np.einsum("sij,sj->i", precision, b)
    return mean, spread, between @ precision
