"""The marks of charts about root causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import altair as alt

from emptychair.analysis.show.look import SENTINELS
from emptychair.analysis.show.marks import NARROW_BELOW, Drawing, names_axis, names_room
from emptychair.analysis.show.words import Words

Value: TypeAlias = Mapping[str, Any]
_C: Final = SENTINELS
_LETTER: Final = 6.2  # pixels of a letter, about


def importance_performance(
    values: Sequence[Value], x_title: str, y_title: str, decimal: str, width: int
) -> Drawing:
    """Return a dot per driver with both intervals; dashed lines mark the middle of all."""
    small = width < NARROW_BELOW
    side, height = width - 60, 250 if small else 320
    xs = [end for value in values for end in (value["x_low"], value["x_high"])] or [1.0, 5.0]
    top = max([0.1, *(value["y_high"] for value in values)]) * 1.12
    room = 0.2 * (max(xs) - min(xs) or 1.0)
    x_scale = alt.Scale(domain=[min(xs) - room, max(xs) + room], nice=False, zero=False)
    y_scale = alt.Scale(domain=[0, top], nice=False)
    axis: dict[str, Any] = {"tickCount": 5, "domain": False, "ticks": False}
    told = f"replace(format(datum.value, '.1f'), '.', '{decimal}')"
    x = alt.X("x:Q", axis=alt.Axis(title=x_title, labelExpr=told, **axis), scale=x_scale)
    y = alt.Y("y:Q", axis=alt.Axis(title=y_title, format=".0%", **axis), scale=y_scale)
    shown = alt.Chart(_data(_labelled(values, x_scale, y_scale, side, height)))
    tip: dict[str, Any] = {"description": alt.Description("tip:N")}
    has_links = any("link" in value for value in values)
    link: dict[str, Any] = {"href": alt.Href("link:N")} if has_links else {}
    up = shown.mark_rule(strokeWidth=2.5, strokeCap="round", color=_C["interval"])
    across = shown.mark_rule(strokeWidth=2.5, strokeCap="round", color=_C["interval"])
    dots = shown.mark_circle(size=95, color=_C["estimate"], opacity=1, aria=True)
    names: dict[str, Any] = {"fontSize": 11 if small else 12, "color": _C["ink"], "fontWeight": 500}
    layers = [
        *_middles(values, x_scale, y_scale),
        up.encode(x=x, y=alt.Y("y_low:Q", scale=y_scale), y2="y_high:Q"),
        across.encode(x=alt.X("x_low:Q", scale=x_scale), x2="x_high:Q", y=y),
        dots.transform_filter("!isValid(datum.link)").encode(x=x, y=y, **tip),
        dots.transform_filter("isValid(datum.link)").encode(x=x, y=y, **tip, **link),
    ]
    sides: tuple[tuple[Any, int], ...] = (("left", 9), ("right", -9))
    for align, shift in sides:
        some = shown.transform_filter(f"datum.align == '{align}'")
        layers.append(
            some.mark_text(align=align, dx=shift, baseline="middle", **names).encode(
                x=x, y=alt.Y("label_y:Q", scale=y_scale), text="name:N"
            )
        )
    return alt.layer(*layers).properties(width=side, height=height)


def _labelled(
    values: Sequence[Value], x_scale: alt.Scale, y_scale: alt.Scale, width: int, height: int
) -> list[dict[str, Any]]:
    """Return the values with a place for each name: within the picture, not on another."""
    low, high = x_scale["domain"]
    top = y_scale["domain"][1]
    step = 14 / height * top
    taken: list[tuple[float, float, float]] = []
    found = []
    for value in sorted(values, key=lambda one: -one["y"]):
        pixels = (value["x"] - low) / (high - low) * width
        length = len(value["name"]) * _LETTER + 12
        align = "left" if pixels + length < width else "right"
        start, stop = (pixels, pixels + length) if align == "left" else (pixels - length, pixels)
        place = value["y"] + 0.75 * step
        while any(a < stop and start < b and abs(y - place) < step for a, b, y in taken):
            place -= step / 2
        taken.append((start, stop, place))
        found.append({**value, "align": align, "label_y": place})
    return found


def _middles(values: Sequence[Value], x_scale: alt.Scale, y_scale: alt.Scale) -> list[alt.Chart]:
    if not values:
        return []
    here = [{
        "x": sum(value["x"] for value in values) / len(values),
        "y": sum(value["y"] for value in values) / len(values),
    }]  # fmt: skip
    style: dict[str, Any] = {"strokeDash": [4, 3], "color": _C["edge"], "strokeWidth": 1}
    line = alt.Chart(_data(here)).mark_rule(**style)
    return [
        line.encode(x=alt.X("x:Q", scale=x_scale)),
        line.encode(y=alt.Y("y:Q", scale=y_scale)),
    ]


def journey(values: Sequence[Value], words: Words, width: int) -> Drawing:
    """Return a row per touchpoint: its NPS with the interval, the dot as large as it matters."""
    room = names_room(values, 120, 200, width)
    y = alt.Y("row:O", sort=None, axis=names_axis(values, room))
    scale = alt.Scale(domain=[-100, 100], nice=False)
    sign = "datum.value < 0 ? '\u2212' : datum.value > 0 ? '+' : ''"
    axis = alt.Axis(
        title=words("nps"), tickCount=5,
        labelExpr=f"({sign}) + abs(datum.value)", domain=False, ticks=False, labelPadding=6,
    )  # fmt: skip
    data = _data(values)
    known = alt.Chart(data).transform_filter("isValid(datum.nps)")
    rule = known.mark_rule(strokeWidth=3, strokeCap="round", color=_C["interval"])
    dot = known.mark_circle(color=_C["estimate"], opacity=1, aria=True)
    gap = alt.Chart(data).transform_filter("datum.said != ''")
    gap = gap.mark_text(align="center", fontSize=12, color=_C["muted"], fontStyle="italic")
    zero = alt.Chart(_data([{"zero": 0}])).mark_rule(color=_C["edge"], strokeWidth=1)
    size = alt.Size("weight:Q", scale=alt.Scale(domain=[0, 1], range=[40, 900]), legend=None)
    return alt.layer(
        zero.encode(x=alt.X("zero:Q", scale=scale, axis=axis)),
        rule.encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y),
        dot.encode(
            x=alt.X("nps:Q", scale=scale), y=y, size=size, description=alt.Description("tip:N")
        ),
        gap.encode(x=alt.value((width - room) / 2), y=y, text="said:N"),
    ).properties(width=width - room, height=max(80, 40 * len(values)))


def _data(values: Sequence[Value]) -> alt.InlineData:
    return alt.InlineData(values=[dict(value) for value in values])
