"""The small function in front of Django that takes the POST of an answer, and nothing else."""

from collections.abc import Callable, Iterable
from typing import Any

from emptychair.programme.capture.answering import Outcome, amend, answer, reply_body
from emptychair.programme.capture.submission import MOST_BYTES, Problem, read_submission

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
    503: "Service Unavailable",
}


def in_front_of(django: Application) -> Application:
    """Return an application that stores JSON and form answers itself and leaves the rest."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] != "POST" or path[:3] not in ("/s/", "/r/"):
            return django(environ, start)
        outcome = _store(path, environ)
        wants_json = "application/json" in environ.get("HTTP_ACCEPT", "")
        if isinstance(outcome, Problem) and not wants_json:
            # A person sees a page: Django renders it from the same outcome.
            environ["emptychair.problem"] = outcome
            return django(environ, start)
        return _reply(outcome, wants_json, start)

    return application


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
    return answer(token, said) if path.startswith("/s/") else amend(token, said)


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
