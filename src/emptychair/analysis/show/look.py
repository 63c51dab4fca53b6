"""The palette: the tokens of `look/tokens.css` as colours a chart can be drawn with.

A chart is drawn in sentinel colours, one per token. On a page they become `var(--ec-...)` and
follow light, dark and print; in an image of its own they become the colours of one scheme.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Scheme = Literal["light", "dark"]

CHART_TOKENS: Final = (
    "ground",
    "surface",
    "ink",
    "muted",
    "line",
    "edge",
    "accent",
    "detractor",
    "passive",
    "promoter",
    "estimate",
    "interval",
    "band",
)
SENTINELS: Final = {name: f"#ec00{number:02x}" for number, name in enumerate(CHART_TOKENS)}
_DEFINED = re.compile(r"--ec-([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
_SENTINEL = re.compile("|".join(SENTINELS.values()))


def tokens_css() -> str:
    """Return the style sheet that defines the tokens."""
    return files(__package__).joinpath("look", "tokens.css").read_text(encoding="utf-8")


def font_bytes() -> bytes:
    """Return the font that pages and reports are set in."""
    return files(__package__).joinpath("look", "inter-latin-wght-normal.woff2").read_bytes()


@cache
def palette(scheme: Scheme) -> dict[str, str]:
    """Return every colour token of one scheme.

    Examples:
        >>> palette("light")["surface"], palette("dark")["surface"]
        ('#ffffff', '#1c2024')
    """
    column = 1 if scheme == "light" else 2
    return {found[1]: found[column + 1] for found in _DEFINED.finditer(tokens_css())}


def with_variables(svg: str) -> str:
    """Return `svg` with every sentinel colour replaced by the page's token."""
    names = {colour: name for name, colour in SENTINELS.items()}
    return _SENTINEL.sub(lambda found: f"var(--ec-{names[found[0]]})", svg)


def with_colours(drawing: str, scheme: Scheme) -> str:
    """Return `drawing` with every sentinel colour replaced by the colour of one scheme."""
    names = {colour: name for name, colour in SENTINELS.items()}
    return _SENTINEL.sub(lambda found: palette(scheme)[names[found[0]]], drawing)
