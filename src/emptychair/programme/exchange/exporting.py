"""A list as a file, in the columns of the table contract, within what the reader may see."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import scope_of
from emptychair.programme.activity.services import record
from emptychair.programme.exchange.listings import Column, Filters, Listing
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.spreadsheets import Cell, csv_lines, xlsx_bytes

BATCH = 2_000
MOST_IN_EXCEL = 1_000_000
FORMATS = ("csv", "xlsx", "parquet")
_TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "moment": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
}


@dataclass(frozen=True)
class File:
    """A file on its way out: `pieces` are sent as they come."""

    name: str
    content_type: str
    pieces: Iterator[bytes]


def export(listing: Listing, kind: str, filters: Filters, *, by: User) -> File:
    """Return a list as a file; that it left the system is recorded first.

    Raises:
        RefusedError: an Excel sheet cannot hold so many rows.
    """
    scope = scope_of(by)
    rows, columns = listing.rows(scope, filters), listing.columns(scope)
    count = rows.count()
    if kind == "xlsx" and count > MOST_IN_EXCEL:
        raise RefusedError(
            "too_long_for_excel",
            _("An Excel sheet does not hold so many rows. Take CSV or Parquet instead."),
        )
    record("export.made", listing.name, actor=by.public_id, format=kind, rows=count, pii=scope.pii)
    header = [column.name for column in columns]
    cells = _cells(rows, columns)
    if kind == "csv":
        pieces = (line.encode("utf-8", "replace") for line in csv_lines(header, cells))
        return File(f"{listing.name}.csv", "text/csv; charset=utf-8", pieces)
    if kind == "xlsx":
        book = xlsx_bytes(listing.name, header, cells)
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return File(f"{listing.name}.xlsx", content_type, iter([book]))
    content_type = "application/vnd.apache.parquet"
    return File(f"{listing.name}.parquet", content_type, _parquet(columns, cells))


def _cells(rows: QuerySet[Any], columns: Sequence[Column]) -> Iterator[list[Cell]]:
    for row in rows.iterator(chunk_size=BATCH):
        yield [column.value(row) for column in columns]


def _parquet(columns: Sequence[Column], cells: Iterator[list[Cell]]) -> Iterator[bytes]:
    schema = pa.schema([(column.name, _TYPES[column.type]) for column in columns])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.parquet"
        with pq.ParquetWriter(path, schema) as writer:
            while batch := list(islice(cells, BATCH * 5)):
                arrays = [
                    pa.array(values, _TYPES[column.type])
                    for column, values in zip(columns, zip(*batch, strict=True), strict=True)
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        with path.open("rb") as file:
            while piece := file.read(1 << 18):
                yield piece
