"""B5 and B6: durable answers per second, and from an answer to the page."""

import secrets
import sqlite3
import statistics
import time

from reliability.harness import APPLICATION, Installation, installation, submit

from benchmarks.harness import Figure
from benchmarks.load import answers

SECONDS = {"small": 6, "full": 60}
CLIENTS = 16
PLAIN = "benchmarks.plain_app:application"


def run(size: str) -> list[Figure]:
    """Measure the hot path, the plain view and the raw floor in one run."""
    ours = _answers(APPLICATION, SECONDS[size])
    plain = _answers(PLAIN, SECONDS[size])
    floor = _floor(SECONDS[size])
    return [
        Figure("B5", "answers per second, hot path", ours[0], "1/s"),
        Figure("B5", "99th percentile, hot path", ours[1], "ms", "target 50 ms"),
        Figure("B5", "hot path / plain Django view", ours[0] / plain[0], "x", "target 8"),
        Figure("B5", "hot path / raw single commits", ours[0] / floor, "x"),
        Figure("B6", "answer to layer, median", _freshness(), "s", "target 5 s"),
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


def _freshness() -> float:
    """Return the median seconds from an acknowledged answer to its place in the layer."""
    with installation() as under_test:
        path = under_test.prepare()
        for name in ("web", "worker"):
            under_test.start(name)
        under_test.wait_until_up()
        taken = [_until_seen(under_test, path, number) for number in range(1, 6)]
        return statistics.median(taken)


def _until_seen(under_test: Installation, path: str, expected: int) -> float:
    submit(under_test.port, path, secrets.token_urlsafe(18), 9)
    began = time.monotonic()
    code = (
        "import time\nfrom datetime import timedelta\n"
        "from emptychair.programme.warehouse import layer\n"
        "from emptychair.programme.lib.clock import today\n"
        "while sum(c.n for c in layer.counts(start=today() - timedelta(2), end=today()).values())"
        f" < {expected}: time.sleep(0.05)\n"
        "print(time.monotonic())"
    )
    return max(0.0, float(under_test.run_code(code)) - began)
