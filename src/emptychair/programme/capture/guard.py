"""Stops who guesses links, before a token is looked up.

Counted in memory by address and by network: a link that does not exist is a miss. Who misses
more often than people mistype is told to wait; links of everybody else work all the time.
"""

import threading
import time
from collections import OrderedDict

from emptychair.programme.capture.circumstances import networks_of

MISSES = {"source": 20, "network": 200}  # in a minute; then every further try waits
SECONDS = 60.0
KEPT = 50_000


class Guard:
    """Counts misses by source and network in windows of a minute."""

    def __init__(self) -> None:
        self._misses: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._counting = threading.Lock()

    def wait_seconds(self, address: str) -> int:
        """Return how long `address` has to wait before it may try again; 0: not at all."""
        if not self._misses:
            return 0
        clock = time.monotonic()
        waits = (self._wait(key, most, clock) for key, most in _keys(address))
        return max(waits, default=0)

    def miss(self, address: str) -> None:
        """Note that `address` tried a link, a key or a code that does not exist."""
        clock = time.monotonic()
        with self._counting:
            for key, _most in _keys(address):
                began, count = self._misses.pop(key, (clock, 0))
                if clock - began > SECONDS:
                    began, count = clock, 0
                self._misses[key] = (began, count + 1)
            while len(self._misses) > KEPT:
                self._misses.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._misses.clear()

    def _wait(self, key: str, most: int, clock: float) -> int:
        began, count = self._misses.get(key, (clock, 0))
        left = SECONDS - (clock - began)
        return int(left) + 1 if count >= most and left > 0 else 0


def _keys(address: str) -> tuple[tuple[str, int], ...]:
    source, network = networks_of(address)
    return (f"s {source}", MISSES["source"]), (f"n {network}", MISSES["network"])


GUARD = Guard()
