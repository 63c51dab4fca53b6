"""Stops who guesses links, before a token is looked up.

Counted by address and by network, by all web processes of a machine together: a link that does
not exist is a miss. Who misses more often than people mistype is told to wait; links of everybody
else work all the time.
"""

import time
from collections.abc import Iterator

from emptychair.programme.capture.circumstances import networks_of
from emptychair.programme.lib.marks import Mark, Marks

MISSES = {"source": 20, "network": 200}  # in a minute; then every further try waits
SECONDS = 60.0
KEPT = 50_000


class Guard:
    """Counts misses by source and network in windows of a minute."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def wait_seconds(self, address: str) -> int:
        """Return how long `address` has to wait before it may try again; 0: not at all."""
        clock = time.monotonic()
        return max(self._wait(key, most, clock) for key, most in _keys(address))

    def miss(self, address: str) -> None:
        """Note that `address` tried a link, a key or a code that does not exist."""
        for key, _most in _keys(address):
            self.marks.update(key, _one_more)

    def _wait(self, key: str, most: int, clock: float) -> int:
        misses = self.marks.get(key)
        if misses is None or misses.value < most:
            return 0
        left = SECONDS - (clock - misses.at)
        return int(left) + 1 if left > 0 else 0


def _one_more(misses: Mark | None) -> Mark:
    clock = time.monotonic()
    if misses is None or clock - misses.at > SECONDS:
        return Mark(clock, 1)
    return Mark(misses.at, misses.value + 1)


def _keys(address: str) -> Iterator[tuple[str, int]]:
    source, network = networks_of(address)
    yield f"s {source}", MISSES["source"]
    yield f"n {network}", MISSES["network"]


GUARD = Guard(Marks("guesses.marks", KEPT))
