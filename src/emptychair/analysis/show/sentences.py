"""What a chart shows, in words: for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence

from emptychair.analysis.delivery.score import Nps
from emptychair.analysis.delivery.trend import TrendPoint
from emptychair.analysis.show.words import FIGURE_FROM, Level, Words


def group_name(result: Nps, words: Words) -> str:
    """Return the name of a group, or words for a group without one."""
    values = [str(value) for value in result.group if value is not None and str(value)]
    return " · ".join(values) or words("not_stated")


def level_tip(level: Level, words: Words) -> str:
    """Return an NPS in one short phrase: what may be shown of it, and from how many answers."""
    said = words.level(level)
    if said.certainty == "full":
        return f"{words('nps')} {said.value} ({said.interval}), {said.answers}"
    if said.certainty == "interval":
        return f"{words('nps')} {said.value}, {said.answers}"
    return said.value if said.certainty == "none" else f"{said.value}, {said.answers}"


def trend_sentence(points: Sequence[TrendPoint], every: str, words: Words) -> str:
    """Return what a trend shows: its span and its last level."""
    if not points:
        return words("no_answers")
    return words(
        "chart_trend_sentence",
        first=words.period(points[0].period, every),
        last=words.period(points[-1].period, every),
        level=level_tip(points[-1], words),
    )


def groups_sentence(results: Sequence[Nps], words: Words) -> str:
    """Return what groups show: the best and the worst of those sure enough."""
    sure = [r for r in results if r.n >= FIGURE_FROM and r.nps_points is not None]
    if not sure:
        return words("chart_groups_few", count=len(results))
    ordered = sorted(sure, key=lambda result: result.nps_points or 0.0)
    best, worst = (
        f"{group_name(result, words)} ({words.points(result.nps_points or 0.0)})"
        for result in (ordered[-1], ordered[0])
    )
    return words("chart_groups_sentence", count=len(results), best=best, worst=worst)
