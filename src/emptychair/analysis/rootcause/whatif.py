"""What a better driver may bring: a range of outcomes in points and in money, never one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.rootcause.drivers import with_numbers
from emptychair.analysis.rootcause.kappa import Kappa, learn_kappa
from emptychair.analysis.rootcause.records import Driver, DriverGroup
from emptychair.analysis.sums.counts import Group, counted, in_order
from emptychair.analysis.tables.schema import HIGHEST_RATING

if TYPE_CHECKING:
    import ibis.expr.types as ir

DRAWS = 4000
LOW, HIGH = 0.1, 0.9  # ends of the range of outcomes

_LOWEST = 1
Histogram = tuple[float, ...]  # how many rated 1, 2, ... 5


@dataclass(frozen=True)
class Money:
    """What NPS points are worth to the customers concerned.

    Attributes:
        customers: how many there are.
        value_of_move: margin a year that a customer one bucket up goes along with.
        standard_error: of that value.
    """

    customers: float
    value_of_move: float
    standard_error: float = 0.0


@dataclass(frozen=True)
class Shift:
    """How far a driver is meant to go up, and how far it can among those who rated it.

    Attributes:
        driver: its name.
        asked: steps of the rating; of a theme, the change of the share of comments.
        possible: mean steps left below the end of the scale.
    """

    driver: str
    asked: float
    possible: float


@dataclass(frozen=True)
class Outcome:
    """What a change may bring to one group of customers.

    Attributes:
        group: values of the columns grouped by.
        shifts: what is changed, and how far it can be.
        effect_points: median over the draws.
        low_points: 10 % of outcomes lie below.
        high_points: 10 % lie above.
        p_positive: chance that the NPS goes up.
        associated_points: what the shifts go along with, if all of it were cause and reached
            everybody.
        money: median, a year; None without values.
        money_low: 10 % lie below.
        money_high: 10 % lie above.
        cost: of the change.
        p_pays_back: chance that a year's money is more than the cost.
        kappa: the share of association that counts as cause.
    """

    group: Group
    shifts: tuple[Shift, ...]
    effect_points: float
    low_points: float
    high_points: float
    p_positive: float
    associated_points: float
    money: float | None
    money_low: float | None
    money_high: float | None
    cost: float | None
    p_pays_back: float | None
    kappa: Kappa


def what_if(
    group: DriverGroup,
    shifts: Mapping[str, float],
    histograms: Mapping[str, Histogram],
    *,
    reach: float = 1.0,
    success: float = 1.0,
    kappa: Kappa | None = None,
    money: Money | None = None,
    cost: float | None = None,
    seed: int = 1,
) -> Outcome:
    """Return the range of outcomes when drivers of a group are changed.

    In each of 4000 draws the effects are drawn from their distribution, the share of the
    association that is cause from kappa, and whether the change succeeds by its chance. Nobody
    rises above the end of the scale, and no NPS above 100.

    Args:
        group: drivers of the customers concerned, from `drivers`.
        shifts: steps by driver.
        histograms: from `rating_histograms`, by column.
        reach: share of the customers that the change reaches.
        success: chance that it works at all.
        kappa: from `learn_kappa`; what is known without own initiatives by default.
        money: what points are worth.
        cost: of the change, once.
        seed: start of the draws.

    Raises:
        ArgumentError: a share lies outside 0 to 1, a driver is unknown or cannot be told
            apart, or nothing is shifted.
    """
    for name, share in (("reach", reach), ("success", success)):
        if not 0 <= share <= 1:
            raise ArgumentError(f"{name} is a share from 0 to 1, not {share!r}.")
    if not shifts:
        raise ArgumentError("Name at least one driver to change, as waiting=+0.5.")
    kappa = kappa or learn_kappa()
    measured = group.measured
    moved = [_shift(_find(group, name), asked, histograms) for name, asked in shifts.items()]
    steps = np.zeros(len(measured))
    for one in moved:
        steps[[driver.driver for driver in measured].index(one.driver)] = one.possible
    effects = np.array([one.effect_points or 0.0 for one in measured])
    points = _points(group, effects, steps, kappa, reach, success, seed)
    median, low, high = _range(points)
    earned = None if money is None else _money(points, money, seed)
    pays = None if earned is None or cost is None else float(np.mean(earned > cost))
    money_median, money_low, money_high = (None,) * 3 if earned is None else _range(earned)
    return Outcome(
        group=group.group,
        shifts=tuple(moved),
        effect_points=median,
        low_points=low,
        high_points=high,
        p_positive=float(np.mean(points > 0)),
        associated_points=float(effects @ steps),
        money=money_median,
        money_low=money_low,
        money_high=money_high,
        cost=cost,
        p_pays_back=pays,
        kappa=kappa,
    )


def rating_histograms(
    responses: ir.Table, ratings: Sequence[str], by: Sequence[str] = ()
) -> dict[Group, dict[str, Histogram]]:
    """Return how many rated each driver 1 to 5, by group, with one query.

    Raises:
        ColumnNotFoundError: a column is missing.
        NoAnswersError: no response counts.
    """
    check_columns(responses, ["score", *ratings, *by])
    answered = counted(with_numbers(responses, ratings))
    values = range(_LOWEST, HIGHEST_RATING + 1)
    totals = answered.aggregate(
        by={f"key_{i}": answered[name] for i, name in enumerate(by)},
        **{
            f"n_{i}_{value}": answered.count(where=answered[name].round() == value)
            for i, name in enumerate(ratings)
            for value in values
        },
    )
    found = {
        tuple(row[f"key_{i}"] for i in range(len(by))): {
            name: tuple(float(row[f"n_{i}_{value}"] or 0) for value in values)
            for i, name in enumerate(ratings)
        }
        for row in totals.to_pyarrow().to_pylist()
    }
    if not found or (not by and not any(any(one) for one in found[()].values())):
        raise NoAnswersError("No response that counts rated a driver.")
    return {group: found[group] for group in in_order(found)}


def possible_shift(histogram: Histogram, asked: float) -> float:
    """Return how far ratings can move on average, when nobody leaves the scale.

    Examples:
        >>> possible_shift((0, 0, 0, 50, 50), 1.0)
        0.5
    """
    total = sum(histogram)
    if not total:
        return asked
    ratings = np.arange(_LOWEST, HIGHEST_RATING + 1)
    moved = np.clip(ratings + asked, _LOWEST, HIGHEST_RATING) - ratings
    return float(moved @ np.array(histogram) / total)


def _find(group: DriverGroup, name: str) -> Driver:
    for one in group.measured:
        if name in (one.driver, *one.members):
            if len(one.members) > 1 and name != one.driver:
                raise ArgumentError(
                    f"{name!r} overlaps too much with others to be told apart; change "
                    f"{one.driver!r} together."
                )
            return one
        if len(one.members) > 1 and f"rating_{name}" in one.members:
            raise ArgumentError(
                f"{name!r} overlaps too much with others to be told apart; change "
                f"{one.driver!r} together."
            )
    there = ", ".join(one.driver for one in group.measured) or "none that can be measured"
    raise ArgumentError(f"There is no measured driver {name!r}. There are: {there}.")


def _shift(driver: Driver, asked: float, histograms: Mapping[str, Histogram]) -> Shift:
    if not np.isfinite(asked) or abs(asked) > HIGHEST_RATING:
        raise ArgumentError(f"A shift is a number of steps between -5 and 5, not {asked!r}.")
    if driver.is_theme:
        share = driver.performance_mean or 0.0
        return Shift(driver.driver, asked, float(np.clip(asked, -share, 1 - share)))
    parts = [
        possible_shift(histograms[name], asked) for name in driver.members if name in histograms
    ]
    return Shift(driver.driver, asked, sum(parts) / len(parts) if parts else asked)


def _points(
    group: DriverGroup,
    effects: Floats,
    steps: Floats,
    kappa: Kappa,
    reach: float,
    success: float,
    seed: int,
) -> Floats:
    rng = np.random.default_rng(seed)
    spread = float(np.sqrt(max(0.0, steps @ np.array(group.covariance) @ steps)))
    associated = rng.normal(float(effects @ steps), spread, DRAWS)
    works = rng.random(DRAWS) < success
    points = kappa.draw(rng, DRAWS) * associated * reach * works
    nps = group.nps_points or 0.0
    return np.clip(points, -100.0 - nps, 100.0 - nps)


def _money(points: Floats, money: Money, seed: int) -> Floats:
    rng = np.random.default_rng([seed, 1])
    value = rng.normal(money.value_of_move, money.standard_error, DRAWS)
    return points / 100 * money.customers * value


def _range(draws: Floats) -> tuple[float, float, float]:
    low, median, high = np.quantile(draws, [LOW, 0.5, HIGH])
    return float(median), float(low), float(high)
