"""The writes of the hot path, on the tables that capture and activity own.

Written by hand because they run for every answer; `tests/test_answering.py` holds them
to the models. They work on SQLite and PostgreSQL alike. First answers are written many at a
time: a statement costs more than the row it stores.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from emptychair.programme.capture.answering_targets import Target
from emptychair.programme.capture.statements import (
    Table,
    adapted,
    do,
    do_for_each,
    insert,
    insert_new,
    json_text,
    moment_of,
    one,
)
from emptychair.programme.capture.submission import Submission, digest_of
from emptychair.programme.capture.wordings import bucket_of
from emptychair.programme.lib.clock import local_date


@dataclass(frozen=True)
class Entry:
    """The ledger entry that a submission id already has."""

    response: str
    kind: str
    digest: str
    at: datetime


@dataclass(frozen=True)
class FirstAnswer:
    """A first answer as it is to be stored.

    Attributes:
        public_id: of the new response.
        target: what the token speaks for.
        said: what was sent.
        held_reason: why it does not count; empty when it does.
        answered_at: when the person answered.
        clock: by whose clock.
    """

    public_id: str
    target: Target
    said: Submission
    held_reason: str
    answered_at: datetime
    clock: str


_ENTRY = Table(
    "capture_ledgerentry",
    ("submission_id", "response_id", "kind", "body", "digest", "at"),
    json=frozenset({"body"}),
)


def append_entries(
    entries: Sequence[tuple[Submission, str, str]], moment: datetime
) -> Collection[str]:
    """Append to the ledger: submission, response and kind of each.

    Returns:
        The submission ids that were appended; the others are there already.
    """
    if not entries:
        return ()
    at = adapted(moment)
    rows = []
    # In one order, so that two processes that get the same ids wait for each other in no circle.
    for said, response, kind in sorted(entries, key=lambda entry: entry[0].submission_id):
        text = said.text
        rows.append((said.submission_id, response, kind, text, digest_of(text), at))
    return insert_new(_ENTRY, "submission_id", rows)


def submission(submission_id: str) -> Entry | None:
    """Return the entry stored under `submission_id`."""
    row = one(
        "SELECT response_id, kind, digest, at FROM capture_ledgerentry WHERE submission_id = %s",
        [submission_id],
    )
    return Entry(row[0], row[1], row[2], moment_of(row[3])) if row else None


_RESPONSE = Table(
    "capture_response",
    (
        "public_id", "survey_id", "invitation_id", "customer_id", "score", "comment", "ratings",
        "contact_wanted", "language", "channel", "unit", "employee", "touchpoint", "traits",
        "asked_at", "answered_at", "answered_on", "changed_at", "held_reason", "source",
        "is_unconfirmed", "clock",
    ),
    json=frozenset({"ratings", "traits"}),
    looked_up={
        "wording_id": "(SELECT w.id FROM capture_wording w WHERE w.survey_id = r.survey_id"
        " AND w.language = r.language ORDER BY w.version DESC LIMIT 1)"
    },
)  # fmt: skip


def insert_responses(answers: Sequence[FirstAnswer], moment: datetime) -> None:
    """Store first answers: responses, activities, changes, their invitations' outcomes."""
    here = _Moment.of(moment)
    insert(_RESPONSE, [_response_row(answer, here) for answer in answers])
    # What a machine sent is no answer of the person, who is still to be reminded.
    _set_answered([new.target for new in answers if new.held_reason in ("", "test")], moment)
    _note("response.recorded", [(new.public_id, new.said) for new in answers], moment)


@dataclass(frozen=True)
class _Moment:
    """A moment as the database takes it, with the local date that it falls on."""

    moment: datetime
    at: object
    on: object

    @classmethod
    def of(cls, moment: datetime) -> "_Moment":
        on = connection.ops.adapt_datefield_value(local_date(moment))
        return cls(moment, adapted(moment), on)


def _response_row(answer: FirstAnswer, arrived: _Moment) -> Sequence[object]:
    target, said = answer.target, answer.said
    is_now = answer.answered_at == arrived.moment
    answered = arrived if is_now else _Moment.of(answer.answered_at)
    return [
        answer.public_id,
        target.survey,
        target.invitation,
        target.customer,
        said.score,
        said.comment or "",
        json_text(said.ratings) if said.ratings else "{}",
        bool(said.contact_wanted),
        said.language,
        target.channel,
        target.unit,
        target.employee,
        target.touchpoint,
        target.traits,
        target.asked_at and adapted(target.asked_at),
        answered.at,
        answered.on,
        arrived.at,
        answer.held_reason,
        "",
        said.unconfirmed,
        answer.clock,
    ]


def _set_answered(targets: Sequence[Target], moment: datetime) -> None:
    invited = [target for target in targets if target.invitation is not None]
    do_for_each(
        "UPDATE capture_invitation SET answered_at = %s, outcome = 'answered' WHERE id = %s"
        " AND answered_at IS NULL",
        [(adapted(moment), target.invitation) for target in invited],
    )
    _mark_changed("invitations", [target.invitation_id for target in invited])


def amend_response(target: Target, said: Submission, moment: datetime, held_reason: str) -> None:
    """Bring the projection up to date with an entry that was just appended."""
    row = one(
        "SELECT id, score, comment, ratings, contact_wanted FROM capture_response"
        " WHERE public_id = %s",
        [target.response],
    )
    assert row is not None
    key, score, comment, ratings, contact = row
    do(
        "UPDATE capture_response SET score = %s, comment = %s, ratings = %s, contact_wanted = %s,"
        " changed_at = %s, held_reason = %s, is_unconfirmed = %s WHERE id = %s",
        [
            score if said.score is None else said.score,
            comment if said.comment is None else said.comment,
            json_text({**json.loads(ratings), **said.ratings}),
            bool(contact if said.contact_wanted is None else said.contact_wanted),
            adapted(moment),
            held_reason,
            target.is_unconfirmed and said.unconfirmed,
            key,
        ],
    )
    assert target.response is not None
    if held_reason in ("", "test") and held_reason != target.held_reason:
        _set_answered([target], moment)
    _note("response.amended", [(target.response, said)], moment)


_ORIGIN = Table("capture_origin", ("response", "link", "source", "network", "at", "is_judged"))


def note_origins(origins: Sequence[tuple[str, str, str, str]], moment: datetime) -> None:
    """Keep where answers to open links came from: response, link, source and network of each."""
    at = adapted(moment)
    insert(_ORIGIN, [(*origin, at, False) for origin in origins])


_ACTIVITY = Table(
    "activity_activity",
    ("action", "subject", "actor", "at", "details", "dispatched"),
    json=frozenset({"details"}),
)
_CHANGE = Table("activity_change", ("table", "key"))


def note_kept_out(public_id: str, reason: str, moment: datetime) -> None:
    """Record that an entry was kept in the ledger and left its response as it stands."""
    details = json_text({"reason": reason})
    insert(_ACTIVITY, [("response.kept_out", public_id, "", adapted(moment), details, False)])


def _note(action: str, sent: Sequence[tuple[str, Submission]], moment: datetime) -> None:
    at = adapted(moment)
    rows = [
        (action, response, "", at, _details(said.score, said.origin), False)
        for response, said in sent
    ]
    insert(_ACTIVITY, rows)
    _mark_changed("responses", [response for response, _ in sent])


@lru_cache
def _details(score: int | None, origin: str) -> str:
    details: dict[str, Any] = {}
    if score is not None:
        details = {"score": score, "bucket": bucket_of(score)}
    if origin:
        details["origin"] = origin
    return json_text(details)


def _mark_changed(table: str, keys: Sequence[str]) -> None:
    insert(_CHANGE, [(table, key) for key in keys])
