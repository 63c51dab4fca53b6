"""How many independent answers a weighted, stratified or clustered sample is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.weighted import WeightedSums


@dataclass(frozen=True)
class WeightedNps:
    """A weighted NPS on the scale -1 to 1 and what its sample is worth.

    Attributes:
        n: responses.
        nps: weighted promoter share minus weighted detractor share.
        promoter_share: weighted share of promoters.
        detractor_share: weighted share of detractors.
        standard_error: linearised, over the units within the strata.
        design_effect: variance against that of as many independent, unweighted answers.
        weighting_effect: Kish's part of it, owed to unequal weights alone.
        n_effective: independent answers that would give the same precision.
    """

    n: float
    nps: float
    promoter_share: float
    detractor_share: float
    standard_error: float
    design_effect: float
    weighting_effect: float
    n_effective: float

    @property
    def buckets(self) -> tuple[float, float, float]:
        """Effective counts of detractors, passives and promoters, for the score interval."""
        passive_share = max(0.0, 1 - self.promoter_share - self.detractor_share)
        shares = (self.detractor_share, passive_share, self.promoter_share)
        return tuple(self.n_effective * share for share in shares)  # type: ignore[return-value]


def weighted_nps(
    strata: Mapping[object, WeightedSums], population: Mapping[object, float] | None = None
) -> WeightedNps:
    """Return the weighted NPS of all strata together and its effective number of answers.

    The variance is the linearised one of survey sampling. The effective number is the
    smaller of Kish's and the design's, since either alone covers too little somewhere.
    A stratum with a single unit has no variance of its own and is merged with others.

    Args:
        strata: the sums of each stratum; one stratum where there are none.
        population: how many units each stratum has in all, where the question is about
            exactly these units and not about the process behind them.

    Returns:
        The weighted NPS with its standard error and effective number of answers.

    Raises:
        ArgumentError: no response has a positive weight, or a stratum has more units than
            its population.

    References:
        Särndal, Swensson & Wretman (1992), "Model Assisted Survey Sampling", 5.6.
        Kish (1965), "Survey Sampling", 11.7.
    """
    total = sum(strata.values(), WeightedSums())
    if total.weight <= 0:
        raise ArgumentError("no response has a positive weight, so there is nothing to weight")
    nps = total.weight_score / total.weight
    spread = max(0.0, total.weight_extreme / total.weight - nps * nps)
    cells = _merged(strata, population)
    variance = sum(_between_units(sums, nps) for sums, _ in cells) / total.weight**2
    kish = total.weight**2 / total.weight_squared
    if len(cells) == 1 and total.units == total.n and kish >= total.n * (1 - 1e-12):
        effective = float(total.n)
    else:
        effective = min(kish, spread / variance if variance > 0 else float(total.units))
    squares = variance * total.weight**2
    variance *= _remaining(cells, nps, squares)
    independent = spread / max(total.n - 1, 1)
    return WeightedNps(
        n=total.n,
        nps=nps,
        promoter_share=(total.weight_extreme + total.weight_score) / 2 / total.weight,
        detractor_share=(total.weight_extreme - total.weight_score) / 2 / total.weight,
        standard_error=sqrt(variance),
        design_effect=variance / independent if independent > 0 else 1.0,
        weighting_effect=total.n / kish,
        n_effective=effective * _finite(cells, nps, squares),
    )


def _between_units(sums: WeightedSums, nps: float) -> float:
    """Return m/(m-1) times the sum of squares of w (s - nps) over the m units of a stratum."""
    if sums.units < 2:
        return 0.0
    squares = (
        sums.unit_score_squared
        - 2 * nps * sums.unit_weight_score
        + nps * nps * sums.unit_weight_squared
    )
    total = sums.weight_score - nps * sums.weight
    return max(0.0, sums.units / (sums.units - 1) * (squares - total * total / sums.units))


def _merged(
    strata: Mapping[object, WeightedSums], population: Mapping[object, float] | None
) -> list[tuple[WeightedSums, float | None]]:
    """Return the strata with their population, those with a single unit merged with others."""
    pairs = sorted(
        (
            (sums, None if population is None else _population_of(stratum, sums, population))
            for stratum, sums in strata.items()
            if sums.units
        ),
        key=lambda pair: pair[0].units,
    )
    while len(pairs) > 1 and pairs[0][0].units < 2:
        (first, n_first), (second, n_second), *rest = pairs
        both = None if n_first is None or n_second is None else n_first + n_second
        pairs = sorted([(first + second, both), *rest], key=lambda pair: pair[0].units)
    return pairs


def _population_of(
    stratum: object, sums: WeightedSums, population: Mapping[object, float]
) -> float:
    if stratum not in population:
        raise ArgumentError(f"the population of stratum {stratum!r} is not given")
    if population[stratum] < sums.units:
        raise ArgumentError(
            f"stratum {stratum!r} has {sums.units:g} units in the sample but a population of "
            f"only {population[stratum]:g}"
        )
    return population[stratum]


def _remaining(cells: list[tuple[WeightedSums, float | None]], nps: float, squares: float) -> float:
    """Return the share of the variance that is left because part of the population answered."""
    if squares <= 0 or cells[0][1] is None:
        return 1.0
    left = sum(_between_units(sums, nps) * (1 - sums.units / (n or 1.0)) for sums, n in cells)
    return left / squares


def _finite(cells: list[tuple[WeightedSums, float | None]], nps: float, squares: float) -> float:
    """Return the factor on the effective number of answers for a finite population."""
    if cells[0][1] is None:
        return 1.0
    if len(cells) == 1:
        population, units = cells[0][1], cells[0][0].units
        return (population - 1) / (population - units) if population > units else float("inf")
    remaining = _remaining(cells, nps, squares)
    return 1 / remaining if remaining > 0 else float("inf")
