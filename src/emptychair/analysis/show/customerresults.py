"""Charts of results about customers, from the records that the statistics return."""

from __future__ import annotations

from collections.abc import Sequence

from emptychair.analysis.customers.behaviour import FALSE_DISCOVERY_RATE, Contrast
from emptychair.analysis.customers.economics import Economics
from emptychair.analysis.customers.growth import Growth
from emptychair.analysis.customers.movement import Movement
from emptychair.analysis.customers.movers import MoverContrast
from emptychair.analysis.customers.predict import Prediction
from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.relations import (
    CalibrationBin,
    FigureRow,
    Flow,
    calibration_chart,
    figures_chart,
    movement_chart,
)
from emptychair.analysis.show.words import Words

MOST_FEATURES = 12


def worth_chart(found: Sequence[Economics], words: Words) -> Chart:
    """Return what a customer of each bucket brought in twelve months, raw and comparable."""
    rows = []
    for one in found:
        figure = one.revenue_12m
        if figure is not None:
            names = [*(str(value) for value in one.group), words(f"{one.bucket}s")]
            rows.append(
                FigureRow(
                    " · ".join(names),
                    one.n,
                    figure.value,
                    figure.low,
                    figure.high,
                    figure.adjusted,
                    figure.adjusted_low,
                    figure.adjusted_high,
                )
            )
    return figures_chart("economics", words("chart_revenue_12m"), rows, words)


def growth_chart(found: Sequence[Growth], every: str, words: Words) -> Chart:
    """Return the earned growth rate of each period."""
    rows = [
        FigureRow(
            " · ".join([*(str(value) for value in one.group), words.period(one.period, every)]),
            one.customers,
            rate.value,
            rate.low,
            rate.high,
        )
        for one in found
        if (rate := one.earned_growth_rate) is not None
    ]
    return figures_chart("growth", words("chart_earned_growth"), rows, words, unit="share")


def behaviour_chart(found: Sequence[Contrast], words: Words) -> Chart:
    """Return the behaviours and traits in which promoters and detractors differ."""
    rows = [
        FigureRow(
            one.feature.removeprefix("events_").removeprefix("attr_"),
            one.n,
            one.contrast,
            one.low,
            one.high,
        )
        for one in found
        if one.q_value <= FALSE_DISCOVERY_RATE
    ]
    return figures_chart(
        "behaviour",
        words("chart_contrasts"),
        rows[:MOST_FEATURES],
        words,
        caption=words("chart_contrasts_caption"),
    )


def movers_chart(found: Sequence[MoverContrast], words: Words) -> Chart:
    """Return what differs between those who moved and those who started alike and did not."""
    rows = [
        FigureRow(
            f"{words(f'moved_{one.direction}')} · "
            f"{one.feature.removeprefix('events_').removeprefix('rating_')}",
            one.n,
            one.contrast,
            one.low,
            one.high,
        )
        for one in found
        if one.q_value <= FALSE_DISCOVERY_RATE
    ]
    return figures_chart(
        "movers",
        words("chart_movers"),
        rows[:MOST_FEATURES],
        words,
        caption=words("chart_movers_caption"),
    )


def flows_chart(found: Movement, words: Words) -> Chart:
    """Return who went from which state to which, over all periods."""
    names = {name: words(f"{name}s") for name in ("detractor", "passive", "promoter")} | {
        name: words(f"state_{name}") for name in ("silent", "lost")
    }
    flows = [
        Flow(
            one.before,
            names[one.before],
            one.after,
            names[one.after],
            one.n,
            one.share,
            one.low,
            one.high,
            one.corrected_share,
            one.corrected_low,
            one.corrected_high,
        )
        for one in found.moves
        if one.period is None
    ]
    return movement_chart(flows, words)


def reliability_of_predictions_chart(found: Prediction, words: Words) -> Chart:
    """Return the chances of being a detractor against what came true."""
    bins = [
        CalibrationBin(one.n, one.predicted_share, one.observed_share) for one in found.reliability
    ]
    return calibration_chart(bins, words)
