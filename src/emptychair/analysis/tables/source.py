"""Open a file for what it is, whatever it is called, as a table on an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa

from emptychair.analysis.errors import AnalysisError, UnreadableFileError
from emptychair.analysis.tables.engine import connect, read_parquet
from emptychair.analysis.tables.layouts import PLAIN, Layout, detect_layout, labels_of
from emptychair.analysis.tables.mapping import ColumnMapping, map_columns
from emptychair.analysis.tables.raw import ROW, RaggedRow, RawFile, batch_schema, freed
from emptychair.analysis.tables.schema import RATING_PREFIX

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

Finding = tuple[str, int, list[tuple[int | None, str | None]]]
# Like `map_columns`: headings, their full labels, what was told, and the layout.
Choose = Callable[[Sequence[str], Sequence[str], Mapping[str, str], Layout], ColumnMapping]
_EXAMPLES = 3
_PARSED = ("score", "asked_at", "answered_at", "answered_on")
_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Source:
    """A file opened: its table, the mapping of its columns and what was found on the way.

    `is_staged` is true when cells are text that has to be read, on an embedded engine; the table
    then has `_row` unless it came from a columnar file. Typed columnar files stay where they are.
    """

    table: ir.Table
    mapping: ColumnMapping
    layout: Layout
    is_staged: bool
    is_1904: bool
    form: Mapping[str, str]
    excluded: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    labels: tuple[str, ...] = ()
    ragged: tuple[RaggedRow, ...] = ()
    staged: ir.Table | None = None


def open_source(
    path: Path,
    told: Mapping[str, str],
    engine: BaseBackend,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    choose: Choose = map_columns,
) -> Source:
    """Open `path` for what its content says it is.

    Args:
        path: a file or folder.
        told: fields with the heading to take them from.
        engine: where its rows are brought to.
        encoding: the encoding of a text file, when it is known.
        separator: the separator of a text file, when it is known.
        sheet: the sheet of a workbook, when it has several.
        choose: decides which column is which; that of answers when left out.

    Raises:
        UnreadableFileError: it is missing, empty, damaged or of no known kind.
        AnalysisError: its columns cannot be mapped; see `map_columns`.
    """
    if not path.exists():
        raise UnreadableFileError(f"There is no file {str(path)!r}.")
    if path.is_dir():
        return _open_folder(path, told, engine, choose)
    kind = _kind(path)
    if kind == "parquet":
        return _open_parquet([str(path)], "parquet", told, engine, choose)
    if kind == "workbook":
        return _open_workbook(path, told, engine, choose, sheet)
    return _open_text(path, told, engine, choose, encoding, separator)


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be opened: {error.strerror}.") from error
    if not head:
        raise UnreadableFileError(f"{path.name} is empty: it has 0 bytes.")
    if head.startswith(_PARQUET):
        return "parquet"
    if head.startswith((_ZIP, _EMPTY_ZIP, _OLE)):
        return "workbook"
    _refuse_known_others(path, head)
    return "text"


def _refuse_known_others(path: Path, head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    what = ""
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<workbook")):
        what = "a web or XML page, whatever its name says. Open it in Excel and save it as .xlsx"
    elif start.startswith((b"[{", b'{"')):
        what = "JSON. Save it as CSV, Excel or Parquet"
    elif head.startswith(b"\x1f\x8b"):
        what = "compressed with gzip. Unpack it first"
    elif _is_binary(head):
        what = "no table: it holds no text"
    elif head.startswith(b"%PDF"):
        what = "a PDF. Export the table as CSV or Excel"
    if what:
        raise UnreadableFileError(f"{path.name} is {what}.")


def _is_binary(head: bytes) -> bool:
    """Return whether a file is neither text nor UTF-16: control characters, not every other."""
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    every_other = max(head[0::2].count(0), head[1::2].count(0)) > 0.4 * len(head) / 2
    return control > 0.1 * len(head) and not every_other


def _open_folder(
    path: Path, told: Mapping[str, str], engine: BaseBackend, choose: Choose
) -> Source:
    for inner in (path, path / "responses"):
        if (inner / "_delta_log").is_dir():
            return _open_parquet(_delta_files(inner), "delta", told, engine, choose)
    one = path / "responses.parquet"
    if one.exists():
        return _open_parquet([str(one)], "parquet", told, engine, choose)
    files = sorted(str(file) for file in path.rglob("*.parquet"))
    if not files:
        raise UnreadableFileError(
            f"The folder {str(path)!r} holds neither a Delta table nor Parquet files."
        )
    return _open_parquet(files, "parquet", told, engine, choose)


def _delta_files(path: Path) -> list[str]:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        files = DeltaTable(str(path)).file_uris()
    except DeltaError as error:
        first = str(error).splitlines()[0]
        raise UnreadableFileError(f"{path} is not a Delta table: {first}.") from error
    if not files:
        raise UnreadableFileError(f"The Delta table {str(path)!r} is empty: it has no rows.")
    return list(files)


def _open_parquet(
    files: list[str], kind: str, told: Mapping[str, str], engine: BaseBackend, choose: Choose
) -> Source:
    table = _read_parquet(files, engine)
    table = table.rename({freed(name): name for name in table.columns if freed(name) != name})
    mapping = choose(table.columns, (), told, PLAIN)
    is_text = _needs_reading_of_text(table, mapping)
    if is_text and engine.name != "duckdb":
        return _open_parquet(files, kind, told, connect(), choose)
    return Source(table, mapping, PLAIN, is_staged=is_text, is_1904=False, form={"format": kind})


def _read_parquet(files: list[str], engine: BaseBackend) -> ir.Table:
    try:
        return read_parquet(engine, files)
    except Exception as error:
        first = str(error).splitlines()[0]
        raise UnreadableFileError(f"{files[0]} is not readable as Parquet: {first}") from error


def _needs_reading_of_text(table: ir.Table, mapping: ColumnMapping) -> bool:
    """Return whether a score, a rating or a date is stored as text."""
    ratings = [one for name, one in mapping.fields.items() if name.startswith(RATING_PREFIX)]
    parsed = [mapping.fields[name] for name in _PARSED if name in mapping.fields]
    return any(
        table[one].type().is_string()
        for one in [*ratings, *parsed, *mapping.maybe_ratings.values()]
    )


def _open_workbook(
    path: Path,
    told: Mapping[str, str],
    engine: BaseBackend,
    choose: Choose,
    sheet: str | None,
) -> Source:
    from emptychair.analysis.tables.workbook import Sheet, read_sheet

    def layout_of(one: Sheet) -> Layout:
        return detect_layout(one.headings, one.following)

    def fits(one: Sheet) -> bool:
        layout = layout_of(one)
        try:
            choose(one.headings, labels_of(layout, one.headings, one.following), told, layout)
        except AnalysisError:
            return False
        return True

    found = read_sheet(path, sheet, fits)
    layout = layout_of(found)
    return _stage(found.raw(layout.header_rows), layout, told, engine, choose)


def _open_text(
    path: Path,
    told: Mapping[str, str],
    engine: BaseBackend,
    choose: Choose,
    encoding: str | None,
    separator: str | None,
) -> Source:
    from emptychair.analysis.tables.textfile import read_text

    raw = read_text(path, encoding=encoding, separator=separator)
    layout = detect_layout(raw.headings, raw.following)
    if layout.header_rows > 1:
        raw = read_text(
            path, encoding=encoding, separator=separator, header_rows=layout.header_rows
        )
    return _stage(raw, layout, told, engine, choose)


def _stage(
    raw: RawFile, layout: Layout, told: Mapping[str, str], engine: BaseBackend, choose: Choose
) -> Source:
    """Bring the rows of a file into an embedded engine, wholly empty rows left out."""
    labels = labels_of(layout, raw.headings, raw.following)
    mapping = choose(raw.headings, labels, told, layout)
    backend = engine if engine.name == "duckdb" else connect()
    name = f"file_{uuid4().hex}"
    schema = batch_schema(len(raw.headings))
    faults: list[AnalysisError] = []
    reader = pa.RecordBatchReader.from_batches(schema, _watched(raw.batches, faults))
    connection = backend.con
    connection.register("incoming", reader)
    try:
        connection.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM incoming')  # noqa: S608
    except Exception:
        if faults:
            raise faults[0] from None  # the engine passes on no more than its text
        raise
    finally:
        connection.unregister("incoming")
    staged = backend.table(name)
    names = {heading: f"c{number}" for number, heading in enumerate(raw.headings)}
    table = staged.select(
        **{heading: staged[column] for heading, column in names.items()}, **{ROW: staged[ROW]}
    )
    excluded, warnings = _findings(raw)
    form = {**raw.form, "layout": layout.name}
    return Source(
        table,
        mapping,
        layout,
        is_staged=True,
        is_1904=raw.is_1904,
        form=form,
        excluded=excluded,
        warnings=warnings,
        labels=labels,
        ragged=tuple(raw.findings.ragged),
        staged=staged,
    )


def _watched(
    batches: Iterator[pa.RecordBatch], faults: list[AnalysisError]
) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except AnalysisError as error:
        faults.append(error)
        raise


def _findings(raw: RawFile) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    found = raw.findings
    ragged: list[tuple[int | None, str | None]] = [(one.row, one.text) for one in found.ragged]
    swallowing: list[tuple[int | None, str | None]] = [
        (one.row, one.text) for one in found.swallowing_cells
    ]
    excluded = [("row_ragged", len(ragged), ragged[:_EXAMPLES])]
    warnings: list[Finding] = [
        ("row_padded", found.padded_rows, []),
        ("nul_removed", found.removed_nul, []),
        ("letters_damaged", found.damaged_letters, []),
        ("quote_missing", len(swallowing), swallowing[:_EXAMPLES]),
    ]
    return tuple(excluded), tuple(warnings)
