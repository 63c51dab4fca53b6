"""A model of the bucket: multinomial logistic regression on traits and cut-up behaviour.

Numbers are cut at their quintiles, so that their effect may take any form. Rows must reach Python
here: the model is found by repeated passes over the customers, which no fixed set of sums replaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.followup import BUCKETS

_PARTS = 5
_MOST_VALUES = 30
_RIDGE = 2.0  # as if every effect were drawn from a normal of standard deviation 0.7
_TOLERANCE = 1e-8

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Design:
    """How columns become numbers: cut points of numbers, values of texts."""

    cuts: Mapping[str, Floats]
    values: Mapping[str, tuple[str, ...]]

    def matrix(self, columns: Columns) -> Floats:
        """Return an intercept and one column of 0 and 1 per part and value but the first."""
        n = len(next(iter(columns.values()))) if columns else 0
        parts = [np.ones((n, 1))]
        for name, cuts in self.cuts.items():
            numbers = _numbers(columns[name])
            parts.append((numbers[:, None] > cuts).astype(np.float64))
            parts.append(np.isnan(numbers)[:, None].astype(np.float64))
        for name, values in self.values.items():
            texts = np.array([_text(value) for value in columns[name]], dtype=object)
            parts += [(texts == value)[:, None].astype(np.float64) for value in values[1:]]
        return np.hstack(parts)


def design_of(columns: Columns) -> Design:
    """Return the design that suits `columns`: numbers are cut, texts keep their common values."""
    cuts, values = {}, {}
    for name, column in columns.items():
        is_number = all(
            one is None or (isinstance(one, int | float) and not isinstance(one, bool))
            for one in column
        )
        if is_number:
            numbers = _numbers(column)
            there = numbers[~np.isnan(numbers)]
            places = np.arange(1, _PARTS) / _PARTS if len(there) else np.zeros(0)
            cuts[name] = np.unique(np.quantile(there, places) if len(there) else places)
        else:
            texts, counts = np.unique([_text(one) for one in column], return_counts=True)
            order = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
            values[name] = tuple(str(texts[i]) for i in order)
    return Design(cuts, values)


def _numbers(column: Sequence[Any]) -> Floats:
    return np.array([np.nan if one is None else float(one) for one in column], dtype=np.float64)


def _text(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True)
class BucketModel:
    """Chances of the three buckets: one row of effects for passives, one for promoters."""

    effects: Floats

    def chances(self, matrix: Floats) -> Floats:
        """Return the chances of detractor, passive and promoter, one row per customer."""
        return _chances(matrix @ self.effects.T)


def fit_buckets(
    matrix: Floats, buckets: Floats, weights: Floats | None = None, ridge: float = _RIDGE
) -> BucketModel:
    """Fit the model by penalised maximum likelihood (Newton's method with step halving).

    Args:
        matrix: one row per answer, the intercept first.
        buckets: 0, 1 or 2 for detractor, passive, promoter.
        weights: of the answers; one each when left out.
        ridge: penalty on all effects but the intercepts.

    Raises:
        NoAnswersError: there are no answers.

    References:
        Agresti (2013), "Categorical Data Analysis", 8.1; le Cessie & van Houwelingen (1992),
        "Ridge Estimators in Logistic Regression", Applied Statistics 41(1), 191-201.

    Examples:
        >>> matrix = np.array([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 4)
        >>> model = fit_buckets(matrix, np.array([0, 0, 1, 2, 2, 2, 2, 1.0]), ridge=0.001)
        >>> model.chances(matrix[:1]).round(2).tolist()
        [[0.5, 0.25, 0.25]]
    """
    if not len(buckets):
        raise NoAnswersError("There are no answers to learn from.")
    w = np.ones(len(buckets)) if weights is None else weights
    said = np.eye(len(BUCKETS))[buckets.astype(np.int64)]
    width = matrix.shape[1]
    penalty = np.full((len(BUCKETS) - 1, width), ridge)
    penalty[:, 0] = 1e-6
    effects = np.zeros_like(penalty)
    height = _height(effects, matrix, said, w, penalty)
    while True:
        chances = _chances(matrix @ effects.T)
        slope = ((said - chances) * w[:, None])[:, 1:].T @ matrix - penalty * effects
        curvature = _curvature(matrix, chances, w) + np.diag(penalty.ravel())
        step = np.linalg.solve(curvature, slope.ravel()).reshape(effects.shape)
        following = _height(effects + step, matrix, said, w, penalty)
        while following < height - _TOLERANCE * abs(height):
            step = step / 2
            following = _height(effects + step, matrix, said, w, penalty)
        effects = effects + step
        if following - height <= _TOLERANCE * abs(height):
            return BucketModel(effects)
        height = following


def _chances(linear: Floats) -> Floats:
    full = np.hstack([np.zeros((len(linear), 1)), linear])
    full = np.exp(full - full.max(axis=1, keepdims=True))
    return np.asarray(full / full.sum(axis=1, keepdims=True))


def _height(effects: Floats, matrix: Floats, said: Floats, w: Floats, penalty: Floats) -> float:
    chances = np.maximum(_chances(matrix @ effects.T), 1e-300)
    fit = float((w * np.log((chances * said).sum(axis=1))).sum())
    return fit - 0.5 * float((penalty * effects**2).sum())


def _curvature(matrix: Floats, chances: Floats, w: Floats) -> Floats:
    p = chances[:, 1:]
    width, buckets = matrix.shape[1], p.shape[1]
    found = np.zeros((buckets * width, buckets * width))
    for i in range(buckets):
        for j in range(buckets):
            own = w * p[:, i] * ((i == j) - p[:, j])
            rows, columns = slice(i * width, (i + 1) * width), slice(j * width, (j + 1) * width)
            found[rows, columns] = matrix.T @ (own[:, None] * matrix)
    return found
