"""Charts about customers: figures raw and adjusted, curves, flows, calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.levels import INTERVAL_SIDE, Kind
from emptychair.analysis.show.words import Words

Format = Callable[[float], str]
Unit = Literal["number", "share"]
BUCKETS: Final = ("detractor", "passive", "promoter")


@dataclass(frozen=True)
class FigureRow:
    """A figure as measured and, where there is one, among comparable customers."""

    name: str
    n: int
    value: float
    low: float
    high: float
    adjusted: float | None = None
    adjusted_low: float | None = None
    adjusted_high: float | None = None


@dataclass(frozen=True)
class CurveStep:
    """The share still there after so many months, with its interval."""

    month: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """How long the customers of one bucket stayed."""

    bucket: str
    name: str
    n: int
    steps: tuple[CurveStep, ...]


@dataclass(frozen=True)
class Flow:
    """How many went from one state to another, and the interval of their share of the first."""

    before: str
    before_name: str
    after: str
    after_name: str
    n: int
    share: float
    low: float
    high: float
    corrected: float | None = None
    corrected_low: float | None = None
    corrected_high: float | None = None


@dataclass(frozen=True)
class CalibrationBin:
    """Customers with about the same chance: what was predicted and what came."""

    n: int
    predicted: float
    observed: float


def figures_chart(
    name: str,
    title: str,
    rows: Sequence[FigureRow],
    words: Words,
    *,
    unit: Unit = "number",
    write: Format | None = None,
    caption: str = "",
) -> Chart:
    """Return figures with their intervals, as measured and among comparable customers.

    Args:
        name: short and stable, for file names.
        title: what is measured.
        rows: drawn in the order given.
        words: the language.
        unit: a number, or a share from 0 to 1.
        write: how a value is written in tips; by default as the unit is.
        caption: how to read it.
    """
    said = write or (
        lambda value: words.share(value, 1) if unit == "share" else words.amount(value)
    )
    has_adjusted = any(row.adjusted is not None for row in rows)
    values = [_figure_value(i, row, said, words) for i, row in enumerate(rows)]
    middle: Kind = "share" if unit == "share" else "number"
    limits: tuple[Kind, Kind] = ("share_from", "share_to") if unit == "share" else ("from", "to")
    header, adjusted_header = _limits("interval", words), _limits("interval", words)
    return Chart(
        name=name,
        title=title,
        sentence="; ".join(str(value["tip"]) for value in values) or words("nothing_known"),
        caption=" ".join(
            filter(None, (words("chart_figures_caption") if has_adjusted else "", caption))
        ),
        header=(
            *(words("group"), words("customers"), words("as_measured"), *header),
            *((words("among_comparable"), *adjusted_header) if has_adjusted else ()),
        ),
        kinds=("text", "count", middle, *limits, *((middle, *limits) if has_adjusted else ())),
        rows=tuple(
            (
                *(row.name, row.n, row.value, row.low, row.high),
                *((row.adjusted, row.adjusted_low, row.adjusted_high) if has_adjusted else ()),
            )
            for row in rows
        ),
        draw=lambda width: _marks().figures(values, unit == "share", _decimal(words), width),
    )


def _decimal(words: Words) -> str:
    return "." if words.language == "en" else ","


def _figure_value(i: int, row: FigureRow, said: Format, words: Words) -> dict[str, Any]:
    interval = words("from_to", low=said(row.low), high=said(row.high))
    tip = f"{row.name}: {said(row.value)} ({interval})"
    adjusted_tip = ""
    if row.adjusted is not None and row.adjusted_low is not None and row.adjusted_high is not None:
        among = words("from_to", low=said(row.adjusted_low), high=said(row.adjusted_high))
        adjusted_tip = f"{row.name}, {words('among_comparable')}: {said(row.adjusted)} ({among})"
    return {
        "row": i,
        "name": row.name,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "tip": tip,
        "adjusted": row.adjusted,
        "adjusted_low": row.adjusted_low,
        "adjusted_high": row.adjusted_high,
        "adjusted_tip": adjusted_tip,
    }


def retention_chart(curves: Sequence[Curve], words: Words) -> Chart:
    """Return the share of each bucket still there, month by month after the answer."""
    values = [
        {
            "colour": curve.bucket,
            "bucket": curve.bucket,
            "name": curve.name,
            "month": step.month,
            "share": step.share,
            "low": step.low,
            "high": step.high,
            "is_last": step is curve.steps[-1],
        }
        for curve in curves
        for step in curve.steps
    ]
    _spread_labels([value for value in values if value["is_last"]])
    kept = [
        f"{curve.name}: {words.share(curve.steps[-1].share, 1)}" for curve in curves if curve.steps
    ]
    months = max((curve.steps[-1].month for curve in curves if curve.steps), default=0)
    return Chart(
        name="retention",
        title=words("chart_retention"),
        sentence=words(
            "chart_retention_sentence", months=words.number(months), kept="; ".join(kept)
        ),
        caption=words("chart_retention_caption"),
        header=(
            words("group"),
            words("customers"),
            words("months_after"),
            words("still_there"),
            *_limits("interval", words),
        ),
        kinds=("text", "count", "count", "share", "share_from", "share_to"),
        rows=tuple(
            (curve.name, curve.n, step.month, step.share, step.low, step.high)
            for curve in curves
            for step in curve.steps
        ),
        draw=lambda width: _marks().curves(values, words("months_after"), width),
    )


def _spread_labels(ends: Sequence[dict[str, Any]], apart: float = 0.05) -> None:
    """Give each end a place for its name, so that names do not lie on each other."""
    place = 2.0
    for end in sorted(ends, key=lambda one: -one["share"]):
        place = min(end["share"], place - apart)
        end["label_y"] = place


def movement_chart(flows: Sequence[Flow], words: Words) -> Chart:
    """Return who went from which state to which, as bands whose width is their number."""
    shown = [flow for flow in flows if flow.n]
    drawn = [flow for flow in shown if (flow.before, flow.after) != ("silent", "silent")]
    values, nodes = _laid_out(drawn, words)
    moved = sorted((f for f in shown if f.before != f.after), key=lambda flow: -flow.n)
    has_corrected = any(flow.corrected is not None for flow in flows)
    interval = _limits("interval", words)
    return Chart(
        name="movement",
        title=words("chart_movement"),
        sentence="; ".join(_flow_said(flow, words) for flow in moved[:4]) or words("nobody_moved"),
        caption=words("chart_movement_caption"),
        header=(
            *(words("before"), words("after"), words("customers"), words("share"), *interval),
            *((words("without_noise"), *interval) if has_corrected else ()),
        ),
        kinds=(
            *("text", "text", "count", "share", "share_from", "share_to"),
            *(("share", "share_from", "share_to") if has_corrected else ()),
        ),
        rows=tuple(
            (
                *(f.before_name, f.after_name, f.n, f.share, f.low, f.high),
                *((f.corrected, f.corrected_low, f.corrected_high) if has_corrected else ()),
            )
            for f in shown
        ),
        draw=lambda width: _marks().flows(values, nodes, width),
    )


def _flow_said(flow: Flow, words: Words) -> str:
    return (
        f"{flow.before_name} \u2192 {flow.after_name}: {words.number(flow.n)}"
        f" ({words.share(flow.share, 1)})"
    )


def _laid_out(
    flows: Sequence[Flow], words: Words
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return where each band and each state lies, from 0 at the top to 1."""
    total = sum(flow.n for flow in flows) or 1
    gap = 0.03
    nodes: list[dict[str, Any]] = []
    place: dict[tuple[str, str], float] = {}
    for side in ("before", "after"):
        states = list(dict.fromkeys(getattr(flow, side) for flow in _by_state(flows, side)))
        room, top = 1 - gap * max(0, len(states) - 1), 0.0
        for state in states:
            mine = [flow for flow in flows if getattr(flow, side) == state]
            people = sum(flow.n for flow in mine)
            bottom = top + room * people / total
            place[side, state] = top
            name = getattr(mine[0], f"{side}_name")
            nodes.append(
                {
                    "side": side,
                    "x": 0 if side == "before" else 1,
                    "colour": state,
                    "top": top,
                    "bottom": bottom,
                    "middle": (top + bottom) / 2,
                    "label": f"{name} {words.share(people / total)}",
                }
            )
            top = bottom + gap
    rooms = {
        side: 1 - gap * max(0, sum(node["side"] == side for node in nodes) - 1)
        for side in ("before", "after")
    }
    values = []
    for flow in _by_state(_by_state(flows, "after"), "before"):
        value: dict[str, Any] = {"colour": flow.before, "tip": _flow_said(flow, words)}
        for side in ("before", "after"):
            key = (side, getattr(flow, side))
            value[f"{side}_top"] = place[key]
            place[key] += rooms[side] * flow.n / total
            value[f"{side}_bottom"] = place[key]
        values.append(value)
    return values, nodes


def _by_state(flows: Sequence[Flow], side: str) -> list[Flow]:
    order = ("promoter", "passive", "detractor", "silent", "lost")
    return sorted(flows, key=lambda flow: order.index(getattr(flow, side)))


def calibration_chart(bins: Sequence[CalibrationBin], words: Words) -> Chart:
    """Return the chances predicted for customers against what later came."""
    values = [
        {
            "n": one.n,
            "predicted": one.predicted,
            "observed": one.observed,
            "tip": f"{words.share(one.predicted)} \u2192 {words.share(one.observed)}, "
            f"{words.number(one.n)} {words('customers').lower()}",
        }
        for one in bins
    ]
    return Chart(
        name="calibration",
        title=words("chart_calibration"),
        sentence="; ".join(str(value["tip"]) for value in values) or words("nothing_known"),
        caption=words("chart_calibration_caption"),
        header=(words("customers"), words("predicted"), words("came")),
        kinds=("count", "share", "share"),
        rows=tuple((one.n, one.predicted, one.observed) for one in bins),
        draw=lambda width: _marks().calibration(values, words("predicted"), words("came"), width),
    )


def _limits(key: str, words: Words) -> tuple[str, str]:
    name = words(key) + INTERVAL_SIDE
    return name + words("lower"), name + words("upper")


def _marks() -> Any:
    from emptychair.analysis.show import marks_relations  # Altair takes a while to import

    return marks_relations
