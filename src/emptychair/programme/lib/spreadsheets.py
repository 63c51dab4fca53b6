"""The one writer of CSV and Excel: no text a customer wrote ever becomes a formula.

In Excel every text cell is typed as text. In CSV a cell that a spreadsheet would run is led by
an apostrophe, which the importer takes away again, so the text reads back equal.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import IllegalCharacterError

Cell = str | int | float | bool | date | None
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")


def safe_text(value: str) -> str:
    """Return `value` as it must stand in a CSV cell so that no spreadsheet runs it."""
    return "'" + value if value.lstrip(" \ufeff\0").startswith(_DANGEROUS) else value


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the lines of a CSV file (comma, UTF-8 with byte order mark for Excel)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe_text(name) for name in header])
    yield "\ufeff" + _drain(buffer)
    for row in rows:
        writer.writerow([safe_text(cell) if isinstance(cell, str) else cell for cell in row])
        yield _drain(buffer)


def xlsx_bytes(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return an Excel workbook with one sheet; text cells are text whatever they begin with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.append([_text_cell(sheet, name) for name in header])
    for row in rows:
        sheet.append([_excel_cell(sheet, cell) for cell in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _excel_cell(sheet: Any, cell: Cell) -> Any:
    if isinstance(cell, str):
        return _text_cell(sheet, cell)
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)  # Excel knows no zones; exports are in UTC
    return cell


def _text_cell(sheet: Any, text: str) -> Any:
    try:
        cell = WriteOnlyCell(sheet, value=text)
    except IllegalCharacterError:
        printable = "".join(c for c in text if c in "\t\n\r" or ord(c) >= 32)
        cell = WriteOnlyCell(sheet, value=printable)
    cell.data_type = "s"
    return cell
