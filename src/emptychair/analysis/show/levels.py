"""An NPS as columns of a chart's table: what may be shown of it decides what is null."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from emptychair.analysis.delivery.trend import TrendPoint
from emptychair.analysis.show.words import FIGURE_FROM, INTERVAL_FROM, Level, Words

# An interval is two columns: low and high of points, from and to of other numbers.
Kind: TypeAlias = Literal[
    "text",
    "count",
    "share",
    "points",
    "low",
    "high",
    "number",
    "from",
    "to",
    "share_from",
    "share_to",
]
UPPER: Final = ("high", "to", "share_to")

INTERVAL_SIDE: Final = ": "  # stands between the name of an interval and the side meant
NOTHING: Final = (None, None, None, None)  # in the place of responses, NPS and interval
LEVEL_KINDS: Final[tuple[Kind, ...]] = ("text", "count", "points", "low", "high")


def level_values(level: Level) -> dict[str, float | None]:
    """Return what a mark is drawn from; nothing where nobody answered."""
    n, nps, low, high = level_row(level)
    return {"nps": nps, "low": low, "high": high} if n else {"nps": None, "low": None, "high": None}


def level_row(level: Level) -> tuple[int, float | None, float | None, float | None]:
    """Return answers, NPS and interval as far as they may be shown."""
    known = level.n >= INTERVAL_FROM
    return (
        level.n,
        level.nps_points if level.n >= FIGURE_FROM else None,
        level.low_points if known else None,
        level.high_points if known else None,
    )


def level_header(words: Words) -> tuple[str, str, str, str]:
    """Return the names of the columns of `level_row`."""
    return words("responses"), words("nps"), *_interval_header("interval", words)


def sequence_header(words: Words) -> tuple[str, str]:
    """Return the names of the limits that hold however often one looks."""
    return _interval_header("always_valid_interval", words)


def _interval_header(key: str, words: Words) -> tuple[str, str]:
    name = words(key) + INTERVAL_SIDE
    return name + words("lower"), name + words("upper")


def sequence_row(point: TrendPoint) -> tuple[float | None, float | None]:
    """Return those limits as far as they may be shown."""
    if point.n < INTERVAL_FROM:
        return None, None
    return point.sequence_low_points, point.sequence_high_points
