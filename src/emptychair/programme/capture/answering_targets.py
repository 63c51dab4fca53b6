"""What a token speaks for: the lookups of the hot path.

Written by hand because they run for every answer; `tests/test_answering.py` holds them
to the models. They work on SQLite and PostgreSQL alike.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from emptychair.programme.capture.statements import many, many_among, moment_of, one
from emptychair.programme.capture.submission import Problem
from emptychair.programme.lib.tokens import token_hash

_UNKNOWN = Problem(404, "unknown_link", "This link is not valid, or no longer.")
_CLOSED = Problem(410, "survey_closed", "This survey is closed. Thank you for wanting to answer.")
_DRIVERS_KEPT_SECONDS = 10.0
SOONEST = timedelta(seconds=5)  # from sending a message to the first answer a person can give
_drivers: dict[int, tuple[float, frozenset[str]]] = {}


@dataclass(frozen=True)
class Target:
    """What a token speaks for, with everything that is frozen when the answer comes."""

    survey: int
    channel: str
    response: str | None = None  # public id, once something was answered
    invitation: int | None = None
    invitation_id: str = ""  # its public id
    customer: int | None = None
    unit: str = ""
    employee: str = ""
    touchpoint: str = ""
    traits: str = "{}"
    asked_at: datetime | None = None
    state_reason: str = ""  # why an answer is held whoever gives it: the survey is a draft
    unconfirmed: str = "off"  # what becomes of a score that was touched and not sent
    link: str = ""  # public id, where anyone may answer
    is_too_soon: bool = False
    # Of the response that is there already:
    held_reason: str = ""
    is_unconfirmed: bool = False
    is_own: bool = False  # the holder of an invitation, who alone may answer anew


_INVITATION = """
SELECT i.token_hash, i.public_id, i.id, i.survey_id, i.channel, i.customer_id, i.unit, i.employee,
       i.sent_at, i.planned_at, i.expires_at, s.state, t.slug, c.traits, r.public_id, r.held_reason,
       r.is_unconfirmed, s.unconfirmed
FROM capture_invitation i
JOIN capture_survey s ON s.id = i.survey_id
JOIN customers_customer c ON c.id = i.customer_id
LEFT JOIN journeys_touchpoint t ON t.id = s.touchpoint_id
LEFT JOIN capture_response r ON r.invitation_id = i.id
WHERE i.token_hash {}
ORDER BY i.id"""

_RESPONSE = """
SELECT r.survey_id, r.channel, i.id, i.public_id, r.held_reason, r.is_unconfirmed, s.state
FROM capture_response r
JOIN capture_survey s ON s.id = r.survey_id
LEFT JOIN capture_invitation i ON i.id = r.invitation_id
WHERE r.public_id = %s"""

_OF_SUBMISSION = """
SELECT r.public_id
FROM capture_ledgerentry e
JOIN capture_response r ON r.public_id = e.response_id
JOIN capture_link l ON l.survey_id = r.survey_id AND l.channel = r.channel
WHERE e.submission_id = %s AND l.public_id = %s AND l.is_open AND l.channel = 'kiosk'
  AND r.customer_id IS NULL"""

_LINK = """
SELECT l.public_id, l.survey_id, l.channel, u.code, s.state, t.slug
FROM capture_link l
JOIN capture_survey s ON s.id = l.survey_id
LEFT JOIN accounts_unit u ON u.id = l.unit_id
LEFT JOIN journeys_touchpoint t ON t.id = s.touchpoint_id
WHERE l.public_id {} AND l.is_open"""


_DRIVERS = """
SELECT d.slug
FROM capture_survey_drivers sd
JOIN journeys_driver d ON d.id = sd.driver_id
WHERE sd.survey_id = %s"""


def targets_of_tokens(tokens: Sequence[str], moment: datetime) -> dict[str, Target | Problem]:
    """Return what each invitation's token or link's id speaks for, in two statements.

    Invitations are locked in one order where the database can, so that two processes that
    store answers at once wait for each other and never in a circle.
    """
    if not tokens:
        return {}
    by_hash = {token_hash(token): token for token in tokens}
    found: dict[str, Target | Problem] = dict.fromkeys(tokens, _UNKNOWN)
    rows = many_among(_INVITATION + _lock("i"), list(by_hash))
    for hashed, *row in rows:
        found[by_hash[hashed]] = _target_of_invitation(row, moment)
    invited = {by_hash[row[0]] for row in rows}
    others = [token for token in found if token not in invited]
    if others:
        for link, *row in many_among(_LINK, others):
            found[link] = _target_of_link(link, row)
    return found


def _target_of_link(link: str, row: Sequence[Any]) -> Target | Problem:
    survey, channel, unit, state, touchpoint = row
    if state == "closed":
        return _CLOSED
    return Target(
        survey,
        channel,
        unit=unit or "",
        touchpoint=touchpoint or "",
        state_reason=_held(state),
        link=link,
    )


def _target_of_invitation(row: Sequence[Any], moment: datetime) -> Target | Problem:
    public_id, invitation, survey, channel, customer, unit, employee, sent, planned = row[:9]
    expires, state, touchpoint, traits, response, held, is_unconfirmed, unconfirmed = row[9:]
    if expires is not None and moment_of(expires) <= moment:
        return _UNKNOWN
    if state == "closed":
        return _CLOSED
    return Target(
        survey,
        channel,
        response=response,
        invitation=invitation,
        invitation_id=public_id,
        customer=customer,
        unit=unit,
        employee=employee,
        touchpoint=touchpoint or "",
        traits=traits,
        asked_at=moment_of(sent or planned),
        state_reason=_held(state),
        unconfirmed=unconfirmed,
        is_too_soon=bool(sent) and channel != "widget" and moment - moment_of(sent) < SOONEST,
        held_reason=held or "",
        is_unconfirmed=bool(is_unconfirmed),
        is_own=True,
    )


def target_of_response(public_id: str) -> Target | Problem:
    """Return the response that is to be added to, locked where the database can."""
    row = one(_RESPONSE + _lock("r"), [public_id])
    if row is None:
        return _UNKNOWN
    survey, channel, invitation, invitation_id, held, is_unconfirmed, state = row
    return Target(
        survey,
        channel,
        response=public_id,
        invitation=invitation,
        invitation_id=invitation_id or "",
        state_reason=_held(state),
        held_reason=held,
        is_unconfirmed=bool(is_unconfirmed),
    )


def target_of_amended(link: str, submission_id: str) -> Target | Problem:
    """Return the response of a kiosk's link that a device's `submission_id` brought."""
    row = one(_OF_SUBMISSION, [submission_id, link])
    return target_of_response(row[0]) if row else _UNKNOWN


def drivers_of(survey: int) -> frozenset[str]:
    """Return the slugs of the drivers a survey asks about; read anew every ten seconds."""
    kept = _drivers.get(survey)
    if kept is None or time.monotonic() - kept[0] > _DRIVERS_KEPT_SECONDS:
        rows = many(_DRIVERS, [survey])
        kept = (time.monotonic(), frozenset(slug for (slug,) in rows))
        _drivers[survey] = kept
    return kept[1]


def _held(state: str) -> str:
    return "test" if state == "draft" else ""


def _lock(alias: str) -> str:
    return f" FOR UPDATE OF {alias}" if connection.vendor == "postgresql" else ""
