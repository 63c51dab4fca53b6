"""B5: durable answers per second."""

import secrets
import sqlite3
import statistics
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass

from reliability.harness import APPLICATION, installation, submit
from tools import postgres

from benchmarks.harness import Figure
from benchmarks.load import answers

SECONDS = {"small": 4, "medium": 20, "full": 60}
ROUNDS = 3
CLIENTS = 16
PLAIN = "benchmarks.plain_app:application"
BARE = "benchmarks.bare_app:application"


@dataclass(frozen=True)
class _Turn:
    """Answers per second, and the 99th percentile of the seconds they took."""

    rate: float
    p99: float


def run(size: str) -> list[Figure]:
    """Measure the hot path, the plain view and the bare handler in turn, on both databases."""
    figures = _measured("SQLite", "", SECONDS[size])
    with nullcontext("") if postgres.binaries() is None else postgres.server() as address:
        if address:
            figures += _measured("PostgreSQL", address, SECONDS[size])
    return [*figures, Figure("B5", "single commits, SQLite alone", _single_commits(), "1/s")]


def _measured(database: str, address: str, seconds: float) -> list[Figure]:
    with ExitStack() as stack:
        ready = {each: _ready(stack, address, each) for each in (APPLICATION, PLAIN, BARE)}
        turns = [{each: _answers(*ready[each], seconds) for each in ready} for _ in range(ROUNDS)]
    rates = {each: statistics.median(turn[each].rate for turn in turns) for each in ready}
    p99 = 1000 * statistics.median(turn[APPLICATION].p99 for turn in turns)
    ours = rates[APPLICATION]
    return [
        Figure("B5", f"answers per second, hot path, {database}", ours, "1/s"),
        Figure("B5", f"99th percentile, hot path, {database}", p99, "ms", at_most=50),
        Figure("B5", f"hot path / plain Django view, {database}", ours / rates[PLAIN], "x",
               at_least=8),
        Figure("B5", f"hot path / bare group commit, {database}", ours / rates[BARE], "x",
               at_least=0.6),
    ]  # fmt: skip


def _ready(stack: ExitStack, address: str, application: str) -> tuple[int, str]:
    """Start a web server that idles until its turn; return its port and where to answer."""
    under_test = stack.enter_context(installation(address, application=application))
    path = under_test.prepare()
    under_test.start("web")
    under_test.wait_until_up()
    under_test.wait_until_calm()
    for _ in range(20):
        submit(under_test.port, path, secrets.token_urlsafe(18), 9)
    return under_test.port, path


def _answers(port: int, path: str, seconds: float) -> _Turn:
    taken = answers(port, path, seconds, CLIENTS)
    return _Turn(len(taken) / seconds, statistics.quantiles(taken, n=100)[98])


def _single_commits(seconds: float = 4) -> float:
    """Return durable commits per second of one row each, by SQLite without a server."""
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
