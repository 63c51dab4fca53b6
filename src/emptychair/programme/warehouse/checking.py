"""Hold the warehouse against the database: responses by month, other tables whole; mend it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
from django.db.models.functions import TruncMonth

from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response
from emptychair.programme.warehouse import services, store, tables
from emptychair.programme.warehouse.copying import RESPONSES, SOURCES, Source, fetch, typed

# What a customer said and whether it counts; names looked up elsewhere are left out.
_CHECKED = (
    *("response_id", "customer_id", "answered_at", "answered_on", "score", "comment"),
    *("language", "channel", "unit", "held_reason"),
)
_SOURCE = Source(
    select=RESPONSES.select,
    table=RESPONSES.table,
    column=RESPONSES.column,
    key=RESPONSES.key,
    types={column: RESPONSES.types[column] for column in _CHECKED},
)
# A checksum that does not depend on the order of rows; rows that wait to be copied are left out.
_SUMMED = """
    SELECT count(*), CAST(COALESCE(sum(mark), 0) AS VARCHAR) FROM {side}
    WHERE key NOT IN (SELECT key FROM waiting)"""
_DIFFERING = """
    SELECT DISTINCT key FROM (
        (SELECT key, mark FROM there EXCEPT ALL SELECT key, mark FROM here)
        UNION ALL
        (SELECT key, mark FROM here EXCEPT ALL SELECT key, mark FROM there))
    WHERE key NOT IN (SELECT key FROM waiting) ORDER BY key"""
OTHERS = tuple(name for name in SOURCES if name != "responses")


@dataclass(frozen=True)
class Month:
    """One month of responses in database and warehouse."""

    month: str
    in_database: int
    in_warehouse: int
    differing: tuple[str, ...]  # ids of responses


@dataclass(frozen=True)
class Whole:
    """One table other than the responses, in database and warehouse."""

    name: str
    in_database: int
    in_warehouse: int
    differing: tuple[str, ...]  # its keys: ids, or codes of customers


def others() -> Iterator[Whole]:
    """Compare the tables other than the responses; one table at a time is in memory."""
    for name in OTHERS:
        found = _whole(name)
        if found.differing:
            again = _whole(name)
            twice = sorted(set(found.differing) & set(again.differing))
            found = Whole(name, again.in_database, again.in_warehouse, tuple(twice))
        yield found


def mend_whole(found: Whole) -> None:
    """Note what differs for copying, which puts the rows of the database in the place of all."""
    mark_changed(found.name, found.differing)


def months() -> Iterator[Month]:
    """Compare every month that either side has; one month at a time is in memory."""
    for first in sorted(_months_here() | _months_there()):
        found = _compared(first)
        if found.differing:
            # An answer may have arrived between the two readings: only what differs twice does.
            again = _compared(first)
            twice = sorted(set(found.differing) & set(again.differing))
            found = Month(found.month, again.in_database, again.in_warehouse, tuple(twice))
        yield found


def mend(month: Month) -> None:
    """Take out what differs and note it for copying; safe while pages and worker go on.

    A kill after the first step leaves rows missing, which the next look finds and mends.
    """
    ids = list(month.differing)
    first = date.fromisoformat(f"{month.month}-01")
    services.mark_month_stale(first)
    if store.version("responses") >= 0:
        store.delete("responses", "response_id", ids)
    mark_changed("responses", ids)


def _months_here() -> set[date]:
    found = Response.objects.annotate(first=TruncMonth("answered_on")).values_list("first")
    return {first for (first,) in found.order_by().distinct()}


def _months_there() -> set[date]:
    there = tables.responses()
    found = there.select(first=there["answered_on"].truncate("M")).distinct().to_pyarrow()
    return {first for first in found["first"].to_pylist() if first is not None}


def _compared(first: date) -> Month:
    here, there, differing = _held_against(
        lambda: _here(first), lambda: _there(first), "responses", "response_id", _CHECKED
    )
    return Month(f"{first:%Y-%m}", here, there, differing)


def _whole(name: str) -> Whole:
    source = SOURCES[name]
    columns = list(source.types)

    def there() -> pa.Table:
        rows = tables.table(name).select(*columns).to_pyarrow()
        return rows.cast(_schema(source))

    def here() -> pa.Table:
        return typed(source, fetch(source, columns, source.whole))

    return Whole(name, *_held_against(here, there, name, source.key, columns))


def _held_against(
    read_here: Callable[[], pa.Table],
    read_there: Callable[[], pa.Table],
    table: str,
    key: str,
    columns: Sequence[str],
) -> tuple[int, int, tuple[str, ...]]:
    """Return the number of rows on either side and the keys whose rows are not the same."""
    listed = ", ".join(f'"{column}"' for column in columns)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        # In this order: what is committed meanwhile waits, or has arrived in the warehouse.
        engine.register("here_rows", read_here())
        waiting = Change.objects.filter(table=table).values_list("key", flat=True)
        engine.register("waiting", pa.table({"key": pa.array(list(waiting), pa.string())}))
        engine.register("there_rows", read_there())
        for side in ("here", "there"):
            engine.execute(
                f"CREATE TABLE {side} AS SELECT {key} AS key, hash({listed}) AS mark"  # noqa: S608
                f" FROM {side}_rows"
            )
        here = engine.execute(_SUMMED.format(side="here")).fetchall()[0]
        there = engine.execute(_SUMMED.format(side="there")).fetchall()[0]
        differing = [] if here == there else engine.execute(_DIFFERING).fetchall()
    return here[0], there[0], tuple(found for (found,) in differing)


def _here(first: date) -> pa.Table:
    select = _SOURCE.where(
        f"answered_on >= '{first:%Y-%m-%d}' AND answered_on < '{_next_month(first):%Y-%m-%d}'"
    )
    return typed(_SOURCE, fetch(_SOURCE, _CHECKED, select))


def _there(first: date) -> pa.Table:
    rows = tables.responses()
    chosen = rows.filter(
        (rows["answered_on"] >= first) & (rows["answered_on"] < _next_month(first))
    )
    return chosen.select(*_CHECKED).to_pyarrow().cast(_schema(_SOURCE))


def _schema(source: Source) -> pa.Schema:
    return typed(
        source, pa.table({name: pa.array([], pa.string()) for name in source.types})
    ).schema


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
