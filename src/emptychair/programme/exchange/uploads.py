"""Take a file in: quick checks of what it is, then onto the disk under a name of our own."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from emptychair.programme.lib import config
from emptychair.programme.lib.errors import RefusedError

MOST_ROWS = 20_000_000
_MEGABYTE = 1_000_000
_HEAD = 4_096
_ZIP_RATIO = 100
_ZIP_PARTS = 2_000
_ZIP_MEGABYTES = 2_000
_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".parquet")
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<table")


def largest_bytes() -> int:
    """Return how large an uploaded file may be."""
    return int(config.setting("EMPTYCHAIR_IMPORT_MEGABYTES")) * _MEGABYTE


def check_size(size: int) -> None:
    """Check the size of an upload.

    Raises:
        RefusedError: it is empty or above the installation's limit.
    """
    if size == 0:
        raise RefusedError("file_empty", _("The file is empty. Choose another one."))
    if size > largest_bytes():
        sentence = _("The file has %(size)d MB; at most %(most)d MB are taken in. Split it.")
        sizes = {"size": size // _MEGABYTE, "most": largest_bytes() // _MEGABYTE}
        raise RefusedError("file_too_large", sentence % sizes)


def ending_of(name: str) -> str:
    """Return the ending of a file's name if tables have it.

    Raises:
        RefusedError: no table is called so.
    """
    ending = Path(name.lower()).suffix
    if ending not in _ENDINGS:
        sentence = _("Choose a CSV, Excel or Parquet file; “%(name)s” is none of them.")
        raise RefusedError("file_kind", sentence % {"name": name[:100]})
    return ending


def store(chunks: Iterable[bytes], path: Path) -> None:
    """Write an upload to `path` and look at what it is; nothing stays when it is refused.

    Raises:
        RefusedError: it is no table, or one made to fill the memory of whoever opens it.
    """
    path.parent.mkdir(parents=True, mode=0o700)
    try:
        with path.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
        path.chmod(0o600)
        look_at(path)
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise


def look_at(path: Path) -> None:
    """Check in well under a second that a file is a table that can be opened safely.

    Raises:
        RefusedError: it is not; the sentence says what it is.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK"):
        _look_at_workbook(path)
    elif head.startswith(b"PAR1"):
        _look_at_parquet(path)
    elif head.startswith(b"\x1f\x8b"):
        raise _wrong(_("The file is compressed. Unpack it first."))
    elif head.startswith(b"%PDF"):
        raise _wrong(_("The file is a PDF. Save the table as CSV or Excel."))
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        raise _wrong(_("The file is a web page, whatever its name says. Save it as CSV or Excel."))
    elif head.lstrip().startswith((b'{"', b"[{")):
        raise _wrong(_("The file is JSON. Save it as CSV, Excel or Parquet."))


def _look_at_workbook(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _wrong(_("The Excel file is damaged. Open it in Excel and save it anew.")) from error
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise _wrong(_("The file is a ZIP archive and no workbook. Unpack it first."))
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, path.stat().st_size)
    nested = any(name.lower().endswith((".zip", ".xlsx")) for name in names)
    outside = any(name.startswith("/") or ".." in Path(name).parts for name in names)
    too_much = unpacked > _ZIP_RATIO * packed or unpacked > _ZIP_MEGABYTES * _MEGABYTE
    if too_much or nested or outside or len(parts) > _ZIP_PARTS:
        raise _wrong(_("The Excel file unpacks to far more than a table holds. Save it as CSV."))


def _look_at_parquet(path: Path) -> None:
    try:
        with pq.ParquetFile(path) as file:
            found = file.metadata
            unpacked = sum(
                found.row_group(number).total_byte_size for number in range(found.num_row_groups)
            )
            rows = found.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise _wrong(_("The Parquet file is damaged or cut. Write it anew.")) from error
    if rows > MOST_ROWS or unpacked > _ZIP_MEGABYTES * _MEGABYTE:
        raise _wrong(_("The Parquet file unpacks to far more than can be taken in. Split it."))


def _wrong(sentence: str) -> RefusedError:
    return RefusedError("file_kind", sentence)
