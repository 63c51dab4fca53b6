"""Turn an opened file into the responses table of the contract, and account for every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from emptychair.analysis.tables import cells
from emptychair.analysis.tables.account import (
    DATE_UNREADABLE,
    DOUBT,
    RATING_UNUSABLE,
    REASON,
    SHOWN,
    Account,
    count_rows,
    doubt,
)
from emptychair.analysis.tables.dates import DateForm, detect_form, has_zone, moment, one_form
from emptychair.analysis.tables.layouts import compact
from emptychair.analysis.tables.raw import ROW, SOURCE_ROW
from emptychair.analysis.tables.schema import (
    ATTRIBUTE_PREFIX,
    HIGHEST_RATING,
    RATING_PREFIX,
    RESPONSES,
    SCORES,
)
from emptychair.analysis.tables.source import Source

_STORED = ("file_", "kept_")
_READ = "_read_"
_MOMENTS = ("asked_at", "answered_at")
_DATES = (*_MOMENTS, "answered_on")
_SHARE_OF_RATINGS = 0.95
_ENOUGH_TO_DOUBT_THE_SCALE = 30


@dataclass(frozen=True)
class Options:
    """What the caller says about the file."""

    dates: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True)
class _Opened:
    """A file's rows with its text read: for each field, the column to take it from.

    `headings` are the columns as they stand in the file; `columns` are those with numbers and
    dates read from text where they were text.
    """

    table: ir.Table
    headings: Mapping[str, str]
    columns: Mapping[str, str]
    forms: Mapping[str, DateForm]


def clean(source: Source, options: Options, account: Account) -> tuple[ir.Table, dict[str, str]]:
    """Return the responses of a file that count, and the heading of each field.

    Args:
        source: the opened file.
        options: what the caller says about it.
        account: receives the rows left out, the doubts and their examples.
    """
    opened = _open(source, options, account)
    columns = _columns(opened, source, options)
    flagged = opened.table.select(**columns)
    if source.is_staged:
        flagged = _kept(flagged, instead_of=opened.table)
    marked = _mark_repeated(flagged)
    count_rows(marked, opened.headings, account)
    counted = marked.filter(marked[REASON].isnull())
    hidden = [name for name in counted.columns if name.startswith((REASON, SHOWN, DOUBT))]
    table = counted.drop(*hidden)
    if source.is_staged:
        table = _kept(table, instead_of=flagged)
    _doubt_the_scale(table, account)
    return table, dict(opened.headings)


def _open(source: Source, options: Options, account: Account) -> _Opened:
    """Return a file's rows with numbers and dates read from text, once."""
    table = _without_empty_rows(source, account)
    fields = {**source.mapping.fields, **source.mapping.maybe_ratings}
    columns = dict(fields)
    read: dict[str, ir.Value] = {}
    forms: dict[str, DateForm] = {}
    for name, heading in fields.items():
        if not table[heading].type().is_string():
            continue
        if name == "score" or name.startswith(RATING_PREFIX):
            read[_READ + name] = cells.number_of(table[heading])
        elif name in _DATES:
            form = detect_form(table, heading, order=options.dates, is_1904=source.is_1904)
            forms[name] = form
            read[_READ + name] = one_form(cells.text_of(table[heading]), form)
            if "numeric" in form.ways:
                account.form["dates"] = form.order
        else:
            continue
        columns[name] = _READ + name
    if read:
        table = _kept(table.mutate(**read), instead_of=source.staged)
    maybe = {name: columns[name] for name in source.mapping.maybe_ratings}
    for name in set(maybe) - _true_ratings(table, maybe):
        del fields[name], columns[name]
    return _Opened(table, fields, columns, forms)


def _kept(table: ir.Table, instead_of: ir.Table | None) -> ir.Table:
    """Return `table` computed once and stored; the stored table it came from is given up."""
    backend = table.get_backend()
    kept = backend.create_table(f"kept_{uuid4().hex}", table, temp=True)
    source = instead_of.op() if instead_of is not None else None
    if isinstance(source, ops.DatabaseTable) and source.name.startswith(_STORED):
        backend.drop_table(source.name)
    return kept


def _without_empty_rows(source: Source, account: Account) -> ir.Table:
    table = source.table
    names = [name for name in table.columns if name != ROW]
    if ROW not in table.columns or len(names) == 1:
        return table
    filled = reduce(or_, (table[name].notnull() for name in names))
    empty = table.filter(~filled).count().to_pyarrow().as_py()
    account.warn("row_empty", empty)
    return table.filter(filled)


def _true_ratings(table: ir.Table, maybe: Mapping[str, str]) -> set[str]:
    """Return those columns named like ratings whose values are whole numbers from 1 to 5."""
    if not maybe:
        return set()
    sums: dict[str, Any] = {}
    for name, column in maybe.items():
        read = cells.whole_number(table[column], 1, HIGHEST_RATING)
        sums[f"{name}_given"] = _is_given(read).sum()
        sums[f"{name}_usable"] = read.reason.isnull().sum()
    row = table.aggregate(**sums).to_pyarrow().to_pylist()[0]
    return {
        name
        for name in maybe
        if row[f"{name}_given"]
        and row[f"{name}_usable"] >= _SHARE_OF_RATINGS * row[f"{name}_given"]
    }


def _is_given(read: cells.Reading) -> ir.BooleanValue:
    return read.reason.fill_null("") != cells.SCORE_MISSING


def _columns(opened: _Opened, source: Source, options: Options) -> dict[str, ir.Value]:
    table, headings = opened.table, opened.headings
    score = cells.whole_number(table[opened.columns["score"]], SCORES[0], SCORES[-1])
    columns: dict[str, ir.Value] = {"score": score.value}
    columns |= _texts(table, headings)
    columns |= _dates(opened, options)
    columns |= _ratings(opened)
    columns |= _attributes(table, headings)
    columns |= _own(table, headings, set(columns))
    columns[REASON] = _reason(table, headings, source, score.reason)
    columns[SHOWN] = table[headings["score"]].cast("string")
    if ROW in table.columns:
        columns[SOURCE_ROW] = table[ROW]
    return columns


def _texts(table: ir.Table, fields: Mapping[str, str]) -> dict[str, ir.Value]:
    wanted = [column.name for column in RESPONSES if column.type == "string"]
    columns: dict[str, ir.Value] = {}
    for name in wanted:
        if name in fields:
            column = table[fields[name]]
            text = cells.text_of(column)
            # A comment is kept as it was written; only one of nothing but blanks is none.
            whole = column.cast("string")
            columns[name] = (
                text.isnull().ifelse(ibis.null("string"), whole) if name == "comment" else text
            )
    return columns


def _ratings(opened: _Opened) -> dict[str, ir.Value]:
    columns: dict[str, ir.Value] = {}
    for name, column in opened.columns.items():
        if name.startswith(RATING_PREFIX):
            read = cells.whole_number(opened.table[column], 1, HIGHEST_RATING)
            shown = opened.table[opened.headings[name]].cast("string")
            is_unusable = read.reason.notnull() & _is_given(read)
            columns[name] = read.value
            columns[doubt(RATING_UNUSABLE, name)] = is_unusable.ifelse(shown, ibis.null("string"))
    return columns


def _attributes(table: ir.Table, fields: Mapping[str, str]) -> dict[str, ir.Value]:
    """Return traits as numbers where all of a column's cells are numbers, else as they are."""
    names = [name for name in fields if name.startswith(ATTRIBUTE_PREFIX)]
    is_text = ROW in table.columns  # columnar files say themselves what is a number
    texts = [name for name in names if is_text and table[fields[name]].type().is_string()]
    numeric: set[str] = set()
    if texts:
        checks = {}
        for name in texts:
            text = cells.text_of(table[fields[name]])
            checks[name] = (
                text.isnull() | cells.is_plain_number(text)
            ).all() & text.notnull().any()
        row = table.aggregate(**checks).to_pyarrow().to_pylist()[0]
        numeric = {name for name in texts if row[name]}
    return {name: _attribute(table[fields[name]], is_number=name in numeric) for name in names}


def _attribute(column: ir.Column, *, is_number: bool) -> ir.Value:
    if is_number:
        return cells.number(column)
    return cells.text_of(column) if column.type().is_string() else column


def _own(table: ir.Table, fields: Mapping[str, str], taken: set[str]) -> dict[str, ir.Value]:
    """Return the columns that are no field of the contract, under their own headings."""
    used = {*fields.values(), ROW}
    lower = {name.casefold() for name in taken}
    columns: dict[str, ir.Value] = {}
    for heading in table.columns:
        if heading not in used and not heading.startswith(_READ):
            name = f"{heading} (file)" if heading.casefold() in lower else heading
            column = table[heading]
            columns[name] = cells.text_of(column) if column.type().is_string() else column
    return columns


def _reason(
    table: ir.Table, fields: Mapping[str, str], source: Source, score_reason: ir.StringValue
) -> ir.StringValue:
    cases: list[tuple[ir.BooleanValue, str]] = []
    if source.layout.drop:
        wanted, values, reason = source.layout.drop
        cases += [
            (cells.text_of(table[heading]).lower().isin(values), reason)
            for heading in table.columns
            if compact(heading) == wanted
        ]
    if "held_reason" in fields:
        cases.append((cells.text_of(table[fields["held_reason"]]).notnull(), "held"))
    return ibis.cases(*cases, else_=score_reason) if cases else score_reason


def _dates(opened: _Opened, options: Options) -> dict[str, ir.Value]:
    columns: dict[str, ir.Value] = {}
    timed: dict[str, bool] = {}
    for name in _DATES:
        if name not in opened.columns:
            continue
        column = opened.table[opened.columns[name]]
        if name in opened.forms:
            form = opened.forms[name]
            read = moment(column, form)
            shown = opened.table[opened.headings[name]]
            columns[doubt(DATE_UNREADABLE, name)] = (read.isnull() & column.notnull()).ifelse(
                shown, ibis.null("string")
            )
            if options.timezone != "UTC" and form.has_time:
                read = has_zone(column).ifelse(read, to_utc(read, options.timezone))
            columns[name], timed[name] = read, form.has_time
        else:
            columns[name], timed[name] = _typed_dates(column)
    return _as_contract(columns, timed, options.timezone)


def _typed_dates(column: ir.Column) -> tuple[ir.TimestampValue, bool]:
    kind = column.type()
    if kind.is_date():
        return column.cast("timestamp"), False
    if kind.is_integer():
        return column.as_timestamp("s"), True
    return column.cast("timestamp"), True


def _as_contract(
    columns: dict[str, ir.Value], timed: Mapping[str, bool], timezone: str
) -> dict[str, ir.Value]:
    """Return moments and days so that `answered_on` is there whenever any answer date is.

    A column of moments that only holds days is no moment: midnight would be invented.
    """
    if "answered_at" in columns and "answered_on" not in columns:
        columns["answered_on"] = columns["answered_at"]
        timed = {**timed, "answered_on": timed["answered_at"]}
        if not timed["answered_at"]:
            del columns["answered_at"]
    elif timed.get("answered_on") and "answered_at" not in columns:
        columns["answered_at"] = columns["answered_on"]
    if "answered_on" in columns:
        at = columns["answered_on"]
        is_local = timezone == "UTC" or not timed["answered_on"]
        columns["answered_on"] = (at if is_local else to_local(at, timezone)).date()
    return columns


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.timestamp), dt.timestamp))
def _timezone(zone, at):  # type: ignore[no-untyped-def]
    """DuckDB's own function; from local to absolute and back, by the type of `at`."""


def to_utc(at: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return clock times of `zone` as UTC; a time in the hour that summer time skips moves on."""
    return _timezone("UTC", _timezone(zone, at))


def to_local(at: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return UTC moments as the clock of `zone` shows them."""
    return _timezone(zone, _timezone("UTC", at))


def _mark_repeated(table: ir.Table) -> ir.Table:
    """Mark answers whose `response_id` a row before already has; the first one counts."""
    if "response_id" not in table.columns:
        return table
    counts = table.filter(table[REASON].isnull())
    row = (
        counts.aggregate(given=counts.response_id.count(), different=counts.response_id.nunique())
        .to_pyarrow()
        .to_pylist()[0]
    )
    if row["given"] == row["different"]:
        return table
    order = SOURCE_ROW if SOURCE_ROW in table.columns else "score"
    is_valid = table[REASON].isnull() & table.response_id.notnull()
    number = ibis.row_number().over(group_by=[table.response_id, is_valid], order_by=table[order])
    return table.mutate(
        **{
            REASON: (is_valid & (number > 0)).ifelse("response_id_repeated", table[REASON]),
            SHOWN: (is_valid & (number > 0)).ifelse(table.response_id, table[SHOWN]),
        }
    )


def _doubt_the_scale(table: ir.Table, account: Account) -> None:
    if account.used >= _ENOUGH_TO_DOUBT_THE_SCALE:
        highest = table.score.max().to_pyarrow().as_py()
        if highest <= HIGHEST_RATING:
            account.warn("score_never_above_5", account.used)
