"""Phrases, numbers and dates of charts and reports as sv, da and en write them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, Literal, Protocol, get_args

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from emptychair.analysis.errors import ArgumentError

Language = Literal["sv", "da", "en"]
Certainty = Literal["none", "few", "interval", "full"]

INTERVAL_FROM: Final = 10  # answers from which an interval is shown
FIGURE_FROM: Final = 25  # answers from which the NPS itself is shown

_LOCALES: Final = {"sv": "sv_SE", "da": "da_DK", "en": "en_GB"}
_DAY: Final = {"sv": "d", "da": "d.", "en": "d"}
_MINUS: Final = "\u2212"
_NO_BREAK: Final = "\u00a0"


class Level(Protocol):
    """What is needed to say an NPS in words: `Nps` and `TrendPoint` both have it."""

    @property
    def n(self) -> int:
        """Responses that count."""

    @property
    def nps_points(self) -> float | None:
        """From -100 to 100."""

    @property
    def low_points(self) -> float | None:
        """Lower limit of the interval."""

    @property
    def high_points(self) -> float | None:
        """Upper limit of the interval."""


@dataclass(frozen=True)
class LevelWords:
    """An NPS as it may be shown: how much is certain decides what is said.

    Attributes:
        certainty: "none" without answers, "few" below 10, "interval" below 25, else "full".
        value: the figure, or the words that stand in its place.
        interval: the interval in words; empty where none may be shown.
        answers: how many answered, in words.
    """

    certainty: Certainty
    value: str
    interval: str
    answers: str


def certainty(n: int) -> Certainty:
    """Return how much may be shown of an NPS from `n` answers.

    Examples:
        >>> [certainty(n) for n in (0, 9, 10, 24, 25)]
        ['none', 'few', 'interval', 'interval', 'full']
    """
    if n == 0:
        return "none"
    if n < INTERVAL_FROM:
        return "few"
    return "interval" if n < FIGURE_FROM else "full"


class Words:
    """The phrases and formats of one language.

    Args:
        language: "sv", "da" or "en".

    Raises:
        ArgumentError: another language is asked for.

    Examples:
        >>> Words("sv").points(-4.26, 1)
        '−4,3'
        >>> Words("en").share(0.125, 1)
        '12.5%'
    """

    def __init__(self, language: str) -> None:
        if language not in _LOCALES:
            raise ArgumentError(f"language {language!r}: choose one of {', '.join(_LOCALES)}")
        self.language = language
        self._locale = _LOCALES[language]

    def __call__(self, key: str, **values: object) -> str:
        """Return the phrase `key` with its braces filled in."""
        return catalogue()[key][self.language].format(**values)

    def column(self, name: str) -> str:
        """Return the name of a column: ours translated, others as the file wrote them."""
        key = f"column_{name}"
        return self(key) if key in catalogue() else name.removeprefix("attr_").replace("_", " ")

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with this language's separators and a true minus sign."""
        text = str(format_decimal(_rounded(value, digits), _pattern(digits), locale=self._locale))
        return text.replace("-", _MINUS)

    def points(self, value: float, digits: int = 0) -> str:
        """Return points from -100 to 100, with a sign unless they are zero."""
        sign = "+" if _rounded(value, digits) > 0 else ""
        return sign + self.number(value, digits)

    def share(self, value: float, digits: int = 0) -> str:
        """Return a share from 0 to 1 as a percentage."""
        pattern = _pattern(digits) + ("%" if self.language == "en" else f"{_NO_BREAK}%")
        return str(format_percent(value, pattern, locale=self._locale))

    def answers(self, n: int) -> str:
        """Return a number of responses in words."""
        return self("one_response") if n == 1 else self("many_responses", n=self.number(n))

    def day(self, value: date) -> str:
        """Return a date in full."""
        return str(format_date(value, f"{_DAY[self.language]} MMMM y", locale=self._locale))

    def period(self, first: date, every: str) -> str:
        """Return the name of the period that begins on `first`."""
        if every == "week":
            year, week, _ = first.isocalendar()
            return self("week_label", week=week, year=year)
        if every == "quarter":
            return self("quarter_label", quarter=(first.month + 2) // 3, year=first.year)
        pattern = {"month": "LLLL y", "year": "y"}.get(every, f"{_DAY[self.language]} MMM y")
        return str(format_date(first, pattern, locale=self._locale))

    def short_period(self, first: date, every: str) -> str:
        """Return the period's name without its year, for an axis that shows the year once."""
        if every == "week":
            return self("week_short", week=first.isocalendar().week)
        if every == "quarter":
            return self("quarter_short", quarter=(first.month + 2) // 3)
        pattern = {"month": "LLL", "year": "y"}.get(every, f"{_DAY[self.language]} MMM")
        return str(format_date(first, pattern, locale=self._locale)).removesuffix(".")

    def interval(self, low: float, high: float, digits: int = 0) -> str:
        """Return an interval of points in words."""
        return self("from_to", low=self.points(low, digits), high=self.points(high, digits))

    def amount(self, value: float) -> str:
        """Return a number with as many digits as its size needs to be told.

        Examples:
            >>> [Words("en").amount(value) for value in (1234.5, 12.34, 0.126)]
            ['1,234', '12.3', '0.13']
        """
        size = abs(value)
        return self.number(value, 0 if size >= 100 else 1 if size >= 1 else 2)

    def range(self, low: float, high: float) -> str:
        """Return an interval of numbers in words, both with the digits of the larger."""
        size = max(abs(low), abs(high))
        digits = 0 if size >= 100 else 1 if size >= 1 else 2
        return self("from_to", low=self.number(low, digits), high=self.number(high, digits))

    def level(self, level: Level) -> LevelWords:
        """Return what may be said of an NPS: below 10 answers nothing, below 25 the interval."""
        found, answers = certainty(level.n), self.answers(level.n)
        if level.nps_points is None or level.low_points is None or level.high_points is None:
            return LevelWords("none", self("no_answers"), "", answers)
        if found == "few":
            return LevelWords(found, self("too_few"), "", answers)
        interval = self.interval(level.low_points, level.high_points)
        value = self.points(level.nps_points) if found == "full" else interval
        return LevelWords(found, value, interval, answers)

    def level_verdict(self, level: Level, buckets: tuple[int, int, int]) -> str:
        """Return one sentence on where an NPS stands.

        Args:
            level: the NPS with its interval.
            buckets: detractors, passives and promoters.
        """
        found = certainty(level.n)
        if found == "none" or level.low_points is None or level.high_points is None:
            return self("verdict_none")
        if found == "few":
            return self("verdict_too_few", n=self.answers(level.n))
        if level.n in buckets:
            names = ("detractors", "passives", "promoters")
            return self(f"verdict_only_{names[buckets.index(level.n)]}")
        if level.low_points > 0:
            return self("verdict_level_above")
        return self("verdict_level_below" if level.high_points < 0 else "verdict_level_open")

    def change_verdict(self, difference: float, low: float, high: float) -> str:
        """Return one sentence on a difference in points and the interval around it.

        Examples:
            >>> Words("en").change_verdict(2.0, -3.2, 7.1)
            'No real change: the difference of +2 points lies within chance (−3 to +7).'
        """
        key = "verdict_up" if low > 0 else "verdict_down" if high < 0 else "verdict_no_change"
        points = self.points(difference) if low <= 0 <= high else self.number(abs(difference))
        return self(key, points=points, low=self.points(low), high=self.points(high))


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that charts and reports come in."""
    return get_args(Language)


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return every phrase in every language."""
    text = files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) + 0.0  # plus zero: no minus before a rounded zero


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")
