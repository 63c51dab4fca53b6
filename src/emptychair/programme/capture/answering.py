"""The hot path: an answer is validated, written with others in one commit, then acknowledged.

One writer thread per process collects the submissions that wait and commits them together, so
that a single flush to disk serves many customers. The ordinary view and the small WSGI function
in front of Django both call `answer`; neither says "thank you" before COMMIT.
"""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from emptychair.programme.capture import answering_sql as sql
from emptychair.programme.capture import answering_targets as targets
from emptychair.programme.capture.answering_targets import Target
from emptychair.programme.capture.circumstances import UNKNOWN as UNKNOWN_CIRCUMSTANCES
from emptychair.programme.capture.circumstances import Circumstances
from emptychair.programme.capture.submission import Problem, Submission, read_moment
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now

GROUP = 200
# A commit costs more than the answers in it, so it waits a moment for those just behind.
NEXT_SECONDS, GATHER_SECONDS = 0.001, 0.005
PATIENCE_SECONDS = 20
ANSWER_LIFE = timedelta(days=30)  # how long the page after the score may add a comment
ANSWER_PURPOSE = "answer"
UNKNOWN = Problem(404, "unknown_link", "This link is not valid, or no longer.")
CLOSED = Problem(410, "survey_closed", "This survey is closed. Thank you for wanting to answer.")
# What a person's own later answer puts right. What staff or the sums of many held stays held.
BY_MOMENT = frozenset(
    {"machine", "too_fast", "too_soon", "many_scores", "hidden_link", "hidden_field", "unconfirmed"}
)
LATEST_DEVICE = timedelta(minutes=2)  # a device's clock may be so far ahead
OLDEST_DEVICE = timedelta(days=30)  # and an answer may have waited so long on it
DEVICES = ("kiosk", "api")  # channels whose answers may wait before they reach us
BUSY = Problem(503, "busy", "We could not save your answer just now. Please try again.")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """An acknowledged submission; a repeat of it gets an equal one."""

    response: str
    submission_id: str
    created: bool
    at: datetime

    @property
    def answer_token(self) -> str:
        """A signed token that lets the same person add to this response."""
        return tokens.sign(ANSWER_PURPOSE, self.response, self.at + ANSWER_LIFE)


Outcome = Stored | Problem


@dataclass
class _Waiting:
    """A submission on its way to disk: for what `token` speaks for, or what `find` returns."""

    submission: Submission
    around: Circumstances = UNKNOWN_CIRCUMSTANCES
    token: str = ""
    find: Callable[[datetime], Target | Problem] | None = None
    outcome: Outcome = BUSY
    reply: queue.SimpleQueue[Outcome] = field(default_factory=queue.SimpleQueue)


def answer(
    token: str, submission: Submission, around: Circumstances = UNKNOWN_CIRCUMSTANCES
) -> Outcome:
    """Store what the holder of an invitation or public link sent; return after COMMIT."""
    if submission.amends:
        first = submission.amends
        return store(lambda _: targets.target_of_amended(token, first), submission, around)
    return _WRITER.put(_Waiting(submission, around, token=token))


def amend(
    answer_token: str,
    submission: Submission,
    around: Circumstances = UNKNOWN_CIRCUMSTANCES,
    purpose: str = ANSWER_PURPOSE,
) -> Outcome:
    """Add to the response that `answer_token` speaks for; return after COMMIT."""
    public_id = tokens.verify(purpose, answer_token, now())
    if public_id is None:
        return UNKNOWN
    return store(lambda _: targets.target_of_response(public_id), submission, around)


def store(
    find: Callable[[datetime], Target | Problem],
    submission: Submission,
    around: Circumstances = UNKNOWN_CIRCUMSTANCES,
) -> Outcome:
    """Store a submission for the target that `find` returns in its transaction."""
    return _WRITER.put(_Waiting(submission, around, find=find))


class _Writer:
    """Commits waiting submissions in groups, in a thread of its own that starts on first use."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, item: _Waiting) -> Outcome:
        if connection.in_atomic_block:
            # Inside a caller's transaction there is nothing to acknowledge yet: its commit rules.
            write_group([item])
            return item.outcome
        self._ensure_running()
        self._waiting.put(item)
        try:
            return item.reply.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            return BUSY

    def _ensure_running(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._commit(self._gathered())

    def _gathered(self) -> list[_Waiting]:
        """Return what waits, once nothing more has come for a moment."""
        group = [self._waiting.get()]
        latest = time.monotonic() + GATHER_SECONDS
        while len(group) < GROUP and (left := latest - time.monotonic()) > 0:
            try:
                group.append(self._waiting.get(timeout=min(NEXT_SECONDS, left)))
            except queue.Empty:
                break
        return group

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            with transaction.atomic():
                write_group(group)
        except Exception as error:
            if len(group) > 1 and isinstance(error, DataError | IntegrityError):
                # One of them cannot be stored; the others must not suffer for it.
                for item in group:
                    self._commit([item])
                return
            logger.exception("a group of %d answers was not stored; they may retry", len(group))
            for item in group:
                item.outcome = BUSY
        # Back to the pool on PostgreSQL, kept open on SQLite, dropped when broken.
        connection.close_if_unusable_or_obsolete()
        for item in group:
            item.reply.put(item.outcome)


_WRITER = _Writer()


def write_group(group: Sequence[_Waiting]) -> None:
    """Write every item of `group` in the open transaction and set its outcome.

    First answers are written together. What builds on an answer that is there, or may be there
    once these are written, follows one by one.
    """
    moment = now()
    for item in _write_together(group, moment):
        _write_alone(item, moment)


def _write_together(group: Sequence[_Waiting], moment: datetime) -> list[_Waiting]:
    """Write the first answers of `group`; return the items that are still to be written."""
    once, left = _once_each(group)
    found = targets.targets_of_tokens([item.token for item in once], moment)
    new: list[tuple[_Waiting, sql.FirstAnswer]] = []
    invited = set()
    for item in once:
        target = found[item.token]
        if isinstance(target, Problem):
            item.outcome = target
        elif target.response or item.submission.score is None or target.invitation in invited:
            left.append(item)
        elif problem := _problem(target, item.submission):
            item.outcome = problem
        else:
            new.append((item, _first_answer(target, item, moment)))
            if target.invitation is not None:
                invited.add(target.invitation)
    _write_new(new, moment)
    return left


def _once_each(group: Sequence[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Part the submissions with a token, each id once, from those that must wait for them."""
    once: dict[str, _Waiting] = {}
    for item in group:
        if item.token:
            once.setdefault(item.submission.submission_id, item)
    left = [item for item in group if once.get(item.submission.submission_id) is not item]
    return list(once.values()), left


def _first_answer(target: Target, item: _Waiting, moment: datetime) -> sql.FirstAnswer:
    said = item.submission
    held = (
        target.state_reason or _suspicion(target, said, item.around) or _unconfirmed(target, said)
    )
    answered_at, clock = _answered(said, moment)
    return sql.FirstAnswer(tokens.new_id(), target, said, held, answered_at, clock)


def _write_new(new: Sequence[tuple[_Waiting, sql.FirstAnswer]], moment: datetime) -> None:
    """Write first answers and say so to those who sent them; a repeat gets the first reply."""
    entries = [(first.said, first.public_id, "answer") for _, first in new]
    appended = sql.append_entries(entries, moment)
    stored = [pair for pair in new if pair[1].said.submission_id in appended]
    sql.insert_responses([first for _, first in stored], moment)
    sql.note_origins(
        [
            (first.public_id, first.target.link, item.around.source, item.around.network)
            for item, first in stored
            if first.target.link and item.around.source
        ],
        moment,
    )
    for item, first in new:
        name = first.said.submission_id
        is_new = name in appended
        item.outcome = (
            Stored(first.public_id, name, True, moment) if is_new else _repeat(first.said)
        )


def _write_alone(item: _Waiting, moment: datetime) -> None:
    found = item.find(moment) if item.find else _target_of(item.token, moment)
    problem = found if isinstance(found, Problem) else _problem(found, item.submission)
    if problem:
        item.outcome = problem
        return
    assert isinstance(found, Target)
    if found.response is None:
        _write_new([(item, _first_answer(found, item, moment))], moment)
    else:
        item.outcome = _write_more(found, found.response, item, moment)


def _target_of(token: str, moment: datetime) -> Target | Problem:
    return targets.targets_of_tokens([token], moment)[token]


def _write_more(target: Target, response: str, item: _Waiting, moment: datetime) -> Outcome:
    """Write what is added to a response that is there."""
    said = item.submission
    suspicion = _suspicion(target, said, item.around)
    kind = _kind(target, said, suspicion)
    if not sql.append_entries([(said, response, kind)], moment):
        return _repeat(said)
    if kind == "amend":
        sql.amend_response(target, said, moment, _held_after(target, said, suspicion))
    else:
        sql.note_kept_out(response, suspicion or "unconfirmed", moment)
    return Stored(response, said.submission_id, False, moment)


def _problem(target: Target, said: Submission) -> Problem | None:
    unknown = set(said.ratings) - targets.drivers_of(target.survey)
    if unknown:
        return Problem(400, "rating", f"This survey has no driver {min(unknown)!r}.")
    if target.response is None and said.score is None and not sql.submission(said.submission_id):
        return Problem(400, "score", "Choose a score: a whole number from 0 to 10.")
    if said.unconfirmed and target.unconfirmed == "off":
        return Problem(400, "unconfirmed", "Here only scores that were sent are stored.")
    if said.answered_at and target.channel not in DEVICES:
        return Problem(400, "answered_at", "Here the moment of an answer is that of its arrival.")
    return None


def _suspicion(target: Target, said: Submission, around: Circumstances) -> str:
    """Return why this is probably not the person who was asked, or nothing."""
    if said.trap:
        return "hidden_field"
    return around.reason or ("too_soon" if target.is_too_soon else "")


def _kind(target: Target, said: Submission, suspicion: str) -> str:
    """Return what an entry does to the response it came for; what is `kept` leaves it as it is."""
    is_counted = target.held_reason in ("", "test")
    if (suspicion and is_counted) or (said.unconfirmed and not target.is_unconfirmed):
        return "kept"
    return "amend"


def _unconfirmed(target: Target, said: Submission) -> str:
    return "unconfirmed" if said.unconfirmed and target.unconfirmed != "count" else ""


def _held_after(target: Target, said: Submission, suspicion: str) -> str:
    """Return why the response is held after an amendment: a person's own answer frees it."""
    if suspicion or said.unconfirmed or target.held_reason not in BY_MOMENT:
        return target.held_reason
    if target.is_own or target.held_reason == "unconfirmed":
        return target.state_reason
    return target.held_reason


def _answered(said: Submission, moment: datetime) -> tuple[datetime, str]:
    """Return when the person answered and by whose clock, a device's within its limits."""
    told = read_moment(said.answered_at)
    if told is None:
        return moment, ""
    if told > moment + LATEST_DEVICE:
        return moment, "bounded"
    if told < moment - OLDEST_DEVICE:
        return moment - OLDEST_DEVICE, "bounded"
    return min(told, moment), "device"


def _repeat(said: Submission) -> Outcome:
    first = sql.submission(said.submission_id)
    assert first is not None, "the entry that kept ours out must be there"
    if first.digest != said.digest:
        return Problem(409, "submission_differs", "This submission_id came with another body.")
    return Stored(first.response, said.submission_id, first.kind == "answer", first.at)


def traits_text(traits: Mapping[str, Any]) -> str:
    """Return traits as they are frozen with an answer."""
    return json.dumps(traits, ensure_ascii=False)


def reply_body(outcome: Outcome) -> tuple[int, bytes]:
    """Return the status and JSON body that programs get for `outcome`."""
    if isinstance(outcome, Problem):
        body = {"status": outcome.status, "code": outcome.code, "title": outcome.sentence}
        return outcome.status, json.dumps(body).encode()
    body = {"response": outcome.response, "submission_id": outcome.submission_id}
    return (201 if outcome.created else 200), json.dumps(body).encode()
