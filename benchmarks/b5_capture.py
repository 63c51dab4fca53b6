"""B5: durable answers per second."""

import secrets
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import nullcontext
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
class _Round:
    """Answers per second of one turn, and the 99th percentile of their seconds."""

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
    turns: dict[str, list[_Round]] = {APPLICATION: [], PLAIN: [], BARE: []}
    for _ in range(ROUNDS):
        for application, rounds in turns.items():
            rounds.append(_answers(application, address, seconds))
    ours = _median(turns[APPLICATION])
    with_targets = [
        ("99th percentile, hot path", 1000 * statistics.median(r.p99 for r in turns[APPLICATION])),
        ("hot path / plain Django view", ours / _median(turns[PLAIN])),
        ("hot path / bare group commit", ours / _median(turns[BARE])),
    ]
    p99, peer, floor = ((f"{name}, {database}", value) for name, value in with_targets)
    return [
        Figure("B5", f"answers per second, hot path, {database}", ours, "1/s"),
        Figure("B5", *p99, "ms", at_most=50),
        Figure("B5", *peer, "x", at_least=8),
        Figure("B5", *floor, "x", at_least=0.6),
    ]


def _median(rounds: Sequence[_Round]) -> float:
    return statistics.median(each.rate for each in rounds)


def _answers(application: str, address: str, seconds: float) -> _Round:
    with installation(address, application=application) as under_test:
        path = under_test.prepare()
        under_test.start("web")
        under_test.wait_until_up()
        under_test.wait_until_calm()
        for _ in range(20):
            submit(under_test.port, path, secrets.token_urlsafe(18), 9)
        taken = answers(under_test.port, path, seconds, CLIENTS)
        return _Round(len(taken) / seconds, statistics.quantiles(taken, n=100)[98])


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
