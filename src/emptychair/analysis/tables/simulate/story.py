"""What happens to a simulated company, month by month; within a month everything is one array."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from emptychair.analysis.tables.simulate import attitude as mind
from emptychair.analysis.tables.simulate.asking import Candidates, ask, candidates_of, stuff_ballots
from emptychair.analysis.tables.simulate.attitude import Model
from emptychair.analysis.tables.simulate.calendar import Calendar, Month
from emptychair.analysis.tables.simulate.config import Config
from emptychair.analysis.tables.simulate.followup import open_cases
from emptychair.analysis.tables.simulate.people import (
    NEVER,
    Floats,
    Integers,
    People,
    Staff,
    Truths,
)

KINDS = (
    "purchase", "support", "return", "complaint", "login", "renewal", "upgrade", "downgrade",
)  # fmt: skip
LEFT = 3  # a fourth state beside the buckets
UNKNOWN = -1  # not a customer at that time
# How often detractors, passives and promoters do something, compared with the segment's rate.
_HABITS = {
    "purchase": (0.85, 1.0, 1.15),
    "support": (1.5, 1.0, 0.8),
    "return": (1.3, 1.0, 0.9),
    "complaint": (3.0, 0.8, 0.3),
    "login": (0.9, 1.0, 1.15),
    "renewal": (0.7, 1.0, 1.2),
}
_SEASONS = (0.92, 0.88, 0.97, 1.0, 1.05, 1.02, 0.9, 0.98, 1.0, 1.03, 1.2, 1.25)
_COST_SHARE = 0.05
_COST_OF_HELP = 45.0
_Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class World:
    """Everything that a story is told with."""

    config: Config
    model: Model
    people: People
    staff: Staff
    calendar: Calendar
    rng: np.random.Generator
    last_sent_at: Floats
    referrer: Integers
    origin: Integers

    def staff_at(self, who: Integers) -> Integers:
        """Return an employee of the unit of each customer, by chance."""
        per_unit = self.config.employees.per_unit
        some = self.rng.integers(per_unit, size=len(who))
        return np.asarray(self.people.unit[who] * per_unit + some)


@dataclass
class Chronicle:
    """What happened: for each table the arrays of each month, and the truth at each time."""

    tables: dict[str, list[_Arrays]] = field(default_factory=lambda: defaultdict(list))
    states: list[Integers] = field(default_factory=list)
    monthly_nps: list[tuple[str, int, float | None]] = field(default_factory=list)

    def add(self, table: str, **columns: npt.NDArray[Any]) -> None:
        """Note rows of a table."""
        self.tables[table].append(columns)

    def whole(self, table: str) -> _Arrays:
        """Return all rows of a table, in the order they were noted."""
        parts = self.tables.get(table, [])
        names = parts[0] if parts else {}
        return {name: np.concatenate([part[name] for part in parts]) for name in names}


def tell(world: World) -> Chronicle:
    """Return what happens to the company from the first day to the last."""
    chronicle = Chronicle()
    for month in world.calendar.months():
        if month.is_quarter_start and month.start:
            _move_moods(world)
        bucket = _true_buckets(world, month.start)
        present = (world.people.created_on < month.end) & (world.people.left_on == NEVER)
        if month.is_quarter_start:
            chronicle.states.append(_states(world, bucket, month))
        _note_truth(world, chronicle, month, present)
        _lose(world, month, bucket, present)
        _welcome(world, month, bucket)
        events = _live(world, chronicle, month, bucket, present)
        _earn(world, chronicle, month, bucket, present)
        answers = ask(world, chronicle, candidates_of(world, month, events))
        open_cases(world, chronicle, answers)
    stuff_ballots(world, chronicle)
    return chronicle


def _move_moods(world: World) -> None:
    attitude = world.config.attitude
    kept = attitude.persistence
    fresh = world.rng.normal(0, attitude.person_sd, len(world.people))
    world.people.mood = kept * world.people.mood + np.sqrt(1 - kept**2) * fresh


def _true_buckets(world: World, day: int) -> Integers:
    rows = np.arange(len(world.people))
    experience = mind.experience_of(world.model, world.people, rows, np.full(len(rows), day))
    attitude = mind.attitude_of(world.model, world.people, rows, experience)
    return mind.bucket_of(mind.score_of(attitude))


def _states(world: World, bucket: Integers, month: Month) -> Integers:
    people = world.people
    states = np.where(people.left_on < month.start, LEFT, bucket)
    return np.where(people.created_on >= month.start, UNKNOWN, states)


def _note_truth(world: World, chronicle: Chronicle, month: Month, present: Truths) -> None:
    rows = np.flatnonzero(present & (world.people.created_on <= month.start))
    day = np.full(len(rows), month.start)
    experience = mind.experience_of(world.model, world.people, rows, day)
    attitude = mind.attitude_of(world.model, world.people, rows, experience)
    noise = world.rng.normal(0, world.config.attitude.answer_sd, len(rows))
    points = mind.nps_points(mind.score_of(attitude + noise))
    chronicle.monthly_nps.append((month.first_on.isoformat(), len(rows), points))


def _lose(world: World, month: Month, bucket: Integers, present: Truths) -> None:
    """Let customers leave on a day of the month, more often the less they think of us."""
    churn, people, rng = world.config.churn, world.people, world.rng
    hazard = np.array(churn.values())[bucket] * month.length
    hazard = np.where(people.was_called, hazard * churn.follow_up_ratio, hazard)
    leaves = present & (people.created_on <= month.start) & (rng.random(len(people)) < hazard)
    people.left_on[leaves] = rng.integers(month.start, month.end, int(leaves.sum()))


def _welcome(world: World, month: Month, bucket: Integers) -> None:
    """Find out who brought the month's new customers."""
    people, rng, referrals = world.people, world.rng, world.config.referrals
    new = np.flatnonzero((people.created_on >= month.start) & (people.created_on < month.end))
    promoters = np.flatnonzero(
        (bucket == mind.PROMOTER)
        & (people.created_on < month.start)
        & (people.left_on >= month.start)
    )
    chance = rng.random(len(new))
    is_earned = (chance < referrals.earned_share) & bool(len(promoters))
    is_bought = ~is_earned & (
        rng.random(len(new)) < referrals.bought_share / max(1e-9, 1 - referrals.earned_share)
    )
    world.origin[new] = np.where(is_earned, 0, np.where(is_bought, 1, 2))
    earned = new[is_earned]
    if len(earned):
        world.referrer[earned] = rng.choice(promoters, len(earned))


def _live(
    world: World, chronicle: Chronicle, month: Month, bucket: Integers, present: Truths
) -> Candidates:
    """Note what customers do in a month; return the events at touchpoints."""
    people, rng, config = world.people, world.rng, world.config
    start = np.maximum(people.created_on, month.start)
    end = np.minimum(people.left_on, month.end)
    length = np.where(present, np.maximum(0, end - start), 0) / (month.end - month.start)
    at_touchpoints = []
    for number, kind in enumerate(KINDS):
        rates = np.array([one.rates.get(kind, 0.0) for one in config.segments])[people.segment]
        habit = np.array(_HABITS.get(kind, (1.0, 1.0, 1.0)))[bucket]
        times = rng.poisson(rates * habit * length * month.length)
        who = np.repeat(np.arange(len(people)), times)
        day = start[who] + (rng.random(len(who)) * (end - start)[who]).astype(np.int64)
        at = day + _clock(rng, len(who))
        amount = np.full(len(who), np.nan)
        if kind in ("purchase", "renewal"):
            monthly = np.array([one.monthly_revenue for one in config.segments])
            usual = monthly[people.segment[who]] / np.maximum(rates[who], 0.05)
            amount = np.round(usual * people.spending[who] * rng.lognormal(-0.08, 0.4, len(who)), 2)
        chronicle.add("events", who=who, at=at, kind=np.full(len(who), number), amount=amount)
        for touchpoint, one in enumerate(config.touchpoints):
            if one.event == kind:
                at_touchpoints.append(
                    Candidates(who, at, np.full(len(who), touchpoint), world.staff_at(who))
                )
    return Candidates.together(at_touchpoints)


def _earn(
    world: World, chronicle: Chronicle, month: Month, bucket: Integers, present: Truths
) -> None:
    """Note what customers pay in a month and what they cost."""
    people, rng, config = world.people, world.rng, world.config
    who = np.flatnonzero(present & (people.created_on < month.end))
    segment = people.segment[who]
    start = np.maximum(people.created_on[who], month.start)
    stayed = np.maximum(0, np.minimum(people.left_on[who], month.end) - start)
    revenue = np.array([one.monthly_revenue for one in config.segments])[segment]
    revenue = revenue * np.array(config.revenue.values())[bucket[who]] * people.spending[who]
    sd = config.revenue.monthly_sd
    revenue = revenue * rng.lognormal(-(sd**2) / 2, sd, len(who))
    revenue = revenue * _SEASONS[month.first_on.month - 1] * stayed / (month.end - month.start)
    revenue = np.round(revenue * month.length, 2)
    margin = np.array([one.margin_share for one in config.segments])[segment] * revenue
    helped = rng.poisson(0.1 + 0.15 * (bucket[who] == mind.DETRACTOR), len(who))
    chronicle.add(
        "values",
        who=who,
        month=np.full(len(who), np.datetime64(month.first_on, "D")),
        revenue=revenue,
        margin=np.round(margin, 2),
        cost_to_serve=np.round(_COST_SHARE * revenue + _COST_OF_HELP * helped, 2),
    )


def _clock(rng: np.random.Generator, n: int) -> Floats:
    """Return times of day, mostly between nine in the morning and nine in the evening."""
    return np.asarray(np.clip(rng.normal(14.5, 3.2, n), 6, 23.4) / 24)
