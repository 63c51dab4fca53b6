"""Proportional odds on grouped answers: the check of effects near the ends of the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, DataError
from emptychair.analysis.sums.counts import bucket_value, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_CELLS = 50_000

_STEPS = 30  # Newton's method needs about six; without a maximum it never ends
_TINY = 1e-10
_LEAST = 1e-12  # chance below which a cell is as good as impossible


@dataclass(frozen=True)
class OrdinalFit:
    """A proportional-odds model of detractor, passive, promoter.

    Attributes:
        coefficients: per driver, on the scale of log odds; above 0 goes along with more.
        cuts: the two thresholds.
        covariance: of coefficients and cuts.
        deviance: minus twice the log-likelihood.
        n: answers, or the sum of their weights.
    """

    coefficients: Floats
    cuts: Floats
    covariance: Floats
    deviance: float
    n: float


@dataclass(frozen=True)
class AverageEffect:
    """How far the NPS goes up, on the scale -1 to 1, with its delta-method standard error."""

    value: float
    standard_error: float


def proportional_odds(design: Floats, counts: Floats) -> OrdinalFit:
    """Fit log odds(answer <= k) = cut_k - x'b by Newton's method on cells.

    Args:
        design: drivers of each cell, (cells, drivers), without an intercept.
        counts: detractors, passives and promoters in each cell, (cells, 3).

    Raises:
        DataError: a bucket is empty, a driver is made up of others, or drivers tell buckets
            apart completely, so that no finite odds fit.

    References:
        McCullagh (1980), Journal of the Royal Statistical Society B 42(2), 109-142. Venables
        & Ripley (2002), "Modern Applied Statistics with S", 7.3.

    Examples:
        >>> fit = proportional_odds(np.array([[0.0], [1.0]]), np.array([[6, 3, 1], [1, 3, 6]]))
        >>> round(float(fit.coefficients[0]), 3)
        2.603
    """
    if np.any(counts.sum(axis=0) == 0):
        raise DataError("Ordinal odds need detractors, passives and promoters.")
    p = design.shape[1]
    if p and np.linalg.matrix_rank(np.hstack([np.ones((len(design), 1)), design])) <= p:
        raise DataError("A driver is made up of others, so their odds cannot be told apart.")
    shares = np.cumsum(counts.sum(axis=0)) / counts.sum()
    start = np.log(shares[:2] / (1 - shares[:2]))
    theta = np.concatenate([np.zeros(p), start])
    level, slope, curve = _likelihood(design, counts, theta)
    length, steps = 1.0, 0
    while length > _TINY and steps < _STEPS:
        step = np.linalg.lstsq(-curve, slope, rcond=None)[0]
        theta, steps, length = theta + step, steps + 1, float(np.max(np.abs(step)))
        level, slope, curve = _likelihood(design, counts, theta)
    if length > _TINY:
        raise DataError("Drivers tell the buckets almost completely apart: no finite odds fit.")
    covariance: Floats = np.asarray(np.linalg.inv(-curve), dtype=np.float64)
    return OrdinalFit(theta[:p], theta[p:], covariance, -2 * level, float(counts.sum()))


def average_effect(
    fit: OrdinalFit, low: Floats, high: Floats, weight: Floats | None = None
) -> AverageEffect:
    """Return the mean change of the NPS when everybody's drivers go from `low` to `high`.

    Args:
        fit: from `proportional_odds`.
        low: drivers of each cell before, (cells, drivers).
        high: drivers of each cell after.
        weight: answers in each cell; all the same by default.
    """
    w = np.ones(len(low)) if weight is None else weight
    w = w / w.sum()
    before, slope_before = _nps(fit, low)
    after, slope_after = _nps(fit, high)
    slope = w @ (slope_after - slope_before)
    return AverageEffect(
        float(w @ (after - before)), float(np.sqrt(slope @ fit.covariance @ slope))
    )


def cells_of(responses: ir.Table, drivers: Sequence[str]) -> tuple[Floats, Floats]:
    """Return the drivers of each cell of equal ratings, and its buckets, from complete answers.

    Args:
        responses: one row per response.
        drivers: columns with ratings; answers without one of them do not count.

    Raises:
        ArgumentError: there are more cells than can be worked on here.
    """
    check_columns(responses, ["score", *drivers])
    rows = counted(responses).drop_null(list(drivers))
    rows = rows.select(
        s=bucket_value(rows["score"]), **{f"x_{i}": rows[n] for i, n in enumerate(drivers)}
    )
    names = [f"x_{i}" for i in range(len(drivers))]
    s = rows["s"]
    cells = rows.group_by(names).aggregate(
        detractors=(s == -1).sum(), passives=(s == 0).sum(), promoters=(s == 1).sum()
    )
    found = cells.limit(MOST_CELLS + 1).to_pyarrow()
    if len(found) > MOST_CELLS:
        raise ArgumentError(
            f"The ratings make more than {MOST_CELLS} different cells; choose fewer with --ratings."
        )
    design = np.column_stack([found[name].to_numpy().astype(float) for name in names])
    buckets = ("detractors", "passives", "promoters")
    counts = np.column_stack([found[name].to_numpy().astype(float) for name in buckets])
    order = np.lexsort(design.T[::-1])
    return design[order], counts[order]


def _likelihood(design: Floats, counts: Floats, theta: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood with its first and second derivatives."""
    p = design.shape[1]
    eta = design @ theta[:p]
    sides = []
    for cut in range(2):
        move = np.zeros((len(design), p + 2))
        move[:, :p], move[:, p + cut] = -design, 1.0
        sides.append((_logistic(theta[p + cut] - eta), move))
    level, slope, curve = 0.0, np.zeros(p + 2), np.zeros((p + 2, p + 2))
    for bucket in range(3):
        upper = sides[bucket] if bucket < 2 else None
        lower = sides[bucket - 1] if bucket > 0 else None
        chance = np.ones(len(design)) if upper is None else upper[0]
        chance = chance - (0.0 if lower is None else lower[0])
        chance = np.maximum(chance, _LEAST)
        n = counts[:, bucket]
        level += float(n @ np.log(chance))
        first = np.zeros((len(design), p + 2))
        for side, sign in ((upper, 1.0), (lower, -1.0)):
            if side is None:
                continue
            f, move = side
            density = f * (1 - f)
            first += (sign * density / chance)[:, None] * move
            bend = sign * density * (1 - 2 * f) / chance
            curve += (move * (n * bend)[:, None]).T @ move
        slope += n @ first
        curve -= (first * n[:, None]).T @ first
    return level, slope, curve


def _nps(fit: OrdinalFit, design: Floats) -> tuple[Floats, Floats]:
    """Return the expected answer of each cell, and its derivatives."""
    p = design.shape[1]
    eta = design @ fit.coefficients
    slope = np.zeros((len(design), p + 2))
    value = np.ones(len(design))
    for cut in range(2):  # NPS = 1 - P(at most passive) - P(detractor)
        f = _logistic(fit.cuts[cut] - eta)
        density = f * (1 - f)
        value = value - f
        slope[:, :p] += density[:, None] * design
        slope[:, p + cut] -= density
    return value, slope


def _logistic(value: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(value, -700, 700)))
    return found
