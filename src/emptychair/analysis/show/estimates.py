"""Charts of estimates with their intervals, and of how many answers a wish needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emptychair.analysis.delivery.compare import Comparison
from emptychair.analysis.delivery.monitor import Alarm
from emptychair.analysis.delivery.reliability import Reliability
from emptychair.analysis.delivery.sampling import (
    Allocation,
    answers_for_precision,
    answers_to_detect,
)
from emptychair.analysis.show.charts import MOST_GROUPS, Chart
from emptychair.analysis.show.words import Words

PRECISIONS: Final = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20)  # points


@dataclass(frozen=True)
class Estimate:
    """One row of a chart: a figure in points with its interval; null where too few answered."""

    name: str
    points: float | None
    low_points: float | None
    high_points: float | None


def estimates_chart(
    name: str,
    title: str,
    estimates: Sequence[Estimate],
    words: Words,
    caption: str = "",
    empty: str = "no_answers",
) -> Chart:
    """Return a row per estimate with a dot and its interval.

    Args:
        name: short and stable, for file names.
        title: what is estimated.
        estimates: drawn in the order given, the first `MOST_GROUPS` of them.
        words: the language.
        caption: how to read it.
        empty: phrase for a chart without rows.
    """
    values = [
        {
            "row": i,
            "name": one.name,
            "tip": f"{one.name}: {_said(one, words)}",
            "nps": one.points,
            "low": one.low_points,
            "high": one.high_points,
        }
        for i, one in enumerate(estimates[:MOST_GROUPS])
    ]
    interval = words("interval")
    return Chart(
        name=name,
        title=title,
        sentence="; ".join(str(value["tip"]) for value in values[:4]) or words(empty),
        caption=caption,
        header=(words("group"), words("points_header"), f"{interval}: {words('lower')}",
                f"{interval}: {words('upper')}"),
        kinds=("text", "points", "low", "high"),
        rows=tuple((one.name, one.points, one.low_points, one.high_points) for one in estimates),
        draw=lambda width: _marks().dots(values, None, words, width),
    )  # fmt: skip


def comparison_chart(comparisons: Sequence[Comparison], words: Words, min_answers: int) -> Chart:
    """Return the differences of groups or periods, with their intervals.

    Args:
        comparisons: as `compare_groups` and `compare_periods` return them.
        words: the language.
        min_answers: a side with fewer is not shown.
    """
    rows = []
    for one in comparisons:
        whose = ", ".join(str(value) for value in one.group)
        name = f"{whose}: {one.a} → {one.b}" if whose else f"{one.a} → {one.b}"
        few = min(one.n_a, one.n_b) < min_answers
        limits = (one.difference_points, one.low_points, one.high_points)
        rows.append(Estimate(name, *((None, None, None) if few else limits)))
    title, caption = words("chart_differences"), words("chart_differences_caption")
    return estimates_chart("differences", title, rows, words, caption)


def alarm_chart(alarms: Sequence[Alarm], words: Words) -> Chart:
    """Return by how much each group that alarmed has changed; see `Alarm.difference_points`."""
    rows = [
        Estimate(
            f"{', '.join(map(str, one.group)) or words('all_responses')}, {one.change_at}",
            one.difference_points,
            one.low_points,
            one.high_points,
        )
        for one in alarms
        if one.alarm_at is not None
    ]
    title, caption = words("chart_alarms"), words("chart_alarms_caption")
    return estimates_chart("alarms", title, rows, words, caption, "no_real_change")


def reliability_chart(found: Reliability, words: Words) -> Chart:
    """Return the NPS as answered, corrected, and in the worst and best case."""
    low, high = found.bounds
    rows = [
        Estimate(
            words("as_answered"), found.raw_points, found.raw_low_points, found.raw_high_points
        ),
        Estimate(words("weighted"), found.weighted_points, found.low_points, found.high_points),
        Estimate(
            words("doubly_robust"),
            found.doubly_robust_points,
            found.doubly_robust_low_points,
            found.doubly_robust_high_points,
        ),
        Estimate(words("worst_to_best"), None, low, high),
    ]
    title = words("chart_reliability", grade=found.grade)
    return estimates_chart("reliability", title, rows, words, words("chart_reliability_caption"))


def allocation_chart(allocations: Sequence[Allocation], words: Words) -> Chart:
    """Return the answers each stratum needs, or its share of the budget."""
    amounts = {
        one.stratum: float(one.needed if one.needed is not None else one.allocation or 0.0)
        for one in allocations
    }
    return _amounts_chart(words("chart_allocation"), words("group"), amounts, words)


def precision_chart(
    variance: float, design_effect: float, confidence: float, words: Words
) -> Chart:
    """Return how many answers each precision needs.

    Args:
        variance: of one answer on -1, 0, +1.
        design_effect: by how much weights and repeats inflate it.
        confidence: coverage of the interval.
        words: the language.
    """
    amounts = {
        f"±{points}": float(
            answers_for_precision(
                points, variance=variance, design_effect=design_effect, confidence=confidence
            )
        )
        for points in PRECISIONS
    }
    return _amounts_chart(words("chart_precision"), words("interval"), amounts, words)


def detection_chart(
    variance: float, design_effect: float, power: float, confidence: float, words: Words
) -> Chart:
    """Return how many answers per group each difference needs (`answers_to_detect`)."""
    amounts = {
        words.points(points): float(
            answers_to_detect(
                points,
                variance_a=variance,
                design_effect=design_effect,
                power=power,
                confidence=confidence,
            )
        )
        for points in PRECISIONS
    }
    return _amounts_chart(words("chart_detection"), words("points_header"), amounts, words)


def _amounts_chart(title: str, header: str, amounts: Mapping[str, float], words: Words) -> Chart:
    values = [
        {"row": i, "name": name, "amount": amount, "label": words.number(amount)}
        for i, (name, amount) in enumerate(amounts.items())
    ]
    return Chart(
        name="answers",
        title=title,
        sentence="; ".join(f"{value['name']}: {value['label']}" for value in values[:6]),
        caption="",
        header=(header, words("responses")),
        kinds=("text", "count"),
        rows=tuple(amounts.items()),
        draw=lambda width: _marks().amounts(values, width),
    )


def _said(one: Estimate, words: Words) -> str:
    if one.low_points is None or one.high_points is None:
        return words("too_few")
    interval = words.interval(one.low_points, one.high_points)
    return interval if one.points is None else f"{words.points(one.points)} ({interval})"


def _marks() -> Any:
    from emptychair.analysis.show import marks  # Altair takes a while to import

    return marks
