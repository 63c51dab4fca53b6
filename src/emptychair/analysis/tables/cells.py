"""What a cell of a score, a rating or an attribute means, as expressions.

Numbers are read on any engine; text is read on DuckDB, where files are staged.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

SCORE_MISSING = "score_missing"
SCORE_NOT_A_NUMBER = "score_not_a_number"
SCORE_NOT_WHOLE = "score_not_whole"
SCORE_OUT_OF_RANGE = "score_out_of_range"

# Written out: engines read escapes such as \f and \x{00A0} each in its own way.
_BLANKS = "[ \t\r\n\u00a0\ufeff\u200b\u202f]"
_EDGES = f"^{_BLANKS}+|{_BLANKS}+$"
# A number, alone or followed by its label as in "10 - Extremely likely".
_NUMBER = (
    r"^[\s\x{00A0}\x{FEFF}]*([+-]?[0-9]+(?:[.,][0-9]+)?)"
    r"(?:\s*[-–—:=(]\s*\p{L}.*)?[\s\x{00A0}\x{FEFF}]*$"
)
_WHOLE = tuple(str(number) for number in range(11))
_TOO_LONG = 1e300
_PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]{0,14})(?:[.,][0-9]+)?$"
_NOTHING = ("", "na", "n/a", "#n/a", "null", "none", "-")


@dataclass(frozen=True)
class Reading:
    """A whole number read from cells, and why there is none where there is none."""

    value: ir.IntegerValue
    reason: ir.StringValue


def trimmed(column: ir.StringValue) -> ir.StringValue:
    """Return text without blanks, no-break ones included, at its ends; on any engine."""
    return column.re_replace(_EDGES, "")


def text_of(column: ir.Column) -> ir.StringValue:
    """Return a column of any type as text, trimmed if it is text, null where it is empty."""
    if not column.type().is_string():
        return column.cast("string")
    return trimmed(column).nullif("")


def number_of(column: ir.StringValue) -> ir.FloatingValue:
    """Return text as numbers: null where there is nothing, NaN where there is no number.

    Reads 9, 9.0, 9,0 and a labelled "10 - Extremely likely", with blanks around them.
    """
    digits = column.re_extract(_NUMBER, 1)
    missing = column.isnull() | trimmed(column).lower().isin(_NOTHING)
    value = digits.replace(",", ".").try_cast("float64").clip(-_TOO_LONG, _TOO_LONG)
    return ibis.cases(
        (column.isin(_WHOLE), column.try_cast("float64")),
        (missing, ibis.null("float64")),
        (digits == "", float("nan")),
        else_=value.fill_null(_TOO_LONG),
    )


def whole_number(column: ir.Column, lowest: int, highest: int) -> Reading:
    """Return the whole numbers from `lowest` to `highest` in a column of numbers.

    NaN is a cell that was no number. Truth values, dates and the like are no numbers either.
    The reasons are those of a score; a caller that reads ratings uses the value alone.
    """
    kind = column.type()
    if kind.is_integer():
        strange: ir.BooleanValue = ibis.literal(False)
    elif kind.is_floating():
        # Ibis's own test for infinity is always false on Spark.
        strange = column.isnan() | (column.abs() > sys.float_info.max)
    elif kind.is_decimal():
        column, strange = column.cast("float64"), ibis.literal(False)
    else:
        nothing = column.notnull().ifelse(-1, ibis.null("int8"))
        return _from_number(nothing, column.notnull(), lowest, highest)
    return _from_number(column, strange, lowest, highest)


def is_plain_number(column: ir.StringValue) -> ir.BooleanValue:
    """Return where text is a number that no identifier would look like (no leading zeros)."""
    return trimmed(column).re_search(_PLAIN_NUMBER)


def number(column: ir.StringValue) -> ir.FloatingValue:
    """Return text as a number, decimal comma or point, null where it is none."""
    return trimmed(column).replace(",", ".").try_cast("float64")


def _from_number(
    value: ir.NumericValue, strange: ir.BooleanValue, lowest: int, highest: int
) -> Reading:
    reason = ibis.cases(
        # First, since Ibis takes NaN for null on Spark.
        (strange, SCORE_NOT_A_NUMBER),
        (value.isnull(), SCORE_MISSING),
        ((value < lowest) | (value > highest), SCORE_OUT_OF_RANGE),
        (value != value.floor(), SCORE_NOT_WHOLE),
        else_=ibis.null("string"),
    )
    # The cast is guarded: an engine may evaluate it for rows that the reason leaves out.
    safe = ibis.cases((value.between(lowest, highest), value), else_=ibis.null(value.type()))
    whole = ibis.cases((reason.isnull(), safe.cast("int8")), else_=ibis.null("int8"))
    return Reading(whole, reason)
