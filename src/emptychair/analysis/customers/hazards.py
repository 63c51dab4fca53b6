"""How traits go along with leaving, at any time alike: proportional hazards.

Rows must reach Python here, since every step of the fit passes over all customers in the order of
time; give groups of equal customers with their number where there are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, DataError

_STEPS = 50
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Hazards:
    """The fitted model.

    Attributes:
        coefficients: by trait, change of the log hazard per unit.
        standard_errors: of these.
        p_values: of no change.
        log_likelihood: partial, of the fit.
        null_log_likelihood: partial, without any trait.
    """

    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    p_values: tuple[float, ...]
    log_likelihood: float
    null_log_likelihood: float


def proportional_hazards(
    times: Sequence[float],
    lost: Sequence[bool],
    traits: Sequence[Sequence[float]],
    strata: Sequence[object] | None = None,
) -> Hazards:
    """Fit Cox's model with Efron's treatment of ties.

    Args:
        times: how long each customer was followed.
        lost: whether he or she left then.
        traits: numbers known of each customer.
        strata: groups with a hazard of their own; one for all when left out.

    Raises:
        ArgumentError: lengths differ.
        DataError: nobody left, or a trait is the same for everybody or follows from others.

    References:
        Cox (1972), "Regression Models and Life-Tables", Journal of the Royal Statistical
        Society B 34(2), 187-220; Efron (1977), Journal of the American Statistical
        Association 72, 557-565.

    Examples:
        >>> fit = proportional_hazards([1, 2, 3, 4], [True] * 4, [[1], [0], [1], [0]])
        >>> round(fit.coefficients[0], 4)
        0.9406
    """
    x = np.asarray(traits, dtype=np.float64)
    t, d = np.asarray(times, dtype=np.float64), np.asarray(lost, dtype=bool)
    names = [0] * len(t) if strata is None else list(strata)
    if not len(t) == len(d) == len(x) == len(names) or x.ndim != 2:
        raise ArgumentError("Each customer needs a time, whether lost, traits and a stratum.")
    if not d.any():
        raise DataError("Nobody left, so it cannot be told what goes along with leaving.")
    x = x - x.mean(axis=0)
    groups = [np.array([name == one for name in names]) for one in dict.fromkeys(names)]
    parts = [(t[chosen], d[chosen], x[chosen]) for chosen in groups]
    beta = np.zeros(x.shape[1])
    value, slope, curvature = _sum(parts, beta)
    null = value
    for _ in range(_STEPS):
        if np.linalg.matrix_rank(curvature) < len(beta):
            raise DataError("A trait is the same for all, or follows from others: leave it out.")
        step = np.linalg.solve(curvature, slope)
        following = _sum(parts, beta + step)
        while following[0] < value - _TOLERANCE * abs(value):
            step = step / 2
            following = _sum(parts, beta + step)
        beta, gain = beta + step, following[0] - value
        value, slope, curvature = following
        if gain <= _TOLERANCE * abs(value):
            break
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    p_values = 2 * stats.norm.sf(np.abs(beta / errors))
    return Hazards(
        tuple(beta.tolist()), tuple(errors.tolist()), tuple(p_values.tolist()), value, null
    )


def _sum(
    parts: Sequence[tuple[Floats, Floats, Floats]], beta: Floats
) -> tuple[float, Floats, Floats]:
    found = [_partial(t, d, x, beta) for t, d, x in parts]
    return (
        sum(one[0] for one in found),
        np.asarray(sum(one[1] for one in found)),
        np.asarray(sum(one[2] for one in found)),
    )


def _partial(t: Floats, d: Floats, x: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    """Return the partial log-likelihood of one stratum, its slope and its curvature."""
    order = np.argsort(-t, kind="stable")
    t, d, x = t[order], d[order], x[order]
    risk = np.exp(x @ beta)
    value, slope = 0.0, np.zeros(len(beta))
    curvature = np.zeros((len(beta), len(beta)))
    followed = np.zeros((len(beta) + 1, len(beta) + 1))
    edges = [0, *(np.flatnonzero(np.diff(t)) + 1).tolist(), len(t)]
    for start, stop in pairwise(edges):
        here = slice(start, stop)
        followed = followed + _moments(risk[here], x[here])
        ends = d[here].astype(bool)
        ties = int(ends.sum())
        tied = _moments(risk[here][ends], x[here][ends])
        value += float((x[here][ends] @ beta).sum())
        slope = slope + x[here][ends].sum(axis=0)
        for k in range(ties):  # Efron: of those lost together, each leaves the risk in part
            sums = followed - k / ties * tied
            mean = sums[0, 1:] / sums[0, 0]
            value -= float(np.log(sums[0, 0]))
            slope = slope - mean
            curvature = curvature + sums[1:, 1:] / sums[0, 0] - np.outer(mean, mean)
    return value, slope, curvature


def _moments(risk: Floats, x: Floats) -> Floats:
    """Return the sums of risk, risk times traits and risk times their products, as one matrix."""
    with_one = np.column_stack([np.ones(len(x)), x])
    return np.asarray((risk[:, None] * with_one).T @ with_one)
