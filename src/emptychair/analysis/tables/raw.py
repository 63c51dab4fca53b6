"""A file as it stands: headings, cells as text, and the row each stood in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

ROW = "_row"
SOURCE_ROW = "source_row"


@dataclass(frozen=True)
class RaggedRow:
    """A row that does not fit the header, or seems to hold several, and the text it has."""

    row: int
    text: str


@dataclass
class Findings:
    """What came up while the rows went by; complete once the last batch is read."""

    ragged: list[RaggedRow] = field(default_factory=list)
    padded_rows: int = 0
    removed_nul: int = 0
    damaged_letters: int = 0
    swallowing_cells: list[RaggedRow] = field(default_factory=list)


@dataclass(frozen=True)
class RawFile:
    """A file's headings and a stream of its rows, every cell text or null.

    Each batch has the columns `c0`, `c1` ... in the order of `headings`, and `_row`: the row's
    number as a spreadsheet shows it, the first row of the file being 1.
    """

    headings: tuple[str, ...]
    following: tuple[tuple[str, ...], ...]
    batches: Iterator[pa.RecordBatch]
    findings: Findings
    form: dict[str, str]
    is_1904: bool = False


def batch_schema(width: int) -> pa.Schema:
    """Return the schema of a `RawFile`'s batches: `width` columns of text and the row number."""
    fields = [pa.field(f"c{number}", pa.string()) for number in range(width)]
    return pa.schema([*fields, pa.field(ROW, pa.int64())])


def unique_headings(cells: Iterable[str]) -> tuple[str, ...]:
    """Return headings that differ from each other: `score`, `score (2)`, `column 3`.

    Engines do not tell `Score` from `score`, so neither does this. Those that begin with an
    underscore are freed of it, see `freed`.
    """
    seen: Counter[str] = Counter()
    headings: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\0", "").split()) or f"column {number}"
        name = freed(name)
        key = name.casefold()
        seen[key] += 1
        headings.append(name if seen[key] == 1 else f"{name} ({seen[key]})")
    return tuple(headings)


def freed(name: str) -> str:
    """Return a heading that does not clash with the columns that reading adds."""
    clashes = name.startswith("_") or name == SOURCE_ROW
    return f"{name.lstrip('_')} (file)" if clashes else name
