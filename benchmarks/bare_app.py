"""The floor of B5: the same server and as many durable answers, one row each, and nothing else.

One thread commits the rows that wait together, as the hot path does. Nothing is looked up,
checked, attributed or told to anybody.
"""

import json
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psycopg

_SCHEMA = "CREATE TABLE IF NOT EXISTS bare_answer (submission_id text PRIMARY KEY, score integer)"
_Row = tuple[str, int]
_waiting: queue.SimpleQueue[tuple[_Row, threading.Event]] = queue.SimpleQueue()


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    """Store an answer and say so after COMMIT; answer every GET, so that it counts as up."""
    if environ["REQUEST_METHOD"] == "GET":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    said = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    stored = threading.Event()
    _waiting.put(((said["submission_id"], said["score"]), stored))
    stored.wait()
    body = json.dumps({"submission_id": said["submission_id"]}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("201 Created", headers)
    return [body]


def _commit_in_groups() -> None:
    write = _on_postgresql() if os.environ["DATABASE_URL"] else _on_sqlite()
    while True:
        group = [_waiting.get()]
        while not _waiting.empty():
            group.append(_waiting.get())
        write([row for row, _ in group])
        for _, stored in group:
            stored.set()


def _on_sqlite() -> Callable[[Sequence[_Row]], None]:
    file = Path(os.environ["EMPTYCHAIR_DATA"]) / "bare.sqlite3"
    database = sqlite3.connect(file, isolation_level=None)
    database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_SCHEMA}")

    def write(rows: Sequence[_Row]) -> None:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO bare_answer VALUES (?, ?)", rows)
        database.execute("COMMIT")

    return write


def _on_postgresql() -> Callable[[Sequence[_Row]], None]:
    database = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    database.execute(_SCHEMA)

    def write(rows: Sequence[_Row]) -> None:
        with database.transaction(), database.cursor() as cursor:
            cursor.executemany("INSERT INTO bare_answer VALUES (%s, %s)", rows)

    return write


threading.Thread(target=_commit_in_groups, daemon=True).start()
