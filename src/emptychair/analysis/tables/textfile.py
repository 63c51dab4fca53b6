"""Read delimited text in constant memory: transcoded, parsed by Arrow, its rows numbered."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from emptychair.analysis.errors import ArgumentError, UnreadableFileError
from emptychair.analysis.tables.dialect import Dialect, detect_dialect
from emptychair.analysis.tables.encoding import Encoding, detect_encoding, text_chunks
from emptychair.analysis.tables.raw import (
    ROW,
    Findings,
    RaggedRow,
    RawFile,
    batch_schema,
    unique_headings,
)

MOST_COLUMNS = 2_000
_BLOCK_BYTES = 16 << 20
_SAMPLE_CHARACTERS = 1 << 18
_FEWEST_SEPARATORS = 2  # in a line that can be told from ordinary text


# Å, Ä, Ö, Æ, Ø, å, ä, ö, æ, ø and é of UTF-8 that somebody read as cp1252.
_DAMAGED = re.compile("Ã[…„–†˜¥¤¶¦¸©]")


class _Utf8Stream(io.RawIOBase):
    """The text of a file as UTF-8 without NUL, ending in a line break; counts quotation marks."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._chunks = text_chunks(path, encoding)
        self._pending = memoryview(b"")
        self._last = b""
        self.quotation_marks = 0
        self.removed_nul = 0
        self.damaged_letters = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer)  # type: ignore[arg-type]
        while not self._pending:
            if not self._fill():
                return 0
        size = min(len(target), len(self._pending))
        target[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size

    def _fill(self) -> bool:
        text = next(self._chunks, None)
        if text is None:
            if self._last in (b"", b"\n", b"\r"):
                return False
            self._last = b"\n"
            self._pending = memoryview(b"\n")
            return True
        nul = text.count("\0")
        if nul:
            self.removed_nul += nul
            text = text.replace("\0", "")
        self.quotation_marks += text.count('"')
        if "Ã" in text:
            self.damaged_letters += len(_DAMAGED.findall(text))
        data = text.removeprefix("\ufeff").encode("utf-8", "replace")
        self._last = data[-1:] or self._last
        self._pending = memoryview(data)
        return True


def read_text(
    path: Path,
    *,
    encoding: str | None = None,
    separator: str | None = None,
    header_rows: int = 1,
) -> RawFile:
    """Return the rows of a delimited text file.

    Args:
        path: the file.
        encoding: its encoding when known; found out otherwise.
        separator: its separator when known; found out otherwise.
        header_rows: rows that belong to the header, more than one in some tools' exports.

    Returns:
        The headings and a stream of rows, to be read once.

    Raises:
        UnreadableFileError: the file is empty, is not text, or has too many columns.
    """
    if separator is not None and len(separator) != 1:
        raise ArgumentError(f"A separator is one character, not {separator!r}.")
    found = Encoding(encoding) if encoding else detect_encoding(path)
    dialect = detect_dialect(_sample(path, found.name), separator)
    if not dialect.header:
        raise UnreadableFileError(f"{path.name} is empty: it has no header row.")
    if len(dialect.header) > MOST_COLUMNS:
        raise UnreadableFileError(
            f"{path.name} has {len(dialect.header)} columns; at most {MOST_COLUMNS} are read. "
            "Keep the columns you need."
        )
    findings = Findings()
    batches = _batches(path, found.name, dialect, header_rows, findings)
    form = {
        "encoding": found.name if found.sure else f"{found.name} (uncertain)",
        "separator": {"\t": "tab"}.get(dialect.separator, dialect.separator),
    }
    return RawFile(unique_headings(dialect.header), dialect.following, batches, findings, form)


def _sample(path: Path, encoding: str) -> str:
    """Return the beginning of the text, cut at a line break unless the file ends there."""
    chunks = text_chunks(path, encoding)
    text = ""
    for chunk in chunks:
        text += chunk.replace("\0", "")
        if len(text) >= _SAMPLE_CHARACTERS:
            cut = max(text.rfind("\n"), text.rfind("\r")) + 1
            text = text[: cut or len(text)]
            break
    return text.removeprefix("\ufeff")


def _batches(
    path: Path, encoding: str, dialect: Dialect, header_rows: int, findings: Findings
) -> Iterator[pa.RecordBatch]:
    width = len(dialect.header)
    schema = batch_schema(width)
    bad_rows: list[arrow_csv.InvalidRow] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        bad_rows.append(row)
        return "skip"

    stream = _Utf8Stream(path, encoding)
    names = [field.name for field in schema][:-1]
    offset = dialect.skipped_rows
    try:
        reader = arrow_csv.open_csv(
            io.BufferedReader(stream, buffer_size=1 << 20),
            read_options=arrow_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                column_names=names,
                skip_rows=offset,
                skip_rows_after_names=header_rows,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.separator,
                escape_char="\\" if dialect.backslash_quotes else False,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        next_row = offset + header_rows + 1
        last: pa.RecordBatch | None = None
        for batch in (one for one in reader if one.num_rows):
            numbers = _numbers(next_row, batch.num_rows, [offset + bad.number for bad in bad_rows])
            next_row = int(numbers[-1]) + 1
            last = pa.RecordBatch.from_arrays([*batch.columns, pa.array(numbers)], schema=schema)
            findings.swallowing_cells += _swallowing(last, dialect)
            yield last
    except pa.ArrowInvalid as error:
        raise _unreadable(path, error) from error
    _check_quotes(path, stream.quotation_marks, last, bad_rows, offset)
    findings.removed_nul = stream.removed_nul
    findings.damaged_letters = stream.damaged_letters
    yield from _repaired(bad_rows, dialect, offset, findings)


def _swallowing(batch: pa.RecordBatch, dialect: Dialect) -> list[RaggedRow]:
    """Return cells of which one line looks like a whole row: a quotation mark may be missing."""
    separators = len(dialect.header) - 1
    if separators < _FEWEST_SEPARATORS:
        return []
    found = []
    numbers = batch.column(ROW)
    for column in batch.columns[:-1]:
        suspects = compute.indices_nonzero(compute.match_substring_regex(column, r"[\r\n]"))
        for place in suspects.to_pylist():
            text = column[place].as_py()
            if any(line.count(dialect.separator) == separators for line in text.splitlines()):
                found.append(RaggedRow(numbers[place].as_py(), text[:200]))
    return found


def _numbers(
    start: int, count: int, skipped: list[int]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the numbers of `count` rows from `start` on, leaving out those in `skipped`."""
    taken = np.array(sorted(number for number in skipped if number >= start), dtype=np.int64)
    candidates = np.arange(start, start + count + len(taken), dtype=np.int64)
    return np.setdiff1d(candidates, taken, assume_unique=True)[:count]


def _unreadable(path: Path, error: pa.ArrowInvalid) -> UnreadableFileError:
    text = str(error)
    if "straddl" in text:
        return UnreadableFileError(
            f"{path.name} has a row of more than {_BLOCK_BYTES >> 20} MB: most likely a quotation "
            "mark is opened and never closed."
        )
    return UnreadableFileError(f"{path.name} cannot be read as a table: {text.splitlines()[0]}.")


def _check_quotes(
    path: Path,
    quotation_marks: int,
    last: pa.RecordBatch | None,
    bad_rows: list[arrow_csv.InvalidRow],
    offset: int,
) -> None:
    """Refuse a file whose last row swallowed others because a quotation mark is never closed."""
    if quotation_marks % 2 == 0:
        return
    row, texts = 0, []
    if last is not None:
        tail = last.slice(last.num_rows - 1).to_pylist()[0]
        row = tail.pop(ROW)
        texts = [text for text in tail.values() if text]
    if bad_rows and offset + bad_rows[-1].number > row:
        row, texts = offset + bad_rows[-1].number, [bad_rows[-1].text]
    if any("\n" in text or "\r" in text for text in texts):
        raise UnreadableFileError(
            f"{path.name}, row {row}: a quotation mark is opened and never closed, so the rows "
            "after it cannot be told apart. Close it, or remove it."
        )


def _repaired(
    bad_rows: list[arrow_csv.InvalidRow], dialect: Dialect, offset: int, findings: Findings
) -> Iterator[pa.RecordBatch]:
    """Yield rows whose last cells were left out, padded; note rows with too many cells."""
    width = len(dialect.header)
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    for bad in bad_rows:
        cells = _cells(bad.text, dialect)
        number = offset + bad.number
        if any(cell.strip() for cell in cells[width:]):
            findings.ragged.append(RaggedRow(number, bad.text[:200]))
            continue
        findings.padded_rows += 1
        cells = cells[:width]
        rows.append([cell or None for cell in cells] + [None] * (width - len(cells)))
        numbers.append(number)
    if rows:
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        arrays = [*columns, pa.array(numbers, pa.int64())]
        yield pa.RecordBatch.from_arrays(arrays, schema=batch_schema(width))


def _cells(text: str, dialect: Dialect) -> list[str]:
    reader = csv.reader(
        [text],
        delimiter=dialect.separator,
        doublequote=not dialect.backslash_quotes,
        escapechar="\\" if dialect.backslash_quotes else None,
    )
    return next(reader, [])
