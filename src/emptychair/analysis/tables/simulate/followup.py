"""The inner loop: a case for every detractor, a call to most, and what the calls change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emptychair.analysis.tables.schema import HIGHEST_DETRACTOR
from emptychair.analysis.tables.simulate.people import NEVER

if TYPE_CHECKING:
    from emptychair.analysis.tables.simulate.asking import Arrays
    from emptychair.analysis.tables.simulate.story import Chronicle, World

OUTCOMES = ("recovered", "unchanged", "lost", "unreachable")
STILL_OPEN = -1
_OUTCOME_SHARES = (0.5, 0.4, 0.1)
_UNREACHABLE = 3
_MINUTES_TO_OPEN = 5
_DAY_MINUTES = 1440


def open_cases(world: World, chronicle: Chronicle, answers: Arrays) -> None:
    """Note a case for each detractor among `answers`; those who are called leave less often."""
    rng, rules, people = world.rng, world.config.cases, world.people
    rows = np.flatnonzero(answers["score"] <= HIGHEST_DETRACTOR)
    n, who = len(rows), answers["who"][rows]
    is_holdout = rng.random(n) < rules.holdout_share
    is_reached = ~is_holdout & (rng.random(n) < rules.reached_share)
    hours = rng.lognormal(np.log(rules.median_hours), 0.8, n)
    opened_at = answers["at"][rows] + _MINUTES_TO_OPEN / _DAY_MINUTES
    contact_at = np.where(is_reached, opened_at + hours / 24, np.nan)
    closed_at = np.where(is_holdout, np.nan, opened_at + (hours + rng.exponential(30, n)) / 24)
    for moments in (contact_at, closed_at):
        moments[moments >= world.config.days] = np.nan
    outcome = np.where(is_reached, rng.choice(3, n, p=_OUTCOME_SHARES), _UNREACHABLE)
    was_called = ~np.isnan(contact_at) & (people.left_on[who] == NEVER)
    people.was_called[who[was_called]] = True
    chronicle.add(
        "cases",
        invitation=answers["invitation"][rows],
        who=who,
        employee=world.staff_at(who),
        about=answers["about"][rows],
        opened_at=opened_at,
        contact_at=contact_at,
        closed_at=closed_at,
        outcome=np.where(np.isnan(closed_at), STILL_OPEN, outcome),
        is_holdout=is_holdout,
    )
