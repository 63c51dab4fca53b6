"""What was looked at lately, in memory: opening a link never writes, but it may be remembered.

A machine that scans a message opens many of its links within seconds. An answer that comes from
the same address right after such a scan is held. A person's answer comes from elsewhere, or later.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

KEPT = 20_000
WITHIN_SECONDS = 15.0
MANY_SCORES = 4
HIDDEN = "none"  # the score of a link that no person sees


@dataclass
class _Visit:
    at: float
    scores: set[str] = field(default_factory=set)
    has_asked_head: bool = False


class Visits:
    """The links that were opened in the last seconds, and by whom."""

    def __init__(self) -> None:
        self._visits: OrderedDict[tuple[str, str], _Visit] = OrderedDict()
        self._changing = threading.Lock()

    def note(self, token: str, address: str, method: str, score: str) -> None:
        """Remember that a link was opened."""
        key, clock = (token[:64], address), time.monotonic()
        with self._changing:
            visit = self._visits.pop(key, None)
            if visit is None or clock - visit.at > WITHIN_SECONDS:
                visit = _Visit(clock)
            visit.at = clock
            visit.has_asked_head |= method == "HEAD"
            if score:
                visit.scores.add(score[:8])
            self._visits[key] = visit
            if len(self._visits) > KEPT:
                self._visits.popitem(last=False)

    def scan(self, token: str, address: str) -> str:
        """Return what tells that the link was just scanned from `address`, or nothing."""
        visit = self._visits.get((token[:64], address))
        if visit is None or time.monotonic() - visit.at > WITHIN_SECONDS:
            return ""
        if HIDDEN in visit.scores:
            return "hidden_link"
        if len(visit.scores) >= MANY_SCORES:
            return "many_scores"
        return "machine" if visit.has_asked_head else ""

    def clear(self) -> None:
        """Forget everything."""
        self._visits.clear()


VISITS = Visits()
