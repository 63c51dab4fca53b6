"""The marks of each chart: Altair definitions in sentinel colours, for any width.

A mark with a `tip` gets it as its description; a mark with a `link` gets its address. `render`
makes titles and links of them.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any, Final, TypeAlias

import altair as alt

from emptychair.analysis.show.look import SENTINELS
from emptychair.analysis.show.words import Words

Value: TypeAlias = Mapping[str, Any]
Drawing: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

BUCKETS: Final = ("detractor", "passive", "promoter")
SHAPES: Final = ("▼", "○", "▲")
NARROW_BELOW: Final = 500  # pixels
PERSON: Final = (
    "M-0.3,-0.66A0.3,0.3,0,1,1,0.3,-0.66A0.3,0.3,0,1,1,-0.3,-0.66Z"
    "M-0.52,0.95V0.28A0.52,0.5,0,0,1,0.52,0.28V0.95Z"
)
_C: Final = SENTINELS
_FONT: Final = "Inter, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
_KNOWN: Final = "isValid(datum.low)"
_STYLE: Final = {
    "font": _FONT,
    "view": {"stroke": None},
    "mark": {"aria": False},
    "axis": {
        "aria": False,
        "labelColor": _C["muted"],
        "labelFontSize": 12,
        "titleColor": _C["muted"],
        "titleFontWeight": 400,
        "gridColor": _C["line"],
        "domainColor": _C["line"],
    },
    "title": {
        "anchor": "start",
        "color": _C["ink"],
        "fontSize": 16,
        "fontWeight": 600,
        "subtitleColor": _C["muted"],
        "subtitleFontSize": 12,
        "offset": 14,
    },
}


def people(values: Sequence[Value], width: int) -> Drawing:
    """Return one person per value in rows of fifty (narrow: 25); passives are hollow."""
    in_row = min(25 if width < NARROW_BELOW else 50, max(len(values), 1))
    step = min(24, width / in_row)
    rows = max(1, -(-len(values) // in_row))
    placed = [{**value, "x": i % in_row, "y": i // in_row} for i, value in enumerate(values)]
    marks = alt.Chart(_data(placed)).mark_point(
        shape=PERSON, size=(step * 1.4) ** 2, strokeWidth=1.2, opacity=1, aria=True
    )
    hollow = alt.condition(
        "datum.bucket == 'passive'", alt.value(_C["surface"]), _bucket_colour(alt.Fill)
    )
    drawing: alt.Chart = marks.encode(
        x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.5, in_row - 0.5], nice=False)),
        y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[rows - 0.5, -0.5], nice=False)),
        stroke=_bucket_colour(alt.Stroke),
        fill=hollow,
        **_tip(values),
    )
    return drawing.properties(width=round(step * in_row), height=round(step * 1.72 * rows))


def bars(values: Sequence[Value], words: Words, width: int) -> Drawing:
    """Return a bar per score with its share on top and the buckets named beneath."""
    small = width < NARROW_BELOW
    height = 170 if small else 200
    x = alt.X("score:O", axis=alt.Axis(title=None, labelAngle=0, labelPadding=6, ticks=False))
    top = max(1e-9, *(value["share"] for value in values)) * 1.15
    y = alt.Y("share:Q", axis=None, scale=alt.Scale(domain=[0, top], nice=False))
    data = _data(values)
    columns = alt.Chart(data).mark_bar(cornerRadiusTopLeft=3, cornerRadiusTopRight=3, aria=True)
    labels = alt.Chart(data).mark_text(dy=-7, fontSize=10 if small else 12, color=_C["ink"])
    return alt.layer(
        columns.encode(x=x, y=y, color=_bucket_colour(alt.Color), **_tip(values)),
        labels.encode(x=x, y=y, text="label:N"),
        *_bucket_names(words, height, small),
    ).properties(width=width, height=height)


def _bucket_names(words: Words, height: int, small: bool) -> list[alt.Chart]:
    marks = []
    spans = ((0, 6), (7, 8), (9, 10))
    for bucket, shape, (first, last) in zip(BUCKETS, SHAPES, spans, strict=True):
        ends = alt.Chart(_data([{"first": first, "last": last}]))
        line = ends.mark_rule(strokeWidth=3, strokeCap="round", color=_C[bucket])
        marks.append(line.encode(x=alt.X("first:O"), x2=alt.X2("last:O"), y=alt.value(height + 30)))
        start = alt.Chart(_data([{"first": first}])).mark_text(
            align="left", baseline="top", dx=-9, fontSize=10 if small else 12, color=_C["ink"]
        )
        name = words(bucket + "s")
        text = name if small else f"{shape} {name}"
        # Short names one under the other where two columns leave no room side by side.
        drop = height + 38 + (13 if small and bucket == "passive" else 0)
        marks.append(start.encode(x=alt.X("first:O"), y=alt.value(drop), text=alt.value(text)))
    return marks


def trend(
    values: Sequence[Value],
    labels: Sequence[Sequence[str]],
    words: Words,
    width: int,
    others: Mapping[str, float],
) -> Drawing:
    """Return a dot, a line and a wide shade per period, over an axis of named periods."""
    small = width < NARROW_BELOW
    count = max(len(values), 1)
    step = (width - 50) / count
    axis = alt.Axis(
        title=None,
        values=list(range(0, count, max(1, -(-count // (5 if small else 12))))),
        grid=False,
        ticks=False,
        labelPadding=8,
        labelExpr=f"{json.dumps(labels, ensure_ascii=False)}[datum.value]",
    )
    x = alt.X("i:Q", axis=axis, scale=alt.Scale(domain=[-0.5, count - 0.5], nice=False))
    scale = _points_scale(values, tuple(others.values()))
    y = alt.Y("low:Q", axis=_points_axis(), scale=scale)
    data = _data(values)
    known = alt.Chart(data).transform_filter(_KNOWN)
    shade = known.mark_bar(color=_C["band"], clip=True, width=_between(2, step * 0.6, 30))
    rule = known.mark_rule(
        strokeWidth=_between(1.2, step / 6, 3), color=_C["interval"], strokeCap="round", aria=True
    )
    line = alt.Chart(data).mark_line(strokeWidth=1.2, color=_C["estimate"], opacity=0.4)
    dots = alt.Chart(data).transform_filter("isValid(datum.nps)")
    dots = dots.mark_circle(
        size=60 if step > 14 else 20, color=_C["estimate"], opacity=1, aria=True
    )
    tip = _tip(values)
    height = 190 if small else 250
    return alt.layer(
        shade.encode(x=x, y=alt.Y("sequence_low:Q", scale=scale), y2="sequence_high:Q"),
        _zero(scale).encode(y=alt.Y("zero:Q", scale=scale)),
        rule.encode(x=x, y=y, y2="high:Q", **tip),
        line.encode(x=x, y=alt.Y("nps:Q", scale=scale)),
        dots.encode(x=x, y=alt.Y("nps:Q", scale=scale), **tip),
        *_lines_of_others(others, scale, width - 50),
        *_said_if_empty(values, words("too_few_per_period"), width - 50, height),
    ).properties(width=width - 50, height=height)


def _lines_of_others(others: Mapping[str, float], scale: alt.Scale, width: int) -> list[alt.Chart]:
    if not others:
        return []
    lines = [{"name": name, "other": points} for name, points in others.items()]
    y = alt.Y("other:Q", scale=scale)
    rule = alt.Chart(_data(lines)).mark_rule(strokeDash=[2, 3], color=_C["accent"])
    name = alt.Chart(_data(lines)).mark_text(
        align="right", baseline="bottom", dy=-2, fontSize=11, color=_C["accent"], limit=width
    )
    return [rule.encode(y=y), name.encode(x=alt.value(width), y=y, text="name:N")]


def _said_if_empty(
    values: Sequence[Value], sentence: str, width: int, height: int
) -> list[alt.Chart]:
    if any(value["low"] is not None for value in values):
        return []
    text = alt.Chart(_data([{}])).mark_text(fontSize=13, color=_C["muted"], baseline="bottom")
    place = {"x": alt.value(width / 2), "y": alt.value(height / 2 - 12)}
    return [text.encode(**place, text=alt.value(sentence))]


def dots(values: Sequence[Value], total_points: float | None, words: Words, width: int) -> Drawing:
    """Return a row per group with a dot and an interval; a dashed line marks all together."""
    room = names_room(values, 120, 200, width)
    y = alt.Y("row:O", sort=None, axis=names_axis(values, room))
    scale = _points_scale(values)
    x = alt.X("low:Q", axis=_points_axis(), scale=scale)
    data = _data(values)
    known = alt.Chart(data).transform_filter(_KNOWN)
    rule = known.mark_rule(strokeWidth=3, strokeCap="round", color=_C["interval"], aria=True)
    dot = alt.Chart(data).transform_filter("isValid(datum.nps)")
    dot = dot.mark_circle(size=80, color=_C["estimate"], opacity=1, aria=True)
    few = alt.Chart(data).transform_filter("!isValid(datum.low)")
    few = few.mark_text(align="left", fontSize=11, color=_C["muted"], fontStyle="italic")
    layers = [_zero(scale).encode(x=alt.X("zero:Q", scale=scale))]
    if total_points is not None:
        mean = alt.Chart(_data([{"total": total_points}]))
        mean = mean.mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=_C["accent"])
        layers.append(mean.encode(x=alt.X("total:Q", scale=scale)))
    tip = _tip(values)
    layers += [
        rule.encode(x=x, x2="high:Q", y=y, **tip),
        dot.encode(x=alt.X("nps:Q", scale=scale), y=y, **tip),
        few.encode(x=alt.value(6), y=y, text=alt.value(words("too_few"))),
    ]
    return alt.layer(*layers).properties(width=width - room, height=max(60, 28 * len(values)))


def amounts(values: Sequence[Value], width: int) -> Drawing:
    """Return a bar per row with its number at the end."""
    room = 90 if width < NARROW_BELOW else 160
    top = max([1.0, *(value["amount"] for value in values)]) * 1.2
    x = alt.X("amount:Q", axis=None, scale=alt.Scale(domain=[0, top], nice=False))
    y = alt.Y("row:O", sort=None, axis=names_axis(values, room))
    rows = alt.Chart(_data(values))
    bar = rows.mark_bar(color=_C["accent"], cornerRadiusEnd=3, height=14)
    number = rows.mark_text(align="left", dx=6, fontSize=12, color=_C["ink"])
    drawing = alt.layer(bar.encode(x=x, y=y), number.encode(x=x, y=y, text="label:N"))
    return drawing.properties(width=width - room, height=max(60, 24 * len(values)))


def sparkline(values: Sequence[Value], width: int) -> Drawing:
    """Return a line without axes whose last point is marked."""
    x = alt.X("i:Q", axis=None)
    y = alt.Y("nps:Q", axis=None, scale=alt.Scale(zero=False, padding=3))
    line = alt.Chart(_data(values)).mark_line(strokeWidth=1.5, color=_C["estimate"])
    last = alt.Chart(_data(values[-1:])).mark_circle(color=_C["estimate"], opacity=1)
    marks = (line.encode(x=x, y=y), last.encode(x=x, y=y))
    return alt.layer(*marks).properties(width=min(width, 120), height=28)


def specification(drawing: Drawing, title: str, subtitle: str, width: int) -> str:
    """Return the Vega-Lite text of a drawing in our style, titled unless `title` is empty."""
    definition = drawing.to_dict(validate=False)
    if title:
        lines = textwrap.wrap(subtitle, max(20, width // 7), break_long_words=False)
        definition["title"] = {"text": title, "subtitle": lines}
    definition |= {"background": "transparent", "padding": 4, "config": _STYLE}
    return json.dumps(definition, sort_keys=True, ensure_ascii=False)


def _data(values: Sequence[Value]) -> alt.InlineData:
    return alt.InlineData(values=[dict(value) for value in values])


def _bucket_colour(channel: Any) -> Any:
    colours = [_C[bucket] for bucket in BUCKETS]
    scale = alt.Scale(domain=list(BUCKETS), range=colours)
    return channel("bucket:N", scale=scale, legend=None)


def _tip(values: Sequence[Value]) -> dict[str, Any]:
    encodings: dict[str, Any] = {"description": alt.Description("tip:N")}
    if any("link" in value for value in values):
        encodings["href"] = alt.Href("link:N")
    return encodings


def _points_scale(values: Sequence[Value], others: Sequence[float] = ()) -> alt.Scale:
    lows = [*others, *(value["low"] for value in values if value["low"] is not None)]
    highs = [*others, *(value["high"] for value in values if value["high"] is not None)]
    low = 10 * floor((min(lows) - 3) / 10) if lows else -100
    high = 10 * ceil((max(highs) + 3) / 10) if highs else 100
    if not lows or (min(lows) >= -100 and max(highs) <= 100):  # a difference may lie further out
        low, high = max(-100, low), min(100, high)
    return alt.Scale(domain=[low, high], nice=False, zero=False)


def _points_axis() -> alt.Axis:
    sign = "datum.value < 0 ? '\u2212' : datum.value > 0 ? '+' : ''"
    return alt.Axis(
        title=None,
        tickCount=5,
        labelExpr=f"({sign}) + abs(datum.value)",
        domain=False,
        ticks=False,
        labelPadding=6,
    )


def names_room(values: Sequence[Value], narrow: int, wide: int, width: int) -> int:
    """Return the pixels for the names of rows: a narrow drawing gives long ones a third more."""
    if width >= NARROW_BELOW:
        return wide
    is_long = any(len(value["name"]) > narrow // 7 for value in values)
    return round(narrow * 4 / 3) if is_long else narrow


def names_axis(values: Sequence[Value], room: int) -> alt.Axis:
    """Return an axis of rows that are called by the `name` of each value."""
    names = [value["name"] for value in values]
    return alt.Axis(
        title=None,
        labelLimit=room - 10,
        minExtent=room - 8,  # a chart of short names is as wide as one of long names
        labelColor=_C["ink"],
        domain=False,
        ticks=False,
        labelExpr=f"{json.dumps(names, ensure_ascii=False)}[datum.value]",
    )


def _zero(scale: alt.Scale) -> alt.Chart:
    """Return the line where promoters and detractors are as many, if it is in sight."""
    low, high = scale["domain"]
    here = [{"zero": 0}] if low <= 0 <= high else []
    line: alt.Chart = alt.Chart(_data(here)).mark_rule(color=_C["edge"], strokeWidth=1)
    return line


def _between(low: float, value: float, high: float) -> float:
    return max(low, min(value, high))
