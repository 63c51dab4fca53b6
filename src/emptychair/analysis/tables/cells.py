"""What a cell of a score, a rating or an attribute means, as expressions any engine can run."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

SCORE_MISSING = "score_missing"
SCORE_NOT_A_NUMBER = "score_not_a_number"
SCORE_NOT_WHOLE = "score_not_whole"
SCORE_OUT_OF_RANGE = "score_out_of_range"

# RE2 (DuckDB) and Java (Spark) read these alike; \s alone would miss the no-break space.
_BLANKS = r"[\s\x{00A0}\x{FEFF}\x{200B}\x{202F}]"
_EDGES = rf"^{_BLANKS}+|{_BLANKS}+$"
_NUMBER = r"^([+-]?[0-9]+(?:[.,][0-9]+)?)$"
_LABELLED = r"^([0-9]{1,2})\s*[-–—:=(]\s*\p{L}"
_PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]{0,14})(?:[.,][0-9]+)?$"
_NOTHING = ("", "na", "n/a", "#n/a", "null", "none", "-")


@dataclass(frozen=True)
class Reading:
    """A whole number read from cells, and why there is none where there is none."""

    value: ir.IntegerValue
    reason: ir.StringValue


def trimmed(column: ir.StringValue) -> ir.StringValue:
    """Return text without blanks, no-break ones included, at its ends."""
    return column.re_replace(_EDGES, "")


def text_of(column: ir.Column) -> ir.StringValue:
    """Return a column of any type as trimmed text, null where it is empty."""
    text = column if column.type().is_string() else column.cast("string")
    return trimmed(text).nullif("")


def whole_number(column: ir.Column, lowest: int, highest: int) -> Reading:
    """Return the whole numbers from `lowest` to `highest` in a column of any type.

    Accepts 9, "9", 9.0, "9,0", " 9 " and a labelled "10 - Extremely likely". The reasons are
    those of a score; a caller that reads ratings uses the value alone.
    """
    kind = column.type()
    if kind.is_string():
        return _from_text(column, lowest, highest)
    if kind.is_integer():
        return _from_number(column, column.isnull(), ibis.literal(False), lowest, highest)
    if kind.is_floating():
        strange = column.isnan() | column.isinf()
        return _from_number(column, column.isnull(), strange, lowest, highest)
    if kind.is_decimal():
        number = column.cast("float64")
        return _from_number(number, column.isnull(), ibis.literal(False), lowest, highest)
    return _from_number(
        column.isnull().ifelse(0, 0), column.isnull(), column.notnull(), lowest, highest
    )


def is_labelled(column: ir.StringValue) -> ir.BooleanValue:
    """Return where a score carries its label, as in "10 - Extremely likely"."""
    return trimmed(column).re_search(_LABELLED)


def is_plain_number(column: ir.StringValue) -> ir.BooleanValue:
    """Return where text is a number that no identifier would look like (no leading zeros)."""
    return trimmed(column).re_search(_PLAIN_NUMBER)


def number(column: ir.StringValue) -> ir.FloatingValue:
    """Return text as a number, decimal comma or point, null where it is none."""
    return trimmed(column).replace(",", ".").try_cast("float64")


def _from_text(column: ir.StringValue, lowest: int, highest: int) -> Reading:
    text = trimmed(column)
    digits = ibis.cases(
        (text.re_search(_NUMBER), text.replace(",", ".")),
        (text.re_search(_LABELLED), text.re_extract(_LABELLED, 1)),
        else_="",
    )
    missing = column.isnull() | text.lower().isin(_NOTHING)
    # A number too long for a float is a number, and out of any range.
    value = digits.try_cast("float64").fill_null(float(highest + 1))
    return _from_number(value, missing, digits == "", lowest, highest)


def _from_number(
    value: ir.NumericValue,
    missing: ir.BooleanValue,
    strange: ir.BooleanValue,
    lowest: int,
    highest: int,
) -> Reading:
    reason = ibis.cases(
        (missing, SCORE_MISSING),
        (strange, SCORE_NOT_A_NUMBER),
        ((value < lowest) | (value > highest), SCORE_OUT_OF_RANGE),
        (value != value.floor(), SCORE_NOT_WHOLE),
        else_=ibis.null("string"),
    )
    # The cast is guarded: an engine may evaluate it for rows that the reason leaves out.
    safe = ibis.cases(((value >= lowest) & (value <= highest), value), else_=ibis.null(value.type()))
    whole = ibis.cases((reason.isnull(), safe.cast("int8")), else_=ibis.null("int8"))
    return Reading(whole, reason)
