"""Drawing charts: as part of a page that follows its colours, or as an image of its own."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final

import vl_convert

from emptychair.analysis.show.charts import LINK, NARROW, WIDE, Chart
from emptychair.analysis.show.look import Scheme, palette, with_colours, with_variables

_VEGA_LITE: Final = "6.4"
_ROOT: Final = re.compile(r"<svg [^>]*?width=\"([\d.]+)\" height=\"([\d.]+)\"[^>]*>")
_MARK: Final = re.compile(r"<(\w+) aria-label=\"([^\"]*)\"([^>]*?)/>")
_ARIA: Final = re.compile(r" (?:role|aria-roledescription|aria-hidden|pointer-events)=\"[^\"]*\"")
_FONT: Final = re.compile(r" font-family=\"[^\"]*\"")
_LINKED: Final = re.compile(rf"xlink:href=\"{re.escape(LINK)}(\d+)\"")
_UNSEEN: Final = re.compile(r"<path class=\"(?:back|fore)ground\"[^>]*?/>")


def svg_of_page(chart: Chart, width: int = WIDE) -> str:
    """Return the chart as SVG for a page: the page's font and tokens, titles and links.

    With links it is a group, not an image, since an image may hold nothing to operate. The
    links are for the mouse; by keyboard the same ones are reached in the table.
    """
    svg = _drawn(chart.specification(width))
    svg = _FONT.sub("", _UNSEEN.sub("", _ARIA.sub("", svg)))
    svg = _MARK.sub(r"<\1\3><title>\2</title></\1>", svg)
    svg = _LINKED.sub(lambda found: _address(chart.links[int(found[1])]), svg)
    role = "group" if any(chart.links) else "img"
    label = escape(f"{chart.title}. {chart.sentence}")
    size = _ROOT.search(svg)
    assert size is not None, "the renderer gives width and height"
    small = ' class="ec-chart-small"' if float(size[1]) < 0.8 * width else ""
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg"{small} viewBox="0 0 {size[1]} {size[2]}" '
        f'width="{size[1]}" height="{size[2]}" role="{role}" aria-label="{label}">'
    )
    return with_variables(_ROOT.sub(lambda _: root, svg, count=1))


def figure_of_page(chart: Chart) -> str:
    """Return the chart twice, for wide and for narrow places; the style sheet shows one."""
    return (
        f'<div class="ec-chart-wide">{svg_of_page(chart, WIDE)}</div>'
        f'<div class="ec-chart-narrow">{svg_of_page(chart, NARROW)}</div>'
    )


def svg_image(chart: Chart, scheme: Scheme = "light") -> str:
    """Return the chart as an SVG file with its title and fixed colours, without links."""
    svg = _drawn(chart.specification(WIDE, titled=True))
    svg = _LINKED.sub('role="presentation"', svg)
    ground = f'<rect width="100%" height="100%" fill="{palette(scheme)["surface"]}"/>'
    svg = _ROOT.sub(lambda found: found[0] + ground, svg, count=1)
    return with_colours(svg, scheme)


def png_image(chart: Chart, scheme: Scheme = "light", scale: float = 2) -> bytes:
    """Return the chart as a PNG file with its title, at `scale` pixels per unit."""
    return bytes(vl_convert.svg_to_png(svg_image(chart, scheme), scale=scale))


def _drawn(specification: str) -> str:
    return str(vl_convert.vegalite_to_svg(specification, vl_version=_VEGA_LITE))


def _address(url: str) -> str:
    return f'tabindex="-1" href="{escape(unescape(url))}"'
