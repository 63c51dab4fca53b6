"""What a respondent may send, and how it is read: strictly, or not at all."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from emptychair.programme.lib import strict_json

MOST_BYTES = 65_536
MOST_COMMENT = 10_000
_SCORE = re.compile(r"10|[0-9]", re.ASCII)
_RATING = re.compile(r"[1-5]", re.ASCII)
_SUBMISSION_ID = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_DRIVER = re.compile(r"rating_([a-z0-9_-]{1,40})", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_FIELDS = frozenset({"submission_id", "score", "comment", "contact_wanted", "language"})
# A field that no person sees, a score that was touched but not sent, and what a device kept.
_MORE_FIELDS = frozenset({"leave_empty", "unconfirmed", "amends", "answered_at", "origin"})
ORIGINS = ("earned", "bought", "unknown")
_LANGUAGE = re.compile(r"[a-z]{2}|", re.ASCII)
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
_ALWAYS = ("score", "comment", "contact_wanted", "language", "ratings")
# Said by few answers. The ledger keeps them only where said, and digests stay as they were.
_SELDOM = ("trap", "unconfirmed", "amends", "answered_at", "origin")


@dataclass(frozen=True)
class Problem:
    """Why a submission was not taken: HTTP status, a code, and a sentence saying what to do."""

    status: int
    code: str
    sentence: str


@dataclass(frozen=True)
class Submission:
    """One send by a respondent. None means: not said this time, leave as it is."""

    submission_id: str
    score: int | None = None
    comment: str | None = None
    contact_wanted: bool | None = None
    language: str = ""
    ratings: dict[str, int] = field(default_factory=dict)
    trap: bool = False  # the field that no person sees was filled in
    unconfirmed: bool = False  # chosen in the message and touched, not sent
    amends: str = ""  # submission_id of the same device to which this adds
    answered_at: str = ""  # ISO 8601 with its zone, by the clock of the sender
    origin: str = ""  # how a new customer came to us, one of `ORIGINS`

    @property
    def body(self) -> dict[str, Any]:
        """What the ledger keeps of it."""
        said = {name: getattr(self, name) for name in _ALWAYS}
        return said | {name: value for name in _SELDOM if (value := getattr(self, name))}

    @property
    def text(self) -> str:
        """The body as JSON with sorted keys: equal bodies have equal texts."""
        return _canonical(self.body)

    @property
    def digest(self) -> str:
        """A hash of the body: the same id must come with the same body."""
        return digest_of(self.text)


def digest_of(text: str) -> str:
    """Return the hash of a body's text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_submission(content_type: str, body: bytes) -> Submission | Problem:
    """Read a form or JSON body; the first thing wrong with it is the answer."""
    if len(body) > MOST_BYTES:
        return Problem(413, "too_large", f"Send at most {MOST_BYTES} bytes.")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        said = _form(body)
    elif kind == "application/json":
        said = _json(body)
    else:
        return Problem(415, "content_type", "Send a form or JSON.")
    return said if isinstance(said, Problem) else submission_of(said)


def _form(body: bytes) -> dict[str, Any] | Problem:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=40)
    except (UnicodeDecodeError, ValueError):
        return Problem(400, "form_unreadable", "The form is not valid UTF-8 form data.")
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in said:
            return Problem(400, "field_twice", f"The field {name[:60]!a} came twice.")
        if name == "score" or name.startswith("rating_"):
            if value == "":
                continue
            pattern = _SCORE if name == "score" else _RATING
            said[name] = int(value) if pattern.fullmatch(value) else value
        elif name == "contact_wanted":
            said[name] = value in ("1", "on", "true", "yes")
        elif name == "answered_at" and value == "":
            continue
        else:
            said[name] = value.replace("\r\n", "\n")
    return said


def _json(body: bytes) -> dict[str, Any] | Problem:
    try:
        said = strict_json.read(body)
    except ValueError:
        return Problem(400, "json_unreadable", "The body is not valid JSON with unique keys.")
    if not isinstance(said, dict):
        return Problem(400, "json_shape", "Send one JSON object.")
    return said


def submission_of(said: dict[str, Any]) -> Submission | Problem:
    """Return what `said` submits; the first thing wrong with it is the answer."""
    submission_id = said.get("submission_id")
    if not isinstance(submission_id, str) or not _SUBMISSION_ID.fullmatch(submission_id):
        return Problem(400, "submission_id", "Send submission_id: 16 to 64 of A-Z a-z 0-9 _ -.")
    ratings: dict[str, int] = {}
    for name, value in said.items():
        if match := _DRIVER.fullmatch(name):
            if not _whole(value, 1, 5):
                return Problem(400, "rating", f"{name} must be a whole number from 1 to 5.")
            ratings[match[1]] = value
        elif name not in _FIELDS and name not in _MORE_FIELDS:
            return Problem(400, "field_unknown", f"There is no field {name[:60]!a}.")
    score, comment = said.get("score"), said.get("comment")
    if score is not None and not _whole(score, 0, 10):
        return Problem(400, "score", "Choose a score: a whole number from 0 to 10.")
    if comment is not None and (problem := _comment_problem(comment)):
        return problem
    contact, language = said.get("contact_wanted"), said.get("language", "")
    if problem := _circumstantial_problem(contact, language):
        return problem
    seldom = _seldom_said(said)
    if isinstance(seldom, Problem):
        return seldom
    return Submission(submission_id, score, comment, contact, language, ratings, **seldom)


def _circumstantial_problem(contact: Any, language: Any) -> Problem | None:
    if contact is not None and not isinstance(contact, bool):
        return Problem(400, "contact_wanted", "contact_wanted must be true or false.")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        return Problem(400, "language", "language must be a code of two letters.")
    return None


def _seldom_said(said: dict[str, Any]) -> dict[str, Any] | Problem:
    found: dict[str, Any] = {}
    if "leave_empty" in said:
        found["trap"] = said["leave_empty"] != ""
    if "unconfirmed" in said:
        if not isinstance(said["unconfirmed"], bool):
            return Problem(400, "unconfirmed", "unconfirmed must be true or false.")
        found["unconfirmed"] = said["unconfirmed"]
    if "amends" in said:
        amends = said["amends"]
        if not isinstance(amends, str) or not _SUBMISSION_ID.fullmatch(amends):
            return Problem(400, "amends", "amends is the submission_id that this adds to.")
        found["amends"] = amends
    if "answered_at" in said:
        moment = read_moment(said["answered_at"])
        if moment is None:
            sentence = "answered_at is a moment with its zone, such as 2026-03-29T14:05:00+02:00."
            return Problem(400, "answered_at", sentence)
        found["answered_at"] = said["answered_at"]
    if "origin" in said:
        if said["origin"] not in ORIGINS:
            return Problem(400, "origin", f"origin must be one of {', '.join(ORIGINS)}.")
        found["origin"] = said["origin"]
    return found


def read_moment(text: Any) -> datetime | None:
    """Return the moment that `text` names in ISO 8601 with its zone; None when it names none."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _comment_problem(comment: Any) -> Problem | None:
    if not isinstance(comment, str):
        return Problem(400, "comment", "comment must be text.")
    if len(comment) > MOST_COMMENT:
        return Problem(400, "comment_long", f"Write at most {MOST_COMMENT} characters.")
    try:
        comment.encode()
    except UnicodeEncodeError:
        return Problem(400, "comment", "The comment has half a character in it.")
    if "\0" in comment:
        return Problem(400, "comment", "The comment has a NUL character in it.")
    return None
