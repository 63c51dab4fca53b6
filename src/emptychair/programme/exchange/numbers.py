"""Amounts of money written in any usual way: 1234.50, 1 234,50, 1.234,50 kr, -9,5."""

import ibis.expr.types as ir

COMMA = "comma"
POINT = "point"
AMBIGUOUS = "ambiguous"
# Blanks of every kind, apostrophes between thousands, and currencies around the number.
_NOISE = r"[\s\x{00A0}\x{202F}'’]|(?i:kr\.?|sek|dkk|nok|eur|usd|€|\$|£)"
_COMMA_DECIMAL = r"^[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),(?:[0-9]{1,2}|[0-9]{4,})$|\..*,"
_POINT_DECIMAL = r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.(?:[0-9]{1,2}|[0-9]{4,})$|,.*\."
_EITHER = r"^[+-]?[0-9]{1,3}[.,][0-9]{3}$"
_PLAIN = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
_GROUPED = {
    COMMA: r"^[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?$",
    POINT: r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?$",
}


def decimal_sign(table: ir.Table, text: ir.StringValue) -> str:
    """Return `comma` or `point`, decided from all rows; `ambiguous` when none of them tells.

    A number such as 1.234 tells nothing. A column that has evidence for both counts as
    ambiguous too: only a person knows what went wrong there.
    """
    plain = _bare(text)
    row = (
        table.aggregate(
            comma=plain.re_search(_COMMA_DECIMAL).sum(),
            point=plain.re_search(_POINT_DECIMAL).sum(),
            either=plain.re_search(_EITHER).sum(),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    if bool(row["comma"]) != bool(row["point"]):
        return COMMA if row["comma"] else POINT
    return AMBIGUOUS if row["comma"] or row["either"] else POINT


def amount(text: ir.StringValue, decimal: str) -> ir.DecimalValue:
    """Return text as an amount with two decimals; null where it is none."""
    plain = _bare(text)
    thousands, sign = (".", ",") if decimal == COMMA else (",", ".")
    fits = plain.re_search(_GROUPED[decimal])
    digits = fits.ifelse(plain.replace(thousands, "").replace(sign, "."), "")
    return digits.re_search(_PLAIN).ifelse(digits, "").try_cast("decimal(14,2)")


def _bare(text: ir.StringValue) -> ir.StringValue:
    return text.re_replace(_NOISE, "").replace("\u2212", "-")
