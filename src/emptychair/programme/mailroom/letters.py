"""The mails and SMS that an installation without a mail service would have sent."""

import email
import email.policy
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from csp.decorators import csp
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from emptychair.programme.accounts.policy import requires
from emptychair.programme.lib import sms

NEWEST = 100
_END = b"\n" + b"-" * 79  # what Django writes after each mail
# A mail brings its style along; it may load nothing and do nothing.
_BARE = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": True,
}


@dataclass(frozen=True)
class Letter:
    """One message that was written to the data folder."""

    name: str
    channel: str
    to: str
    subject: str
    text: str
    html: str
    at: datetime
    length: sms.Length | None


@require_safe
@requires("outbox.read")
def show_letters(request: HttpRequest) -> HttpResponse:
    """List the newest messages that were written to the data folder instead of sent."""
    letters = sorted(
        (letter for path in _newest() if (letter := _read(path))), key=lambda one: one.at
    )
    context = {"letters": letters[::-1], "keeps": keeps()}
    return render(request, "mailroom/letters.html", context)


@require_safe
@requires("outbox.read")
def show_letter(request: HttpRequest, name: str) -> HttpResponse:
    """Show one message as its reader would see it."""
    return render(request, "mailroom/letter.html", {"letter": _letter(name)})


@csp(_BARE)
@require_safe
@requires("outbox.read")
def show_body(_request: HttpRequest, name: str) -> HttpResponse:
    """Show the HTML of one mail, for a frame."""
    return HttpResponse(_letter(name).html)


def keeps() -> bool:
    """Say whether mail or SMS are written to the data folder."""
    return settings.EMAIL_BACKEND.endswith("filebased.EmailBackend") or settings.SMS.startswith(
        "file:"
    )


def _newest() -> list[Path]:
    found = [*(settings.DATA / "mail").glob("*.log"), *(settings.DATA / "sms").glob("*.json")]
    return sorted(found, key=lambda path: path.stat().st_mtime)[-NEWEST:]


def _letter(name: str) -> Letter:
    # Only names of files that are there: nothing from the address becomes a path.
    path = next((path for path in _newest() if path.name == name), None)
    letter = _read(path) if path else None
    if letter is None:
        raise Http404
    return letter


def _read(path: Path) -> Letter | None:
    content = path.read_bytes()
    if path.suffix == ".json":
        return _read_sms(path.name, content)
    kept = email.message_from_bytes(content.partition(_END)[0], policy=email.policy.default)
    assert isinstance(kept, EmailMessage)
    plain, html = kept.get_body(["plain"]), kept.get_body(["html"])
    return Letter(
        path.name,
        "email",
        str(kept.get("To", "")),
        str(kept.get("Subject", "")),
        plain.get_content() if plain else "",
        html.get_content() if html else "",
        datetime.fromtimestamp(path.stat().st_mtime, UTC),
        None,
    )


def _read_sms(name: str, content: bytes) -> Letter | None:
    try:
        said = json.loads(content)
    except ValueError:  # it is being written just now
        return None
    text = said["text"]
    at = datetime.fromisoformat(said["at"])
    return Letter(name, "sms", said["to"], "", text, "", at, sms.length(text))
