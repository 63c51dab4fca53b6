"""One picture per benchmark: bars of its figures, with the target as a line, in light and dark."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.harness import Figure
from benchmarks.published import in_words, verdict
from emptychair.analysis.show.look import Scheme, palette

WIDTH, MARGIN = 720, 16
NAMES, VALUES = 330, 96  # room for names on the left and figures on the right
ROW, BAR, HEAD, UNIT = 26, 12, 52, 30
FONT = "Inter, system-ui, sans-serif"
WIDE_RANGE = 30  # from this ratio of the largest to the least on, lengths are logarithms
UNITS = {
    "s": "seconds", "ms": "milliseconds", "x": "times as much", "1/s": "a second",
    "1/min": "a minute", "MB": "megabytes", "kB": "kilobytes", "": "", "rows": "rows",
    "rows/s": "rows a second",
}  # fmt: skip


def picture(title: str, figures: Sequence[Figure], scheme: Scheme) -> str:
    """Return the picture of a benchmark as SVG."""
    colour = palette(scheme)
    parts, y = [], HEAD
    for unit in dict.fromkeys(figure.unit for figure in figures):
        some = [figure for figure in figures if figure.unit == unit]
        parts += _panel(some, unit, y, colour)
        y += UNIT + ROW * len(some) + 8
    height = y + MARGIN
    said = "; ".join(f"{f.name}: {in_words(f.value)} {f.unit}".strip() for f in figures)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" font-family="{FONT}" font-size="13">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(said)}</desc>",
            f'<rect width="{WIDTH}" height="{height}" fill="{colour["surface"]}"/>',
            _text(MARGIN, 30, title, colour["ink"], size=17, weight=600),
            *parts,
            "</svg>",
            "",
        ]
    )


def _panel(figures: Sequence[Figure], unit: str, top: float, colour: dict[str, str]) -> list[str]:
    targets = [t for f in figures for t in (f.at_most, f.at_least) if t is not None]
    scale = _Scale([f.value for f in figures] + targets)
    head = UNITS.get(unit, unit) or "a plain number"
    key = "; the line is the target" if targets else ""
    parts = [_text(MARGIN, top + 18, head + scale.note + key, colour["muted"], size=12)]
    for number, figure in enumerate(figures):
        y = top + UNIT + ROW * number
        parts += _row(figure, y, scale, colour)
    return parts


def _row(figure: Figure, y: float, scale: "_Scale", colour: dict[str, str]) -> list[str]:
    missed = verdict(figure).startswith("missed")
    length = max(1.5, scale.length(figure.value))
    fill = colour["detractor"] if missed else colour["accent"]
    name = figure.name if len(figure.name) <= 50 else figure.name[:49] + "…"
    target = figure.at_most if figure.at_most is not None else figure.at_least
    parts = [
        _text(NAMES, y + 10, name, colour["ink"], anchor="end", size=12.5),
        f'<rect x="{NAMES + 10}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" '
        f'fill="{fill}"/>',
    ]
    if target is not None:
        at = NAMES + 10 + scale.length(target)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y - 4}" y2="{y + BAR + 4}" '
            f'stroke="{colour["ink"]}" stroke-width="2"/>'
        )
    mark = " missed" if missed else ""
    said = in_words(figure.value) + mark
    parts.append(_text(WIDTH - MARGIN, y + 10, said, colour["ink"], anchor="end", weight=600))
    return parts


class _Scale:
    """From a figure to the length of its bar, in pixels."""

    def __init__(self, values: Sequence[float]) -> None:
        self._room = WIDTH - MARGIN - VALUES - NAMES - 10
        above = [value for value in values if value > 0]
        self._most, least = max(above, default=1.0), min(above, default=1.0)
        self._is_log = self._most / least > WIDE_RANGE
        # A whole power below the least, so that the least has a length too.
        self._start = 10.0 ** math.floor(math.log10(least) - 0.3)

    @property
    def note(self) -> str:
        """What must be said of the lengths."""
        return ", on a logarithmic scale" if self._is_log else ""

    def length(self, value: float) -> float:
        """Return the length of a value; what is not above zero has none."""
        if value <= 0:
            return 0.0
        if not self._is_log:
            return self._room * value / self._most
        whole = math.log10(self._most / self._start)
        return self._room * max(0.0, math.log10(value / self._start)) / whole


def _text(
    x: float, y: float, words: str, fill: str, *, anchor: str = "start", size: float = 13,
    weight: int = 400,
) -> str:  # fmt: skip
    return (
        f'<text x="{x}" y="{y}" fill="{fill}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )
