"""What is true about a simulated company: computed from everybody, not from who answered."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from emptychair.analysis.tables.simulate import asking, story
from emptychair.analysis.tables.simulate import attitude as mind
from emptychair.analysis.tables.simulate.arrow import customer_id, employee_id
from emptychair.analysis.tables.simulate.config import BUCKETS
from emptychair.analysis.tables.simulate.people import NEVER, Floats, Integers, Truths
from emptychair.analysis.tables.simulate.story import Chronicle, World

_STATES = (*BUCKETS, "left")
_STEP = 0.5  # on the 1-to-5 scale, for the effect of a driver


def truth_of(world: World, chronicle: Chronicle) -> dict[str, Any]:
    """Return the truth that statistics are to find, ready for JSON.

    `base` is the NPS if every customer of the last day answered, and `scores` what each would
    say; `drivers` what a step of half a rating on one driver would change it by; `initiatives`
    what each changed where it works.
    """
    census = _Census(world)
    return {
        "company": world.config.name,
        "parameters": json.loads(json.dumps(dataclasses.asdict(world.config))),
        "first_on": world.calendar.first_on.isoformat(),
        "customers": len(census.rows),
        "base": census.base(),
        "scores": census.scores_said(),
        "by_month": [
            {"month": month, "customers": n, "nps_points": points}
            for month, n, points in chronicle.monthly_nps
        ],
        "drivers": census.drivers(),
        "initiatives": census.initiatives(),
        "movement": _movement(chronicle),
        "retention": _retention(world),
        "revenue": _revenue(world),
        "employees": [
            {
                "employee": employee_id(world, number),
                "unit": world.config.units[world.staff.unit[number]].name,
                "quality_score": float(quality),
            }
            for number, quality in enumerate(world.staff.quality)
        ],
        "answering": _answering(world, chronicle),
        "held": _held(chronicle),
        "units": [
            {"code": one.code, "name": one.name, "country": one.country}
            for one in world.config.units
        ],
    }


class _Census:
    """Everybody who is a customer on the last day, and what each would answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        people = world.people
        self.rows = np.flatnonzero(people.left_on == NEVER)
        self.day = np.full(len(self.rows), world.config.days - 1)
        self.noise = world.rng.normal(0, world.config.attitude.answer_sd, len(self.rows))
        self.experience = mind.experience_of(world.model, people, self.rows, self.day)
        self.scores = self.answers(self.experience)

    def answers(self, experience: Floats) -> Integers:
        """Return everybody's score, given what they meet; the noise is the same each time."""
        world = self.world
        attitude = mind.attitude_of(world.model, world.people, self.rows, experience)
        return mind.score_of(attitude + self.noise)

    def points(self, scores: Integers, chosen: Truths | None = None) -> float | None:
        return mind.nps_points(scores if chosen is None else scores[chosen])

    def base(self) -> dict[str, Any]:
        config, people = self.world.config, self.world.people
        segment, unit = people.segment[self.rows], people.unit[self.rows]
        countries = np.array([one.country for one in config.units])[unit]
        shares = np.bincount(mind.bucket_of(self.scores), minlength=3) / max(1, len(self.scores))
        return {
            "nps_points": self.points(self.scores),
            "shares": dict(zip(BUCKETS, shares.tolist(), strict=True)),
            "by_segment": {
                one.name: self.points(self.scores, segment == number)
                for number, one in enumerate(config.segments)
            },
            "by_unit": {
                one.name: self.points(self.scores, unit == number)
                for number, one in enumerate(config.units)
            },
            "by_country": {
                str(country): self.points(self.scores, countries == country)
                for country in np.unique(countries)
            },
        }

    def scores_said(self) -> dict[str, int]:
        """Return what each customer would answer, by the customer's id."""
        return {
            customer_id(row): score
            for row, score in zip(self.rows.tolist(), self.scores.tolist(), strict=True)
        }

    def drivers(self) -> list[dict[str, Any]]:
        config = self.world.config
        segment = self.world.people.segment[self.rows]
        found = []
        for number, driver in enumerate(config.drivers):
            changed = self.experience.copy()
            changed[:, number] += _STEP
            scores = self.answers(changed)
            for place, one in enumerate(config.segments):
                chosen = segment == place
                before, after = self.points(self.scores, chosen), self.points(scores, chosen)
                met = self.experience[chosen, number]
                found.append(
                    {
                        "segment": one.name,
                        "driver": driver,
                        "effect_score_per_rating": one.effects[driver],
                        "effect_points_of_half_a_rating": _difference(after, before),
                        "performance_mean": float(met.mean()) if len(met) else None,
                    }
                )
        return found

    def initiatives(self) -> list[dict[str, Any]]:
        world = self.world
        found = []
        for number, one in enumerate(world.config.initiatives):
            change = world.model.initiatives[number]
            reached = change.touches(world.people, self.rows)
            imagined = mind.experience_of(world.model, world.people, self.rows, self.day, number)
            without = self.answers(imagined)
            found.append(
                {
                    "initiative_id": one.id,
                    "driver": one.driver,
                    "units": list(one.units),
                    "segments": list(one.segments),
                    "started_days_before_end": one.started_days_before_end,
                    "shift_rating": one.shift,
                    "reached_customers": int(reached.sum()),
                    "effect_points": _difference(
                        self.points(self.scores, reached), self.points(without, reached)
                    ),
                    "effect_points_overall": _difference(
                        self.points(self.scores), self.points(without)
                    ),
                }
            )
        return found


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _movement(chronicle: Chronicle) -> dict[str, Any]:
    """Return how true buckets change from one quarter's start to the next, over all quarters."""
    counts = np.zeros((3, 4), dtype=np.int64)
    for before, after in zip(chronicle.states[:-1], chronicle.states[1:], strict=True):
        chosen = (before != story.UNKNOWN) & (before != story.LEFT)
        counts += np.bincount(4 * before[chosen] + after[chosen], minlength=12).reshape(3, 4)
    totals = np.maximum(1, counts.sum(axis=1, keepdims=True))
    return {
        "states": list(_STATES),
        "quarters": max(0, len(chronicle.states) - 1),
        "counts": counts.tolist(),
        "shares": (counts / totals).tolist(),
    }


def _retention(world: World) -> dict[str, Any]:
    hazards = dict(zip(BUCKETS, world.config.churn.values(), strict=True))
    return {
        "churn_monthly_share": hazards,
        "retention_12m_share_if_bucket_kept": {
            name: (1 - hazard) ** 12 for name, hazard in hazards.items()
        },
        "called_churn_ratio": world.config.churn.follow_up_ratio,
    }


def _revenue(world: World) -> dict[str, Any]:
    ratios = dict(zip(BUCKETS, world.config.revenue.values(), strict=True))
    return {
        "ratio_to_passive": ratios,
        "monthly_by_segment": {one.name: one.monthly_revenue for one in world.config.segments},
    }


def _answering(world: World, chronicle: Chronicle) -> dict[str, Any]:
    """Return how invitations ended, and the log-odds of answering that lie behind."""
    rows = chronicle.whole("invitations")
    outcomes = np.bincount(rows["outcome"], minlength=len(asking.OUTCOMES)).tolist()
    sent = int((rows["outcome"] != asking.OUTCOMES.index("suppressed")).sum())
    answered = outcomes[asking.OUTCOMES.index("answered")]
    delivered = sent - outcomes[asking.OUTCOMES.index("bounced")]
    return {
        "log_odds": dataclasses.asdict(world.config.answering),
        "outcomes": dict(zip(asking.OUTCOMES, outcomes, strict=True)),
        "response_rate_share": answered / delivered if delivered else None,
    }


def _held(chronicle: Chronicle) -> dict[str, int]:
    held = chronicle.whole("responses")["held"]
    return {
        reason: int((held == number).sum()) for number, reason in enumerate(asking.HELD) if reason
    }
