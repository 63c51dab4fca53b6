"""Who did not answer: how different they are, what correcting for it gives, and what it cannot."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from emptychair.analysis.delivery.intervals import Floats, normal_quantile
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.frame import FrameCell

LOWEST_PROPENSITY = 0.01

_TOLERANCE = 1e-12
_RIDGE = 1e-6  # keeps a part without answers from an infinite coefficient when cross-fitting


@dataclass(frozen=True)
class Representativity:
    """How evenly the customer base answers.

    Attributes:
        r_indicator: 1 minus twice the standard deviation of the response propensities; 1 if
            all customers are equally likely to answer.
        mean_propensity: the response rate among the customer base.
        variation: standard deviation over mean of the propensities; the largest bias there
            can be, in standard deviations of the answer.
        partial: by trait, the spread of response rates between its values.
    """

    r_indicator: float
    mean_propensity: float
    variation: float
    partial: dict[str, float]


@dataclass(frozen=True)
class DoublyRobust:
    """The NPS of the whole customer base, those who did not answer included, on -1 to 1.

    Attributes:
        customers: size of the base.
        nps: estimate.
        standard_error: of the estimate.
        low: lower limit.
        high: upper limit.
        predicted_silent: mean answer predicted for those who did not answer.
        trimmed: customers whose propensity was lifted to the lowest allowed.
    """

    customers: int
    nps: float
    standard_error: float
    low: float
    high: float
    predicted_silent: float
    trimmed: int


def logit(design: Floats, trials: Floats, successes: Floats, *, ridge: float = 0.0) -> Floats:
    """Return the coefficients of a logistic regression on grouped counts.

    Args:
        design: one row per cell, the intercept as a column.
        trials: customers per cell.
        successes: those of them who answered.
        ridge: penalty on all coefficients but the first, per customer.

    Returns:
        One coefficient per column; Newton's method with step halving.

    References:
        McCullagh & Nelder (1989), "Generalized Linear Models", 4.4.

    Examples:
        >>> design = np.array([[1.0, 0.0], [1.0, 1.0]])
        >>> logit(design, np.array([100.0, 100.0]), np.array([20.0, 80.0])).round(4).tolist()
        [-1.3863, 2.7726]
    """
    penalty = np.full(design.shape[1], ridge * float(trials.sum()))
    penalty[0] = 0.0
    beta = np.zeros(design.shape[1])
    value = _log_likelihood(design, trials, successes, beta, penalty)
    while True:
        p = 1 / (1 + np.exp(-design @ beta))
        slope = design.T @ (successes - trials * p) - penalty * beta
        curvature = design.T @ ((trials * p * (1 - p))[:, None] * design) + np.diag(penalty)
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        while True:
            following = _log_likelihood(design, trials, successes, beta + step, penalty)
            if following >= value - _TOLERANCE * (1 + abs(value)):
                break
            step = step / 2
        beta = beta + step
        if abs(following - value) <= _TOLERANCE * (1 + abs(value)):
            return beta
        value = following


def representativity(cells: Sequence[FrameCell], traits: Sequence[str]) -> Representativity:
    """Return the R-indicator of the answers against the customer base.

    Args:
        cells: counts by traits, from `frame_cells`.
        traits: names of the traits, for the partial indicators.

    Raises:
        NoAnswersError: there are no customers or no answers.

    References:
        Schouten, Cobben & Bethlehem (2009), "Indicators for the representativeness of
        survey response", Survey Methodology 35(1), 101-113.
    """
    _check_answers(cells)
    customers = np.array([cell.customers for cell in cells], dtype=np.float64)
    answers = np.array([cell.n for cell in cells], dtype=np.float64)
    design = dummies([cell.traits for cell in cells])
    beta = logit(design, customers, answers)
    rho = 1 / (1 + np.exp(-design @ beta))
    deviation = propensity_deviation(rho, customers)
    mean = float(np.average(rho, weights=customers))
    partial = {
        trait: partial_deviation([cell.traits[i] for cell in cells], rho, customers)
        for i, trait in enumerate(traits)
    }
    return Representativity(1 - 2 * deviation, mean, deviation / mean, partial)


def propensity_deviation(propensities: Floats, customers: Floats) -> float:
    """Return the standard deviation of response propensities over customers.

    Examples:
        >>> round(propensity_deviation(np.array([0.1, 0.3]), np.array([50.0, 50.0])), 4)
        0.1005
    """
    mean = np.average(propensities, weights=customers)
    squares = float((customers * (propensities - mean) ** 2).sum())
    return sqrt(squares / max(float(customers.sum()) - 1, 1.0))


def partial_deviation(values: Sequence[Hashable], propensities: Floats, customers: Floats) -> float:
    """Return how far the mean propensities of a trait's values lie apart (unconditional)."""
    mean = float(np.average(propensities, weights=customers))
    between = 0.0
    for value in sorted(set(values), key=repr):
        inside = np.array([other == value for other in values])
        size = float(customers[inside].sum())
        if size:
            local = float(np.average(propensities[inside], weights=customers[inside]))
            between += size * (local - mean) ** 2
    return sqrt(between / float(customers.sum()))


def doubly_robust(cells: Sequence[FrameCell], confidence: float = 0.95) -> DoublyRobust:
    """Estimate the NPS of all customers from those who answered (cross-fitted AIPW).

    A model of the answers and a model of who answers are fitted on the traits; the estimate
    is right if either is. Each fold is predicted by models that have not seen it. When
    customers answer because of the very answer they give, no estimate of this kind helps:
    show `worst_bounds` and `tipping_difference` beside it.

    Args:
        cells: counts by traits and fold, from `frame_cells`.
        confidence: coverage of the interval.

    Raises:
        NoAnswersError: there are no customers or no answers.

    References:
        Robins, Rotnitzky & Zhao (1994), Journal of the American Statistical Association 89,
        846-866. Chernozhukov et al. (2018), "Double/debiased machine learning", The
        Econometrics Journal 21(1), C1-C68.
    """
    _check_answers(cells)
    design = dummies([cell.traits for cell in cells])
    customers = np.array([cell.customers for cell in cells], dtype=np.float64)
    buckets = np.array([[c.detractors, c.passives, c.promoters] for c in cells], dtype=np.float64)
    fold = np.array([cell.fold for cell in cells])
    fitted, rho = np.zeros(len(cells)), np.zeros(len(cells))
    for part in np.unique(fold):
        inside, others = fold == part, fold != part
        if not buckets[others].any():
            others = np.ones_like(inside)
        fitted[inside] = _outcome(design, buckets, others)[inside]
        rho[inside] = _propensity(design, customers, buckets.sum(axis=1), others)[inside]
    low = rho < LOWEST_PROPENSITY
    rho = np.maximum(rho, LOWEST_PROPENSITY)
    return _aipw(customers, buckets, fitted, rho, int(customers[low].sum()), confidence)


def _aipw(
    customers: Floats,
    buckets: Floats,
    fitted: Floats,
    rho: Floats,
    trimmed: int,
    confidence: float,
) -> DoublyRobust:
    answers = np.array([-1.0, 0.0, 1.0])
    silent = customers - buckets.sum(axis=1)
    spoken = fitted[:, None] + (answers - fitted[:, None]) / rho[:, None]
    total = float(customers.sum())
    nps = float((silent * fitted).sum() + (buckets * spoken).sum()) / total
    squares = float((silent * (fitted - nps) ** 2).sum() + (buckets * (spoken - nps) ** 2).sum())
    error = sqrt(squares / max(total - 1, 1.0) / total)
    margin = normal_quantile(confidence) * error
    predicted = float((silent * fitted).sum() / silent.sum()) if silent.sum() else nps
    return DoublyRobust(
        customers=int(total),
        nps=nps,
        standard_error=error,
        low=max(-1.0, nps - margin),
        high=min(1.0, nps + margin),
        predicted_silent=predicted,
        trimmed=trimmed,
    )


def worst_bounds(nps: float, answered_share: float) -> tuple[float, float]:
    """Return the NPS of all customers if the silent were all detractors, or all promoters.

    References:
        Manski (2003), "Partial Identification of Probability Distributions", 1.2.

    Examples:
        >>> low, high = worst_bounds(0.4, 0.25)
        >>> round(low, 2), round(high, 2)
        (-0.65, 0.85)
    """
    _check_rate(answered_share)
    silent = 1 - answered_share
    return answered_share * nps - silent, answered_share * nps + silent


def tipping_difference(
    nps: float, predicted_silent: float, answered_share: float, message: float = 0.0
) -> float | None:
    """Return how much lower than predicted the silent must be for the message to turn.

    Args:
        nps: of those who answered.
        predicted_silent: mean answer predicted for the others.
        answered_share: share of customers who answered.
        message: NPS at which what one would say changes; by default 0.

    Returns:
        The difference on the scale of the answers, negative where the silent must be
        higher; None where everybody answered.

    Examples:
        >>> round(tipping_difference(0.4, 0.3, 0.2), 6)
        0.4
    """
    _check_rate(answered_share)
    silent = 1 - answered_share
    if silent <= 0:
        return None
    return (answered_share * nps + silent * predicted_silent - message) / silent


def dummies(traits: Sequence[Sequence[Hashable]]) -> Floats:
    """Return an intercept and one column per value of each trait but its first."""
    columns = [np.ones(len(traits))]
    for place in range(len(traits[0]) if traits else 0):
        values = [row[place] for row in traits]
        columns += [
            np.array([float(other == value) for other in values])
            for value in sorted(set(values), key=repr)[1:]
        ]
    return np.column_stack(columns)


def _outcome(design: Floats, buckets: Floats, chosen: Floats) -> Floats:
    n = buckets.sum(axis=1) * chosen
    total = (buckets[:, 2] - buckets[:, 0]) * chosen
    penalty = _RIDGE * n.sum() * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    beta = np.linalg.lstsq(
        design.T @ (n[:, None] * design) + penalty, design.T @ total, rcond=None
    )[0]
    return np.asarray(np.clip(design @ beta, -1.0, 1.0))


def _propensity(design: Floats, customers: Floats, answers: Floats, chosen: Floats) -> Floats:
    beta = logit(design[chosen], customers[chosen], answers[chosen], ridge=_RIDGE)
    return np.asarray(1 / (1 + np.exp(-design @ beta)))


def _log_likelihood(
    design: Floats, trials: Floats, successes: Floats, beta: Floats, penalty: Floats
) -> float:
    eta = design @ beta
    fit = float((successes * eta - trials * np.logaddexp(0.0, eta)).sum())
    return fit - 0.5 * float((penalty * beta * beta).sum())


def _check_answers(cells: Sequence[FrameCell]) -> None:
    if not any(cell.n for cell in cells):
        raise NoAnswersError("No customer of the base has answered, so nothing can be compared.")


def _check_rate(answered_share: float) -> None:
    if not 0 <= answered_share <= 1:
        raise ArgumentError(f"The share that answered lies from 0 to 1; got {answered_share!r}.")
