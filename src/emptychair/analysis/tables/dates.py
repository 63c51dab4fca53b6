"""Read moments and days written in any usual way, the order of day and month decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.errors import AmbiguousDatesError
from emptychair.analysis.tables.cells import text_of

ORDERS = ("day-first", "month-first")
_TIME = r"(?:[T ,]+([0-9]{1,2}[:.][0-9]{2}.*))?$"
_ISO = r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})" + _TIME
_NUMERIC = r"^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})" + _TIME
_POINTED = r"^[0-9]{1,2}\.\s?[0-9]{1,2}\."
_COMPACT = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"
_DAY_NAME = r"^(?:\p{L}+,?\s+)?([0-9]{1,2})\.?\s+(\p{L}{3})\p{L}*\.?,?\s+([0-9]{4})" + _TIME
_NAME_DAY = r"^(?:\p{L}+,\s+)?(\p{L}{3})\p{L}*\.?\s+([0-9]{1,2}),?\s+([0-9]{4})" + _TIME
_SERIAL = r"^[2-7][0-9]{4}(?:[.,][0-9]+)?$"
_SECONDS = r"^[0-9]{9,10}(?:[.,][0-9]+)?$"
_MILLISECONDS = r"^[0-9]{12,13}$"
_CLOCK = r"^([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2})(?:[.,][0-9]+)?)?"
_CLOCK_WHOLE = (
    _CLOCK + r"\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(?:[Zz]|UTC|GMT|([+-])([0-9]{2}):?([0-9]{2})?)?$"
)
_ZONED = r"(?:[Zz]|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)$"
_HAS_CLOCK = r"[0-9][T ,]+[0-9]{1,2}[:.][0-9]{2}"
_HAS_SECONDS = r"^(?:[2-7][0-9]{4}[.,][0-9]+|[0-9]{9,10}(?:[.,][0-9]+)?|[0-9]{12,13})$"
_PATTERNS = {
    "iso": _ISO,
    "numeric": _NUMERIC,
    "compact": _COMPACT,
    "day_name": _DAY_NAME,
    "name_day": _NAME_DAY,
    "serial": _SERIAL,
    "seconds": _SECONDS,
    "milliseconds": _MILLISECONDS,
}
# First three letters, in English, Swedish, Danish and Norwegian.
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "maj": 5, "mai": 5, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "des": 12,
}  # fmt: skip
_DAYS_TO_1970 = 25_569
_DAYS_BETWEEN_SYSTEMS = 1_462
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class DateForm:
    """How one column writes its dates: the ways that occur in it, and what comes first."""

    ways: tuple[str, ...]
    order: str
    has_time: bool
    is_1904: bool = False


def detect_form(
    table: ir.Table, column: str, *, order: str | None = None, is_1904: bool = False
) -> DateForm:
    """Return how the text column `column` writes its dates, decided from all of its rows.

    Raises:
        AmbiguousDatesError: 03-04-2025 may be in March or in April and no row tells, or some
            rows can only be day first and others only month first.
    """
    text = text_of(table[column])
    numeric = text.re_search(_NUMERIC)
    first = numeric.ifelse(text.re_extract(_NUMERIC, 1), "0").try_cast("int64")
    second = numeric.ifelse(text.re_extract(_NUMERIC, 2), "0").try_cast("int64")
    pointed = text.re_search(_POINTED)
    counts = table.aggregate(
        **{way: text.re_search(pattern).sum() for way, pattern in _PATTERNS.items()},
        day_first=((first > 12) & (second <= 12)).sum(),
        month_first=((second > 12) & (first <= 12)).sum(),
        either=((first != second) & (first <= 12) & (second <= 12) & ~pointed).sum(),
        pointed=(numeric & pointed).sum(),
        timed=(text.re_search(_HAS_CLOCK) | text.re_search(_HAS_SECONDS)).sum(),
        example=text.max(where=(first != second) & (first <= 12) & (second <= 12)),
    ).to_pyarrow()
    row = counts.to_pylist()[0]
    ways = tuple(way for way in _PATTERNS if row[way])
    return DateForm(ways, order or _decided(column, row), bool(row["timed"]), is_1904)


def _decided(column: str, row: dict[str, int]) -> str:
    option = "Say which with --dates day-first or --dates month-first."
    if row["day_first"] and row["month_first"]:
        raise AmbiguousDatesError(
            f"The column {column!r} has {row['day_first']} dates that only make sense day first "
            f"and {row['month_first']} that only make sense month first. {option}"
        )
    if row["month_first"]:
        return "month-first"
    if row["either"] and not row["day_first"] and not row["pointed"]:
        raise AmbiguousDatesError(
            f"The column {column!r} has dates such as {row['example']!r}, and no row tells "
            f"whether the day or the month comes first. {option}"
        )
    return "day-first"


def moment(text: ir.StringValue, form: DateForm) -> tuple[ir.TimestampValue, ir.BooleanValue]:
    """Return the moments in a column of text, and where they are given with their own zone.

    A moment with a zone is in UTC; one without is as the clock showed it.
    """
    readings = [(text.re_search(_PATTERNS[way]), _READERS[way](text, form)) for way in form.ways]
    if not readings:
        return ibis.null("timestamp"), ibis.literal(False)
    zoned = ibis.cases(
        (text.re_search(_SECONDS) | text.re_search(_MILLISECONDS), True),
        (text.re_search(r"[0-9]{1,2}[:.][0-9]{2}"), text.re_search(r"[:.][0-9]{2}.*" + _ZONED)),
        else_=False,
    )
    return ibis.cases(*readings, else_=ibis.null("timestamp")), zoned


def _year_month_day(pattern: str, order: str) -> Callable[[ir.StringValue, DateForm], ir.Value]:
    def read(text: ir.StringValue, form: DateForm) -> ir.TimestampValue:
        parts = order or {"day-first": "dmy", "month-first": "mdy"}[form.order]
        year = text.re_extract(pattern, parts.index("y") + 1)
        month = text.re_extract(pattern, parts.index("m") + 1)
        day = text.re_extract(pattern, parts.index("d") + 1)
        if pattern in (_DAY_NAME, _NAME_DAY):
            names = month.lower()
            month = ibis.cases(*((names == name, str(n)) for name, n in _MONTHS.items()), else_="0")
        clock = ibis.literal("") if pattern == _COMPACT else text.re_extract(pattern, 4)
        return _put_together(_full_year(year), month, day, clock)

    return read


def _full_year(year: ir.StringValue) -> ir.StringValue:
    short = year.length() == 2
    century = (year < "70").ifelse("20", "19")
    return short.ifelse(century + year, year)


def _put_together(
    year: ir.StringValue, month: ir.StringValue, day: ir.StringValue, clock: ir.StringValue
) -> ir.TimestampValue:
    def part(index: int, otherwise: str = "0") -> ir.IntegerValue:
        return clock.re_extract(_CLOCK_WHOLE, index).nullif("").fill_null(otherwise).cast("int64")

    def two_digits(value: ir.IntegerValue) -> ir.StringValue:
        return value.cast("string").lpad(2, "0")

    half = clock.re_extract(_CLOCK_WHOLE, 4).lower()
    shown = part(1)
    hour = ibis.cases(
        ((half == "p") & (shown < 12), shown + 12), ((half == "a") & (shown == 12), 0), else_=shown
    )
    time = ibis.literal(":").join([two_digits(one) for one in (hour, part(2), part(3))])
    date = ibis.literal("-").join([year, month.lpad(2, "0"), day.lpad(2, "0")])
    at = (date + " " + time).try_cast("timestamp")
    sign = (clock.re_extract(_CLOCK_WHOLE, 5) == "-").ifelse(-1, 1)
    minutes = sign * (part(6) * 60 + part(7))
    at = at - minutes.as_interval("m")
    sane = (year >= "1900") & (year < "2200")
    readable = sane & ((clock == "") | clock.re_search(_CLOCK_WHOLE))
    return ibis.cases((readable, at), else_=ibis.null("timestamp"))


def _from_serial(text: ir.StringValue, form: DateForm) -> ir.TimestampValue:
    shift = _DAYS_TO_1970 - (_DAYS_BETWEEN_SYSTEMS if form.is_1904 else 0)
    days = text.replace(",", ".").try_cast("float64") - shift
    return (days * _DAY_SECONDS).round().cast("int64").as_timestamp("s")


def _from_seconds(text: ir.StringValue, form: DateForm) -> ir.TimestampValue:  # noqa: ARG001
    return text.replace(",", ".").try_cast("float64").floor().cast("int64").as_timestamp("s")


def _from_milliseconds(text: ir.StringValue, form: DateForm) -> ir.TimestampValue:  # noqa: ARG001
    return (text.try_cast("int64") / 1000).floor().cast("int64").as_timestamp("s")


_READERS: dict[str, Callable[[ir.StringValue, DateForm], ir.Value]] = {
    "iso": _year_month_day(_ISO, "ymd"),
    "numeric": _year_month_day(_NUMERIC, ""),
    "compact": _year_month_day(_COMPACT, "ymd"),
    "day_name": _year_month_day(_DAY_NAME, "dmy"),
    "name_day": _year_month_day(_NAME_DAY, "mdy"),
    "serial": _from_serial,
    "seconds": _from_seconds,
    "milliseconds": _from_milliseconds,
}
