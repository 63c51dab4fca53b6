"""What a reader asks to see: period, segment, unit ... All of it stands in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal, get_args
from urllib.parse import urlencode

from django.utils.translation import gettext as _

Every = Literal["day", "week", "month", "quarter"]
EVERY: Final = get_args(Every)
BREAKDOWNS: Final = ("segment", "unit", "channel", "stage", "touchpoint")
FILTERS: Final = ("unit", "channel", "stage", "touchpoint")
DAYS: Final = {"30d": 30, "90d": 90, "12m": 365}
PRESETS: Final = (*DAYS, "year", "all", "custom")
DEFAULT_PRESET: Final = "12m"
MOST_DAYS: Final = 120  # a trend by day or week of years would be a blur
MOST_WEEKS: Final = 160


@dataclass(frozen=True)
class Selection:
    """A period and what it is narrowed to.

    Attributes:
        preset: one of `PRESETS`.
        start: first local date that counts.
        end: last local date that counts.
        segment: slug of a segment, or empty.
        filters: dimension to the value wanted, only those that are set.
        every: length of the periods of the trend.
        by: the breakdown shown.
        bucket: the comments wanted, or empty.
        theme: key of the theme that comments are wanted about, or empty.
        error: what was wrong with the dates, in words; the default period is shown instead.
    """

    preset: str
    start: date
    end: date
    segment: str
    filters: Mapping[str, str]
    every: Every
    by: str
    bucket: str
    error: str = ""
    theme: str = ""

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.end - self.start).days + 1

    def before(self) -> "Selection":
        """Return the period of the same length just before."""
        end = self.start - timedelta(days=1)
        return replace(self, preset="custom", start=end - timedelta(days=self.days - 1), end=end)

    def address(self, **changes: object) -> str:
        """Return the query of this selection with `changes`; empty values take names away."""
        parts: dict[str, object] = {}
        if self.preset != DEFAULT_PRESET:
            parts["period"] = self.preset
        if self.preset == "custom":
            parts |= {"from": self.start.isoformat(), "to": self.end.isoformat()}
        parts |= {"segment": self.segment, **self.filters, "by": _unless(self.by, BREAKDOWNS[0])}
        parts |= {"every": _unless(self.every, default_every(self.days)), "bucket": self.bucket}
        parts |= {"theme": self.theme, **changes}
        return "?" + urlencode({name: value for name, value in parts.items() if value})

    def behind(self, **narrower: object) -> str:
        """Return the query of the responses behind a figure of this selection."""
        parts: dict[str, object] = {"from": self.start.isoformat(), "to": self.end.isoformat()}
        parts |= {"segment": self.segment, **self.filters, **narrower}
        kept = {name: value for name, value in parts.items() if value is not None and value != ""}
        return "?" + urlencode(kept)


def selection_of(query: Mapping[str, str], *, today: date, first_day: date | None) -> Selection:
    """Return what the address asks for; what it does not understand is left out.

    Args:
        query: names and values of the address.
        today: the organisation's date.
        first_day: date of the first answer, for the preset "all".
    """
    preset = query.get("period", "")
    if preset not in PRESETS:
        preset = "custom" if query.get("from") or query.get("to") else DEFAULT_PRESET
    start, end, error = _period(preset, query, today, first_day or today)
    if error:
        preset = DEFAULT_PRESET
    days = (end - start).days + 1
    by, bucket = query.get("by", ""), query.get("bucket", "")
    return Selection(
        preset=preset,
        start=start,
        end=end,
        segment=query.get("segment", "")[:60],
        filters={name: query[name][:60] for name in FILTERS if query.get(name)},
        every=_every(query.get("every", ""), days),
        by=by if by in BREAKDOWNS else BREAKDOWNS[0],
        bucket=bucket if bucket in ("detractor", "passive", "promoter") else "",
        error=error,
        theme=query.get("theme", "")[:60],
    )


def default_every(days: int) -> Every:
    """Return the length of periods that suits a trend over `days` days."""
    if days <= 45:
        return "day"
    if days <= 120:
        return "week"
    return "month" if days <= 1100 else "quarter"


def possible_every(days: int) -> tuple[Every, ...]:
    """Return the lengths of periods that a trend over `days` days can be drawn with."""
    possible: list[Every] = []
    for every, shortest, longest in (
        ("day", 1, MOST_DAYS),
        ("week", 14, 7 * MOST_WEEKS),
        ("month", 45, 40_000),
        ("quarter", 150, 40_000),
    ):
        if shortest <= days <= longest:
            possible.append(every)  # type: ignore[arg-type]
    return tuple(possible)


def _period(
    preset: str, query: Mapping[str, str], today: date, first_day: date
) -> tuple[date, date, str]:
    usual = today - timedelta(days=DAYS[DEFAULT_PRESET] - 1)
    if preset in DAYS:
        return today - timedelta(days=DAYS[preset] - 1), today, ""
    if preset == "year":
        return today.replace(month=1, day=1), today, ""
    if preset == "all":
        return min(first_day, today), today, ""
    start, end = query.get("from", ""), query.get("to", "")
    try:
        first = date.fromisoformat(start) if start else usual
        last = date.fromisoformat(end) if end else today
    except ValueError:
        wrong = _("A date is written like 2026-03-31. The last twelve months are shown instead.")
        return usual, today, wrong
    if first > last:
        wrong = _("The period ends before it begins. The last twelve months are shown instead.")
        return usual, today, wrong
    return first, last, ""


def _every(asked: str, days: int) -> Every:
    usual = default_every(days)
    return next((every for every in possible_every(days) if every == asked), usual)


def _unless(value: str, usual: str) -> str:
    return "" if value == usual else value
