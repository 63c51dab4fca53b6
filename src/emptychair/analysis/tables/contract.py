"""Read the other tables of the contract (customers, invitations ...) from any file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from emptychair.analysis.checks import check_choice, check_columns, listed
from emptychair.analysis.errors import ColumnNotFoundError, DataError
from emptychair.analysis.tables.cells import is_plain_number, number, text_of, trimmed
from emptychair.analysis.tables.engine import connect, put
from emptychair.analysis.tables.layouts import Layout
from emptychair.analysis.tables.mapping import ColumnMapping
from emptychair.analysis.tables.raw import ROW
from emptychair.analysis.tables.schema import TABLES
from emptychair.analysis.tables.source import open_source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

_YES = ["true", "t", "1", "1.0", "yes", "y", "ja", "j", "sand", "sant"]
_NO = ["false", "f", "0", "0.0", "no", "n", "nej", "falsk", "falskt"]


def read_table(
    path: str | Path,
    name: str,
    *,
    mapping: Mapping[str, str] | None = None,
    engine: BaseBackend | None = None,
) -> ir.Table:
    """Read one table of the contract other than the responses.

    Columns of the contract get their types; a cell that cannot be read as its type is null.
    All other columns stay as they are, numbers as numbers.

    Args:
        path: a CSV, Excel, Parquet or Delta file, or a folder of `simulate`.
        name: which table: customers, invitations, values, events, referrals ...
        mapping: for columns of the contract, the heading to take them from.
        engine: where the table shall live; DuckDB in memory when left out.

    Raises:
        ColumnNotFoundError: a required column is missing.
        UnreadableFileError: the file cannot be read.
    """
    check_choice(name, "name", TABLES)
    backend = engine if engine is not None else connect()
    source = open_source(
        _inside(Path(path), name),
        mapping or {},
        backend,
        choose=_as_they_are,
    )
    table = source.table.drop(ROW) if ROW in source.table.columns else source.table
    for field, heading in (mapping or {}).items():
        if heading not in table.columns:
            raise ColumnNotFoundError(
                f"{path} has no column {heading!r} to take {field!r} from. "
                f"There are: {listed(table.columns)}."
            )
        if field != heading:
            table = table.rename({field: heading})
    missing = [c.name for c in TABLES[name] if c.required and c.name not in table.columns]
    if missing:
        raise ColumnNotFoundError(
            f"{path} has no column {missing[0]!r}, which a table of {name} needs. "
            f"There are: {listed(table.columns)}."
        )
    typed = _typed(table, name, is_text=source.is_staged)
    return put(backend, typed.to_pyarrow()) if source.is_staged else typed


def _inside(path: Path, name: str) -> Path:
    """Return the table's own place where `path` is a folder of several tables."""
    for inner in (path / f"{name}.parquet", path / name):
        if inner.exists():
            return inner
    return path


def _as_they_are(
    headings: Sequence[str], labels: Sequence[str], told: Mapping[str, str], layout: Layout
) -> ColumnMapping:
    del labels, told, layout
    return ColumnMapping(fields={heading: heading for heading in headings})


def _typed(table: ir.Table, name: str, *, is_text: bool) -> ir.Table:
    kinds = {column.name: column.type for column in TABLES[name]}
    columns = {
        heading: _cast(table[heading], kinds[heading])
        for heading in table.columns
        if heading in kinds
        and (is_text or not str(table[heading].type()).startswith(kinds[heading]))
    }
    if is_text:
        others = [heading for heading in table.columns if heading not in kinds]
        columns |= {heading: _text(table[heading]) for heading in others}
        columns |= {heading: number(table[heading]) for heading in _numbers(table, others)}
    return table.mutate(**columns) if columns else table


def _numbers(table: ir.Table, headings: Sequence[str]) -> list[str]:
    """Return the headings whose filled cells are all plain numbers."""
    if not headings:
        return []
    found = table.aggregate(
        **{
            f"other_{i}": table.count(where=(trimmed(table[h]) != "") & ~is_plain_number(table[h]))
            for i, h in enumerate(headings)
        },
        **{
            f"filled_{i}": table.count(where=trimmed(table[h]) != "")
            for i, h in enumerate(headings)
        },
    )
    (row,) = found.to_pyarrow().to_pylist()
    return [h for i, h in enumerate(headings) if row[f"filled_{i}"] and not row[f"other_{i}"]]


def _text(column: ir.StringValue) -> ir.StringValue:
    return trimmed(column).nullif("")


def _cast(column: ir.Value, kind: str) -> ir.Value:
    if kind == "string":
        return _text(text_of(column))
    if kind == "boolean":
        word = trimmed(text_of(column)).lower()
        return ibis.cases(
            (word.isin(_YES), True), (word.isin(_NO), False), else_=ibis.null("boolean")
        )
    if not column.type().is_string():
        return column.try_cast(kind)
    return number(column) if kind == "float64" else trimmed(column).try_cast(kind)


def read_columns(
    path: str | Path,
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] = (),
    maybe_numbers: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Read named columns of a small table into Python, one record per row.

    Args:
        path: a CSV, Excel, Parquet or Delta file.
        texts: columns that must be there, as text.
        numbers: columns that must be there and hold a number in every row.
        maybe_numbers: columns that may be missing or empty.

    Raises:
        ColumnNotFoundError: a column is missing.
        DataError: a cell that must hold a number does not.
    """
    source = open_source(Path(path), {}, connect(), choose=_as_they_are)
    table = source.table
    wanted = [*texts, *numbers]
    check_columns(table, wanted)
    there = [*wanted, *(name for name in maybe_numbers if name in table.columns)]
    columns = {
        name: _text(text_of(table[name])) if name in texts else number(text_of(table[name]))
        for name in there
    }
    rows = table.select(**columns).to_pyarrow().to_pylist()
    for place, row in enumerate(rows, 1):
        for name in wanted:
            if row[name] is None:
                raise DataError(f"{path}, row {place}: column {name!r} is empty or no number.")
    return [{name: row.get(name) for name in (*wanted, *maybe_numbers)} for row in rows]
