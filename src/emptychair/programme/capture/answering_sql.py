"""The statements of the hot path, on the tables that capture and activity own.

Written by hand because they run for every answer; `tests/test_answering_sql.py` holds them
to the models. They work on SQLite and PostgreSQL alike.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from emptychair.programme.capture.submission import Problem, Submission
from emptychair.programme.capture.wordings import bucket_of
from emptychair.programme.lib.clock import local_date
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


@dataclass(frozen=True)
class Entry:
    """The ledger entry that a submission id already has."""

    response: str
    kind: str
    digest: str
    at: datetime


_INVITATION = """
SELECT i.public_id, i.id, i.survey_id, i.channel, i.customer_id, i.unit, i.employee, i.sent_at,
       i.planned_at, i.expires_at, s.state, t.slug, c.traits, r.public_id, r.held_reason,
       r.is_unconfirmed, s.unconfirmed
FROM capture_invitation i
JOIN capture_survey s ON s.id = i.survey_id
JOIN customers_customer c ON c.id = i.customer_id
LEFT JOIN journeys_touchpoint t ON t.id = s.touchpoint_id
LEFT JOIN capture_response r ON r.invitation_id = i.id
WHERE i.token_hash = %s"""

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
SELECT l.survey_id, l.channel, u.code, s.state, t.slug
FROM capture_link l
JOIN capture_survey s ON s.id = l.survey_id
LEFT JOIN accounts_unit u ON u.id = l.unit_id
LEFT JOIN journeys_touchpoint t ON t.id = s.touchpoint_id
WHERE l.public_id = %s AND l.is_open"""


def target_of_token(token: str, moment: datetime) -> Target | Problem:
    """Return what an invitation's token or a link's id speaks for."""
    row = _one(_INVITATION + _lock("i"), [token_hash(token)])
    if row:
        return _target_of_invitation(row, moment)
    row = _one(_LINK, [token])
    if row is None:
        return _UNKNOWN
    survey, channel, unit, state, touchpoint = row
    if state == "closed":
        return _CLOSED
    return Target(
        survey,
        channel,
        unit=unit or "",
        touchpoint=touchpoint or "",
        state_reason=_held(state),
        link=token,
    )


def _target_of_invitation(row: Sequence[Any], moment: datetime) -> Target | Problem:
    public_id, invitation, survey, channel, customer, unit, employee, sent, planned = row[:9]
    expires, state, touchpoint, traits, response, held, is_unconfirmed, unconfirmed = row[9:]
    if expires is not None and _moment(expires) <= moment:
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
        asked_at=_moment(sent or planned),
        state_reason=_held(state),
        unconfirmed=unconfirmed,
        is_too_soon=bool(sent) and channel != "widget" and moment - _moment(sent) < SOONEST,
        held_reason=held or "",
        is_unconfirmed=bool(is_unconfirmed),
        is_own=True,
    )


def target_of_response(public_id: str) -> Target | Problem:
    """Return the response that is to be added to, locked where the database can."""
    row = _one(_RESPONSE + _lock("r"), [public_id])
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
    row = _one(_OF_SUBMISSION, [submission_id, link])
    return target_of_response(row[0]) if row else _UNKNOWN


def append_entry(said: Submission, response: str, kind: str, moment: datetime) -> bool:
    """Append to the ledger; False when the submission id is there already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO capture_ledgerentry (submission_id, response_id, kind, body, digest, at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (submission_id) DO NOTHING",
            [said.submission_id, response, kind, _json(said.body), said.digest, _adapt(moment)],
        )
        return bool(cursor.rowcount == 1)


def submission(submission_id: str) -> Entry | None:
    """Return the entry stored under `submission_id`."""
    row = _one(
        "SELECT response_id, kind, digest, at FROM capture_ledgerentry WHERE submission_id = %s",
        [submission_id],
    )
    return Entry(row[0], row[1], row[2], _moment(row[3])) if row else None


def insert_response(
    target: Target,
    public_id: str,
    said: Submission,
    moment: datetime,
    held_reason: str,
    answered: tuple[datetime, str],
) -> None:
    """Store the first answer: the response, its activity, its change, its invitation's outcome.

    Args:
        target: what the token speaks for.
        public_id: of the new response.
        said: what was sent.
        moment: now.
        held_reason: why it does not count; empty when it does.
        answered: when the person answered, and by whose clock.
    """
    assert said.score is not None
    answered_at, clock = answered
    _do(
        "INSERT INTO capture_response (public_id, survey_id, invitation_id, customer_id,"
        " wording_id, score, comment, ratings, contact_wanted, language, channel, unit, employee,"
        " touchpoint, traits, asked_at, answered_at, answered_on, changed_at, held_reason, source,"
        " is_unconfirmed, clock)"
        " VALUES (%s, %s, %s, %s, (SELECT id FROM capture_wording WHERE survey_id = %s AND"
        " language = %s ORDER BY version DESC LIMIT 1), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " %s, %s, %s, %s, %s, '', %s, %s)",
        [
            public_id,
            target.survey,
            target.invitation,
            target.customer,
            target.survey,
            said.language,
            said.score,
            said.comment or "",
            _json(said.ratings),
            bool(said.contact_wanted),
            said.language,
            target.channel,
            target.unit,
            target.employee,
            target.touchpoint,
            target.traits,
            _adapt(target.asked_at),
            _adapt(answered_at),
            connection.ops.adapt_datefield_value(local_date(answered_at)),
            _adapt(moment),
            held_reason,
            said.unconfirmed,
            clock,
        ],
    )
    if held_reason in ("", "test"):
        _set_answered(target, moment)
    _note("response.recorded", public_id, said, moment)


def _set_answered(target: Target, moment: datetime) -> None:
    # What a machine sent is no answer of the person, who is still to be reminded.
    if target.invitation is None:
        return
    _do(
        "UPDATE capture_invitation SET answered_at = %s, outcome = 'answered' WHERE id = %s"
        " AND answered_at IS NULL",
        [_adapt(moment), target.invitation],
    )
    _do(
        "INSERT INTO activity_change (\"table\", key) VALUES ('invitations', %s)",
        [target.invitation_id],
    )


def amend_response(target: Target, said: Submission, moment: datetime, held_reason: str) -> None:
    """Bring the projection up to date with an entry that was just appended."""
    row = _one(
        "SELECT id, score, comment, ratings, contact_wanted FROM capture_response"
        " WHERE public_id = %s",
        [target.response],
    )
    assert row is not None
    key, score, comment, ratings, contact = row
    _do(
        "UPDATE capture_response SET score = %s, comment = %s, ratings = %s, contact_wanted = %s,"
        " changed_at = %s, held_reason = %s, is_unconfirmed = %s WHERE id = %s",
        [
            score if said.score is None else said.score,
            comment if said.comment is None else said.comment,
            _json({**json.loads(ratings), **said.ratings}),
            bool(contact if said.contact_wanted is None else said.contact_wanted),
            _adapt(moment),
            held_reason,
            target.is_unconfirmed and said.unconfirmed,
            key,
        ],
    )
    assert target.response is not None
    if held_reason in ("", "test") and held_reason != target.held_reason:
        _set_answered(target, moment)
    _note("response.amended", target.response, said, moment)


def note_origins(origins: Sequence[tuple[str, str, str, str]], moment: datetime) -> None:
    """Keep where answers to open links came from: response, link, source and network of each."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO capture_origin (response, link, source, network, at, is_judged)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [(*origin, _adapt(moment), False) for origin in origins],
        )


def drivers_of(survey: int) -> frozenset[str]:
    """Return the slugs of the drivers a survey asks about; read anew every ten seconds."""
    kept = _drivers.get(survey)
    if kept is None or time.monotonic() - kept[0] > _DRIVERS_KEPT_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.slug FROM capture_survey_drivers sd"
                " JOIN journeys_driver d ON d.id = sd.driver_id WHERE sd.survey_id = %s",
                [survey],
            )
            kept = (time.monotonic(), frozenset(slug for (slug,) in cursor.fetchall()))
        _drivers[survey] = kept
    return kept[1]


def note_kept_out(public_id: str, reason: str, moment: datetime) -> None:
    """Record that an entry was kept in the ledger and left its response as it stands."""
    _do(
        "INSERT INTO activity_activity (action, subject, actor, at, details, dispatched)"
        " VALUES ('response.kept_out', %s, '', %s, %s, %s)",
        [public_id, _adapt(moment), _json({"reason": reason}), False],
    )


def _note(action: str, public_id: str, said: Submission, moment: datetime) -> None:
    details: dict[str, Any] = {}
    if said.score is not None:
        details = {"score": said.score, "bucket": bucket_of(said.score)}
    if said.origin:
        details["origin"] = said.origin
    _do(
        "INSERT INTO activity_activity (action, subject, actor, at, details, dispatched)"
        " VALUES (%s, %s, '', %s, %s, %s)",
        [action, public_id, _adapt(moment), _json(details), False],
    )
    _do("INSERT INTO activity_change (\"table\", key) VALUES ('responses', %s)", [public_id])


def _held(state: str) -> str:
    return "test" if state == "draft" else ""


def _lock(alias: str) -> str:
    return f" FOR UPDATE OF {alias}" if connection.vendor == "postgresql" else ""


def _one(statement: str, parameters: Sequence[Any]) -> Sequence[Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: Sequence[Any] | None = cursor.fetchone()
        return row


def _do(statement: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _adapt(moment: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _moment(value: Any) -> datetime:
    """Return a stored moment as UTC: SQLite gives text or a naive datetime, PostgreSQL neither."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
