"""What a command prints: a table for people, JSON or CSV for programs, the same fields in each."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from emptychair.analysis.errors import ArgumentError

Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command found: its method, what it was given, what it left out, and its rows.

    `shown` are the rows as people read them: headings and cells of text. `notes` are sentences
    printed under the table.
    """

    method: str
    inputs: Row
    excluded: Mapping[str, int]
    results: Sequence[Row]
    headings: Sequence[str] = ()
    shown: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()


def version() -> str:
    """Return the version of the package that runs."""
    return metadata.version("emptychair")


def emit(
    result: Result,
    *,
    as_json: bool = False,
    as_csv: bool = False,
    output: str | None = None,
    draw: Callable[[Path], None] | None = None,
) -> None:
    """Print `result`, or write it to `output` in the form its name asks for.

    Args:
        result: what a command found.
        as_json: print the JSON envelope.
        as_csv: print the rows as CSV.
        output: a file to write: .json, .csv, or a picture (.svg, .png, .html) that `draw` makes.
        draw: draws the result into a file.

    Raises:
        ArgumentError: `output` has an ending that this command cannot write.
    """
    if output is not None:
        _write(result, Path(output), draw)
    if as_json:
        click.echo(to_json(result))
    elif as_csv:
        click.echo(to_csv(result), nl=False)
    elif output is None:
        _print_table(result)
    else:
        click.echo(f"Wrote {output}.", err=True)


def to_json(result: Result) -> str:
    """Return the envelope every command shares; NaN and infinity come out as null."""
    envelope = {
        "method": result.method,
        "version": version(),
        "inputs": result.inputs,
        "excluded": result.excluded,
        "results": result.results,
    }
    return json.dumps(plain(envelope), ensure_ascii=False, indent=2, allow_nan=False)


def to_csv(result: Result) -> str:
    """Return the rows as CSV, a group's columns beside its numbers, formulas made harmless."""
    rows = [_flat(row) for row in result.results]
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([_harmless(name) for name in names])
    for row in rows:
        writer.writerow([_harmless(plain(row.get(name))) for name in names])
    return buffer.getvalue()


def plain(value: Any) -> Any:
    """Return `value` made of what JSON knows."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(one) for name, one in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if hasattr(value, "item"):
        return plain(value.item())
    return [plain(one) for one in value]


def progress(what: str) -> Any:
    """Return a context in which a spinner says `what`, on a terminal's stderr, after a second."""
    from emptychair.cli.progress import Progress

    return Progress(what)


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat.update(value)
        else:
            flat[name] = value
    return flat


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return "'" + cell
    return cell


def _write(result: Result, path: Path, draw: Callable[[Path], None] | None) -> None:
    ending = path.suffix.lower()
    if ending == ".json":
        path.write_text(to_json(result) + "\n", encoding="utf-8")
    elif ending == ".csv":
        path.write_text(to_csv(result), encoding="utf-8-sig", newline="")
    elif ending in (".svg", ".png", ".html") and draw is not None:
        draw(path)
    else:
        pictures = ", .svg, .png, .html" if draw is not None else ""
        raise ArgumentError(f"-o {path}: the name must end in .json, .csv{pictures}.")


def _print_table(result: Result) -> None:
    if sys.stdout.isatty():
        _print_rich(result)
    elif result.headings:
        click.echo(_aligned(result.headings, result.shown))
    for note in result.notes:
        click.echo(note)


def _print_rich(result: Result) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading, is_number in zip(result.headings, _number_columns(result), strict=True):
        table.add_column(heading, justify="right" if is_number else "left")
    for row in result.shown:
        table.add_row(*(Text(cell) for cell in row))
    if result.headings:
        Console().print(table)


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(headings), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _number_columns(result: Result) -> list[bool]:
    return [
        all(_looks_numeric(row[column]) for row in result.shown)
        for column in range(len(result.headings))
    ]


def _looks_numeric(cell: str) -> bool:
    return cell.strip("+-−–. \u00a0%")[:1].isdigit() or not cell.strip("–- ")
