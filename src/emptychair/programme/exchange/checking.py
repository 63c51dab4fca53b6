"""Read a file whole, before anything is written: what it holds, what cannot be used, and why.

The rows that can be used are staged as `accepted.parquet`, the others as `refused.parquet`. The
import later only copies what stands there, so what the preview promised is what comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from emptychair.analysis.tables import cells
from emptychair.analysis.tables.layouts import compact
from emptychair.analysis.tables.raw import ROW
from emptychair.programme.accounts.models import Unit
from emptychair.programme.exchange.mapping import chosen, propose
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.reading import (
    Choices,
    Column,
    Doubts,
    OpenFile,
    opened,
    read_columns,
)
from emptychair.programme.exchange.tables import FIELDS

CHUNK = 8_192  # rows that are written in one transaction: a row group of `accepted.parquet`
REASON, FIELD, SHOWN, OCCURRENCE = "_reason", "_field", "_shown", "_occurrence"
_EXAMPLES = 3
_SAMPLE_ROWS = 5
_UNITS_SHOWN = 100
_REFUSED_SCHEMA = pa.schema(
    [("row", pa.int64()), ("column", pa.string()), ("value", pa.string()), ("reason", pa.string())]
)
# Columns that tell one row of a file from another; a second row with the same is refused.
IDENTITY: Mapping[str, tuple[str, ...]] = {
    "responses": ("response_id",),
    "customers": ("customer_id",),
    "values": ("customer_id", "month"),
    "units": ("code",),
}


def check(imported: Import, beat: Callable[[], None]) -> None:
    """Read the file of `imported` and set its preview, its counts and its staged rows.

    Args:
        imported: the import; changed in memory, not saved.
        beat: called between the steps, to say that the work goes on.

    Raises:
        AnalysisError: the file cannot be read; the message says why.
    """
    choices = Choices(**imported.choices.get("reading", {}))
    with opened(imported.uploaded_path, imported.folder, choices) as file:
        beat()
        proposal = propose(imported.kind, file.headings, file.source.labels, file.source.layout)
        mapping = imported.mapping or {heading: name for name, heading in proposal.fields.items()}
        preview = _Preview(imported, file, choices, mapping)
        preview.unsure = {} if imported.mapping else proposal.unsure
        preview.make(beat)
        imported.mapping = mapping
        imported.preview = preview.result
        imported.total_rows = preview.accepted
        imported.refused_rows = preview.refused


class _Preview:
    """One pass over a file under one mapping."""

    def __init__(
        self, imported: Import, file: OpenFile, choices: Choices, mapping: Mapping[str, str]
    ) -> None:
        self.imported, self.file, self.choices = imported, file, choices
        self.mapping = chosen(imported.kind, file.headings, mapping)
        self.doubts = Doubts()
        self.unsure: Mapping[str, Sequence[str]] = {}
        self.accepted = self.refused = 0
        self.result: dict[str, Any] = {}

    def make(self, beat: Callable[[], None]) -> None:
        missing = self._missing()
        self.result = {
            "columns": self._columns(),
            "rows": self._first_rows(),
            "missing": missing,
            "unsure": {name: list(found) for name, found in self.unsure.items()},
            "file_rows": self.file.table.count().to_pyarrow().as_py()
            + len(self.file.source.ragged),
        }
        refused: list[dict[str, Any]] = []
        if not missing:
            self.file, columns = read_columns(self.file, self.mapping, self.choices, self.doubts)
            beat()
            staged = self._staged(columns)
            beat()
            self._write(staged, columns)
            refused = self._reasons(staged)
            self.result |= {"warnings": self._warnings(staged, columns)} | self._totals(staged)
        self.result["questions"] = [list(question) for question in self.doubts.questions]
        self.result["form"] = {**self.file.source.form, **self.doubts.form}
        self.result["refused"] = refused

    def _missing(self) -> list[str]:
        """Return the fields without which nothing can be imported."""
        there = {field.name for field, _ in self.mapping}
        missing = [f.name for f in FIELDS[self.imported.kind] if f.required and f.name not in there]
        dated = {"answered_at", "answered_on"} & there or self.choices.given_on
        if self.imported.kind == "responses" and not dated:
            missing.append("answered_on")
        if self.imported.kind == "customers" and not {"customer_id", "email"} & there:
            missing.append("customer_id")
        return missing

    def _columns(self) -> list[dict[str, Any]]:
        """Return every column of the file with its first values, for the mapping."""
        names = {heading: field.name for field, heading in self.mapping}
        labels = dict(zip(self.file.headings, self.file.source.labels, strict=False))
        first = self._head(50)
        return [
            {
                "heading": heading,
                "label": labels.get(heading, heading),
                "field": names.get(heading, ""),
                "examples": _first_different([row[heading] for row in first]),
            }
            for heading in self.file.headings
        ]

    def _first_rows(self) -> list[dict[str, Any]]:
        return [
            {"row": row[ROW], "cells": [_shown(row[name]) for name in self.file.headings]}
            for row in self._head(_SAMPLE_ROWS)
        ]

    def _head(self, rows: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.file.table.limit(rows).to_pyarrow().to_pylist()
        return sorted(found, key=lambda row: row[ROW])

    def _staged(self, columns: Sequence[Column]) -> ir.Table:
        """Return every row with its values and, where it is refused, the first reason."""
        table = self.file.table
        filled = reduce(or_, (table[name].notnull() for name in self.file.headings))
        values = {column.field.name: column.value for column in columns}
        reason, field, shown = self._refusals(columns)
        doubts = {
            f"_doubt_{number}": column.doubt[1]
            for number, column in enumerate(columns)
            if column.doubt
        }
        staged = table.select(
            **{ROW: table[ROW], **values, REASON: reason, FIELD: field, SHOWN: shown},
            **doubts,
            _filled=filled,
        )
        staged = staged.filter(staged["_filled"]).drop("_filled")
        staged = self.file.engine.create_table("staged", staged, temp=True)
        staged = self._with_units(staged)
        return self.file.engine.create_table("numbered", self._numbered(staged), temp=True)

    def _refusals(
        self, columns: Sequence[Column]
    ) -> tuple[ir.StringValue, ir.StringValue, ir.StringValue]:
        """Return, per row, the first reason to refuse it, the heading, and the cell."""
        cases = [(self._is_dropped(), "preview_or_test", "", ibis.null("string"))]
        for column in columns:
            if column.reason is not None:
                shown = self.file.table[column.heading].cast("string").left(200)
                cases.append((column.reason.notnull(), column.reason, column.heading, shown))
        if "answered_on" in self._undated(columns):
            dates = [column for column in columns if column.field.name.startswith("answered_")]
            none = reduce(lambda a, b: a & b, (column.value.isnull() for column in dates))
            cases.append((none, "date_missing", dates[0].heading, ibis.null("string")))
        nothing = ibis.null("string")
        return (
            ibis.cases(*((when, reason) for when, reason, _, _ in cases), else_=nothing),
            ibis.cases(*((when, heading) for when, _, heading, _ in cases), else_=nothing),
            ibis.cases(*((when, shown) for when, _, _, shown in cases), else_=nothing),
        )

    def _undated(self, columns: Sequence[Column]) -> set[str]:
        """Return `answered_on` when each row must bring its own date."""
        there = {column.field.name for column in columns} & {"answered_at", "answered_on"}
        return {"answered_on"} if there and not self.choices.given_on else set()

    def _is_dropped(self) -> ir.BooleanValue:
        """Return where a tool's export marks a row as a test and no answer."""
        layout = self.file.source.layout
        if self.imported.kind == "responses" and layout.drop:
            wanted, values, _ = layout.drop
            for heading in self.file.headings:
                if compact(heading) == wanted:
                    return cells.text_of(self.file.table[heading]).lower().isin(values)
        return ibis.literal(False)

    def _with_units(self, staged: ir.Table) -> ir.Table:
        """Give units their code where the file has their name; refuse unknown ones if told so."""
        column = {"units": "parent"}.get(self.imported.kind, "unit")
        if column not in staged.columns or self.imported.kind == "units":
            return staged
        names = staged[column].name("unit")
        given = staged.filter(staged[REASON].isnull()).select(names).distinct()
        units = sorted(unit for unit in given.to_pyarrow()["unit"].to_pylist() if unit)
        codes = _codes_of(units)
        unknown = [unit for unit in units if unit not in codes]
        self.result["unknown_units"] = unknown[:_UNITS_SHOWN]
        self.result["unknown_units_count"] = len(unknown)
        changed = {unit: code for unit, code in codes.items() if unit != code}
        if changed:
            staged = staged.mutate(**{column: staged[column].substitute(changed)})
        if unknown and self.imported.choices.get("unknown_units") == "refuse":
            wrong = staged[REASON].isnull() & staged[column].isin(unknown)
            staged = _refuse(staged, wrong, "unit_unknown", column, staged[column])
        return staged

    def _numbered(self, staged: ir.Table) -> ir.Table:
        """Refuse rows that repeat another's identity; number those that may be equal."""
        valid = staged[REASON].isnull()
        identity = [n for n in IDENTITY.get(self.imported.kind, ()) if n in staged.columns]
        if identity:
            given = reduce(lambda a, b: a & b, (staged[name].notnull() for name in identity))
            keys = [*(staged[name] for name in identity), valid & given]
            number = ibis.row_number().over(group_by=keys, order_by=staged[ROW])
            again = valid & given & (number > 0)
            shown = staged[identity[0]].cast("string")
            return _refuse(staged, again, f"{identity[0]}_repeated", identity[0], shown).mutate(
                **{OCCURRENCE: ibis.literal(1)}
            )
        names = [name for name in staged.columns if not name.startswith("_")]
        number = ibis.row_number().over(
            group_by=[*(staged[name] for name in names), valid], order_by=staged[ROW]
        )
        return staged.mutate(**{OCCURRENCE: number + 1})

    def _write(self, staged: ir.Table, columns: Sequence[Column]) -> None:
        names = [column.field.name for column in columns]
        good = staged.filter(staged[REASON].isnull()).select(ROW, OCCURRENCE, *names).order_by(ROW)
        bad = staged.filter(staged[REASON].notnull())
        bad = bad.select(row=bad[ROW], column=bad[FIELD], value=bad[SHOWN], reason=bad[REASON])
        self._copy(good, self.imported.accepted_path)
        self._copy(bad.order_by("row"), self.imported.refused_path)
        ragged = self.file.source.ragged
        if ragged:
            _append_ragged(self.imported.refused_path, [(one.row, one.text) for one in ragged])
        self.accepted = pq.read_metadata(self.imported.accepted_path).num_rows
        self.refused = pq.read_metadata(self.imported.refused_path).num_rows

    def _copy(self, table: ir.Table, path: Path) -> None:
        target = str(path).replace("'", "''")
        self.file.engine.raw_sql(
            f"COPY ({ibis.to_sql(table, dialect='duckdb')}) TO '{target}'"
            f" (FORMAT parquet, ROW_GROUP_SIZE {CHUNK})"
        )

    def _reasons(self, staged: ir.Table) -> list[dict[str, Any]]:
        bad = staged.filter(staged[REASON].notnull())
        counts = bad.group_by(REASON).aggregate(n=bad.count()).to_pyarrow().to_pylist()
        found = [(row[REASON], row["n"]) for row in counts]
        result = []
        for reason, n in sorted(found, key=lambda one: -one[1]):
            some = bad.filter(bad[REASON] == reason)
            examples = (
                some.select(row=some[ROW], column=some[FIELD], value=some[SHOWN])
                .order_by("row")
                .limit(_EXAMPLES)
            )
            result.append(
                {"reason": reason, "count": n, "examples": examples.to_pyarrow().to_pylist()}
            )
        ragged = self.file.source.ragged
        if ragged:
            some_rows = [{"row": r.row, "column": "", "value": r.text} for r in ragged[:_EXAMPLES]]
            result.append({"reason": "row_ragged", "count": len(ragged), "examples": some_rows})
        return result

    def _warnings(self, staged: ir.Table, columns: Sequence[Column]) -> list[dict[str, Any]]:
        """Return what is imported with a doubt: cells that are left out while their row is kept."""
        doubts = {
            f"_doubt_{number}": (column.doubt[0], column.heading)
            for number, column in enumerate(columns)
            if column.doubt
        }
        warnings = [
            {"code": code, "count": count, "column": ""}
            for code, count, _ in self.file.source.warnings
            if count
        ]
        if doubts:
            good = staged.filter(staged[REASON].isnull())
            sums = good.aggregate(**{name: good[name].sum() for name in doubts})
            for name, count in sums.to_pyarrow().to_pylist()[0].items():
                if count:
                    code, heading = doubts[name]
                    warnings.append({"code": code, "count": count, "column": heading})
        if self.file.source.form.get("encoding", "").endswith("(uncertain)"):
            warnings.append({"code": "encoding_uncertain", "count": 1, "column": ""})
        return warnings

    def _totals(self, staged: ir.Table) -> dict[str, Any]:
        """Return what the preview says about the rows as a whole."""
        good = staged.filter(staged[REASON].isnull())
        sums: dict[str, Any] = {}
        for name in ("customer_id", "survey"):
            if name in good.columns:
                sums[name] = good[name].nunique()
        for name in ("answered_on", "answered_at", "at", "month"):
            if name in good.columns:
                sums[f"first_{name}"] = good[name].min().cast("string").left(10)
                sums[f"last_{name}"] = good[name].max().cast("string").left(10)
        return {"totals": good.aggregate(**sums).to_pyarrow().to_pylist()[0] if sums else {}}


def _refuse(
    table: ir.Table, when: ir.BooleanValue, reason: str, column: str, shown: ir.StringValue
) -> ir.Table:
    return table.mutate(
        **{
            REASON: when.ifelse(reason, table[REASON]),
            FIELD: when.ifelse(column, table[FIELD]),
            SHOWN: when.ifelse(shown, table[SHOWN]),
        }
    )


def _codes_of(units: Sequence[str]) -> dict[str, str]:
    """Return the codes of those units that are known by code or by name."""
    known = list(Unit.objects.values_list("code", "name"))
    by_code = {code: code for code, _ in known}
    by_lower = {name.casefold(): code for code, name in known}
    by_lower |= {code.casefold(): code for code, _ in known}
    found = {unit: by_code.get(unit) or by_lower.get(unit.casefold(), "") for unit in units}
    return {unit: code for unit, code in found.items() if code}


def _append_ragged(path: Path, ragged: Sequence[tuple[int, str]]) -> None:
    rows = pq.read_table(path).cast(_REFUSED_SCHEMA)
    more = pa.Table.from_pylist(
        [{"row": row, "column": "", "value": text, "reason": "row_ragged"} for row, text in ragged],
        schema=_REFUSED_SCHEMA,
    )
    pq.write_table(pa.concat_tables([rows, more]).sort_by("row"), path)


def _first_different(values: Sequence[Any]) -> list[str]:
    shown = (_shown(value) for value in values if value is not None)
    return [text[:60] for text in dict.fromkeys(shown) if text][:3]


def _shown(value: Any) -> str:
    return "" if value is None else str(value)[:200]
