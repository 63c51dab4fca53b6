"""What became of every row and cell of a file: left out by reason, kept with a doubt, or used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir

from emptychair.analysis.tables.raw import SOURCE_ROW

EXAMPLES_SHOWN = 3
DATE_UNREADABLE = "date_unreadable"
RATING_UNUSABLE = "rating_unusable"
# Columns that a table carries while it is judged: the reason a row is left out, the cell behind
# it, and for each doubtful field the cell that could not be used.
REASON = "_reason"
SHOWN = "_shown"
DOUBT = "_doubt_"


@dataclass(frozen=True)
class Example:
    """A cell that could not be used.

    Attributes:
        row: its row as a spreadsheet numbers it, None where a file has no row numbers.
        value: what it holds.
        column: the heading over it; empty where the whole row is meant.
    """

    row: int | None
    value: str | None
    column: str = ""


@dataclass
class Account:
    """What became of the rows and cells of a file."""

    rows: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[Example, ...]] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """Rows that are not left out."""
        return self.rows - sum(self.excluded.values())

    def exclude(self, reason: str, count: int, examples: Iterable[Example] = ()) -> None:
        """Count rows that are left out."""
        self.rows += count
        self._note(self.excluded, reason, count, examples)

    def warn(self, kind: str, count: int, examples: Iterable[Example] = ()) -> None:
        """Count cells or rows that are kept with a doubt."""
        self._note(self.warnings, kind, count, examples)

    def _note(
        self, counts: dict[str, int], kind: str, count: int, examples: Iterable[Example]
    ) -> None:
        if count:
            counts[kind] = counts.get(kind, 0) + count
            found = sorted((*self.examples.get(kind, ()), *examples), key=lambda one: one.row or 0)
            self.examples[kind] = tuple(found[:EXAMPLES_SHOWN])


def count_rows(judged: ir.Table, headings: Mapping[str, str], account: Account) -> None:
    """Count the rows of each reason and the doubts, and fetch the first examples of each.

    Args:
        judged: a table with `REASON`, `SHOWN` and columns that begin with `DOUBT`.
        headings: the heading of each field.
        account: receives the counts.
    """
    by_reason = judged.group_by(REASON).aggregate(n=judged.count()).order_by(REASON)
    for row in by_reason.to_pyarrow().to_pylist():
        reason, n = row[REASON], row["n"]
        if reason is None:
            account.rows += n
        else:
            column = headings["score"] if reason.startswith("score_") else ""
            account.exclude(reason, n, _examples(judged, judged[REASON] == reason, SHOWN, column))
    doubts = [name for name in judged.columns if name.startswith(DOUBT)]
    if doubts:
        counts = judged.aggregate(**{name: judged[name].count() for name in doubts})
        for name, n in counts.to_pyarrow().to_pylist()[0].items():
            kind, field_name = _parts(name)
            if n:
                where = judged[name].notnull()
                account.warn(kind, n, _examples(judged, where, name, headings[field_name]))


def doubt(kind: str, field_name: str) -> str:
    """Return the name of the column that holds the cells of a field that are in doubt."""
    return f"{DOUBT}{kind}__{field_name}"


def _parts(name: str) -> tuple[str, str]:
    kind, _, field_name = name.removeprefix(DOUBT).partition("__")
    return kind, field_name


def _examples(table: ir.Table, which: ir.BooleanValue, shown: str, column: str) -> list[Example]:
    rows = table.filter(which)
    if SOURCE_ROW not in table.columns:
        found = rows.select(value=rows[shown]).limit(EXAMPLES_SHOWN).to_pyarrow().to_pylist()
        return [Example(None, row["value"], column) for row in found]
    ordered = rows.select(row=rows[SOURCE_ROW], value=rows[shown]).order_by("row")
    found = ordered.limit(EXAMPLES_SHOWN).to_pyarrow().to_pylist()
    return [Example(row["row"], row["value"], column) for row in found]
