"""The chronicle of a simulated company as the tables of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from emptychair.analysis.tables.schema import RATING_PREFIX, SEGMENT_PREFIX
from emptychair.analysis.tables.simulate import asking, followup, story
from emptychair.analysis.tables.simulate.attitude import bucket_of
from emptychair.analysis.tables.simulate.comments import write_comments
from emptychair.analysis.tables.simulate.people import AGE_BANDS, LEVELS, NEVER, Integers
from emptychair.analysis.tables.simulate.story import Chronicle, World

_YEAR_DAYS = 365.25
_ORIGINS = ("earned", "bought", "unknown")
_WORDING = "recommend-{language}-1"
_Column = npt.NDArray[Any]


def tables_of(world: World, chronicle: Chronicle) -> dict[str, pa.Table]:
    """Return every table of the contract, rows in the order of time."""
    ids = _Ids(world)
    return {
        "responses": _responses(world, chronicle, ids),
        "customers": _customers(world, ids),
        "values": _values(chronicle, ids),
        "events": _events(world, chronicle, ids),
        "invitations": _invitations(world, chronicle, ids),
        "cases": _cases(world, chronicle, ids),
        "initiatives": _initiatives(world),
        "referrals": _referrals(world, ids),
    }


def employee_id(world: World, number: int) -> str:
    """Return what the tables call an employee."""
    unit = world.config.units[world.staff.unit[number]]
    return f"{unit.code}-{number % world.config.employees.per_unit + 1:02d}"


def customer_id(number: int) -> str:
    """Return what the tables call a customer."""
    return f"C{number:07d}"


class _Ids:
    """Names of customers, accounts and so on, made once and taken by number."""

    def __init__(self, world: World) -> None:
        people, config = world.people, world.config
        n = len(people)
        self.customer = pa.array([customer_id(number) for number in range(n)])
        accounts = int(people.account.max(initial=-1)) + 1
        self.account = pa.array([f"A{number:06d}" for number in range(accounts)], pa.string())
        self.unit = pa.array([unit.name for unit in config.units])
        self.segment = pa.array([one.name for one in config.segments])
        self.employee = pa.array([employee_id(world, i) for i in range(len(world.staff.unit))])
        self.language_codes = [*dict.fromkeys(config.languages.by_country.values()), "en"]
        own = [
            self.language_codes.index(config.languages.by_country[unit.country])
            for unit in config.units
        ]
        english = len(self.language_codes) - 1
        self.language = np.where(people.speaks_english, english, np.array(own)[people.unit])


def _take(names: pa.Array, numbers: Integers) -> pa.Array:
    """Return names by number, null for negative numbers."""
    return names.take(pa.array(numbers, mask=numbers < 0))


def _named(names: Sequence[str], numbers: Integers) -> pa.Array:
    return _take(pa.array(names, pa.string()), numbers)


def _at(world: World, local: _Column) -> pa.Array:
    """Return moments in local days as UTC timestamps, null where there are none."""
    missing = np.isnan(local)
    seconds = world.calendar.utc_seconds(np.where(missing, 0.0, local))
    return pa.array(seconds * 1_000_000, pa.int64(), mask=missing).cast(pa.timestamp("us"))


def _on(world: World, local: _Column) -> pa.Array:
    return pa.array(world.calendar.dates(np.floor(local).astype(np.int64)))


def _numbered(prefix: str, numbers: Integers) -> pa.Array:
    return pa.array([f"{prefix}{number:08d}" for number in numbers.tolist()], pa.string())


def _responses(world: World, chronicle: Chronicle, ids: _Ids) -> pa.Table:
    rows = chronicle.whole("responses")
    order = np.argsort(rows["at"], kind="stable")
    rows = {name: column[order] for name, column in rows.items()}
    config, people, who = world.config, world.people, rows["who"]
    known = np.maximum(who, 0)
    is_known = who >= 0
    language = ids.language[known]
    wordings = [_WORDING.format(language=code) for code in ids.language_codes]
    tenure = np.round((rows["at"] - people.created_on[known]) / _YEAR_DAYS, 1)
    columns: dict[str, Any] = {
        "response_id": _response_ids(rows),
        "customer_id": _take(ids.customer, who),
        "account_id": _take(ids.account, np.where(is_known, people.account[known], -1)),
        "asked_at": _at(world, rows["asked_at"]),
        "answered_at": _at(world, rows["at"]),
        "answered_on": _on(world, rows["at"]),
        "score": pa.array(rows["score"], pa.int8()),
        "comment": _comments(world, ids, rows),
        "language": _named(ids.language_codes, np.where(is_known, language, -1)),
        "channel": _named(
            ("email", "sms", "link"),
            np.where(is_known, people.prefers_sms[known].astype(np.int64), 2),
        ),
        **_survey(world, rows["touchpoint"]),
        "unit": _take(ids.unit, np.where(is_known, people.unit[known], -1)),
        "employee": _take(ids.employee, rows["employee"]),
        "wording": _named(wordings, language),
        "held_reason": _named(asking.HELD, np.where(rows["held"] > 0, rows["held"], -1)),
    }
    for number, driver in enumerate(config.drivers):
        rating = rows["ratings"][:, number]
        columns[RATING_PREFIX + driver] = pa.array(rating, pa.int8(), mask=rating == 0)
    columns["attr_segment"] = _take(ids.segment, np.where(is_known, people.segment[known], -1))
    columns["attr_age"] = _named(AGE_BANDS, np.where(is_known, people.age[known], -1))
    columns["attr_tenure_years"] = pa.array(tenure, mask=~is_known)
    return pa.table(columns)


def _response_ids(rows: dict[str, _Column]) -> pa.Array:
    letters = np.array(["R", "M", "S"])[rows["held"]]
    numbers = np.where(rows["held"] == 2, np.arange(len(rows["who"])), rows["invitation"])
    pairs = zip(letters.tolist(), numbers.tolist(), strict=True)
    return pa.array([f"{letter}{number:08d}" for letter, number in pairs], pa.string())


def _comments(world: World, ids: _Ids, rows: dict[str, _Column]) -> pa.Array:
    written = np.flatnonzero(rows["has_comment"])
    who = rows["who"][written]
    texts = np.full(len(rows["who"]), None, dtype=object)
    texts[written] = write_comments(
        world.rng,
        languages=ids.language_codes,
        language=ids.language[who],
        drivers=world.config.drivers,
        driver=rows["about"][written],
        bucket=bucket_of(rows["score"][written]),
        units=[unit.name for unit in world.config.units],
        unit=world.people.unit[who],
    )
    return pa.array(texts, pa.string())


def _survey(world: World, touchpoint: Integers) -> dict[str, pa.Array]:
    config = world.config
    points = config.touchpoints
    surveys = [*(one.survey for one in points), config.asking.relationship_survey]
    is_regular = touchpoint == asking.RELATIONSHIP
    return {
        "survey": _named(surveys, np.where(is_regular, len(points), touchpoint)),
        "survey_kind": _named(("transactional", "relationship"), is_regular.astype(np.int64)),
        "journey": _named([one.journey for one in points], touchpoint),
        "stage": _named([one.stage for one in points], touchpoint),
        "touchpoint": _named([one.name for one in points], touchpoint),
    }


def _customers(world: World, ids: _Ids) -> pa.Table:
    people, config = world.people, world.config
    numbers = np.arange(len(people))
    left = people.left_on < NEVER
    columns: dict[str, Any] = {
        "customer_id": ids.customer,
        "account_id": _take(ids.account, people.account),
        "created_at": _at(world, people.created_on + 0.5),
        "left_at": _at(world, np.where(left, people.left_on + 0.7, np.nan)),
        "left_reason": _named(("cancelled",), np.where(left, 0, -1)),
        "language": _named(ids.language_codes, ids.language),
        "country": _named([unit.country for unit in config.units], people.unit),
        "unit": _take(ids.unit, people.unit),
        "contactable": pa.array(people.is_contactable),
    }
    for number, one in enumerate(config.segments):
        columns[SEGMENT_PREFIX + one.name] = pa.array(people.segment[numbers] == number)
    columns["attr_segment"] = _take(ids.segment, people.segment)
    columns["attr_age"] = _named(AGE_BANDS, people.age)
    columns["attr_level"] = _named(LEVELS, people.level)
    return pa.table(columns)


def _values(chronicle: Chronicle, ids: _Ids) -> pa.Table:
    rows = chronicle.whole("values")
    return pa.table(
        {
            "customer_id": _take(ids.customer, rows["who"]),
            "month": pa.array(rows["month"]),
            **{name: rows[name] for name in ("revenue", "margin", "cost_to_serve")},
        }
    )


def _events(world: World, chronicle: Chronicle, ids: _Ids) -> pa.Table:
    rows = chronicle.whole("events")
    order = np.argsort(rows["at"], kind="stable")
    amount = rows["amount"][order]
    return pa.table(
        {
            "customer_id": _take(ids.customer, rows["who"][order]),
            "at": _at(world, rows["at"][order]),
            "kind": _named(story.KINDS, rows["kind"][order]),
            "amount": pa.array(amount, mask=np.isnan(amount)),
        }
    )


def _invitations(world: World, chronicle: Chronicle, ids: _Ids) -> pa.Table:
    rows = chronicle.whole("invitations")
    moments = ("planned_at", "sent_at", "delivered_at", "opened_at", "answered_at")
    return pa.table(
        {
            "invitation_id": _numbered("I", np.arange(len(rows["who"]))),
            "customer_id": _take(ids.customer, rows["who"]),
            "survey": _survey(world, rows["touchpoint"])["survey"],
            "channel": _named(("email", "sms"), rows["is_sms"].astype(np.int64)),
            **{name: _at(world, rows[name]) for name in moments},
            "outcome": _named(asking.OUTCOMES, rows["outcome"]),
            "suppressed_reason": _named(
                asking.REASONS, np.where(rows["reason"] > 0, rows["reason"], -1)
            ),
        }
    )


def _cases(world: World, chronicle: Chronicle, ids: _Ids) -> pa.Table:
    rows = chronicle.whole("cases")
    is_closed = ~np.isnan(rows["closed_at"])
    due = rows["opened_at"] + world.config.cases.due_hours / 24
    return pa.table(
        {
            "case_id": _numbered("K", np.arange(len(rows["who"]))),
            "response_id": _numbered("R", rows["invitation"]),
            "customer_id": _take(ids.customer, rows["who"]),
            "unit": _take(ids.unit, world.people.unit[rows["who"]]),
            "owner": _take(ids.employee, rows["employee"]),
            "opened_at": _at(world, rows["opened_at"]),
            "due_at": _at(world, due),
            "first_contact_at": _at(world, rows["contact_at"]),
            "closed_at": _at(world, rows["closed_at"]),
            "root_cause": _named(world.config.drivers, np.where(is_closed, rows["about"], -1)),
            "outcome": _named(followup.OUTCOMES, rows["outcome"]),
            "holdout": pa.array(rows["is_holdout"]),
        }
    )


def _initiatives(world: World) -> pa.Table:
    config = world.config
    last_on = world.calendar.first_on + timedelta(days=config.days)
    names = {unit.code: unit.name for unit in config.units}
    started = [
        last_on - timedelta(days=one.started_days_before_end)
        if one.started_days_before_end is not None
        else None
        for one in config.initiatives
    ]
    text, numbers, texts = pa.string(), pa.float64(), pa.list_(pa.string())
    some = config.initiatives
    return pa.table(
        {
            "initiative_id": pa.array([one.id for one in some], text),
            "name": pa.array([one.name for one in some], text),
            "driver": pa.array([one.driver for one in some], text),
            "segments": pa.array([list(one.segments) for one in some], texts),
            "units": pa.array([[names[code] for code in one.units] for one in some], texts),
            "cost": pa.array([one.cost for one in some], numbers),
            "started_on": pa.array(started, pa.date32()),
            "effect_expected": pa.array([one.effect_expected for one in some], numbers),
            "effect_low": pa.array([one.effect_low for one in some], numbers),
            "effect_high": pa.array([one.effect_high for one in some], numbers),
            "state": pa.array([one.state for one in some], text),
        }
    )


def _referrals(world: World, ids: _Ids) -> pa.Table:
    new = np.flatnonzero(world.origin >= 0)
    new = new[np.argsort(world.people.created_on[new], kind="stable")]
    return pa.table(
        {
            "referrer_id": _take(ids.customer, world.referrer[new]),
            "referred_id": _take(ids.customer, new),
            "at": _at(world, world.people.created_on[new] + 0.5),
            "origin": _named(_ORIGINS, world.origin[new]),
        }
    )
