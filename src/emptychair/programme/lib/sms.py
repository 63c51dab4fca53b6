"""SMS through a gateway (Apprise), and how long a text is on its way to a phone."""

import json
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from django.conf import settings

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.handover import DeferredError, UncertainError, UnreachableError

# GSM 03.38: one unit each; those after it take two.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
Alphabet = Literal["GSM-7", "UCS-2"]
# Units in a message alone and in each part of a longer one.
ROOM: dict[Alphabet, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
MOST_PARTS = 2
_STATUS = re.compile(r"error=(\d{3})")


@dataclass(frozen=True)
class Length:
    """How much of a phone's alphabet a text takes, and in how many parts it is sent."""

    alphabet: Alphabet
    units: int
    parts: int
    odd: str  # letters that the short alphabet lacks

    @property
    def is_short(self) -> bool:
        """Whether it goes in as few parts as we send."""
        return self.parts <= MOST_PARTS


def length(text: str) -> Length:
    """Return how long `text` is as an SMS."""
    odd = "".join(sorted(set(text) - _BASIC - _EXTENDED))
    alphabet: Alphabet = "UCS-2" if odd else "GSM-7"
    if odd:
        units = len(text.encode("utf-16-le")) // 2
    else:
        units = len(text) + sum(letter in _EXTENDED for letter in text)
    alone, part = ROOM[alphabet]
    return Length(alphabet, units, 1 if units <= alone else -(-units // part), odd)


def is_on() -> bool:
    """Say whether this installation sends SMS."""
    return not settings.SMS.startswith("none:")


def send(number: str, text: str, key: str) -> None:
    """Hand a text for `number` (E.164) to the gateway.

    Raises:
        HandoverError: what the gateway did instead of taking it; see `lib.handover`.
    """
    if settings.SMS.startswith("file:"):
        _keep(number, text, key)
    elif settings.SMS.startswith("console:"):
        print(f"SMS to {number}: {text}", flush=True)  # noqa: T201  what console: asks for
    elif is_on():
        _hand_over(settings.SMS.replace("{phone}", quote(number, safe="")), text)
    else:
        raise UnreachableError("EMPTYCHAIR_SMS is none:")


def _keep(number: str, text: str, key: str) -> None:
    folder = settings.DATA / "sms"
    folder.mkdir(exist_ok=True)
    letter = {"to": number, "text": text, "at": now().isoformat(), "key": key}
    (folder / f"{key}.json").write_text(json.dumps(letter, ensure_ascii=False))


def _hand_over(address: str, text: str) -> None:
    import apprise  # takes half a second: only where a gateway is set

    gateway = apprise.Apprise()
    if not gateway.add(address):
        raise UnreachableError("EMPTYCHAIR_SMS is no address that Apprise knows.")
    with apprise.LogCapture(level=apprise.logging.DEBUG, name="apprise") as log:
        taken = gateway.notify(body=text, body_format=apprise.NotifyFormat.TEXT)
        said = _last_lines(log.getvalue(), address)
    if not taken:
        raise _meaning(said)


def _last_lines(log: str, address: str) -> str:
    """Return what a log says went wrong; it may hold the gateway's address and password."""
    lines = [line for line in log.splitlines() if re.search("fail|error|exception", line, re.I)]
    secret = re.sub(r"^[^:]+://([^@/]*)@.*", r"\1", address)
    text = " ".join(lines[-3:])
    for part in (secret, *secret.split(":")):
        text = text.replace(part, "***") if len(part) > 3 else text
    return text or "The gateway did not take it."


def _meaning(said: str) -> Exception:
    status = _STATUS.search(said)
    code = int(status[1]) if status else 0
    if "timed out" in said.lower() and "connect timeout" not in said.lower():
        return UncertainError(said)
    if code in (401, 402, 403, 429) or code >= 500 or (not code and "onnection" in said):
        return UnreachableError(said)
    return DeferredError(said)
