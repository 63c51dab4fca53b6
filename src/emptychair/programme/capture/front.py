"""The small function in front of Django: it takes the POST of an answer, and stops guessing."""

from collections.abc import Callable, Iterable
from typing import Any

from emptychair.programme.capture.answering import Outcome, amend, answer, reply_body
from emptychair.programme.capture.circumstances import address_of, circumstances_of
from emptychair.programme.capture.guard import GUARD
from emptychair.programme.capture.submission import MOST_BYTES, Problem, read_submission
from emptychair.programme.capture.visits import VISITS
from emptychair.programme.lib.clock import now

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]
_REASONS = {
    200: "OK",
    201: "Created",
    303: "See Other",
    400: "Bad Request",
    404: "Not Found",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


# Addresses that hold a token, a code or a key: who tries many that do not exist is stopped.
_GUARDED = ("/s/", "/r/", "/u/", "/me/", "/k/", "/w/", "/p/", "/b/", "/c/", "/api/")
_MISSES = ("404", "401")


def in_front_of(django: Application) -> Application:
    """Return an application that stores JSON and form answers itself and leaves the rest."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(_GUARDED):
            return django(environ, start)
        address = address_of(environ)
        seconds = GUARD.wait_seconds(address)
        if seconds:
            environ["emptychair.problem"] = _slow_down(seconds)
        elif environ["REQUEST_METHOD"] == "POST" and path[:3] in ("/s/", "/r/"):
            return _take(path, environ, start, django)
        elif path.startswith("/s/"):
            _remember(path, address, environ)
        return django(environ, _watching(start, address))

    return application


def _slow_down(seconds: int) -> Problem:
    sentence = f"Too many links that do not exist were tried. Wait {seconds} seconds."
    return Problem(429, "slow_down", sentence)


def _take(path: str, environ: dict[str, Any], start: Start, django: Application) -> Iterable[bytes]:
    outcome = _store(path, environ)
    if isinstance(outcome, Problem) and outcome.status == 404:
        GUARD.miss(address_of(environ))
    wants_json = "application/json" in environ.get("HTTP_ACCEPT", "")
    if isinstance(outcome, Problem) and not wants_json:
        # A person sees a page: Django renders it from the same outcome.
        environ["emptychair.problem"] = outcome
        return django(environ, start)
    return _reply(outcome, wants_json, start)


def _remember(path: str, address: str, environ: dict[str, Any]) -> None:
    before, _, score = environ.get("QUERY_STRING", "").partition("score=")
    VISITS.note(
        path[3:].rstrip("/"),
        address,
        environ["REQUEST_METHOD"],
        score.partition("&")[0] if not before or before.endswith("&") else "",
    )


def _watching(start: Start, address: str) -> Start:
    def watched(status: str, *more: Any) -> Any:
        if status[:3] in _MISSES:
            GUARD.miss(address)
        return start(status, *more)

    return watched


def _store(path: str, environ: dict[str, Any]) -> Outcome:
    token = path[3:].rstrip("/")
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MOST_BYTES:
        return Problem(413, "too_large", f"Send at most {MOST_BYTES} bytes.")
    body = environ["wsgi.input"].read(length)
    said = read_submission(environ.get("CONTENT_TYPE", ""), body)
    if isinstance(said, Problem):
        return said
    around = circumstances_of(environ, token, said.submission_id, now())
    return answer(token, said, around) if path.startswith("/s/") else amend(token, said, around)


def _reply(outcome: Outcome, wants_json: bool, start: Start) -> Iterable[bytes]:
    headers = [
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if isinstance(outcome, Problem) or wants_json:
        status, body = reply_body(outcome)
        headers.append(("Content-Type", "application/json"))
        if status == 503:
            headers.append(("Retry-After", "2"))
    else:
        status, body = 303, b""
        headers.append(("Location", f"/r/{outcome.answer_token}"))
    headers.append(("Content-Length", str(len(body))))
    start(f"{status} {_REASONS[status]}", headers)
    return [body]
