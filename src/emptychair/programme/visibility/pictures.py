"""Charts of a page: drawn once per content and kept, with their table and their files."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from django.utils.safestring import SafeString

from emptychair.analysis.show.charts import Chart, buckets_chart
from emptychair.analysis.show.render import figure_of_page
from emptychair.analysis.show.words import Words
from emptychair.analysis.sums.counts import ScoreCounts

_KEPT = 400
_drawn: OrderedDict[str, SafeString] = OrderedDict()
_keeping = Lock()


@dataclass(frozen=True)
class Switch:
    """A link of a chart that shows it another way."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class TableRow:
    """One row of a chart's table: `url` leads to the responses, `card_url` to the fine print."""

    cells: tuple[str, ...]
    url: str
    card_url: str = ""


@dataclass(frozen=True)
class ChartBlock:
    """A chart as `components/chart.html` shows it."""

    name: str
    title: str
    caption: str
    svg: SafeString
    header: tuple[str, ...]
    rows: tuple[TableRow, ...]
    svg_url: str = ""
    png_url: str = ""
    csv_url: str = ""
    switches: tuple[Switch, ...] = ()
    switch_label: str = ""
    table_open: bool = False


def chart_block(
    chart: Chart,
    words: Words,
    *,
    file_url: Callable[[str], str] | None,
    switches: Sequence[Switch] = (),
    switch_label: str = "",
    table_open: bool = False,
    card_urls: Sequence[str] = (),
) -> ChartBlock:
    """Return `chart` for a page.

    Args:
        chart: what to show.
        words: the reader's language.
        file_url: address of the chart as "svg", "png" or "csv"; None if it may not be taken away.
        switches: other ways to show it.
        switch_label: what the switches choose, for screen readers.
        table_open: show the table at once.
        card_urls: address of the fine print of each row.
    """
    header, rows = chart.table_in_words(words)
    return ChartBlock(
        name=chart.name,
        title=chart.title,
        caption=chart.caption,
        svg=drawn(chart),
        header=header,
        rows=tuple(
            TableRow(cells, _at(chart.links, i), _at(card_urls, i)) for i, cells in enumerate(rows)
        ),
        svg_url=file_url("svg") if file_url else "",
        png_url=file_url("png") if file_url else "",
        csv_url=file_url("csv") if file_url else "",
        switches=tuple(switches),
        switch_label=switch_label,
        table_open=table_open,
    )


def _at(addresses: Sequence[str], place: int) -> str:
    return addresses[place] if place < len(addresses) else ""


def drawn(chart: Chart) -> SafeString:
    """Return the chart's drawing; every text in it is escaped by the renderer."""
    key = chart.digest()
    with _keeping:
        if key in _drawn:
            _drawn.move_to_end(key)
            return _drawn[key]
    svg = SafeString(figure_of_page(chart))
    with _keeping:
        _drawn[key] = svg
        while len(_drawn) > _KEPT:
            _drawn.popitem(last=False)
    return svg


def warm_up() -> None:
    """Draw one chart, so that the first reader does not wait for the drawing to be loaded."""
    drawn(buckets_chart(ScoreCounts.of([10]), Words("en")))
