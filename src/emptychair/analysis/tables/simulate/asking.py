"""Who is asked in a month, who answers, and what the answers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from emptychair.analysis.tables.schema import HIGHEST_DETRACTOR, HIGHEST_RATING
from emptychair.analysis.tables.simulate import attitude as mind
from emptychair.analysis.tables.simulate.calendar import Month
from emptychair.analysis.tables.simulate.people import Floats, Integers, Truths

if TYPE_CHECKING:
    from emptychair.analysis.tables.simulate.story import Chronicle, World

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
RELATIONSHIP = -1  # the survey that belongs to no touchpoint
NOBODY = -1
OUTCOMES = ("delivered", "bounced", "answered", "suppressed")
REASONS = ("", "not_contactable", "quarantine")
HELD = ("", "suspected_machine", "suspected_stuffing")
_DELIVERED, _BOUNCED, _ANSWERED, _SUPPRESSED = range(4)
_MEDIAN_DAYS_TO_ANSWER = 0.3
_YEAR_DAYS = 365.25
_MORNING = 6.5 / 24  # of a day


@dataclass(frozen=True)
class Candidates:
    """Moments at which customers could be asked; `touchpoint` is RELATIONSHIP or an index."""

    who: Integers
    at: Floats
    touchpoint: Integers
    employee: Integers

    @classmethod
    def together(cls, parts: Sequence[Candidates]) -> Candidates:
        """Return several lots as one."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(
            np.concatenate([empty, *(part.who for part in parts)]),
            np.concatenate([empty.astype(float), *(part.at for part in parts)]),
            np.concatenate([empty, *(part.touchpoint for part in parts)]),
            np.concatenate([empty, *(part.employee for part in parts)]),
        )

    def of(self, chosen: Integers | Truths) -> Candidates:
        """Return the chosen ones."""
        return Candidates(
            self.who[chosen], self.at[chosen], self.touchpoint[chosen], self.employee[chosen]
        )


def candidates_of(world: World, month: Month, events: Candidates) -> Candidates:
    """Return whom the month's surveys would ask: a sample of events, and those whose turn it is."""
    people, asking, rng = world.people, world.config.asking, world.rng
    sampled = events.of(rng.random(len(events.who)) < asking.transactional_share)
    after = Candidates(
        sampled.who, sampled.at + rng.uniform(0.05, 1.5, len(sampled.who)), sampled.touchpoint,
        sampled.employee,
    )  # fmt: skip
    wait = (people.asked_on_day - month.start) % asking.relationship_every_days
    day = month.start + wait
    turn = (day < month.end) & (people.created_on + 30 <= day) & (day < people.left_on)
    who = np.flatnonzero(turn)
    regular = Candidates(
        who,
        day[who] + rng.uniform(8, 11, len(who)) / 24,
        np.full(len(who), RELATIONSHIP),
        np.full(len(who), NOBODY),
    )
    both = Candidates.together([after, regular])
    is_over = (both.at >= world.config.days) | (both.at >= people.left_on[both.who])
    return both.of(~is_over)


def ask(world: World, chronicle: Chronicle, candidates: Candidates) -> Arrays:
    """Note the invitations of a month, sent or not, and the answers they bring.

    Returns:
        The rows of the answers that people gave.
    """
    order = np.lexsort((candidates.at, candidates.who))
    candidates = candidates.of(order)
    reason = _suppressed(world, candidates)
    is_sent = reason == 0
    rng, asking = world.rng, world.config.asking
    n = len(candidates.who)
    sent_at = np.where(is_sent, candidates.at, np.nan)
    world.last_sent_at[candidates.who[is_sent]] = candidates.at[is_sent]
    is_bounced = is_sent & (rng.random(n) < asking.bounce_share)
    is_delivered = is_sent & ~is_bounced
    is_opened = is_delivered & (rng.random(n) < asking.reading_share)
    answered_at = np.full(n, np.nan)
    first_id = sum(len(part["who"]) for part in chronicle.tables["invitations"])
    opened = np.flatnonzero(is_opened)
    answers = _answers(world, candidates.of(opened), first_id + opened)
    answered_at[opened[answers.gives]] = answers.at[answers.gives]
    rows = answers.rows(world)
    chronicle.add("responses", **rows)
    _machine_clicks(world, chronicle, candidates, is_delivered, first_id)
    outcome = np.select(
        [~is_sent, is_bounced, ~np.isnan(answered_at)],
        [_SUPPRESSED, _BOUNCED, _ANSWERED],
        _DELIVERED,
    )
    chronicle.add(
        "invitations",
        who=candidates.who,
        touchpoint=candidates.touchpoint,
        is_sms=world.people.prefers_sms[candidates.who],
        planned_at=candidates.at,
        sent_at=sent_at,
        delivered_at=np.where(is_delivered, sent_at + 0.0002, np.nan),
        opened_at=np.where(
            is_opened, np.fmin(sent_at + rng.exponential(0.2, n), answered_at - 0.0004), np.nan
        ),
        answered_at=answered_at,
        outcome=outcome,
        reason=reason,
    )
    return rows


def _suppressed(world: World, candidates: Candidates) -> Integers:
    """Return why each candidate is not asked, 0 for those who are; sorted by customer and time."""
    who, at = candidates.who, candidates.at
    is_again = np.zeros(len(who), dtype=bool)
    is_again[1:] = who[1:] == who[:-1]
    rested = at - world.last_sent_at[who] >= world.config.asking.quarantine_days
    reachable = world.people.is_contactable[who]
    return np.where(~reachable, 1, np.where(is_again | ~rested, 2, 0))


@dataclass(frozen=True)
class _Answers:
    """What those who opened an invitation would answer, and which of them do."""

    candidates: Candidates
    invitation: Integers
    at: Floats
    score: Integers
    ratings: Integers
    about: Integers
    gives: Truths

    def rows(self, world: World) -> Arrays:
        """Return the answers that are given, as columns."""
        gives, rng = self.gives, world.rng
        score = self.score[gives]
        shares = np.array(world.config.comments.values())
        commented = rng.random(len(score)) < shares[mind.bucket_of(score)]
        return {
            "who": self.candidates.who[gives],
            "invitation": self.invitation[gives],
            "asked_at": self.candidates.at[gives],
            "at": self.at[gives],
            "score": score,
            "touchpoint": self.candidates.touchpoint[gives],
            "employee": self.candidates.employee[gives],
            "ratings": self.ratings[gives],
            "about": self.about[gives],
            "has_comment": commented,
            "held": np.zeros(len(score), dtype=np.int64),
        }


def _answers(world: World, candidates: Candidates, invitation: Integers) -> _Answers:
    config, people, rng = world.config, world.people, world.rng
    who, n = candidates.who, len(candidates.who)
    delay = rng.lognormal(np.log(_MEDIAN_DAYS_TO_ANSWER), 1.1, n)
    at = _awake(candidates.at + np.minimum(delay, 20))
    experience = mind.experience_of(world.model, people, who, np.floor(at).astype(np.int64))
    thought = mind.attitude_of(world.model, people, who, experience)
    thought = thought + rng.normal(0, config.attitude.answer_sd, n)
    shifts = np.array([*(one.shift for one in config.touchpoints), 0.0])
    qualities = np.array([*world.staff.quality, 0.0])
    score = mind.score_of(thought + shifts[candidates.touchpoint] + qualities[candidates.employee])
    gives = rng.random(n) < _propensity(world, candidates, score)
    gives &= (at < config.days) & (at < people.left_on[who])
    met = experience + config.attitude.spill * people.mood[who, None]
    met = met + rng.normal(0, config.attitude.rating_sd, met.shape)
    ratings = np.clip(np.rint(met), 1, HIGHEST_RATING).astype(np.int64)
    ratings[rng.random(met.shape) < config.asking.rating_skipped_share] = 0
    return _Answers(
        candidates, invitation, at, score, ratings, _about(world, who, experience, score), gives
    )


def _awake(at: Floats) -> Floats:
    """Return moments with those of the night put off to the morning."""
    day = np.floor(at)
    hour = at - day
    return np.asarray(np.where(hour < _MORNING, day + _MORNING + hour / 2, at))


def _propensity(world: World, candidates: Candidates, score: Integers) -> Floats:
    """Return the chance that each answers: it depends on the answer, and on what is known."""
    answering, people, who = world.config.answering, world.people, candidates.who
    odds = (
        answering.base
        + np.array((answering.detractor, answering.passive, answering.promoter))[
            mind.bucket_of(score)
        ]
    )
    tenure_years = np.clip(candidates.at - people.created_on[who], 0, None) / _YEAR_DAYS
    odds = odds + answering.per_tenure_year * tenure_years
    odds = odds + answering.young * (people.age[who] == 0)
    odds = odds + answering.senior * (people.age[who] == 3)
    odds = odds + answering.business * (people.account[who] >= 0)
    odds = odds + answering.sms * people.prefers_sms[who]
    return np.asarray(1 / (1 + np.exp(-odds)))


def _about(world: World, who: Integers, experience: Floats, score: Integers) -> Integers:
    """Return the driver each comment is about: what moved the customer most in that direction."""
    moved = (experience - mind.MIDDLE_RATING) * world.model.effects[world.people.segment[who]]
    moved = moved + world.rng.normal(0, 0.5, moved.shape)
    is_low = (score <= HIGHEST_DETRACTOR)[:, None]
    return np.asarray(np.argmax(np.where(is_low, -moved, moved), axis=1))


def _machine_clicks(
    world: World, chronicle: Chronicle, candidates: Candidates, delivered: Truths, first_id: int
) -> None:
    """Note answers of link scanners: seconds after delivery, at the ends of the scale."""
    rng, config = world.rng, world.config
    clicked = np.flatnonzero(delivered & (rng.random(len(delivered)) < config.machines.click_share))
    n = len(clicked)
    at = candidates.at[clicked]
    chronicle.add(
        "responses",
        who=candidates.who[clicked],
        invitation=first_id + clicked,
        asked_at=at,
        at=at + rng.uniform(0.00004, 0.0003, n),
        score=rng.choice(np.array([0, 10, 5]), n, p=(0.55, 0.35, 0.1)),
        touchpoint=candidates.touchpoint[clicked],
        employee=candidates.employee[clicked],
        ratings=np.zeros((n, len(config.drivers)), dtype=np.int64),
        about=np.zeros(n, dtype=np.int64),
        has_comment=np.zeros(n, dtype=bool),
        held=np.ones(n, dtype=np.int64),
    )


def stuff_ballots(world: World, chronicle: Chronicle) -> None:
    """Note the answers of somebody who filled in a public link again and again."""
    rng, machines = world.rng, world.config.machines
    per_day = round(machines.stuffing_per_day * len(world.people) / 20_000)
    n = per_day * machines.stuffing_days
    day = np.repeat(rng.integers(0, world.config.days, machines.stuffing_days), per_day)
    chronicle.add(
        "responses",
        who=np.full(n, NOBODY),
        invitation=np.full(n, NOBODY),
        asked_at=np.full(n, np.nan),
        at=day + np.sort(rng.uniform(0.8, 0.83, n)),
        score=np.full(n, 10),
        touchpoint=np.full(n, RELATIONSHIP),
        employee=np.full(n, NOBODY),
        ratings=np.zeros((n, len(world.config.drivers)), dtype=np.int64),
        about=np.zeros(n, dtype=np.int64),
        has_comment=np.zeros(n, dtype=bool),
        held=np.full(n, 2),
    )
