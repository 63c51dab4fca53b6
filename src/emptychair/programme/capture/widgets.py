"""Writes about widgets: where they may be shown, whom they ask, how they look."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import record
from emptychair.programme.capture import colours
from emptychair.programme.capture.models import Link, Survey, Widget
from emptychair.programme.lib.errors import RefusedError

MOST_ORIGINS = 20
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_AT_HOME = ("localhost", "127.0.0.1")


@transaction.atomic
def save_widget(
    survey: Survey,
    widget: Widget | None = None,
    *,
    origins: Sequence[str],
    unit: str,
    share_percent: int,
    asks_anonymous: bool,
    delay_seconds: int,
    colour: str,
    by: str,
) -> Widget:
    """Add a widget to a survey, or change one.

    Raises:
        RefusedError: an origin is none, there are too many, or text cannot be read on the colour.
    """
    if widget is None:
        widget = Widget(link=Link(survey=survey, channel="widget"))
    widget.link.unit = Unit.objects.get(code=unit) if unit else None
    widget.link.save()
    widget.link_id = widget.link.pk
    widget.origins = origins_of(origins)
    widget.colour = readable_colour(colour)
    widget.share_percent = share_percent
    widget.asks_anonymous = asks_anonymous
    widget.delay_seconds = delay_seconds
    widget.save()
    record("widget.saved", widget.link.public_id, actor=by, origins=widget.origins, unit=unit)
    return widget


@transaction.atomic
def renew_secret(widget: Widget, *, by: str) -> None:
    """Make a new secret; what was signed with the old one is refused from now on."""
    widget.generation += 1
    widget.save(update_fields=["generation"])
    record("widget.secret_renewed", widget.link.public_id, actor=by)


def origins_of(lines: Sequence[str]) -> list[str]:
    """Return web addresses as browsers name their origins, each once.

    Raises:
        RefusedError: one is not an address such as https://www.example.com, or too many.
    """
    found = list(dict.fromkeys(_origin(line) for line in lines if line.strip()))
    if not found:
        raise RefusedError("origins_none", _("Name at least one page that may show it."))
    if len(found) > MOST_ORIGINS:
        sentence = _("Name at most %(most)d addresses.")
        raise RefusedError("origins_many", sentence % {"most": MOST_ORIGINS})
    return found


def _origin(line: str) -> str:
    text = line.strip().lower().rstrip("/")
    sentence = _("%(line)s is no address such as https://www.example.com.") % {"line": line[:100]}
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError):
        raise RefusedError("origin_wrong", sentence) from None
    is_plain = not (parts.path or parts.query or parts.fragment or parts.username)
    allowed = parts.scheme == "https" or (parts.scheme == "http" and host in _AT_HOME)
    if not (is_plain and allowed and _HOST.fullmatch(host)):
        raise RefusedError("origin_wrong", sentence)
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def readable_colour(text: str) -> str:
    """Return the colour in small letters, if white can be read on it.

    Raises:
        RefusedError: it is no colour, or its contrast against white is below 4.5.
    """
    colour = text.strip().lower()
    if not colours.is_colour(colour):
        raise RefusedError("colour_wrong", _("Write the colour as # and six digits, as #1f5c99."))
    found = colours.contrast(colour, colours.LIGHT)
    if found < colours.LEAST_CONTRAST:
        sentence = _(
            "Against white this colour has a contrast of %(found).1f; 4.5 is needed to be read."
            " A darker shade that works: %(darker)s."
        )
        darker = colours.darker(colour)
        raise RefusedError("colour_contrast", sentence % {"found": found, "darker": darker})
    return colour
