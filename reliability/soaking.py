"""What runs side by side in a soak: answers at a steady rate, readers, and who looks on."""

import contextlib
import http.client
import itertools
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reliability.harness import Installation, Ledger, request

PAGES = (
    "/",
    "/delivery/",
    "/delivery/?by=unit",
    "/delivery/responses/",
    "/delivery/fine-print/",
    "/actions/",
    "/actions/board/",
    "/customers/",
    "/customers/economics/",
    "/root-cause/",
    "/root-cause/comments/",
    "/surveys/",
    "/surveys/asks/",
    "/organisation/",
)
CLIENTS = 24
TRIES = 300  # a customer's page repeats an answer until it is acknowledged
PAUSE_SECONDS = 1.0


class Answers:
    """Customers who answer at a steady rate, whether or not the last answer was acknowledged."""

    def __init__(
        self, ledger: Ledger, port: int, path: str, rate: float, stop: threading.Event
    ) -> None:
        self.taken: list[float] = []
        began, turns, taking = time.monotonic(), itertools.count(), threading.Lock()

        def client() -> None:
            while not stop.is_set():
                with taking:
                    due = began + next(turns) / rate
                if stop.wait(max(0.0, due - time.monotonic())):
                    return
                start = time.perf_counter()
                ledger.send(port, path, TRIES)
                self.taken.append(time.perf_counter() - start)

        self._threads = _started(client, CLIENTS)

    def join(self) -> None:
        """Wait until the answers under way are acknowledged."""
        for thread in self._threads:
            thread.join(60)


class Readers:
    """Colleagues who open one page of staff after another."""

    def __init__(self, port: int, cookie: str, number: int, stop: threading.Event) -> None:
        self.taken: list[float] = []
        self.errors = 0  # pages that are no pages
        self.cut = 0  # requests without a reply: their process was killed
        pages = itertools.cycle(PAGES)

        def reader() -> None:
            while not stop.wait(PAUSE_SECONDS):
                start = time.perf_counter()
                try:
                    status, _ = request(port, "GET", next(pages), headers={"Cookie": cookie})
                except (OSError, http.client.HTTPException):
                    self.cut += 1
                    continue
                self.taken.append(time.perf_counter() - start)
                self.errors += status != 200

        self._threads = _started(reader, number)

    def join(self) -> None:
        """Wait for the last pages."""
        for thread in self._threads:
            thread.join(60)


class Memory:
    """Looks once a second how much memory of its own each process has."""

    def __init__(self, processes: Callable[[], dict[str, int]]) -> None:
        self._seen: list[tuple[float, str, float]] = []
        self._stop = threading.Event()

        def look() -> None:
            while not self._stop.wait(1):
                for name, pid in processes().items():
                    with contextlib.suppress(OSError, StopIteration):
                        self._seen.append((time.monotonic(), name, own_kilobytes(pid)))

        self._threads = _started(look, 1)

    def of(self, name: str) -> list[tuple[float, float]]:
        """Return moment and kilobytes of one process."""
        return [(at, kilobytes) for at, who, kilobytes in self._seen if who == name]

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


class Watcher:
    """A process inside the installation that says what the layer has and what waits, and when."""

    def __init__(self, under_test: Installation, before: int) -> None:
        self.seen: list[tuple[float, int]] = []
        self.follow_ups: list[float] = []  # seconds that the oldest one has waited
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "reliability.soak_inside"],
            env=under_test.environment,
            cwd=Path(__file__).parent.parent,
            start_new_session=True,  # a group of its own, as the installation ends groups
            stdout=subprocess.PIPE,
            text=True,
        )
        under_test.processes["watcher"] = self._process

        def read() -> None:
            for line in self._process.stdout:
                at, there, waited = line.split()
                self.seen.append((float(at), int(there) - before))
                self.follow_ups.append(float(waited))

        self._threads = _started(read, 1)
        while not self.seen:
            time.sleep(0.05)

    def settle(self, seconds: float) -> None:
        """Wait until the number stands still, then end the process."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = self.seen[-1]
            time.sleep(3)
            if self.seen[-1][1] == before[1] and self.seen[-1][0] > before[0]:
                break
        self._process.terminate()


def own_kilobytes(pid: int) -> float:
    """Return the memory that a process shares with no file, in kilobytes.

    Raises:
        OSError: the process is gone.
        StopIteration: it is just ending and has no memory any more.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("RssAnon")).split()[1])


def growth_share(kilobytes: Sequence[float]) -> tuple[float, float]:
    """Return by how much the last quarter is above the first, as a share and in kilobytes.

    Medians of quarters, so that one large piece of work at either end does not count as growth.
    Too few values are no evidence that memory stands still: they grow without bound.
    """
    quarter = len(kilobytes) // 4
    if quarter < 2:
        return float("inf"), float("inf")
    first = statistics.median(kilobytes[:quarter])
    grown = statistics.median(kilobytes[-quarter:]) - first
    return grown / first, grown


def ages(seen: Sequence[tuple[float, int]], acked: Sequence[float]) -> list[float]:
    """Return how old, at each look, the oldest acknowledged answer was that was not there yet.

    Args:
        seen: when was looked, and how many answers were there.
        acked: when answers were acknowledged, in order.
    """
    last = acked[-1] if acked else 0.0
    return [
        max(0.0, at - acked[there]) if there < len(acked) else 0.0
        for at, there in seen
        if at <= last
    ]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _started(work: Callable[[], None], number: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads
