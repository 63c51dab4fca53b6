"""What customers think at a moment: the one place where the true model is written down.

attitude = level of the segment + sum over drivers of effect * (experience - 3.5) + mood
score    = attitude + touchpoint + employee + noise, rounded and kept within 0 and 10
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emptychair.analysis.tables.schema import HIGHEST_DETRACTOR, LOWEST_PROMOTER
from emptychair.analysis.tables.simulate.config import Config
from emptychair.analysis.tables.simulate.people import Floats, Integers, People, Truths

MIDDLE_RATING = 3.5
DETRACTOR, PASSIVE, PROMOTER = 0, 1, 2


@dataclass(frozen=True)
class Model:
    """The true model of a company, as arrays: effects by segment and driver, initiatives."""

    levels: Floats
    effects: Floats
    initiatives: tuple[_Change, ...]


@dataclass(frozen=True)
class _Change:
    """What an initiative changes: a driver, for whom, from which day on."""

    driver: int
    shift: float
    first_day: int
    segments: Truths
    units: Truths

    def touches(self, people: People, rows: Integers) -> Truths:
        reached: Truths = self.segments[people.segment[rows]] & self.units[people.unit[rows]]
        return reached


def make_model(config: Config) -> Model:
    """Return the model that `config` describes."""
    effects = [[one.effects[name] for name in config.drivers] for one in config.segments]
    changes = []
    for one in config.initiatives:
        days = one.started_days_before_end
        changes.append(
            _Change(
                driver=config.drivers.index(one.driver),
                shift=one.shift,
                first_day=config.days - days if days is not None else 1 << 30,
                segments=_chosen([part.name for part in config.segments], one.segments),
                units=_chosen([part.code for part in config.units], one.units),
            )
        )
    levels = np.array([one.level for one in config.segments])
    return Model(levels, np.array(effects), tuple(changes))


def experience_of(
    model: Model, people: People, rows: Integers, day: Integers, without: int | None = None
) -> Floats:
    """Return what customers `rows` meet on `day`, by driver.

    Args:
        model: the true model.
        people: the customers.
        rows: which of them; one may be there several times.
        day: the day of each.
        without: an initiative to imagine away.
    """
    experience = people.experience[rows]
    for number, change in enumerate(model.initiatives):
        if change.shift and number != without:
            is_reached = change.touches(people, rows) & (day >= change.first_day)
            experience[is_reached, change.driver] += change.shift
    return experience


def attitude_of(model: Model, people: People, rows: Integers, experience: Floats) -> Floats:
    """Return what customers `rows` think, given what they meet."""
    segment = people.segment[rows]
    moved = np.einsum("ij,ij->i", experience - MIDDLE_RATING, model.effects[segment])
    return np.asarray(model.levels[segment] + moved + people.mood[rows])


def score_of(attitude: Floats) -> Integers:
    """Return the whole score from 0 to 10 nearest to each attitude."""
    return np.clip(np.rint(attitude), 0, 10).astype(np.int64)


def bucket_of(score: Integers) -> Integers:
    """Return 0, 1, 2 for detractors, passives, promoters."""
    return (score > HIGHEST_DETRACTOR).astype(np.int64) + (score >= LOWEST_PROMOTER)


def nps_points(score: Integers) -> float | None:
    """Return the NPS of scores, None of none."""
    if not len(score):
        return None
    bucket = bucket_of(score)
    return float(100 * ((bucket == PROMOTER).mean() - (bucket == DETRACTOR).mean()))


def _chosen(names: Sequence[str], wanted: Sequence[str]) -> Truths:
    return np.array([not wanted or name in wanted for name in names])
