"""What a report picks from a file by itself: breakdowns, the period shown, and quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import ibis.expr.types as ir

from emptychair.analysis.sums.counts import ScoreCounts

MOST_BREAKDOWNS: Final = 3
QUOTES: Final = 3
_OURS: Final = ("segment", "unit", "touchpoint", "stage", "channel", "survey", "language")
_GROUPS: Final = (2, 20)
_FILLED_SHARE: Final = 0.5
_LONGEST: Final = 320  # characters of a quote
_SHORTEST: Final = 15
_CANDIDATES: Final = 400
_STRAY_SHARE: Final = 0.05
_LIMITS: Final = {"detractor": (0, 6), "passive": (7, 8), "promoter": (9, 10)}


@dataclass(frozen=True)
class Quote:
    """What one customer wrote, with the score and, where known, the date."""

    text: str
    score: int
    on: date | None


def breakdowns(answers: ir.Table) -> list[str]:
    """Return up to three columns that split the answers into a few named groups.

    The contract's own columns come first. Of other columns those with text are taken, if at
    least half of the answers have one and the values are few and are not numbers.
    """
    texts = [name for name, kind in answers.schema().items() if kind.is_string()]
    ordered = [name for name in _OURS if name in texts]
    ordered += [name for name in texts if name not in _OURS and not _is_free_text(name)]
    if not ordered:
        return []
    asked: dict[str, ir.Value] = {}
    for i, name in enumerate(ordered):
        asked |= {f"groups_{i}": answers[name].nunique(), f"filled_{i}": answers[name].count()}
    found = answers.aggregate(n=answers.count(), **asked).to_pyarrow().to_pylist()[0]
    fit = [
        name
        for i, name in enumerate(ordered)
        if _GROUPS[0] <= found[f"groups_{i}"] <= _GROUPS[1]
        and found[f"filled_{i}"] >= _FILLED_SHARE * found["n"]
        and (name in _OURS or _has_names(answers, name))
    ]
    return fit[:MOST_BREAKDOWNS]


def shown_period(days: Mapping[date, ScoreCounts]) -> tuple[date, date]:
    """Return the first and last day to show: a few stray dates do not stretch the picture.

    Where the longest time without answers is more than half of all the time there is, and at
    most a twentieth of the answers lies on one side of it, that side is left outside. So a
    made-up date such as 1970-01-01 does no harm.

    Examples:
        >>> days = {date(1970, 1, 1): ScoreCounts.of([5]), date(2015, 3, 2): ScoreCounts.of([9])}
        >>> days[date(2015, 6, 1)] = ScoreCounts.of([9] * 40)
        >>> [day.isoformat() for day in shown_period(days)]
        ['2015-03-02', '2015-06-01']
    """
    ordered = sorted(days)
    whole = ordered[0], ordered[-1]
    if len(ordered) < 2:
        return whole
    gap, cut = max(
        ((after - before).days, i) for i, (before, after) in enumerate(pairwise(ordered), start=1)
    )
    early = sum(days[day].n for day in ordered[:cut])
    all_answers = sum(counts.n for counts in days.values())
    if 2 * gap <= (whole[1] - whole[0]).days:
        return whole
    if early <= _STRAY_SHARE * all_answers:
        return ordered[cut], whole[1]
    if all_answers - early <= _STRAY_SHARE * all_answers:
        return whole[0], ordered[cut - 1]
    return whole


def quotes(answers: ir.Table, bucket: str) -> tuple[Quote, ...]:
    """Return the most telling comments of a bucket: those with the most different words.

    Args:
        answers: one row per response.
        bucket: detractor, passive or promoter.

    Returns:
        At most three, none longer than a short paragraph; empty without a comment column.
    """
    if "comment" not in answers.columns:
        return ()
    low, high = _LIMITS[bucket]
    length = answers["comment"].length()
    chosen = answers.filter(
        answers["score"].between(low, high) & length.between(_SHORTEST, _LONGEST)
    )
    on = [name for name in ("answered_on",) if name in answers.columns]
    chosen = chosen.select("comment", "score", *on).order_by(
        [chosen["comment"].length().desc(), chosen["comment"]]
    )
    rows = chosen.limit(_CANDIDATES).to_pyarrow().to_pylist()
    best: dict[str, Quote] = {}
    for row in sorted(rows, key=lambda row: (-_different_words(row["comment"]), row["comment"])):
        text = " ".join(row["comment"].split())
        best.setdefault(text, Quote(text, int(row["score"]), row.get("answered_on")))
    return tuple(best.values())[:QUOTES]


def _different_words(text: str) -> int:
    return len(set(re.findall(r"\w+", text.casefold())))


def _is_free_text(name: str) -> bool:
    return name in ("comment", "response_id", "customer_id", "account_id", "wording", "held_reason")


def _has_names(answers: ir.Table, name: str) -> bool:
    values = answers.select(name).distinct().to_pyarrow()[name].to_pylist()
    return not all(re.fullmatch(r"[\d\s.,:/-]*", value or "") for value in values)
