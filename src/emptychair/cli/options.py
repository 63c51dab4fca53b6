"""The options that commands share, and the answers they lead to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from emptychair.cli.output import progress

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

    from emptychair.analysis.tables import ResponsesFile

_Command = TypeVar("_Command", bound=Callable[..., Any])

_EXCLUDED_WORDS = {
    "score_missing": "without a score",
    "score_not_a_number": "with a score that is no number",
    "score_not_whole": "with a score that is not whole",
    "score_out_of_range": "with a score outside 0 to 10",
    "held": "held back",
    "response_id_repeated": "repeating a response already read",
    "row_ragged": "with more cells than headings",
    "survey_preview": "from a survey preview",
    "date_missing": "without a date, which --period needs",
}
_WARNING_WORDS = {
    "date_unreadable": "dates could not be read",
    "rating_unusable": "ratings are not whole numbers from 1 to 5",
    "row_padded": "rows have fewer cells than headings",
    "row_empty": "empty rows",
    "nul_removed": "NUL characters were taken out",
    "score_never_above_5": "scores, and none is above 5: is this a scale of 1 to 5?",
    "score_may_be_another_question": "scores may answer another question than how likely it is "
    "to recommend",
    "quote_missing": "cells look as if a quotation mark is missing and rows were swallowed",
    "letters_damaged": "letters were damaged before the file came here (å shows as Ã¥)",
}


def _pairs(ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        field, equals, heading = value.partition("=")
        if not equals or not field.strip() or not heading.strip():
            raise click.BadParameter(
                f"{value!r} is not of the form FIELD=COLUMN, such as score=overall_rating.", ctx
            )
        pairs[field.strip()] = heading.strip()
    return pairs


def reading_options(command: _Command) -> _Command:
    """Give a command the options that say how its file is to be read."""
    options = (
        click.option("--map", "mapping", multiple=True, callback=_pairs, metavar="FIELD=COLUMN",
                     help="Take a field from this column; may be repeated."),
        click.option("--where", metavar="CONDITION",
                     help="Only answers for which it holds: \"unit = 'Malmo' and score <= 6\"."),
        click.option("--period", metavar="PERIOD",
                     help="2026, 2026-Q1, 2026-03, 2026-01..2026-06 or last-90-days."),
        click.option("--dates", type=click.Choice(["day-first", "month-first"]),
                     help="How 03-04-2026 is read, where the file does not tell."),
        click.option("--timezone", default="UTC", show_default=True, metavar="ZONE",
                     help="Zone of times written without one, such as Europe/Stockholm."),
        click.option("--encoding", metavar="NAME", help="The file's encoding, if it is not found."),
        click.option("--separator", metavar="CHARACTER",
                     help="The character between cells, if it is not found."),
        click.option("--sheet", metavar="NAME", help="The sheet of a workbook."),
        click.option("--engine", default="duckdb", show_default=True, metavar="ADDRESS",
                     help="Where to compute: duckdb, spark, spark://host:port, postgres://..."),
    )  # fmt: skip
    return _with(command, options)


def result_options(command: _Command) -> _Command:
    """Give a command the options that say what is computed and how it is shown."""
    options = (
        click.option("--by", multiple=True, metavar="COLUMN",
                     help="One result per value of this column; may be repeated."),
        click.option("--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True),
                     default=0.95, show_default=True, help="Coverage of intervals, a share."),
        click.option("--seed", type=int, default=1, show_default=True,
                     help="Start of whatever is drawn at random."),
        click.option("--min-answers", type=click.IntRange(1), default=10, show_default=True,
                     help="Answers below which no score is given."),
        *output_options_list(),
    )  # fmt: skip
    return _with(command, options)


def output_options_list() -> tuple[Callable[[Any], Any], ...]:
    """Return the options of how a result is shown."""
    return (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
        click.option("-o", "--output", metavar="FILE",
                     help="Write a file: .json, .csv or a picture (.svg, .png, .html)."),
        click.option("--debug", is_flag=True, expose_value=False, hidden=True),
    )  # fmt: skip


def _with(command: _Command, options: tuple[Callable[[Any], Any], ...]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


@dataclasses.dataclass(frozen=True)
class Answers:
    """The answers a command works on: the file as read, and those rows that were asked for.

    Attributes:
        table: the rows that `--where` and `--period` leave.
        by: the columns to group by, as the table calls them.
        inputs: what the JSON envelope says about the input.
        excluded: rows that could not be used, by reason.
        notes: sentences about how the file was read, for people.
        engine: where the table lives.
    """

    table: ir.Table
    file: ResponsesFile
    by: tuple[str, ...]
    inputs: Mapping[str, Any]
    excluded: Mapping[str, int]
    notes: tuple[str, ...]
    engine: BaseBackend


def read_answers(
    path: str,
    *,
    mapping: Mapping[str, str],
    where: str | None,
    period: str | None,
    dates: str | None,
    timezone: str,
    encoding: str | None,
    separator: str | None,
    sheet: str | None,
    engine: str,
    by: tuple[str, ...] = (),
) -> Answers:
    """Read the answers a command was asked to work on.

    Raises:
        AnalysisError: the file cannot be read, or an option does not fit it.
    """
    from emptychair.analysis.checks import check_columns
    from emptychair.analysis.tables import connect, read_responses
    from emptychair.analysis.tables.choose import parse_period, where_true, within

    with progress(f"Reading {path} ..."):
        backend = connect(engine)
        file = read_responses(
            path,
            mapping=mapping,
            engine=backend,
            dates=dates,
            timezone=timezone,
            encoding=encoding,
            separator=separator,
            sheet=sheet,
        )
    columns = tuple(file.column(name) for name in by)
    check_columns(file.table, columns)
    table, excluded = file.table, dict(file.excluded)
    if where:
        table = where_true(table, where, names=file.column)
    if period:
        chosen = parse_period(period)
        table, without_date = within(table, chosen)
        if without_date:
            excluded["date_missing"] = without_date
    inputs = {
        "file": str(path),
        "rows": file.rows,
        "mapping": dict(file.mapping),
        "form": dict(file.form),
        "warnings": dict(file.warnings),
        "where": where,
        "period": period,
        "by": list(columns),
    }
    return Answers(table, file, columns, inputs, excluded, notes_of(file, excluded), backend)


def notes_of(file: ResponsesFile, excluded: Mapping[str, int]) -> tuple[str, ...]:
    """Return sentences that say how a file was read: mapping, rows left out, doubts."""
    notes = []
    renamed = [f"{name} from {one!r}" for name, one in file.mapping.items() if name != one]
    if renamed:
        notes.append(f"Columns: {', '.join(renamed)}.")
    if excluded:
        notes.append(f"Left out of {file.rows} rows:")
    for reason, count in excluded.items():
        notes.append(f"  {count} {_EXCLUDED_WORDS.get(reason, reason)}{_examples(file, reason)}")
    for kind, count in file.warnings.items():
        notes.append(f"Note: {count} {_WARNING_WORDS.get(kind, kind)}{_examples(file, kind)}.")
    return tuple(notes)


def _examples(file: ResponsesFile, kind: str) -> str:
    shown = [
        f"row {one.row}{f' of {one.column}' if one.column else ''}: {_quoted(one.value)}"
        for one in file.examples.get(kind, ())
        if one.row
    ]
    return f" ({', '.join(shown)})" if shown else ""


def _quoted(value: str | None) -> str:
    if value is None:
        return "empty"
    return repr(value if len(value) <= 40 else value[:37] + "...")
