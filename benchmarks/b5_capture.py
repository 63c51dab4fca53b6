"""B5: durable answers per second."""

import secrets
import sqlite3
import statistics
import time

from reliability.harness import APPLICATION, installation, submit

from benchmarks.harness import Figure
from benchmarks.load import answers

SECONDS = {"small": 6, "medium": 30, "full": 60}
CLIENTS = 16
PLAIN = "benchmarks.plain_app:application"


def run(size: str) -> list[Figure]:
    """Measure the hot path, the plain view and the raw floor in one run."""
    ours = _answers(APPLICATION, SECONDS[size])
    plain = _answers(PLAIN, SECONDS[size])
    floor = _floor(SECONDS[size])
    return [
        Figure("B5", "answers per second, hot path", ours[0], "1/s"),
        Figure("B5", "99th percentile, hot path", ours[1], "ms", at_most=50),
        Figure("B5", "hot path / plain Django view", ours[0] / plain[0], "x", at_least=8),
        Figure("B5", "hot path / raw single commits", ours[0] / floor, "x"),
    ]


def _answers(application: str, seconds: float) -> tuple[float, float]:
    with installation(application=application) as under_test:
        path = under_test.prepare()
        under_test.start("web")
        under_test.wait_until_up()
        under_test.wait_until_calm()
        for _ in range(20):
            submit(under_test.port, path, secrets.token_urlsafe(18), 9)
        taken = answers(under_test.port, path, seconds, CLIENTS)
        return len(taken) / seconds, 1000 * statistics.quantiles(taken, n=100)[98]


def _floor(seconds: float) -> float:
    """Return single durable commits per second of one row, by SQLite alone."""
    with installation() as under_test:
        database = sqlite3.connect(under_test.folder / "floor.sqlite3", isolation_level=None)
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        database.execute("CREATE TABLE answers (id TEXT PRIMARY KEY, score INTEGER)")
        done, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            database.execute("INSERT INTO answers VALUES (?, 9)", [secrets.token_hex(8)])
            done += 1
        database.close()
        return done / seconds
