"""Read workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods, whatever the file is called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    ZipError,
)

from emptychair.analysis.errors import ArgumentError, UnreadableFileError
from emptychair.analysis.tables.archive import check_archive, uses_1904
from emptychair.analysis.tables.raw import Findings, RawFile, batch_schema, unique_headings

_ZIP = b"PK"
_FOLLOWING_ROWS = 20
_ROWS_PER_BATCH = 50_000
_EXACT_WHOLE_NUMBERS = 1e15
_Row = list[Any]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells as text by row, where the header is, and how days are counted."""

    name: str
    rows: Sequence[_Row]
    header: int
    is_1904: bool

    @property
    def headings(self) -> tuple[str, ...]:
        """The cells of the header row, made different from each other."""
        return unique_headings(_text(cell) or "" for cell in self.rows[self.header])

    @property
    def following(self) -> tuple[tuple[str, ...], ...]:
        """The first rows after the header."""
        rows = self.rows[self.header + 1 : self.header + 1 + _FOLLOWING_ROWS]
        return tuple(tuple(_text(cell) or "" for cell in row) for row in rows)

    def raw(self, header_rows: int = 1) -> RawFile:
        """Return the rows after `header_rows` header rows."""
        batches = self._batches(self.header + header_rows)
        form = {"format": "workbook", "sheet": self.name}
        return RawFile(
            self.headings, self.following, batches, Findings(), form, is_1904=self.is_1904
        )

    def _batches(self, start: int) -> Iterator[pa.RecordBatch]:
        schema = batch_schema(len(self.rows[self.header]))
        for first in range(start, len(self.rows), _ROWS_PER_BATCH):
            rows = self.rows[first : first + _ROWS_PER_BATCH]
            columns = [
                pa.array([_text(cell) for cell in column], pa.string())
                for column in zip(*rows, strict=True)
            ]
            numbers = pa.array(range(first + 1, first + 1 + len(rows)), pa.int64())
            yield pa.RecordBatch.from_arrays([*columns, numbers], schema=schema)


def read_sheet(path: Path, sheet: str | None, fits: Callable[[Sheet], bool]) -> Sheet:
    """Return the sheet of a workbook that holds the table.

    Formulas give the values they had when the workbook was saved; a merged cell's value counts
    for all of its cells. Hidden sheets are read only when they are named.

    Args:
        path: the workbook.
        sheet: the sheet's name; found out when left out.
        fits: says whether a sheet has the columns wanted, to choose among several.

    Raises:
        UnreadableFileError: the workbook is damaged, locked, empty, or must not be unpacked.
        ArgumentError: there is no such sheet, or several could be meant.
    """
    is_1904 = False
    with path.open("rb") as file:
        is_zip = file.read(2) == _ZIP
    if is_zip:
        check_archive(path)
        is_1904 = uses_1904(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            return _choose(path, workbook, sheet, fits, is_1904=is_1904)
    except PasswordError as error:
        raise UnreadableFileError(f"{path.name} is locked with a password.") from error
    except (CalamineError, ZipError, OSError, ValueError) as error:
        if isinstance(error, ArgumentError | UnreadableFileError):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "password" in reason.lower() or "encrypted" in reason.lower():
            reason = "it is locked with a password"
        raise UnreadableFileError(f"{path.name} cannot be read as a workbook: {reason}.") from error


def _choose(
    path: Path,
    workbook: CalamineWorkbook,
    sheet: str | None,
    fits: Callable[[Sheet], bool],
    *,
    is_1904: bool,
) -> Sheet:
    names = list(workbook.sheet_names)
    if sheet is not None:
        if sheet not in names:
            raise ArgumentError(
                f"{path.name} has no sheet {sheet!r}. There are: {', '.join(names)}."
            )
        names = [sheet]
    else:
        names = [
            one.name
            for one in workbook.sheets_metadata
            if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
        ]
    read = (_read(workbook.get_sheet_by_name(name), is_1904=is_1904) for name in names)
    filled = [one for one in read if one is not None]
    if not filled:
        raise UnreadableFileError(f"{path.name} is empty: no visible sheet holds a table.")
    fitting = filled if len(filled) == 1 else [one for one in filled if fits(one)]
    if len(fitting) != 1:
        several = ", ".join(repr(one.name) for one in fitting or filled)
        raise ArgumentError(
            f"{path.name} has several sheets that could be meant: {several}. "
            "Say which with --sheet NAME."
        )
    return fitting[0]


def _read(sheet: CalamineSheet, *, is_1904: bool) -> Sheet | None:
    """Return a sheet without the empty rows and columns at its edges, None when it is empty."""
    rows: list[_Row] = sheet.to_python(skip_empty_area=False)
    filled = [number for number, row in enumerate(rows) if _is_filled(row)]
    if not filled:
        return None
    del rows[filled[-1] + 1 :]
    _spread_merged(rows, sheet.merged_cell_ranges or [])
    widths = [sum(1 for cell in row if _text(cell)) for row in rows[:_FOLLOWING_ROWS]]
    header = next(i for i, width in enumerate(widths) if width >= min(2, max(widths)))
    width = max(i for row in rows for i, cell in enumerate(row) if cell not in ("", None)) + 1
    return Sheet(sheet.name, [row[:width] for row in rows], header, is_1904)


def _is_filled(row: _Row) -> bool:
    return any(cell not in ("", None) for cell in row)


def _spread_merged(
    rows: list[_Row], ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Give every cell of a merged range that goes down several rows the value at its top.

    Ranges that only go across are titles; their value stays where it is.
    """
    for (top, left), (bottom, right) in ranges:
        if top < bottom and left < len(rows[0]):
            for row in range(top, min(bottom, len(rows) - 1) + 1):
                rows[row][left : right + 1] = [rows[top][left]] * (right + 1 - left)


def _text(cell: Any) -> str | None:
    """Return a cell as the text that a CSV of the same table would hold."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT_WHOLE_NUMBERS:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        is_midnight = cell.time() == dt.time()
        return cell.date().isoformat() if is_midnight else cell.isoformat(" ", "seconds")
    return str(cell).replace("\0", "")
