"""Read moments and days written in any usual way, the order of day and month decided once.

Text is brought into one form, `2025-12-31 23:15:00+02:00`, by replacements that each know one way
of writing, and then cast. Only the ways that occur in a column are applied to it. Runs on DuckDB,
where files are staged: the replacements use its regular expressions.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from emptychair.analysis.errors import AmbiguousDatesError
from emptychair.analysis.tables.cells import text_of

ORDERS = ("day-first", "month-first")

_NUMERIC = r"^([0-9]{1,2})[-/. ]\s?([0-9]{1,2})[-/. ]\s?([0-9]{4}|[0-9]{2})($|[T ,])"
_POINTED = r"^[0-9]{1,2}\.\s?[0-9]{1,2}\."
_SERIAL = r"^[2-7][0-9]{4}(?:[.,][0-9]+)?$"
_SECONDS = r"^[0-9]{9,10}(?:[.,][0-9]+)?$"
_MILLISECONDS = r"^[0-9]{12,13}$"
_HALF_DAY = r"(?i)[0-9]\s*([ap])\.?m\.?(?:\s|$)"
_CLOCK = r"[0-9][T ,]+[0-9]{1,2}[:.][0-9]{2}"
_NAMED = (
    r"^[0-9]{1,2}\.?[\s-]+\p{L}{3}|\s[0-9]{1,2}\s+\p{L}{3}"
    r"|^(?:\p{L}+,?\s+)?\p{L}{3}\p{L}*\.?\s+[0-9]{1,2},?\s+[0-9]{4}"
)
_PATTERNS = {
    "numeric": _NUMERIC,
    "named": _NAMED,
    "iso": r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}",
    "compact": r"^[0-9]{8}$",
    "serial": _SERIAL,
    "seconds": _SECONDS,
    "milliseconds": _MILLISECONDS,
    "clock": _CLOCK,
    "half_day": _HALF_DAY,
    "serial_time": r"^[2-7][0-9]{4}[.,][0-9]+$",
    "pointed": _POINTED,
}
_READABLE = (
    r"^(?:19|20|21)[0-9]{2}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}(?::[0-9]{2})?)?)?$"
)
_ZONED = r":[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}(?::[0-9]{2})?)$"
# First three letters, in English, Swedish, Danish and Norwegian.
_MONTHS = (
    "jan", "feb", "mar", "apr", "may|maj|mai", "jun", "jul", "aug", "sep", "oct|okt", "nov",
    "dec|des",
)  # fmt: skip
# A cast to plain timestamp would drop the zone instead of applying it.
_UTC = dt.Timestamp(timezone="UTC")
_DAYS_TO_1970 = 25_569
_DAYS_BETWEEN_SYSTEMS = 1_462
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class DateForm:
    """How one column writes its dates: the ways that occur in it, and what comes first."""

    ways: frozenset[str]
    order: str
    is_1904: bool = False

    @property
    def has_time(self) -> bool:
        """Whether any cell says more than the day."""
        return not self.ways.isdisjoint(("clock", "seconds", "milliseconds", "serial_time"))


def detect_form(
    table: ir.Table, column: str, *, order: str | None = None, is_1904: bool = False
) -> DateForm:
    """Return how the text column `column` writes its dates, decided from all of its rows.

    Raises:
        AmbiguousDatesError: 03-04-2025 may be in March or in April and no row tells, or some
            rows can only be day first and others only month first.
    """
    text = text_of(table[column])
    first = text.re_extract(_NUMERIC, 1).try_cast("int64").fill_null(0)
    second = text.re_extract(_NUMERIC, 2).try_cast("int64").fill_null(0)
    both_small = (first != second) & first.between(1, 12) & second.between(1, 12)
    either = both_small & ~text.re_search(_POINTED)
    counts = table.aggregate(
        **{way: text.re_search(pattern).sum() for way, pattern in _PATTERNS.items()},
        day_first=((first > 12) & (second <= 12)).sum(),
        month_first=((second > 12) & (first <= 12)).sum(),
        either=either.sum(),
        example=text.max(where=either),
    )
    row = counts.to_pyarrow().to_pylist()[0]
    ways = frozenset(way for way in _PATTERNS if row[way])
    return DateForm(ways, order or _decided(column, row), is_1904)


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


def one_form(text: ir.StringValue, form: DateForm) -> ir.StringValue:
    """Return text with dates as `2025-12-31`, times as `23:15:00` and zones as `+02:00` or `Z`.

    Cells that are no date come out as no date.
    """
    if "half_day" in form.ways:
        text = _without_half_days(text)
    if "named" in form.ways:
        text = _without_month_names(text)
    if "numeric" in form.ways:
        year_last = r"\3-\2-\1\4" if form.order == "day-first" else r"\3-\1-\2\4"
        text = text.re_replace(_NUMERIC, year_last)
        text = text.re_replace(r"^([0-6][0-9]-)", r"20\1").re_replace(r"^([7-9][0-9]-)", r"19\1")
    if "iso" in form.ways:
        text = text.re_replace(
            r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})($|[T ,])", r"\1-\2-\3\4"
        )
    if "compact" in form.ways:
        text = text.re_replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3")
    if "clock" in form.ways:
        text = _with_plain_clock(text)
    return text


def moment(text: ir.StringValue, form: DateForm) -> ir.TimestampValue:
    """Return the moments that `one_form` wrote; one without a zone is as the clock showed it."""
    cases: list[tuple[ir.BooleanValue, ir.TimestampValue]] = []
    if "serial" in form.ways:
        shift = _DAYS_TO_1970 - (_DAYS_BETWEEN_SYSTEMS if form.is_1904 else 0)
        days = text.replace(",", ".").try_cast("float64") - shift
        cases.append((text.re_search(_SERIAL), _from_epoch((days * _DAY_SECONDS).round())))
    if "seconds" in form.ways:
        seconds = text.replace(",", ".").try_cast("float64").floor()
        cases.append((text.re_search(_SECONDS), _from_epoch(seconds)))
    if "milliseconds" in form.ways:
        seconds = (text.try_cast("float64") / 1000).floor()
        cases.append((text.re_search(_MILLISECONDS), _from_epoch(seconds)))
    cases.append((text.re_search(_READABLE), text.try_cast(_UTC).cast("timestamp")))
    return ibis.cases(*cases, else_=ibis.null("timestamp"))


def has_zone(text: ir.StringValue) -> ir.BooleanValue:
    """Return where a moment says its own zone, or counts seconds since 1970 and needs none."""
    return text.re_search(_ZONED) | text.re_search(_SECONDS) | text.re_search(_MILLISECONDS)


def _from_epoch(seconds: ir.FloatingValue) -> ir.TimestampValue:
    return seconds.try_cast("int64").as_timestamp("s")


def _with_plain_clock(text: ir.StringValue) -> ir.StringValue:
    return (
        text.re_replace(r"([0-9])[T ,]+([0-9]{1,2})[:.]([0-9]{2})", r"\1 \2:\3")
        .re_replace(r"( [0-9]{1,2}:[0-9]{2})[:.]([0-9]{2})(?:[.,][0-9]+)?", r"\1:\2")
        .re_replace(r"\s*(?:[Zz]|UTC|GMT)$", "Z")
        .re_replace(r"(:[0-9]{2})\s*(?:UTC|GMT)?([+-][0-9]{2}):?([0-9]{2})$", r"\1\2:\3")
        .re_replace(r"\s+\(?(?:CET|CEST)\)?$", "")
    )


def _without_half_days(text: ir.StringValue) -> ir.StringValue:
    half = text.re_extract(_HALF_DAY, 1).lower()
    pattern = r"(?i)([T ,])([0-9]{1,2})([:.][0-9]{2}[0-9:.]*)\s*[ap]\.?m\.?"
    shown = text.re_extract(pattern, 2).try_cast("int64")
    hour = ibis.cases(
        ((half == "p") & (shown < 12), shown + 12), ((half == "a") & (shown == 12), 0), else_=shown
    )
    parts = [text.re_extract(r"^(.*?)" + pattern, 1), " ", hour.cast("string")]
    tail = text.re_extract(pattern + "(.*)$", 3) + text.re_extract(pattern + "(.*)$", 4)
    joined = parts[0] + parts[1] + parts[2] + tail
    return shown.between(1, 12).ifelse(joined, text)


def _without_month_names(text: ir.StringValue) -> ir.StringValue:
    """Return "Fri, 31 Dec 2025", "31. dec. 2025" and "December 31, 2025" as 2025-12-31."""
    text = text.re_replace(r"^\p{L}+,\s+", "")
    text = text.re_replace(r"^(\p{L}{3})\p{L}*\.?\s+([0-9]{1,2}),?\s+([0-9]{4})", r"\2 \1 \3")
    for number, names in enumerate(_MONTHS, start=1):
        text = text.re_replace(
            rf"(?i)^([0-9]{{1,2}})\.?[\s-]+(?:{names})\p{{L}}*\.?,?[\s-]+([0-9]{{4}})",
            rf"\2-{number}-\1",
        )
    return text
