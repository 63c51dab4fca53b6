"""Refuse workbooks that would unpack into more than anybody meant to send.

A zip archive of forty kilobytes can hold gigabytes. Everything here is decided from the
directory of the archive and by unpacking in small pieces: a refusal is quick and takes no memory.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from emptychair.analysis.errors import UnreadableFileError

MOST_ENTRIES = 10_000
MOST_UNPACKED_BYTES = 2 << 30
MOST_RATIO = 100
MOST_CELLS = 60_000_000
_SMALL_BYTES = 5 << 20  # what compresses a hundredfold below this does no harm
_SPARSE_CELLS = 5_000_000
_CELLS_PER_FILLED = 20
_PIECE_BYTES = 1 << 20
_END_OF_DIRECTORY = b"PK\x05\x06"
_LONGEST_END = 65_557
_SYMBOLIC_LINK = 0o120000
_COLUMN = re.compile(rb'<c[^>]{0,40}? r="([A-Z]{1,3})')
_ROW = re.compile(rb'<row[^>]{0,80}? r="([0-9]{1,7})"')
_REPEATED = re.compile(
    rb"<table:(table-row|table-cell)\b([^>]*)>",
)
_COLUMNS_REPEATED = re.compile(rb'number-columns-repeated="([0-9]{1,9})"')
_ROWS_REPEATED = re.compile(rb'number-rows-repeated="([0-9]{1,9})"')


def check_archive(path: Path) -> None:
    """Check that the zip archive at `path` can be unpacked without harm.

    Raises:
        UnreadableFileError: it is damaged, or has too many entries, a ratio no table has, paths
            that lead elsewhere, declarations that XML bombs are made of, or too many cells.
    """
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            total = 0
            for entry in archive.infolist():
                _check_entry(path, entry)
                total += entry.file_size
            if total > MOST_UNPACKED_BYTES:
                raise _refused(path, f"it would unpack into {total >> 20} MB")
            for entry in archive.infolist():
                if entry.filename.lower().endswith((".xml", ".rels", ".bin")):
                    _check_content(path, archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        if "password" in str(error) or "encrypted" in str(error):
            raise UnreadableFileError(f"{path.name} is locked with a password.") from error
        raise UnreadableFileError(f"{path.name} is damaged: {error}.") from error


def uses_1904(path: Path) -> bool:
    """Return whether a workbook counts its days from 1904, as old Macs did."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("xl/workbook.xml") as file:
            head = file.read(1 << 16)
    except (zipfile.BadZipFile, KeyError):
        return False
    return re.search(rb'date1904="(?:1|true)"', head) is not None


def _refused(path: Path, why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path.name} is refused: {why}. Save the table anew as CSV or .xlsx."
    )


def _check_directory(path: Path) -> None:
    """Refuse by the number of entries before any of them is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST_END))
        tail = file.read()
    place = tail.rfind(_END_OF_DIRECTORY)
    if place < 0 or len(tail) < place + 16:
        raise UnreadableFileError(f"{path.name} is damaged: the end of the workbook is missing.")
    entries, directory_bytes = struct.unpack_from("<HI", tail, place + 10)
    if entries > MOST_ENTRIES or (directory_bytes > 300 * MOST_ENTRIES):
        raise _refused(path, f"it has more than {MOST_ENTRIES} parts")


def _check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise _refused(path, f"its part {name!r} points outside of it")
    if (entry.external_attr >> 16) & 0o170000 == _SYMBOLIC_LINK:
        raise _refused(path, f"its part {name!r} is a link")
    ratio = entry.file_size / max(1, entry.compress_size)
    if entry.file_size > _SMALL_BYTES and ratio > MOST_RATIO:
        raise _refused(path, f"its part {name!r} unpacks to {ratio:.0f} times its size")


def _check_content(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    columns: set[bytes] = set()
    last_row = cells = repeated = 0
    rows_repeated = 1
    for piece in _pieces(archive, entry):
        if b"<!ENTITY" in piece or b"<!DOCTYPE" in piece:
            raise _refused(path, f"its part {entry.filename!r} declares entities")
        found = _COLUMN.findall(piece)
        cells += len(found)
        columns.update(found)
        last_row = max([last_row, *map(int, _ROW.findall(piece))])
        for kind, attributes in _REPEATED.findall(piece):
            if kind == b"table-row":
                match = _ROWS_REPEATED.search(attributes)
                rows_repeated = int(match[1]) if match else 1
            elif b"office:value" in attributes:
                match = _COLUMNS_REPEATED.search(attributes)
                repeated += rows_repeated * (int(match[1]) if match else 1)
    area = last_row * max((_column_number(one) for one in columns), default=0)
    is_sparse = area > _SPARSE_CELLS and area > _CELLS_PER_FILLED * cells
    if is_sparse or area > MOST_CELLS or repeated > MOST_CELLS:
        raise _refused(path, f"it spreads over {max(area, repeated)} cells")


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield an entry in pieces cut at the end of a tag.

    An entry that is larger than it says is cut where it says it ends, and fails its checksum.
    """
    rest = b""
    with archive.open(entry) as file:
        while piece := file.read(_PIECE_BYTES):
            whole = rest + piece
            cut = whole.rfind(b">") + 1
            rest = whole[cut:][-_PIECE_BYTES:]
            yield whole[:cut]
    yield rest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
