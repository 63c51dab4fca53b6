"""Read answers from any file; every row that is left out is counted by its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emptychair.analysis.checks import check_choice
from emptychair.analysis.errors import ArgumentError, EngineError
from emptychair.analysis.tables.account import Account, Example
from emptychair.analysis.tables.cleaning import Options, clean
from emptychair.analysis.tables.dates import ORDERS
from emptychair.analysis.tables.engine import connect, put
from emptychair.analysis.tables.source import open_source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


@dataclass(frozen=True)
class ResponsesFile:
    """The answers of a file, in the shape of the contract, and an account of how they were read.

    Attributes:
        table: one row per answer that counts, on the engine asked for. Fields of the contract
            under their names, all other columns under their headings; `source_row` where the
            file has row numbers. `answered_on` is there whenever any answer date is.
        rows: rows of the file, those left out included.
        excluded: rows left out, by reason.
        warnings: cells or rows that were kept with a doubt, by kind.
        examples: the first cells behind each reason and each kind of doubt.
        mapping: the heading each field was taken from.
        form: what the file was recognised as: format, layout, encoding, separator, date order.
    """

    table: ir.Table
    rows: int
    excluded: Mapping[str, int]
    warnings: Mapping[str, int]
    examples: Mapping[str, tuple[Example, ...]]
    mapping: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def used(self) -> int:
        """Rows that count."""
        return self.rows - sum(self.excluded.values())

    def column(self, name: str) -> str:
        """Return the table's column for `name`, which may be a field or a heading of the file."""
        by_heading = {heading: field for field, heading in self.mapping.items()}
        return name if name in self.table.columns else by_heading.get(name, name)


def read_responses(
    path: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    engine: BaseBackend | None = None,
    dates: str | None = None,
    timezone: str = "UTC",
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
) -> ResponsesFile:
    """Read answers from a CSV, Excel, Parquet or Delta file, or a folder of tables.

    What the file is, is seen from its content, not its name. A row is used when its score is a
    whole number from 0 to 10; every other row is counted in `excluded` by its reason. Nothing
    is guessed silently: two columns that could be the same field, or dates that could be read
    two ways, raise an error that says what to write.

    Args:
        path: a file, a Delta table, a folder of Parquet files, or a folder of `simulate`.
        mapping: for fields of the contract, the heading to take them from.
        engine: where the table shall live; DuckDB in memory when left out.
        dates: `day-first` or `month-first`, when the file does not tell.
        timezone: the zone of moments written without one, and of local dates.
        encoding: the file's encoding, when it is known.
        separator: the character between cells, when it is known.
        sheet: the sheet of a workbook, when it has several.

    Returns:
        The answers and the account of how they were read.

    Raises:
        UnreadableFileError: the file is missing, empty, damaged, or must not be read.
        ColumnNotFoundError: no column is the score, or a heading of `mapping` is missing.
        AmbiguousColumnError: two columns could be the same field.
        AmbiguousDatesError: day and month cannot be told apart.
        EngineError: the engine cannot do what the file needs.
    """
    if dates is not None:
        check_choice(dates, "dates", ORDERS)
    _check_timezone(timezone)
    engine = engine or connect()
    source = open_source(
        Path(path), mapping or {}, engine, encoding=encoding, separator=separator, sheet=sheet
    )
    if timezone != "UTC" and source.table.get_backend().name != "duckdb":
        raise EngineError(
            f"Moments of {timezone} in columnar files are read by duckdb only; "
            f"{engine.name} reads them as UTC."
        )
    account = Account(form=dict(source.form))
    for reason, count, shown in source.excluded:
        account.exclude(reason, count, [Example(row, text) for row, text in shown])
    for kind, count, shown in source.warnings:
        account.warn(kind, count, [Example(row, text) for row, text in shown])
    table, fields = clean(source, Options(dates, timezone), account)
    if source.mapping.weak:
        account.warn("score_may_be_another_question", account.rows)
    if source.is_staged:
        table = _hand_over(table, engine)
    return ResponsesFile(
        table=table,
        rows=account.rows,
        excluded=account.excluded,
        warnings=account.warnings,
        examples=account.examples,
        mapping=fields,
        form=account.form,
    )


def _check_timezone(zone: str) -> None:
    from zoneinfo import available_timezones

    if zone != "UTC" and zone not in available_timezones():
        raise ArgumentError(f"No time zone is known by {zone!r}; write one as Europe/Stockholm.")


def _hand_over(table: ir.Table, engine: BaseBackend) -> ir.Table:
    """Return a cleaned table on the engine asked for."""
    return table if table.get_backend() is engine else put(engine, table.to_pyarrow())
