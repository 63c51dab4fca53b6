"""Each thread's DuckDB."""

import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

MEMORY_LIMIT = "1GB"
_ENGINE = threading.local()


class _Engine(Backend):  # type: ignore[misc]
    """A DuckDB that forgets a table in memory once nothing refers to it any more.

    Ibis keeps each until the process ends, with its rows and a view: a worker would keep the keys
    of everything it ever copied.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._outlived: deque[str] = deque()

    def _register_in_memory_table(self, op: Any) -> None:
        # Here and not when it dies: that may be in another thread, or in the midst of a result.
        while self._outlived:
            self.con.unregister(self._outlived.popleft())
        super()._register_in_memory_table(op)
        weakref.finalize(op, self._outlived.append, op.name).atexit = False

    def _make_memtable_finalizer(self, name: str) -> Callable[..., None] | None:  # noqa: ARG002
        return None


def engine() -> Any:
    """Return this thread's DuckDB: capped memory, times in UTC. Starting one takes a while."""
    backend = getattr(_ENGINE, "backend", None)
    if backend is None:
        backend = _ENGINE.backend = _Engine().connect(memory_limit=MEMORY_LIMIT, threads=2)
        backend.raw_sql("SET TimeZone = 'UTC'")
        _ENGINE.shown = {}
    return backend


def shown() -> dict[str, tuple[tuple[str, int], ir.Table]]:
    """Return which version of each table this thread's engine shows; to be kept up to date."""
    engine()
    found: dict[str, tuple[tuple[str, int], ir.Table]] = _ENGINE.shown
    return found
