"""The form of a delimited text file: separator, quotes, and where its header row is."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

SEPARATORS = (",", ";", "\t", "|")
_ROWS_LOOKED_AT = 200
# A quote after a backslash that does not end its cell; a cell may well end with a backslash.
_ESCAPED_QUOTE = re.compile(r'\\"(?!\s*(?:[,;\t|]|\r|\n|$))')


@dataclass(frozen=True)
class Dialect:
    """How the rows and cells of a text file are told apart.

    `skipped_rows` are rows before the header (a title, a `sep=` line, blank lines).
    """

    separator: str
    skipped_rows: int
    header: tuple[str, ...]
    following: tuple[tuple[str, ...], ...]
    backslash_quotes: bool = False


def detect_dialect(sample: str, separator: str | None = None) -> Dialect:
    """Return the form of a text file, seen in its first part.

    Args:
        sample: the beginning of the file, cut at the end of a row.
        separator: the separator when it is known.

    Returns:
        The form, with the header row and the rows that follow it in the sample.
    """
    declared, skipped = _declared_separator(sample)
    backslash_quotes = bool(_ESCAPED_QUOTE.search(sample)) and '""' not in sample
    separators = (separator or declared,) if separator or declared else SEPARATORS
    rows_by_separator = {
        one: _rows(sample, one, backslash_quotes=backslash_quotes) for one in separators if one
    }
    best = max(rows_by_separator, key=lambda one: _consistency(rows_by_separator[one][skipped:]))
    rows = rows_by_separator[best]
    start = _header_row(rows, skipped)
    if start >= len(rows):
        return Dialect(best, skipped, (), (), backslash_quotes)
    return Dialect(
        best, start, tuple(rows[start]), tuple(map(tuple, rows[start + 1 :])), backslash_quotes
    )


def _declared_separator(sample: str) -> tuple[str | None, int]:
    first_line = sample[:20].splitlines()[0].strip().strip('"') if sample.strip() else ""
    if first_line.lower().startswith("sep=") and len(first_line) == len("sep=") + 1:
        return first_line[-1], 1
    return ("\t", 1) if sample[:5].lower() == "sep=\t" else (None, 0)


def _rows(sample: str, separator: str, *, backslash_quotes: bool) -> list[list[str]]:
    csv.field_size_limit(1 << 27)
    reader = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=separator,
        doublequote=not backslash_quotes,
        escapechar="\\" if backslash_quotes else None,
    )
    rows = []
    for row in reader:
        rows.append(row)
        if len(rows) == _ROWS_LOOKED_AT:
            break
    return rows


def _consistency(rows: list[list[str]]) -> tuple[float, int]:
    """Return the share of rows of the commonest width above one, and that width."""
    widths = Counter(len(row) for row in rows if row)
    several = {width: times for width, times in widths.items() if width > 1}
    if not several:
        return 0.0, 1
    width = max(several, key=lambda one: (several[one], one))
    return several[width] / sum(widths.values()), width


def _header_row(rows: list[list[str]], skipped: int) -> int:
    """Return the first row that can be a header: not blank, not a title over a wider table."""
    _, width = _consistency(rows[skipped:])
    for number, row in enumerate(rows[skipped:], start=skipped):
        filled = sum(1 for cell in row if cell.strip())
        if filled >= min(2, width) and len(row) > width // 2:
            return number
    return len(rows)
