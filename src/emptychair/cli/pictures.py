"""Charts of results as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emptychair.analysis.show.charts import Chart


def write_chart(chart: Chart, path: Path) -> None:
    """Write a chart as SVG, as PNG, or as a page that holds it, by the ending of `path`."""
    from emptychair.analysis.show.render import png_image, svg_image

    if path.suffix.lower() == ".png":
        path.write_bytes(png_image(chart))
        return
    svg = svg_image(chart)
    if path.suffix.lower() == ".html":
        svg = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>NPS</title>{svg}</html>'
    path.write_text(svg, encoding="utf-8")
