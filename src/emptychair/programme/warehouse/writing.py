"""One writer at a time, however many workers run: two would copy the same rows twice."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

_NUMBER = 0x456D7074  # of the lock within the PostgreSQL database; any would do
_held = threading.local()


@contextmanager
def sole_writer(*, wait: bool) -> Iterator[bool]:
    """Hold the right to write the warehouse; yield whether it was got.

    It is lost with the process or connection that holds it, so a killed worker blocks nobody.
    Who has it already gets it again.

    Args:
        wait: whether to wait for whoever has it.
    """
    if getattr(_held, "depth", 0):
        yield True
        return
    lock = _in_file if connection.vendor == "sqlite" else _in_database
    with lock(wait) as got:
        _held.depth = int(got)
        try:
            yield got
        finally:
            _held.depth = 0


@contextmanager
def _in_file(wait: bool) -> Iterator[bool]:
    """SQLite serves one machine, so a file on it is enough."""
    with (settings.DATA / "warehouse.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True  # closing the file gives the lock back


@contextmanager
def _in_database(wait: bool) -> Iterator[bool]:
    name = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s)", [_NUMBER])
        got = wait or bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_NUMBER])
