"""The customers and employees of a simulated company."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emptychair.analysis.tables.simulate.config import Config

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

NEVER = np.int64(1 << 40)
AGE_BANDS = ("18-29", "30-49", "50-64", "65+")
LEVELS = ("none", "member", "gold")
_OLDEST_DAYS = 12 * 365
_YOUNGEST_DAYS = 5
# Chance of each age band, by the place of a segment's name in it; others as in the last row.
_AGES = {
    "young": (0.72, 0.25, 0.03, 0.0),
    "seniors": (0.0, 0.02, 0.33, 0.65),
    "families": (0.12, 0.7, 0.16, 0.02),
}
_AGES_OF_OTHERS = (0.12, 0.5, 0.33, 0.05)


@dataclass
class People:
    """One element per customer. Days count from the story's first day; before it, below 0.

    `mood`, `left_on` and `was_called` change while the story runs.
    """

    segment: Integers
    unit: Integers
    account: Integers
    created_on: Integers
    age: Integers
    level: Integers
    speaks_english: Truths
    prefers_sms: Truths
    is_contactable: Truths
    asked_on_day: Integers
    experience: Floats
    spending: Floats
    mood: Floats
    left_on: Integers
    was_called: Truths

    def __len__(self) -> int:
        return len(self.segment)


@dataclass(frozen=True)
class Staff:
    """One element per employee: unit, and what he or she adds to the score at a touchpoint."""

    unit: Integers
    quality: Floats


def make_people(config: Config, rng: np.random.Generator) -> People:
    """Return the customers of a company as they are when the story begins."""
    n = config.customers
    segment = rng.choice(len(config.segments), n, p=_shares(config.segments))
    unit = rng.choice(len(config.units), n, p=_shares(config.units))
    is_new = rng.random(n) < config.new_share
    created_on = np.where(
        is_new,
        rng.integers(_YOUNGEST_DAYS, config.days - 1, n),
        -1 - (rng.random(n) ** 1.5 * _OLDEST_DAYS).astype(np.int64),
    )
    return People(
        segment=segment,
        unit=unit,
        account=_accounts(config, segment, unit, rng),
        created_on=created_on,
        age=_ages(config, segment, rng),
        level=rng.choice(len(LEVELS), n, p=(0.45, 0.4, 0.15)),
        speaks_english=rng.random(n) < config.languages.english_share,
        prefers_sms=rng.random(n) < config.asking.sms_share,
        is_contactable=rng.random(n) < config.asking.contactable_share,
        asked_on_day=rng.integers(config.asking.relationship_every_days, size=n),
        experience=_experiences(config, unit, rng),
        spending=np.exp(rng.normal(0, config.revenue.person_sd, n)),
        mood=rng.normal(0, config.attitude.person_sd, n),
        left_on=np.full(n, NEVER),
        was_called=np.zeros(n, dtype=bool),
    )


def make_staff(config: Config, rng: np.random.Generator) -> Staff:
    """Return the employees of all units; their qualities add up to about zero."""
    unit = np.repeat(np.arange(len(config.units)), config.employees.per_unit)
    return Staff(unit, rng.normal(0, config.employees.quality_sd, len(unit)))


def _shares(parts: object) -> Floats:
    shares = np.array([part.share for part in parts])  # type: ignore[attr-defined]
    return np.asarray(shares / shares.sum())


def _ages(config: Config, segment: Integers, rng: np.random.Generator) -> Integers:
    ages = np.empty(len(segment), dtype=np.int64)
    for number, one in enumerate(config.segments):
        chosen = segment == number
        chances = _AGES.get(one.name, _AGES_OF_OTHERS)
        ages[chosen] = rng.choice(len(AGE_BANDS), int(chosen.sum()), p=chances)
    return ages


def _accounts(
    config: Config, segment: Integers, unit: Integers, rng: np.random.Generator
) -> Integers:
    """Return the account of each customer who buys for a company, -1 for the others."""
    account = np.full(len(segment), -1)
    start = 0
    for number, one in enumerate(config.segments):
        if one.per_account:
            for place in range(len(config.units)):
                members = np.flatnonzero((segment == number) & (unit == place))
                companies = max(1, len(members) // one.per_account)
                account[members] = start + rng.integers(companies, size=len(members))
                start += companies
    return account


def _experiences(config: Config, unit: Integers, rng: np.random.Generator) -> Floats:
    """Return what each customer meets by driver: the mean, the unit's share, the person's."""
    experience, drivers = config.experience, len(config.drivers)
    means = np.array([experience.means[name] for name in config.drivers])
    units = rng.normal(0, experience.unit_sd, (len(config.units), drivers))
    common = rng.normal(size=(len(unit), 1))
    own = rng.normal(size=(len(unit), drivers))
    share = np.sqrt(experience.correlation)
    person = share * common + np.sqrt(1 - experience.correlation) * own
    return np.asarray(means + units[unit] + experience.person_sd * person)
