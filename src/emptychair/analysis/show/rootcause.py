"""Charts about root causes: importance against performance, effects, journeys, outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from emptychair.analysis.rootcause.records import Driver, DriverGroup
from emptychair.analysis.show.charts import LINK, Chart
from emptychair.analysis.show.levels import INTERVAL_SIDE
from emptychair.analysis.show.relations import FigureRow, figures_chart
from emptychair.analysis.show.words import INTERVAL_FROM, Words

if TYPE_CHECKING:
    from emptychair.analysis.rootcause.journey import Moment
    from emptychair.analysis.rootcause.whatif import Outcome

Names = Mapping[str, str]
_NO_NAMES: Final[Names] = {}


def drivers_chart(
    group: DriverGroup, words: Words, names: Names = _NO_NAMES, links: Names = _NO_NAMES
) -> Chart:
    """Return importance against performance: low and to the right is where to begin.

    Args:
        group: drivers of one group; themes have no rating and stand in the table only.
        words: the language.
        names: what drivers are called, by name.
        links: where a click on a driver leads, by name.
    """
    shown = [one for one in group.drivers if one.importance_share is not None and not one.is_theme]
    targets = [one.driver for one in shown if one.driver in links]
    values = [_driver_value(one, words, names, targets) for one in shown]
    first = [one for one in group.drivers if one.importance_share is not None][:3]
    said = "; ".join(
        f"{name_of(one, names)} {words.share(one.importance_share or 0.0)}" for one in first
    )
    return Chart(
        name="drivers",
        title=words("chart_drivers"),
        sentence=words("chart_drivers_sentence", first=said) if said else words("nothing_known"),
        caption=words("chart_drivers_caption"),
        header=(
            words("driver"), words("responses"), words("importance"), *_limits(words),
            words("performance"), *_limits(words),
        ),
        kinds=("text", "count", "share", "share_from", "share_to", "number", "from", "to"),
        rows=tuple(
            (
                name_of(one, names), one.n, one.importance_share, one.importance_low,
                one.importance_high, one.performance_mean, one.performance_low,
                one.performance_high,
            )
            for one in group.drivers
            if one.importance_share is not None
        ),
        links=tuple(links[name] for name in targets),
        draw=lambda width: _marks().importance_performance(
            values, words("performance"), words("importance"), _decimal(words), width
        ),
    )  # fmt: skip


def effects_chart(group: DriverGroup, words: Words, names: Names = _NO_NAMES) -> Chart:
    """Return how many points one step of each driver goes along with."""
    rows = [
        FigureRow(
            name_of(one, names), one.n, one.effect_points or 0.0, one.effect_low or 0.0,
            one.effect_high or 0.0,
        )
        for one in sorted(group.measured, key=lambda one: -(one.effect_points or 0.0))
    ]  # fmt: skip
    drawn = figures_chart(
        "effects",
        words("chart_effects"),
        rows,
        words,
        write=lambda value: words.points(value, 1),
        caption=words("chart_effects_caption"),
    )
    header = (words("driver"), words("responses"), words("points_per_step"), *_limits(words))
    return replace(drawn, header=header)


def journey_chart(
    moments: Sequence[Moment],
    words: Words,
    names: Names = _NO_NAMES,
    *,
    min_answers: int = INTERVAL_FROM,
) -> Chart:
    """Return the touchpoints of one group: their NPS, and dots as large as they matter.

    Args:
        moments: of one group, in the order they are drawn.
        words: the language.
        names: what touchpoints are called.
        min_answers: answers below which no NPS is shown.
    """
    values = [_moment_value(i, one, words, names, min_answers) for i, one in enumerate(moments)]
    top = [one for one in moments if one.importance_share is not None][:1]
    said = names.get(top[0].touchpoint, top[0].touchpoint) if top else ""
    return Chart(
        name="journey",
        title=words("chart_journey"),
        sentence=words("chart_journey_sentence", first=said) if said else words("nothing_known"),
        caption=words("chart_journey_caption"),
        header=(
            words("touchpoint"), words("responses"), words("nps"), *_limits(words),
            words("importance"), *_limits(words),
        ),
        kinds=("text", "count", "points", "low", "high", "share", "share_from", "share_to"),
        rows=tuple(
            (
                names.get(one.touchpoint, one.touchpoint),
                *((one.n, one.nps_points, one.low_points, one.high_points)
                  if one.n >= min_answers else (one.n, None, None, None)),
                one.importance_share, one.importance_low, one.importance_high,
            )
            for one in moments
        ),
        draw=lambda width: _marks().journey(values, words, width),
    )  # fmt: skip


def outcomes_chart(outcomes: Sequence[Outcome], words: Words, name: str = "") -> Chart:
    """Return the range of outcomes of each group, in points."""
    rows = [
        FigureRow(
            ", ".join(str(value) for value in one.group) or name or words("all_customers"), 0,
            one.effect_points, one.low_points, one.high_points,
        )
        for one in outcomes
    ]  # fmt: skip
    drawn = figures_chart(
        "outcomes",
        words("chart_outcomes"),
        rows,
        words,
        write=lambda value: words.points(value, 1),
        caption=words("chart_outcomes_caption"),
    )
    return replace(
        drawn,
        header=(words("group"), words("points_likely"), *_limits(words, "range")),
        kinds=("text", "number", "from", "to"),
        rows=tuple((row.name, row.value, row.low, row.high) for row in rows),
    )


def name_of(one: Driver, names: Names) -> str:
    """Return what a driver is called; overlapping ones joined."""
    parts = [member.removeprefix("rating_") for member in one.members]
    said = [names.get(part, part.removeprefix("theme_").replace("_", " ")) for part in parts]
    return " + ".join(said)


def _driver_value(
    one: Driver, words: Words, names: Names, targets: Sequence[str]
) -> dict[str, Any]:
    name = name_of(one, names)
    share = words.share(one.importance_share or 0.0)
    limits = words(
        "from_to",
        low=words.share(one.importance_low or 0.0),
        high=words.share(one.importance_high or 0.0),
    )
    value: dict[str, Any] = {
        "name": name,
        "x": one.performance_mean,
        "x_low": one.performance_low,
        "x_high": one.performance_high,
        "y": one.importance_share,
        "y_low": one.importance_low,
        "y_high": one.importance_high,
        "tip": f"{name}: {words('importance').lower()} {share} ({limits}), "
        f"{words('performance').lower()} {words.number(one.performance_mean or 0.0, 2)}",
    }
    if one.driver in targets:
        value["link"] = f"{LINK}{targets.index(one.driver)}"
    return value


def _moment_value(
    i: int, one: Moment, words: Words, names: Names, min_answers: int
) -> dict[str, Any]:
    name = names.get(one.touchpoint, one.touchpoint)
    known = one.n >= min_answers and one.nps_points is not None
    said = words.points(one.nps_points or 0.0) if known else words("too_few")
    if not one.measured:
        said = words("not_measured")
    weight = (
        f", {words('importance').lower()} {words.share(one.importance_share)}"
        if one.importance_share is not None
        else ""
    )
    return {
        "row": i,
        "name": name,
        "nps": one.nps_points if known else None,
        "low": one.low_points if known else None,
        "high": one.high_points if known else None,
        "weight": one.importance_share or 0.0,
        "said": "" if known else said,
        "tip": f"{name}: {said}{weight}",
    }


def _limits(words: Words, key: str = "interval") -> tuple[str, str]:
    name = words(key) + INTERVAL_SIDE
    return name + words("lower"), name + words("upper")


def _decimal(words: Words) -> str:
    return "." if words.language == "en" else ","


def _marks() -> Any:
    from emptychair.analysis.show import marks_rootcause  # Altair takes a while to import

    return marks_rootcause
