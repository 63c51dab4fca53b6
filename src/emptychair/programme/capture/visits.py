"""What was looked at lately: opening a link never writes to the database, but is remembered.

A machine that scans a message opens many of its links within seconds. An answer that comes from
the same address right after such a scan is held, whichever web process saw the scan. A person's
answer comes from elsewhere, or later.
"""

import time
import zlib

from emptychair.programme.lib.marks import Mark, Marks

KEPT = 20_000
WITHIN_SECONDS = 15.0
MANY_SCORES = 4
HIDDEN = "none"  # the score of a link that no person sees
_SCORES = tuple(str(score) for score in range(11))
_HIDDEN_BIT, _HEAD_BIT = 1 << 62, 1 << 63


class Visits:
    """The links that were opened in the last seconds, from where, and with which scores."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def note(self, token: str, address: str, method: str, score: str) -> None:
        """Remember that a link was opened."""
        seen = _bit(score) | (_HEAD_BIT if method == "HEAD" else 0)

        def seen_too(before: Mark | None) -> Mark:
            clock = time.monotonic()
            if before is None or clock - before.at > WITHIN_SECONDS:
                return Mark(clock, seen)
            return Mark(clock, before.value | seen)

        self.marks.update(_key(token, address), seen_too)

    def scan(self, token: str, address: str) -> str:
        """Return what tells that the link was just scanned from `address`, or nothing."""
        visit = self.marks.get(_key(token, address))
        if visit is None or time.monotonic() - visit.at > WITHIN_SECONDS:
            return ""
        if visit.value & _HIDDEN_BIT:
            return "hidden_link"
        if (visit.value & ~_HEAD_BIT).bit_count() >= MANY_SCORES:
            return "many_scores"
        return "machine" if visit.value & _HEAD_BIT else ""


def _key(token: str, address: str) -> str:
    return f"{token[:64]} {address}"


def _bit(score: str) -> int:
    """Return the bit of a score as it stood in a link; what is no score has bits of its own."""
    if not score:
        return 0
    if score == HIDDEN:
        return _HIDDEN_BIT
    return 1 << (_SCORES.index(score) if score in _SCORES else 11 + zlib.crc32(score.encode()) % 48)


VISITS = Visits(Marks("visits.marks", KEPT))
