"""From a file to typed columns, each with the reason why a cell of it cannot be used.

The file is opened by `analysis.tables`, the same reader as the command line's. Everything below
is expressions that DuckDB runs within a fixed memory; no row passes through Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
from django.conf import settings

from emptychair.analysis.errors import AmbiguousDatesError
from emptychair.analysis.tables import cells
from emptychair.analysis.tables.cleaning import to_local, to_utc
from emptychair.analysis.tables.dates import DateForm, detect_form, has_zone, moment, one_form
from emptychair.analysis.tables.mapping import ColumnMapping
from emptychair.analysis.tables.raw import ROW
from emptychair.analysis.tables.source import Source, open_source
from emptychair.programme.exchange import numbers
from emptychair.programme.exchange.tables import Field
from emptychair.programme.exchange.vocabulary import meaning_of

MEMORY_LIMIT = "100MB"
_MOST_WORDS = 5_000  # different languages, channels or countries that are looked up
_READ = "_read_"
_GUARDED = r"^'[ \x{FEFF}]*[=+\-@\t\r\n'＝＋－＠]"
_TRUE = ("true", "1", "yes", "y", "ja", "j", "sant", "sand", "x")
_FALSE = ("false", "0", "no", "n", "nej", "falskt", "falsk")


@dataclass(frozen=True)
class Choices:
    """What a person said about how a file is to be read; empty means: find out."""

    encoding: str = ""
    separator: str = ""
    dates: str = ""  # day-first, month-first
    decimal: str = ""  # comma, point
    given_on: str = ""  # the date of answers whose file has none


@dataclass(frozen=True)
class OpenFile:
    """A file's cells, with `_row` on every row and our own exports' apostrophes taken away."""

    table: ir.Table
    source: Source
    headings: tuple[str, ...]
    engine: Any


@dataclass(frozen=True)
class Column:
    """One column as it was read: its value, why there is none, and whether that refuses the row.

    `doubt` marks cells that are left out while their row is kept.
    """

    field: Field
    heading: str
    value: ir.Value
    reason: ir.StringValue | None = None
    doubt: tuple[str, ir.BooleanValue] | None = None


@dataclass
class Doubts:
    """What must be asked before the file can be imported, and how it was understood."""

    questions: list[tuple[str, str]] = field(default_factory=list)  # code, heading
    form: dict[str, str] = field(default_factory=dict)


@contextmanager
def opened(path: Path, folder: Path, choices: Choices) -> Iterator[OpenFile]:
    """Open the file at `path` on an engine that spills to `folder` beyond its memory.

    Raises:
        AnalysisError: the file cannot be read; the message says why.
    """
    engine = ibis.duckdb.connect(
        memory_limit=MEMORY_LIMIT, threads=2, temp_directory=str(folder / "spill")
    )
    try:
        engine.raw_sql("SET TimeZone = 'UTC'")
        source = open_source(
            path,
            {},
            engine,
            encoding=choices.encoding or None,
            separator=choices.separator or None,
            choose=_choose_nothing,
        )
        headings = tuple(name for name in source.table.columns if name != ROW)
        table = source.table
        if ROW not in table.columns:
            table = table.mutate(**{ROW: ibis.row_number() + 1})
        if "separator" in source.form:
            table = table.mutate(**{name: _unguarded(table[name]) for name in headings})
        yield OpenFile(table, source, headings, engine)
    finally:
        engine.disconnect()


def _choose_nothing(*_: object, **__: object) -> ColumnMapping:
    return ColumnMapping({})


def _unguarded(text: ir.StringValue) -> ir.StringValue:
    """Take away the apostrophe that `lib.spreadsheets.safe_text` put before a dangerous cell."""
    return text.re_search(_GUARDED).ifelse(text.substr(1), text)


def read_columns(
    file: OpenFile, mapping: Sequence[tuple[Field, str]], choices: Choices, doubts: Doubts
) -> tuple[OpenFile, list[Column]]:
    """Return every mapped column as it is understood, and the file whose table they stand on.

    Args:
        file: the opened file.
        mapping: fields with the heading each is taken from.
        choices: what the person said about dates and decimals.
        doubts: receives the questions that only a person can answer.
    """
    cells_of = [_Cell(file, field, heading, choices, doubts) for field, heading in mapping]
    forms = {cell.heading: _date_form(cell) for cell in cells_of if cell.is_written_date}
    # Worked out once and stored: what follows asks for these many times.
    read: dict[str, ir.Value] = {}
    for cell in cells_of:
        if cell.is_written_date:
            read[_READ + cell.heading] = one_form(cell.text, forms[cell.heading])
        elif cell.is_written_score:
            read[_READ + cell.heading] = cells.number_of(cell.raw)
    stored = file.engine.create_table("read", file.table.mutate(**read), temp=True)
    file = replace(file, table=stored)
    columns = [
        _READERS[cell.field.meaning](replace(cell, file=file, form=forms.get(cell.heading)))
        for cell in cells_of
    ]
    return file, columns


@dataclass(frozen=True)
class _Cell:
    file: OpenFile
    field: Field
    heading: str
    choices: Choices
    doubts: Doubts
    form: DateForm | None = None

    @property
    def raw(self) -> ir.Column:
        return self.file.table[self.heading]

    @property
    def text(self) -> ir.StringValue:
        return cells.text_of(self.raw)

    @property
    def read(self) -> ir.Column:
        """What was worked out beforehand, or the column itself where it has a type of its own."""
        return self.file.table[_READ + self.heading] if self.is_text else self.raw

    @property
    def is_text(self) -> bool:
        return bool(self.raw.type().is_string())

    @property
    def is_written_date(self) -> bool:
        return self.field.meaning in ("moment", "day") and self.is_text

    @property
    def is_written_score(self) -> bool:
        return self.field.meaning in ("score", "rating") and self.is_text

    def column(self, value: ir.Value, reason: ir.StringValue | None = None) -> Column:
        return Column(self.field, self.heading, value, reason)


def _text(cell: _Cell) -> Column:
    """Text is kept as it was written; only one of nothing but blanks is none."""
    whole = cell.raw.cast("string").replace("\r\n", "\n")
    value = cell.text.isnull().ifelse(ibis.null("string"), whole)
    return cell.column(value, _too_long(cell, value))


def _id(cell: _Cell) -> Column:
    return cell.column(cell.text, _too_long(cell, cell.text))


def _too_long(cell: _Cell, value: ir.StringValue) -> ir.StringValue:
    missing = [(value.isnull(), "missing")] if cell.field.required else []
    return ibis.cases(
        *missing, (value.length() > cell.field.most, "too_long"), else_=ibis.null("string")
    )


def _code(cell: _Cell) -> Column:
    """Words with few values, looked up one by one; those without a meaning are left out."""
    text = cell.text.lower()
    words = (
        cell.file.table.select(word=text).distinct().limit(_MOST_WORDS).to_pyarrow()["word"]
    ).to_pylist()
    known = {word: meaning_of(cell.field.name, word) for word in words if word}
    understood = {word: code for word, code in known.items() if code}
    value = ibis.null("string")
    if understood:
        value = text.substitute(understood, else_=ibis.null("string"))
    reason = None
    if cell.field.required:
        reason = value.isnull().ifelse("missing", ibis.null("string"))
    lost = text.notnull() & value.isnull()
    return replace(cell.column(value, reason), doubt=(f"{cell.field.name}_unknown", lost))


def _score(cell: _Cell) -> Column:
    read = cells.whole_number(cell.read, 0, 10)
    return cell.column(read.value, read.reason)


def _rating(cell: _Cell) -> Column:
    read = cells.whole_number(cell.read, 1, 5)
    lost = read.reason.notnull() & (read.reason != cells.SCORE_MISSING)
    return replace(cell.column(read.value), doubt=("rating_unusable", lost))


def _flag(cell: _Cell) -> Column:
    if cell.raw.type().is_boolean():
        return cell.column(cell.raw)
    text = cell.text.lower()
    value = ibis.cases((text.isin(_TRUE), True), (text.isin(_FALSE), False), else_=None)
    wrong = text.notnull() & value.isnull()
    return cell.column(value, wrong.ifelse("not_yes_or_no", ibis.null("string")))


def _number(cell: _Cell) -> Column:
    if cell.raw.type().is_numeric():
        value = cell.raw.cast("decimal(14,2)")
        missing = value.isnull() if cell.field.required else ibis.literal(False)
        return cell.column(value, missing.ifelse("missing", ibis.null("string")))
    decimal = cell.choices.decimal or numbers.decimal_sign(cell.file.table, cell.text)
    if decimal == numbers.AMBIGUOUS:
        cell.doubts.questions.append(("decimal", cell.heading))
        decimal = numbers.POINT
    cell.doubts.form["decimal"] = decimal
    value = numbers.amount(cell.text, decimal)
    missing = [(cell.text.isnull(), "missing")] if cell.field.required else []
    wrong = cell.text.notnull() & value.isnull()
    reason = ibis.cases(*missing, (wrong, "not_a_number"), else_=ibis.null("string"))
    return cell.column(value, reason)


def _moment(cell: _Cell) -> Column:
    """A day without a time counts as its noon: midnight could be the day before elsewhere."""
    at, has_time = _instant(cell)
    value = at if has_time else to_utc(at + ibis.interval(hours=12), settings.TIME_ZONE)
    return cell.column(value, _date_reason(cell, value))


def _day(cell: _Cell) -> Column:
    at, has_time = _instant(cell)
    value = (to_local(at, settings.TIME_ZONE) if has_time else at).date()
    return cell.column(value, _date_reason(cell, value))


def _instant(cell: _Cell) -> tuple[ir.TimestampValue, bool]:
    """Return the moments of a column, in UTC when they have a time of day, else at midnight."""
    if cell.form is None:
        return cell.raw.cast("timestamp"), not cell.raw.type().is_date()
    at = moment(cell.read, cell.form)
    if not cell.form.has_time:
        return at, False
    return has_zone(cell.read).ifelse(at, to_utc(at, settings.TIME_ZONE)), True


def _date_form(cell: _Cell) -> DateForm:
    is_1904 = cell.file.source.is_1904
    table, order = cell.file.table, cell.choices.dates or None
    try:
        form = detect_form(table, cell.heading, order=order, is_1904=is_1904)
    except AmbiguousDatesError:
        cell.doubts.questions.append(("dates", cell.heading))
        form = detect_form(table, cell.heading, order="day-first", is_1904=is_1904)
    if "numeric" in form.ways:
        cell.doubts.form["dates"] = form.order
    return form


def _date_reason(cell: _Cell, value: ir.Value) -> ir.StringValue:
    missing = [(cell.text.isnull(), "missing")] if cell.field.required else []
    wrong = cell.text.notnull() & value.isnull()
    return ibis.cases(*missing, (wrong, "date_unreadable"), else_=ibis.null("string"))


_READERS: Mapping[str, Any] = {
    "text": _text,
    "id": _id,
    "code": _code,
    "score": _score,
    "rating": _rating,
    "moment": _moment,
    "day": _day,
    "number": _number,
    "flag": _flag,
}
