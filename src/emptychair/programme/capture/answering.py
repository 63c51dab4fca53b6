"""The hot path: an answer is validated, written with others in one commit, then acknowledged.

One writer thread per process collects the submissions that wait and commits them together, so
that a single flush to disk serves many customers. The ordinary view and the small WSGI function
in front of Django both call `answer`; neither says "thank you" before COMMIT.
"""

import json
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from emptychair.programme.capture import answering_sql as sql
from emptychair.programme.capture.circumstances import UNKNOWN as UNKNOWN_CIRCUMSTANCES
from emptychair.programme.capture.circumstances import Circumstances
from emptychair.programme.capture.submission import Problem, Submission, read_moment
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now

GROUP = 200
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
    find: Callable[[datetime], "sql.Target | Problem"]
    submission: Submission
    around: Circumstances = UNKNOWN_CIRCUMSTANCES
    outcome: Outcome = BUSY
    done: threading.Event = field(default_factory=threading.Event)


def answer(
    token: str, submission: Submission, around: Circumstances = UNKNOWN_CIRCUMSTANCES
) -> Outcome:
    """Store what the holder of an invitation or public link sent; return after COMMIT."""
    if submission.amends:
        first = submission.amends
        return store(lambda _: sql.target_of_amended(token, first), submission, around)
    return store(lambda moment: sql.target_of_token(token, moment), submission, around)


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
    return store(lambda _: sql.target_of_response(public_id), submission, around)


def store(
    find: Callable[[datetime], "sql.Target | Problem"],
    submission: Submission,
    around: Circumstances = UNKNOWN_CIRCUMSTANCES,
) -> Outcome:
    """Store a submission for the target that `find` returns in its transaction."""
    return _WRITER.put(_Waiting(find, submission, around))


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
        return item.outcome if item.done.wait(PATIENCE_SECONDS) else BUSY

    def _ensure_running(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            group = [self._waiting.get()]
            while len(group) < GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            self._commit(group)

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            with transaction.atomic():
                write_group(group)
        except Exception:
            logger.exception("a group of %d answers was not stored; they may retry", len(group))
            for item in group:
                item.outcome = BUSY
        # Back to the pool on PostgreSQL, kept open on SQLite, dropped when broken.
        connection.close_if_unusable_or_obsolete()
        for item in group:
            item.done.set()


_WRITER = _Writer()


def write_group(group: Sequence[_Waiting]) -> None:
    """Write every item of `group` in the open transaction and set its outcome."""
    moment = now()
    origins = []
    for item in group:
        target = item.find(moment)
        if isinstance(target, Problem):
            item.outcome = target
            continue
        around = item.around
        outcome = item.outcome = _write(target, item.submission, around, moment)
        is_new = isinstance(outcome, Stored) and outcome.created and outcome.at == moment
        if is_new and target.link and around.source:
            assert isinstance(outcome, Stored)
            origins.append((outcome.response, target.link, around.source, around.network))
    if origins:
        sql.note_origins(origins, moment)


def _write(
    target: "sql.Target", said: Submission, around: Circumstances, moment: datetime
) -> Outcome:
    problem = _problem(target, said)
    if problem:
        return problem
    suspicion = _suspicion(target, said, around)
    response = target.response or tokens.new_id()
    kind = _kind(target, said, suspicion)
    if not sql.append_entry(said, response, kind, moment):
        return _repeat(said)
    if kind == "answer":
        reason = target.state_reason or suspicion or _unconfirmed(target, said)
        sql.insert_response(target, response, said, moment, reason, _answered(said, moment))
    elif kind == "amend":
        sql.amend_response(target, said, moment, _held_after(target, said, suspicion))
    else:
        sql.note_kept_out(response, suspicion or "unconfirmed", moment)
    return Stored(response, said.submission_id, kind == "answer", moment)


def _problem(target: "sql.Target", said: Submission) -> Problem | None:
    unknown = set(said.ratings) - sql.drivers_of(target.survey)
    if unknown:
        return Problem(400, "rating", f"This survey has no driver {min(unknown)!r}.")
    if target.response is None and said.score is None and not sql.submission(said.submission_id):
        return Problem(400, "score", "Choose a score: a whole number from 0 to 10.")
    if said.unconfirmed and target.unconfirmed == "off":
        return Problem(400, "unconfirmed", "Here only scores that were sent are stored.")
    if said.answered_at and target.channel not in DEVICES:
        return Problem(400, "answered_at", "Here the moment of an answer is that of its arrival.")
    return None


def _suspicion(target: "sql.Target", said: Submission, around: Circumstances) -> str:
    """Return why this is probably not the person who was asked, or nothing."""
    if said.trap:
        return "hidden_field"
    return around.reason or ("too_soon" if target.is_too_soon else "")


def _kind(target: "sql.Target", said: Submission, suspicion: str) -> str:
    """Return what the entry is; what is `kept` does not change the response it came for."""
    if target.response is None:
        return "answer"
    is_counted = target.held_reason in ("", "test")
    if (suspicion and is_counted) or (said.unconfirmed and not target.is_unconfirmed):
        return "kept"
    return "amend"


def _unconfirmed(target: "sql.Target", said: Submission) -> str:
    return "unconfirmed" if said.unconfirmed and target.unconfirmed != "count" else ""


def _held_after(target: "sql.Target", said: Submission, suspicion: str) -> str:
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
