"""Choose answers: by a condition written by a person, or by a period."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis

from emptychair.analysis.checks import check_columns
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.tables.cells import number

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from sqlglot import expressions as sql

_LONGEST_CONDITION = 2_000
_HELP = "Conditions look like: unit = 'Malmo' and score <= 6"
_COMPARISONS = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


@dataclass(frozen=True)
class Period:
    """The days from `first_on` to `last_on`, both included; None is open."""

    first_on: date | None
    last_on: date | None


def parse_period(text: str, today: date | None = None) -> Period:
    """Return the period that a person wrote.

    Args:
        text: `2026`, `2026-Q1`, `2026-03`, `2026-03-31`, two of these with `..` between them
            (either may be left out), or `last-90-days`.
        today: the last day of `last-90-days`; this day when left out.

    Raises:
        ArgumentError: it is none of these, or ends before it begins.

    Examples:
        >>> parse_period("2026-01..2026-02")
        Period(first_on=datetime.date(2026, 1, 1), last_on=datetime.date(2026, 2, 28))
    """
    text = text.strip()
    last_days = re.fullmatch(r"last-([1-9][0-9]{0,4})-days?", text)
    if last_days:
        end = today or date.today()  # noqa: DTZ011
        return Period(end - timedelta(days=int(last_days[1]) - 1), end)
    begin, dots, end_text = text.partition("..")
    if not dots:
        return Period(*_span(begin, text))
    first = _span(begin, text)[0] if begin else None
    last = _span(end_text, text)[1] if end_text else None
    if (first is None and last is None) or (first and last and first > last):
        raise ArgumentError(f"The period {text!r} ends before it begins, or has no end at all.")
    return Period(first, last)


def _span(part: str, whole: str) -> tuple[date, date]:
    match = re.fullmatch(
        r"([0-9]{4})(?:-(?:[Qq]([1-4])|([0-9]{2})(?:-([0-9]{2}))?))?", part.strip()
    )
    wrong = ArgumentError(
        f"{whole!r} is no period. Write 2026, 2026-Q1, 2026-03, 2026-03-31, 2026-01..2026-06 "
        "or last-90-days."
    )
    if not match:
        raise wrong
    year, quarter, month, day = (int(one) if one else None for one in match.groups())
    first_month, last_month = (month, month) if month is not None else (1, 12)
    if quarter:
        first_month, last_month = 3 * quarter - 2, 3 * quarter
    try:
        first = date(year or 0, first_month, day if day is not None else 1)
        length = calendar.monthrange(first.year, last_month)[1]
        last = date(first.year, last_month, day if day is not None else length)
    except ValueError as error:
        raise wrong from error
    return first, last


def within(table: ir.Table, period: Period) -> tuple[ir.Table, int]:
    """Return the answers of a period, and how many have no date and so are in none.

    Raises:
        ColumnNotFoundError: the table has no date of answering.
    """
    if "answered_on" not in table.columns:
        raise ColumnNotFoundError(
            "A period needs a date of answering, and the file has none that is recognised. "
            "Write --map answered_on=COLUMN."
        )
    day = table.answered_on
    without = int(table.filter(day.isnull()).count().to_pyarrow().as_py())
    table = table.filter(day.notnull())
    if period.first_on:
        table = table.filter(day >= period.first_on)
    if period.last_on:
        table = table.filter(day <= period.last_on)
    return table, without


def where_true(
    table: ir.Table, condition: str, names: Callable[[str], str] = lambda name: name
) -> ir.Table:
    """Return the rows for which a condition holds.

    The condition is parsed and rebuilt from the columns it names; no text of it reaches an
    engine.

    Args:
        table: the table.
        condition: comparisons (`=`, `<>`, `<`, `<=`, `>`, `>=`, `in`, `between`, `like`,
            `is null`) of columns with texts in single quotes or numbers, joined by `and`, `or`
            and `not`.
        names: how the table calls a column that the condition names.

    Raises:
        ArgumentError: the condition is nothing of that kind.
        ColumnNotFoundError: it names a column that is not there.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(condition) > _LONGEST_CONDITION:
        raise ArgumentError(f"A condition has at most {_LONGEST_CONDITION} characters.")
    try:
        parsed = sqlglot.parse_one(f"SELECT 1 WHERE {condition}", read="duckdb")
        tree = parsed.args.get("where")
        present = {name for name, value in parsed.args.items() if value}
        if tree is None or present != {"expressions", "where"}:
            raise ArgumentError(f"{condition!r} is no condition. {_HELP}")
        return table.filter(_Translator(table, names).truth(tree.this))
    except (SqlglotError, RecursionError) as error:
        first = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0]
        raise ArgumentError(f"{condition!r} is no condition: {first} {_HELP}") from error


class _Translator:
    def __init__(self, table: ir.Table, names: Callable[[str], str]) -> None:
        self._table = table
        self._names = names

    def truth(self, node: sql.Expression) -> ir.BooleanValue:
        """Return a node that is true or false as an expression of the table."""
        kind = type(node).__name__
        if kind == "Paren":
            return self.truth(node.this)
        if kind == "Not":
            return ~self.truth(node.this)
        if kind in ("And", "Or"):
            left, right = self.truth(node.this), self.truth(node.expression)
            return left & right if kind == "And" else left | right
        if kind in _COMPARISONS:
            return self._compare(kind, node.this, node.expression)
        if kind == "In" and node.expressions:
            tests = [self._compare("EQ", node.this, one) for one in node.expressions]
            return reduce(or_, tests)
        if kind == "Between":
            low = self._compare("GTE", node.this, node.args["low"])
            return low & self._compare("LTE", node.this, node.args["high"])
        if kind in ("Like", "ILike"):
            return self._like(kind, node)
        if kind == "Is" and type(node.expression).__name__ == "Null":
            return self._column(node.this).isnull()
        if kind == "Column" and self._column(node).type().is_boolean():
            return self._column(node)
        raise ArgumentError(f"{node.sql()!r} cannot be used in a condition. {_HELP}")

    def _compare(self, kind: str, one: sql.Expression, other: sql.Expression) -> ir.BooleanValue:
        if type(one).__name__ != "Column" and type(other).__name__ == "Column":
            turned = {"GT": "LT", "LT": "GT", "GTE": "LTE", "LTE": "GTE"}
            return self._compare(turned.get(kind, kind), other, one)
        column = self._column(one)
        value = _literal(other)
        if column.type().is_string() and isinstance(value, int | float):
            column = number(column) if not isinstance(value, bool) else column
        elif column.type().is_temporal():
            value = _moment(value, column, other)
        elif column.type().is_numeric() and isinstance(value, str):
            value = _number(value, one)
        result: ir.BooleanValue = _COMPARISONS[kind](column, value)
        return result

    def _like(self, kind: str, node: sql.Expression) -> ir.BooleanValue:
        column, pattern = self._column(node.this).cast("string"), _literal(node.expression)
        if not isinstance(pattern, str):
            raise ArgumentError(f"like needs a text in single quotes, not {pattern!r}.")
        return column.like(pattern) if kind == "Like" else column.ilike(pattern)

    def _column(self, node: sql.Expression) -> ir.Column:
        if type(node).__name__ != "Column" or node.args.get("table"):
            raise ArgumentError(f"{node.sql()!r} is no column. {_HELP}")
        name = self._names(node.name)
        check_columns(self._table, [name])
        return self._table[name]


def _literal(node: sql.Expression) -> Any:
    kind = type(node).__name__
    if kind == "Neg" and isinstance(value := _literal(node.this), int | float):
        return -value
    if kind == "Boolean":
        return bool(node.this)
    if kind == "Literal":
        if node.is_string:
            return str(node.this)
        return float(node.this) if not node.this.isdigit() else int(node.this)
    if kind == "Column":
        raise ArgumentError(
            f"{node.sql()!r} is compared with, so it must be a text in single quotes or a "
            f"number. {_HELP}"
        )
    raise ArgumentError(f"{node.sql()!r} is neither a text nor a number. {_HELP}")


def _number(text: str, node: sql.Expression) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise ArgumentError(f"{node.sql()} holds numbers, and {text!r} is none.") from error


def _moment(value: Any, column: ir.Column, node: sql.Expression) -> ir.Scalar:
    try:
        if column.type().is_date():
            return ibis.literal(date.fromisoformat(str(value)))
        return ibis.literal(datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise ArgumentError(f"{node.sql()} is no date; write it as '2026-03-31'.") from error
