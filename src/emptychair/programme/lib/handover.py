"""What may come of handing a message to a mail service or an SMS gateway."""

import re
from typing import Literal

# address: it takes no mail, for good. mailbox: it takes none now. policy: whoever refuses it
# refuses us. deferred: try again.
Refusal = Literal["address", "mailbox", "policy", "deferred"]
Stage = Literal["connect", "sender", "recipient", "content"]
_ENHANCED = re.compile(r"\b[245]\.(\d{1,3})\.(\d{1,3})\b")
_TEXT_KEPT = 300


class HandoverError(Exception):
    """A message was not taken over; the text is what the other side said."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split())[:_TEXT_KEPT])


class UnreachableError(HandoverError):
    """The service takes nothing from us now, whatever the message. Nothing was handed over."""


class DeferredError(HandoverError):
    """The service wants this message later."""


class UncertainError(HandoverError):
    """The service had all of the message and never said whether it keeps it."""


class RejectedError(HandoverError):
    """The service will not take this message; `kind` says what that means for others."""

    def __init__(self, kind: Refusal, text: str) -> None:
        super().__init__(text)
        self.kind: Refusal = kind


def refusal_of(code: int, text: str, stage: Stage = "recipient") -> Refusal:
    """Return what a reply means, from its code, its enhanced code (RFC 3463) and when it came.

    Args:
        code: reply of three digits; 0 if only an enhanced code is known.
        text: what stood beside it, perhaps with an enhanced code.
        stage: which part of the dialogue it answered.
    """
    found = _ENHANCED.search(text)
    if (code and code < 500) or (not code and found and found[0].startswith("4")):
        return "deferred"
    if found:
        return _by_enhanced_code(int(found[1]), int(found[2]), code)
    if code == 552:
        return "mailbox"
    if code == 554 or stage in ("sender", "content"):
        return "policy"
    return "address" if code in (0, 550, 551, 553) else "deferred"


def _by_enhanced_code(subject: int, detail: int, code: int) -> Refusal:
    if subject == 7:
        return "policy"
    if subject in (3, 4) or (subject, detail) in ((2, 2), (2, 3), (2, 4)):
        return "mailbox"
    if subject in (1, 2):
        return "address"
    return "policy" if code == 554 else "address" if code == 550 else "deferred"
