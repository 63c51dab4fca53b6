"""Each thread's DuckDB."""

import threading
from typing import Any

import ibis
import ibis.expr.types as ir

MEMORY_LIMIT = "1GB"
_ENGINE = threading.local()


def engine() -> Any:
    """Return this thread's DuckDB: capped memory, times in UTC. Starting one takes a while."""
    backend = getattr(_ENGINE, "backend", None)
    if backend is None:
        backend = _ENGINE.backend = ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, threads=2)
        backend.raw_sql("SET TimeZone = 'UTC'")
        _ENGINE.shown = {}
    return backend


def shown() -> dict[str, tuple[tuple[str, int], ir.Table]]:
    """Return which version of each table this thread's engine shows; to be kept up to date."""
    engine()
    found: dict[str, tuple[tuple[str, int], ir.Table]] = _ENGINE.shown
    return found
