"""How much of an association turned out to be cause: learnt from initiatives that are finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.shrink import between_variance
from emptychair.analysis.errors import ArgumentError

PRIOR = (2.0, 2.0)  # of the beta distribution before anything is known
FEW = 3  # initiatives below which their spread is taken to be the usual one
USUAL_SPREAD = 0.2

_GRID = np.arange(0.0005, 1.0, 0.001)
_MANY = 20_000


@dataclass(frozen=True)
class Finished:
    """One initiative that is done: what was expected of it and what was measured, in points.

    Attributes:
        expected_points: the association that it was decided on.
        measured_points: its measured effect.
        standard_error: of the measured effect.
    """

    expected_points: float
    measured_points: float
    standard_error: float


@dataclass(frozen=True)
class Kappa:
    """The share of an association that turns out causal, as a distribution between 0 and 1.

    Attributes:
        n: finished initiatives it is learnt from; 0 is the prior alone.
        mean: of the distribution for the next initiative.
        low: 10 % lie below.
        high: 10 % lie above.
        spread: how much initiatives differ, as a standard deviation.
        chances: of each step of a fine grid, for drawing.
    """

    n: int
    mean: float
    low: float
    high: float
    spread: float
    chances: tuple[float, ...]

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Return `n` draws for an initiative yet to come."""
        around: Floats = rng.choice(_GRID, size=n, p=np.array(self.chances))
        return np.clip(around + rng.normal(0.0, self.spread, n), 0.0, 1.0)


def learn_kappa(finished: Sequence[Finished] = ()) -> Kappa:
    """Return what finished initiatives say of the next one; Beta(2, 2) where there are none.

    Each gives a ratio of measured to expected; ratios vary around a common kappa by their
    sampling error and by how much initiatives differ (REML from three on).

    Args:
        finished: initiatives with a measured effect.

    Raises:
        ArgumentError: an expected effect is 0 or a standard error is not above 0.

    References:
        Random-effects meta-analysis: DerSimonian & Laird (1986), Controlled Clinical Trials
        7(3), 177-188.

    Examples:
        >>> round(learn_kappa().mean, 3)
        0.5
        >>> found = learn_kappa([Finished(10.0, 3.0, 1.0), Finished(8.0, 2.0, 1.0)])
        >>> round(found.mean, 2)
        0.34
    """
    for one in finished:
        if not one.expected_points or not one.standard_error > 0:
            raise ArgumentError(
                "A finished initiative needs an expected effect other than 0 and a standard "
                "error above 0."
            )
    ratios = [one.measured_points / one.expected_points for one in finished]
    variances = [(one.standard_error / one.expected_points) ** 2 for one in finished]
    spread = 0.0
    if finished:
        enough = len(finished) >= FEW
        spread = sqrt(between_variance(ratios, variances)) if enough else USUAL_SPREAD
    a, b = PRIOR
    level = (a - 1) * np.log(_GRID) + (b - 1) * np.log1p(-_GRID)
    for ratio, variance in zip(ratios, variances, strict=True):
        level = level - (ratio - _GRID) ** 2 / (2 * (variance + spread**2))
    chances = np.exp(level - level.max())
    chances /= chances.sum()
    if not finished:
        low, high = (float(_GRID[i]) for i in np.searchsorted(np.cumsum(chances), [0.1, 0.9]))
        return Kappa(0, float(chances @ _GRID), low, high, 0.0, tuple(chances.tolist()))
    known = Kappa(len(finished), 0.0, 0.0, 0.0, spread, tuple(chances.tolist()))
    draws = known.draw(np.random.default_rng(1), _MANY)
    low, high = (float(one) for one in np.quantile(draws, [0.1, 0.9]))
    return replace(known, mean=float(draws.mean()), low=low, high=high)
