"""SMS through a gateway (Apprise), and how long a text is on its way to a phone."""

import json
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from django.conf import settings

from emptychair.programme.lib import gateway
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.handover import UnreachableError

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
        gateway.hand_over(settings.SMS.replace("{phone}", quote(number, safe="")), text)
    else:
        raise UnreachableError("EMPTYCHAIR_SMS is none:")


def _keep(number: str, text: str, key: str) -> None:
    folder = settings.DATA / "sms"
    folder.mkdir(exist_ok=True)
    letter = {"to": number, "text": text, "at": now().isoformat(), "key": key}
    (folder / f"{key}.json").write_text(json.dumps(letter, ensure_ascii=False))
