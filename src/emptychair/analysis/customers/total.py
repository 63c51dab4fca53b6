"""The NPS of everybody, silent customers included, from predictions that are put right."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from emptychair.analysis.customers.model import fit_buckets
from emptychair.analysis.delivery.intervals import Floats, normal_quantile
from emptychair.analysis.delivery.nonresponse import LOWEST_PROPENSITY, logit
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.jackknife import Estimate

_RIDGE = 1e-4
_FOLDS = 5


@dataclass(frozen=True)
class TotalNps:
    """The NPS of the whole base, on -1 to 1.

    Attributes:
        customers: size of the base.
        answered: those of them who answered.
        nps: estimate, with `low` and `high`.
        low: lower limit.
        high: upper limit.
        predicted_silent: mean answer predicted for the silent.
        trimmed: customers whose chance to answer was lifted to the lowest allowed.
    """

    customers: int
    answered: int
    nps: float
    low: float
    high: float
    predicted_silent: float
    trimmed: int


def total_nps(
    matrix: Floats, answers: Floats, groups: Floats, confidence: float = 0.95
) -> TotalNps:
    """Estimate the NPS of all customers by cross-fitted AIPW.

    The mean of f(x) + R (s - f(x)) / rho(x) over all customers, f and rho fitted on the
    other folds; right if either is. Where customers answer because of the very answer they
    would give, it is not: show what would tip it beside it.

    Args:
        matrix: what is known of each customer of the base, the intercept first.
        answers: 0, 1 or 2 for detractor, passive, promoter; NaN for the silent.
        groups: hash group of each customer, for the folds.
        confidence: coverage of the interval.

    Raises:
        NoAnswersError: nobody has answered.

    References:
        Robins, Rotnitzky & Zhao (1994), Journal of the American Statistical Association 89,
        846-866; Chernozhukov et al. (2018), The Econometrics Journal 21(1), C1-C68.
    """
    return total_of(*cross_fitted(matrix, answers, groups), answers, confidence)


def total_of(fitted: Floats, rho: Floats, answers: Floats, confidence: float = 0.95) -> TotalNps:
    """Estimate the NPS of all customers from what `cross_fitted` found, as `total_nps` does."""
    spoke, n = ~np.isnan(answers), len(answers)
    trimmed = rho < LOWEST_PROPENSITY
    rho = np.maximum(rho, LOWEST_PROPENSITY)
    said = np.where(spoke, np.nan_to_num(answers) - 1, 0.0)
    psi = fitted + np.where(spoke, (said - fitted) / rho, 0.0)
    nps = float(psi.mean())
    margin = normal_quantile(confidence) * float(psi.std(ddof=1)) / sqrt(n)
    silent = float(fitted[~spoke].mean()) if not spoke.all() else nps
    return TotalNps(
        n, int(spoke.sum()), nps, max(-1.0, nps - margin), min(1.0, nps + margin), silent,
        int(trimmed.sum()),
    )  # fmt: skip


def cross_fitted(matrix: Floats, answers: Floats, groups: Floats) -> tuple[Floats, Floats]:
    """Return for every customer the answer predicted and the chance to answer, from -1 to 1.

    Both by models that have not seen the customer's fold.

    Raises:
        NoAnswersError: nobody has answered.
    """
    spoke = ~np.isnan(answers)
    n = len(answers)
    if not spoke.any():
        raise NoAnswersError("No customer of the base has answered, so nothing can be predicted.")
    fold = np.asarray(groups, dtype=np.int64) % _FOLDS
    fitted, rho = np.zeros(n), np.zeros(n)
    for part in range(_FOLDS):
        inside = fold == part
        others = ~inside if spoke[~inside].any() else np.ones(n, dtype=bool)
        learnt = others & spoke
        chances = fit_buckets(matrix[learnt], answers[learnt]).chances(matrix[inside])
        fitted[inside] = chances[:, 2] - chances[:, 0]
        beta = logit(
            matrix[others], np.ones(int(others.sum())), spoke[others].astype(float), ridge=_RIDGE
        )
        rho[inside] = 1 / (1 + np.exp(-matrix[inside] @ beta))
    return fitted, rho


def prediction_powered_mean(
    said: Floats, predicted: Floats, predicted_silent: Floats, confidence: float = 0.95
) -> Estimate:
    """Return a mean from a random sample of answers and predictions for everybody else.

    Only where those asked were drawn by chance and nearly all of them answered; otherwise
    `total_nps`. The predictions need not be good, only made without the answers.

    Args:
        said: answers of the sample.
        predicted: what was predicted for them.
        predicted_silent: what was predicted for the others.
        confidence: coverage of the interval.

    Raises:
        ArgumentError: fewer than two answers, or nobody else.

    References:
        Angelopoulos, Duchi & Zrnic (2023), "PPI++: Efficient Prediction-Powered Inference",
        arXiv:2311.01453.

    Examples:
        >>> said, guess = np.array([1.0, 0.0, 1.0, -1.0]), np.array([0.8, 0.1, 0.6, -0.7])
        >>> round(prediction_powered_mean(said, guess, np.array([0.5, 0.4, 0.3])).value, 4)
        0.421
    """
    n, others = len(said), len(predicted_silent)
    if n < 2 or others < 2 or len(predicted) != n:
        raise ArgumentError("Two answers and two predictions for others are needed at least.")
    together = np.concatenate([predicted, predicted_silent])
    share = n / others
    spread = float(np.var(together, ddof=1))
    covariance = float(((said - said.mean()) * (predicted - predicted.mean())).mean())
    trust = covariance / ((1 + share) * spread) if spread else 0.0
    value = trust * float(predicted_silent.mean()) + float((said - trust * predicted).mean())
    error = sqrt(
        trust**2 * float(np.var(predicted_silent)) / others
        + float(np.var(said - trust * predicted)) / n
    )
    margin = normal_quantile(confidence) * error
    return Estimate(value, error, value - margin, value + margin)
