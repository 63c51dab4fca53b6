"""Hold the warehouse's responses against the database, month by month, and mend what differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
from django.db.models.functions import TruncMonth

from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response
from emptychair.programme.warehouse import services, store, tables
from emptychair.programme.warehouse.copying import RESPONSES, Source, fetch, typed

# What a customer said and whether it counts; names looked up elsewhere are left out.
_CHECKED = (
    *("response_id", "customer_id", "answered_at", "answered_on", "score", "comment"),
    *("language", "channel", "unit", "held_reason"),
)
_SOURCE = Source(
    select=RESPONSES.select,
    key=RESPONSES.key,
    key_sql=RESPONSES.key_sql,
    types={column: RESPONSES.types[column] for column in _CHECKED},
)
# A checksum that does not depend on the order of rows; rows that wait to be copied are left out.
_SUMMED = """
    SELECT count(*), CAST(COALESCE(sum(mark), 0) AS VARCHAR) FROM {side}
    WHERE response_id NOT IN (SELECT response_id FROM waiting)"""
_DIFFERING = """
    SELECT DISTINCT response_id FROM (
        (SELECT response_id, mark FROM there EXCEPT ALL SELECT response_id, mark FROM here)
        UNION ALL
        (SELECT response_id, mark FROM here EXCEPT ALL SELECT response_id, mark FROM there))
    WHERE response_id NOT IN (SELECT response_id FROM waiting) ORDER BY response_id"""


@dataclass(frozen=True)
class Month:
    """One month of responses in database and warehouse."""

    month: str
    in_database: int
    in_warehouse: int
    differing: tuple[str, ...]  # ids of responses


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
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        # In this order: what is committed meanwhile waits, or has arrived in the warehouse.
        engine.register("here_rows", _here(first))
        waiting = Change.objects.filter(table="responses").values_list("key", flat=True)
        engine.register("waiting", pa.table({"response_id": pa.array(list(waiting), pa.string())}))
        engine.register("there_rows", _there(first))
        columns = ", ".join(_CHECKED)
        for side in ("here", "there"):
            engine.execute(
                f"CREATE TABLE {side} AS SELECT response_id, hash({columns}) AS mark"  # noqa: S608
                f" FROM {side}_rows"
            )
        here = engine.execute(_SUMMED.format(side="here")).fetchall()[0]
        there = engine.execute(_SUMMED.format(side="there")).fetchall()[0]
        differing = [] if here == there else engine.execute(_DIFFERING).fetchall()
    ids = tuple(response_id for (response_id,) in differing)
    return Month(f"{first:%Y-%m}", here[0], there[0], ids)


def _here(first: date) -> pa.Table:
    select = (
        f"{_SOURCE.select} WHERE r.answered_on >= '{first:%Y-%m-%d}'"
        f" AND r.answered_on < '{_next_month(first):%Y-%m-%d}'"
    )
    return typed(_SOURCE, fetch(_SOURCE, _CHECKED, select))


def _there(first: date) -> pa.Table:
    rows = tables.responses()
    chosen = rows.filter(
        (rows["answered_on"] >= first) & (rows["answered_on"] < _next_month(first))
    )
    return chosen.select(*_CHECKED).to_pyarrow().cast(_schema())


def _schema() -> pa.Schema:
    return typed(_SOURCE, pa.table({name: pa.array([], pa.string()) for name in _CHECKED})).schema


def _next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
