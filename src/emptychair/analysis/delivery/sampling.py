"""How many answers, and how many asks, a wanted precision or a change worth seeing needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from statistics import NormalDist

from emptychair.analysis.checks import check_positive, check_share
from emptychair.analysis.delivery.intervals import normal_quantile
from emptychair.analysis.errors import ArgumentError

TYPICAL_VARIANCE = 0.6  # of one answer on -1, 0, +1; 1 is the largest there is


@dataclass(frozen=True)
class Allocation:
    """Answers and asks planned for one stratum.

    Attributes:
        stratum: its name; empty for the whole.
        needed: answers needed in it for the wanted precision or detection.
        allocation: its part of a fixed budget; null without a budget.
        population: customers in it; null where not given.
        asks: invitations that bring the needed answers at the expected response rate; null
            where no rate is given.
        reachable: whether the population is large enough for the answers needed.
    """

    stratum: str
    needed: int | None
    allocation: float | None
    population: float | None = None
    asks: int | None = None
    reachable: bool = True


def answers_for_precision(
    half_width_points: float,
    *,
    variance: float = TYPICAL_VARIANCE,
    design_effect: float = 1.0,
    confidence: float = 0.95,
    population: float | None = None,
) -> int:
    """Return the answers needed for an interval of plus or minus `half_width_points`.

    Args:
        half_width_points: wanted half width of the interval.
        variance: of one answer on the scale -1, 0, +1; at most 1.
        design_effect: by how much weights and repeats inflate the variance.
        confidence: coverage of the interval.
        population: customers there are, if the question is about exactly these.

    Raises:
        ArgumentError: an argument is out of range.

    References:
        Cochran (1977), "Sampling Techniques", 4.4.

    Examples:
        >>> answers_for_precision(5), answers_for_precision(5, population=1000)
        (922, 480)
    """
    check_positive(half_width_points, "half_width_points")
    check_positive(design_effect, "design_effect")
    _check_variance(variance)
    z = normal_quantile(confidence)
    needed = z * z * variance / (half_width_points / 100) ** 2 * design_effect
    if population is not None:
        check_positive(population, "population")
        needed = needed * population / (needed + population - 1)
    return ceil(needed - 1e-9)


def answers_to_detect(
    difference_points: float,
    *,
    variance_a: float = TYPICAL_VARIANCE,
    variance_b: float | None = None,
    power: float = 0.8,
    design_effect: float = 1.0,
    confidence: float = 0.95,
) -> int:
    """Return the answers each of two groups needs for a difference to be seen.

    Args:
        difference_points: the difference worth seeing.
        variance_a: variance of one answer in the first group.
        variance_b: in the second; the same by default.
        power: probability of seeing the difference if it is there.
        design_effect: by how much weights and repeats inflate the variance.
        confidence: one minus the probability of seeing a difference that is not there.

    Raises:
        ArgumentError: an argument is out of range.

    References:
        Cohen (1988), "Statistical Power Analysis for the Behavioral Sciences", 2.4.

    Examples:
        >>> answers_to_detect(10, variance_a=0.78**2)
        956
    """
    check_positive(abs(difference_points), "difference_points")
    check_positive(design_effect, "design_effect")
    check_share(power, "power")
    variance_b = variance_a if variance_b is None else variance_b
    _check_variance(variance_a)
    _check_variance(variance_b)
    z = normal_quantile(confidence) + NormalDist().inv_cdf(power)
    needed = z * z * (variance_a + variance_b) / (difference_points / 100) ** 2 * design_effect
    return ceil(needed - 1e-9)


def neyman_allocation(
    sizes: Sequence[float],
    deviations: Sequence[float],
    total: float,
    *,
    floors: Sequence[float] | float = 0.0,
) -> list[float]:
    """Return how a fixed number of answers is best spread over strata.

    A stratum gets answers in proportion to its size times its standard deviation, but at
    least its floor and at most all of its customers.

    Args:
        sizes: customers of each stratum.
        deviations: standard deviation of one answer in each stratum.
        total: answers to spread.
        floors: fewest answers per stratum; one number for all or one each.

    Returns:
        Answers per stratum, not rounded; they add up to `total`, or to all customers if
        there are fewer.

    Raises:
        ArgumentError: lengths differ, something is negative, or the floors exceed `total`.

    References:
        Neyman (1934), "On the Two Different Aspects of the Representative Method", Journal
        of the Royal Statistical Society 97(4), 558-625.

    Examples:
        >>> [round(n, 2) for n in neyman_allocation([4000, 2500, 900], [0.85, 0.7, 0.5], 600)]
        [364.29, 187.5, 48.21]
    """
    lowest = [float(floors)] * len(sizes) if isinstance(floors, (int, float)) else list(floors)
    if not len(sizes) == len(deviations) == len(lowest):
        raise ArgumentError("Every stratum needs one size, one deviation and one floor.")
    if min([*sizes, *deviations, *lowest, total], default=0) < 0:
        raise ArgumentError("Sizes, deviations, floors and the total are never negative.")
    lowest = [min(low, size) for low, size in zip(lowest, sizes, strict=True)]
    total = min(total, sum(sizes))
    if sum(lowest) > total + 1e-9:
        raise ArgumentError(
            f"The floors add up to {sum(lowest):g}, more than the {total:g} answers to spread."
        )
    wishes = [size * deviation for size, deviation in zip(sizes, deviations, strict=True)]
    if not any(wishes):
        wishes = [float(size) for size in sizes]
    return _bounded(wishes, total, lowest, [float(size) for size in sizes])


def whole_numbers(shares: Sequence[float]) -> list[int]:
    """Return whole numbers with the same sum, by largest remainders.

    Examples:
        >>> whole_numbers([364.29, 187.5, 48.21])
        [364, 188, 48]
    """
    numbers = [floor(share + 1e-9) for share in shares]
    missing = round(sum(shares)) - sum(numbers)
    order = sorted(range(len(shares)), key=lambda i: (numbers[i] - shares[i], i))
    for place in order[:missing]:
        numbers[place] += 1
    return numbers


def asks_needed(answers: int, response_rate: float) -> int:
    """Return the smallest number of invitations that brings `answers` on average.

    Examples:
        >>> asks_needed(200, 0.25)
        800
    """
    if not 0 < response_rate <= 1:
        raise ArgumentError(f"A response rate is above 0 and at most 1; got {response_rate!r}.")
    return ceil(answers / response_rate - 1e-9)


def plan(
    needed: int | None,
    strata: Mapping[str, tuple[float, float]] | None = None,
    *,
    budget: float | None = None,
    floor_per_stratum: float = 0.0,
    response_rate: float | None = None,
) -> list[Allocation]:
    """Return the answers each stratum needs and its part of a fixed budget of answers.

    Args:
        needed: answers wanted in every stratum; None plans the budget only.
        strata: customers and standard deviation of one answer, by stratum.
        budget: answers to spread over the strata; without one, `needed` of the whole.
        floor_per_stratum: fewest answers per stratum of the spread budget.
        response_rate: share of invitations expected to be answered.

    Returns:
        One plan per stratum, or one for the whole where there are none.

    Raises:
        ArgumentError: the floors do not fit the budget, or a rate is out of range.
    """
    if not strata:
        asks = (
            None if needed is None or response_rate is None else asks_needed(needed, response_rate)
        )
        return [Allocation("", needed, budget if needed is None else float(needed), asks=asks)]
    total = budget if budget is not None else float(needed or 0)
    sizes = [size for size, _ in strata.values()]
    parts = neyman_allocation(
        sizes, [deviation for _, deviation in strata.values()], total, floors=floor_per_stratum
    )
    plans = []
    for (name, (size, _)), part in zip(strata.items(), parts, strict=True):
        wanted = needed if needed is not None else ceil(part - 1e-9)
        asks = None if response_rate is None else asks_needed(wanted, response_rate)
        reachable = (asks if asks is not None else wanted) <= size
        plans.append(Allocation(name, needed, part, size, asks, reachable))
    return plans


def _bounded(
    wishes: Sequence[float], total: float, lowest: Sequence[float], highest: Sequence[float]
) -> list[float]:
    """Return parts in proportion to the wishes within bounds, by halving on the factor."""

    def parts(factor: float) -> list[float]:
        return [
            min(max(factor * wish, low), high)
            for wish, low, high in zip(wishes, lowest, highest, strict=True)
        ]

    plain = total / sum(wishes)
    if all(
        low <= plain * wish <= high for wish, low, high in zip(wishes, lowest, highest, strict=True)
    ):
        return [plain * wish for wish in wishes]
    low, high = (
        0.0,
        max(
            (size / wish for size, wish in zip(highest, wishes, strict=True) if wish > 0),
            default=0.0,
        ),
    )
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(parts(middle)) < total else (low, middle)
    return parts((low + high) / 2)


def _check_variance(variance: float) -> None:
    if not 0 < variance <= 1:
        raise ArgumentError(
            f"The variance of one answer is above 0 and at most 1 (a standard deviation of "
            f"{sqrt(abs(variance)):.2f} was given)."
        )
