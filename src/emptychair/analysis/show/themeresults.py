"""The chart of themes: what those who mention each add to the NPS of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from emptychair.analysis.comments.themes import ThemeEffect
from emptychair.analysis.show.charts import MOST_GROUPS, Chart
from emptychair.analysis.show.relations import FigureRow, figures_chart
from emptychair.analysis.show.words import Words


def themes_chart(effects: Sequence[ThemeEffect], names: Mapping[str, str], words: Words) -> Chart:
    """Return the impact of each theme with its interval, the worst first.

    Args:
        effects: of one group, in the order of `themes`.
        names: names of the themes by key.
        words: the language.
    """
    rows = [
        FigureRow(names[one.theme], one.n, one.impact_points, one.impact_low, one.impact_high)
        for one in effects
        if isfinite(one.impact_points)
    ]
    return impact_chart(rows, words)


def impact_chart(rows: Sequence[FigureRow], words: Words) -> Chart:
    """Return impacts in points with their intervals, the first `MOST_GROUPS` of them."""
    return figures_chart(
        "themes",
        words("chart_themes"),
        rows[:MOST_GROUPS],
        words,
        write=lambda value: words.points(value, 1),
        caption=words("chart_themes_caption"),
    )
