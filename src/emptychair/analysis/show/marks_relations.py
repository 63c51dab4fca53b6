"""The marks of charts about customers: bars of a base, figures, curves, flows, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi, sin
from typing import Any, Final, TypeAlias

import altair as alt

from emptychair.analysis.show.look import SENTINELS
from emptychair.analysis.show.marks import BUCKETS, NARROW_BELOW, Drawing, names_axis, names_room

Value: TypeAlias = Mapping[str, Any]
_C: Final = SENTINELS
STATES: Final = (*BUCKETS, "silent", "lost")
_COLOURS: Final = [_C[bucket] for bucket in BUCKETS] + [_C["line"], _C["edge"]]
_DASHES: Final = [[1, 0], [2, 3], [7, 3]]
_STEPS: Final = 24  # points along a flow


def base_bars(values: Sequence[Value], width: int) -> Drawing:
    """Return one bar per measure, each divided by state; the share stands in the part."""
    room = 84 if width < NARROW_BELOW else 110
    y = alt.Y("measure:N", sort=None, axis=_plain_axis(room))
    scale = alt.Scale(domain=[0, 1], nice=False)
    data = _data(values)
    parts = alt.Chart(data).mark_bar(
        height=34, stroke=_C["surface"], strokeWidth=2, aria=True, cornerRadius=2
    )
    tip: dict[str, Any] = {"description": alt.Description("tip:N")}
    if any("link" in value for value in values):
        tip["href"] = alt.Href("link:N")
    labels = (
        alt.Chart(data).transform_filter("datum.label != ''").mark_text(fontSize=12, fontWeight=600)
    )
    ink = alt.condition("datum.colour == 'silent'", alt.value(_C["ink"]), alt.value(_C["surface"]))
    return alt.layer(
        parts.encode(
            x=alt.X("start:Q", axis=None, scale=scale),
            x2="stop:Q",
            y=y,
            color=_state_colour(),
            **tip,
        ),
        labels.encode(x=alt.X("middle:Q", scale=scale), y=y, text="label:N", color=ink),
    ).properties(width=width - room, height=96)


def figures(values: Sequence[Value], is_share: bool, decimal: str, width: int) -> Drawing:
    """Return a row per figure: a dot as measured and, below it, a diamond among comparable ones."""
    room = names_room(values, 110, 180, width)
    lows = [v[k] for v in values for k in ("low", "adjusted_low") if v[k] is not None]
    highs = [v[k] for v in values for k in ("high", "adjusted_high") if v[k] is not None]
    low, high = min([0.0, *lows]), max([0.0, *highs])
    gap = 0.04 * (high - low or 1.0)
    scale = alt.Scale(domain=[low - (gap if low < 0 else 0), high + gap], nice=False, zero=False)
    y = alt.Y("row:O", sort=None, axis=names_axis(values, room))
    told = "format(datum.value, '~%')" if is_share else "format(datum.value, ',~g')"
    # Thousands apart by a narrow space, decimals as the language writes them.
    expression = f"replace(replace({told}, /,/g, '\u202f'), '.', '{decimal}')"
    axis = alt.Axis(
        title=None, tickCount=4, domain=False, ticks=False, labelPadding=6, labelExpr=expression
    )
    zero = alt.Chart(_data([{"zero": 0}])).mark_rule(color=_C["edge"])
    layers = [zero.encode(x=alt.X("zero:Q", scale=scale, axis=axis))]
    has_adjusted = any(value["adjusted_low"] is not None for value in values)
    for prefix, offset, shape in (
        ("", -5 if has_adjusted else 0, "circle"),
        ("adjusted_", 6, "diamond"),
    ):
        some = alt.Chart(_data(values)).transform_filter(f"isValid(datum.{prefix}low)")
        rule = some.mark_rule(
            strokeWidth=2.5, strokeCap="round", color=_C["interval"], yOffset=offset
        )
        hollow: dict[str, Any] = {"filled": True, "fill": _C["estimate"]} if not prefix else {
            "filled": True, "fill": _C["surface"], "stroke": _C["estimate"], "strokeWidth": 1.5,
        }  # fmt: skip
        dot = some.mark_point(shape=shape, size=70, opacity=1, yOffset=offset, aria=True, **hollow)
        mid = f"{prefix}value:Q" if prefix == "" else "adjusted:Q"
        layers += [
            rule.encode(x=alt.X(f"{prefix}low:Q", scale=scale), x2=f"{prefix}high:Q", y=y),
            dot.encode(
                x=alt.X(mid, scale=scale), y=y, description=alt.Description(f"{prefix}tip:N")
            ),
        ]
    return alt.layer(*layers).properties(width=width - room, height=max(70, 40 * len(values)))


def curves(values: Sequence[Value], axis_title: str, width: int) -> Drawing:
    """Return a step line per bucket with its band; a name stands at its end."""
    small = width < NARROW_BELOW
    room = 96 if small else 130
    lowest = min([1.0, *(value["low"] for value in values)])
    floor = max(0.0, round(lowest - 0.06, 1))
    x_axis = alt.Axis(title=axis_title, grid=False, tickMinStep=1, tickCount=6)
    x = alt.X("month:Q", axis=x_axis, scale=alt.Scale(nice=False))
    y_axis = alt.Axis(title=None, format="%", tickCount=5, domain=False, ticks=False)
    scale = alt.Scale(domain=[floor, 1], nice=False, zero=False)
    y = alt.Y("share:Q", axis=y_axis, scale=scale)
    shown = alt.Chart(_data(values))
    band = shown.mark_area(interpolate="step-after", opacity=0.14)
    line = shown.mark_line(interpolate="step-after", strokeWidth=2.2)
    dash = alt.StrokeDash(
        "bucket:N", scale=alt.Scale(domain=list(BUCKETS), range=_DASHES), legend=None
    )
    ends = alt.Chart(_data([v for v in values if v["is_last"]]))
    names = ends.mark_text(align="left", dx=6, fontSize=11 if small else 12, fontWeight=600)
    return alt.layer(
        band.encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q", color=_state_colour()),
        line.encode(x=x, y=y, color=_state_colour(), strokeDash=dash),
        names.encode(x=x, y=alt.Y("label_y:Q", scale=scale), text="name:N", color=_state_colour()),
    ).properties(width=width - 40 - room, height=190 if small else 250)


def flows(values: Sequence[Value], nodes: Sequence[Value], width: int) -> Drawing:
    """Return an alluvial picture: a band from each state before to each state after."""
    small = width < NARROW_BELOW
    room = 84 if small else 118
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    scale = alt.Scale(domain=[1, 0], nice=False)
    points = [
        {
            "flow": i,
            "colour": value["colour"],
            "tip": value["tip"],
            "x": step / _STEPS,
            "top": _between(value["before_top"], value["after_top"], step / _STEPS),
            "bottom": _between(value["before_bottom"], value["after_bottom"], step / _STEPS),
        }
        for i, value in enumerate(values)
        for step in range(_STEPS + 1)
    ]
    band = (
        alt.Chart(_data(points))
        .mark_area(opacity=0.55, aria=True)
        .encode(
            x=x,
            y=alt.Y("top:Q", axis=None, scale=scale),
            y2="bottom:Q",
            detail="flow:N",
            color=_state_colour(),
            description=alt.Description("tip:N"),
        )
    )
    layers: list[Any] = [band]
    sides: tuple[tuple[str, Any, int], ...] = (("before", "right", -8), ("after", "left", 8))
    for side, align, shift in sides:
        some = alt.Chart(_data([node for node in nodes if node["side"] == side]))
        rule = some.mark_rule(strokeWidth=6, strokeCap="butt")
        text = some.mark_text(align=align, dx=shift, fontSize=11 if small else 12, color=_C["ink"])
        at = {"x": alt.X("x:Q", scale=alt.Scale(domain=[0, 1], nice=False))}
        layers += [
            rule.encode(**at, y=alt.Y("top:Q", scale=scale), y2="bottom:Q", color=_state_colour()),
            text.encode(**at, y=alt.Y("middle:Q", scale=scale), text="label:N"),
        ]
    return alt.layer(*layers).properties(width=width - 2 * room, height=260 if small else 320)


def calibration(values: Sequence[Value], x_title: str, y_title: str, width: int) -> Drawing:
    """Return what was predicted against what came, beside the line where both are equal."""
    side = min(width - 60, 320)
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis: dict[str, Any] = {
        "format": "%",
        "tickCount": 5,
        "domain": False,
        "ticks": False,
    }
    x = alt.X("predicted:Q", axis=alt.Axis(title=x_title, **axis), scale=scale)
    y = alt.Y("observed:Q", axis=alt.Axis(title=y_title, **axis), scale=scale)
    ends = alt.Chart(_data([{"predicted": 0, "observed": 0}, {"predicted": 1, "observed": 1}]))
    same = ends.mark_line(color=_C["edge"], strokeDash=[4, 3], strokeWidth=1.2).encode(x=x, y=y)
    shown = alt.Chart(_data(values))
    line = shown.mark_line(strokeWidth=1.2, opacity=0.5, color=_C["estimate"]).encode(x=x, y=y)
    dots = shown.mark_circle(opacity=1, color=_C["estimate"], aria=True)
    size = alt.Size("n:Q", scale=alt.Scale(range=[30, 260]), legend=None)
    return alt.layer(
        same, line, dots.encode(x=x, y=y, size=size, description=alt.Description("tip:N"))
    ).properties(width=side, height=side)


def _between(start: float, stop: float, share: float) -> float:
    """Return a place on the smooth way from start to stop."""
    return start + (stop - start) * (sin((share - 0.5) * pi) + 1) / 2


def _state_colour() -> alt.Color:
    scale = alt.Scale(domain=list(STATES), range=_COLOURS)
    return alt.Color("colour:N", scale=scale, legend=None)


def _plain_axis(room: int) -> alt.Axis:
    return alt.Axis(
        title=None,
        labelLimit=room - 8,
        minExtent=room - 8,
        labelColor=_C["ink"],
        domain=False,
        ticks=False,
    )


def _data(values: Sequence[Value]) -> alt.InlineData:
    return alt.InlineData(values=[dict(value) for value in values])
