"""The hot path: an answer is validated, written with others in one commit, then acknowledged.

One writer thread per process collects the submissions that wait and commits them together, so
that a single flush to disk serves many customers. The ordinary view and the small WSGI function
in front of Django both call `answer`; neither says "thank you" before COMMIT.
"""

import json
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from emptychair.programme.capture import answering_sql as sql
from emptychair.programme.capture.submission import Problem, Submission
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now

GROUP = 200
PATIENCE_SECONDS = 20
ANSWER_LIFE = timedelta(days=30)  # how long the page after the score may add a comment
ANSWER_PURPOSE = "answer"
UNKNOWN = Problem(404, "unknown_link", "This link is not valid, or no longer.")
CLOSED = Problem(410, "survey_closed", "This survey is closed. Thank you for wanting to answer.")
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
    outcome: Outcome = BUSY
    done: threading.Event = field(default_factory=threading.Event)


def answer(token: str, submission: Submission) -> Outcome:
    """Store what the holder of an invitation or public link sent; return after COMMIT."""
    return _WRITER.put(_Waiting(lambda moment: sql.target_of_token(token, moment), submission))


def amend(answer_token: str, submission: Submission) -> Outcome:
    """Add to the response that `answer_token` speaks for; return after COMMIT."""
    public_id = tokens.verify(ANSWER_PURPOSE, answer_token, now())
    if public_id is None:
        return UNKNOWN
    return _WRITER.put(_Waiting(lambda _: sql.target_of_response(public_id), submission))


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
    for item in group:
        target = item.find(moment)
        item.outcome = (
            target if isinstance(target, Problem) else _write(target, item.submission, moment)
        )


def _write(target: "sql.Target", said: Submission, moment: datetime) -> Outcome:
    unknown = set(said.ratings) - sql.drivers_of(target.survey)
    if unknown:
        return Problem(400, "rating", f"This survey has no driver {min(unknown)!r}.")
    if target.response is None and said.score is None and not sql.submission(said.submission_id):
        return Problem(400, "score", "Choose a score: a whole number from 0 to 10.")
    response = target.response or tokens.new_id()
    kind = "amend" if target.response else "answer"
    if not sql.append_entry(said, response, kind, moment):
        return _repeat(said)
    if target.response:
        sql.amend_response(target, said, moment)
    else:
        sql.insert_response(target, response, said, moment)
    return Stored(response, said.submission_id, kind == "answer", moment)


def _repeat(said: Submission) -> Outcome:
    first = sql.submission(said.submission_id)
    assert first is not None, "the entry that kept ours out must be there"
    if first.digest != said.digest:
        return Problem(409, "submission_differs", "This submission_id came with another body.")
    return Stored(first.response, said.submission_id, first.kind == "answer", first.at)


def reply_body(outcome: Outcome) -> tuple[int, bytes]:
    """Return the status and JSON body that programs get for `outcome`."""
    if isinstance(outcome, Problem):
        body = {"status": outcome.status, "code": outcome.code, "title": outcome.sentence}
        return outcome.status, json.dumps(body).encode()
    body = {"response": outcome.response, "submission_id": outcome.submission_id}
    return (201 if outcome.created else 200), json.dumps(body).encode()
