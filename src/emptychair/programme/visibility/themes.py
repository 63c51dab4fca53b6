"""Themes above the comments of Delivery: chips that choose comments, told from stored studies.

A slice that knows what themes go along with adds a source once, in the `ready` of its app.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _

from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.comments.queries import theme_names
from emptychair.programme.visibility.selection import Selection

Direction = Literal["lifts", "pulls_down", "unclear", ""]
MOST_CHIPS: Final = 10


@dataclass(frozen=True)
class ThemeFigure:
    """What a study stored about one theme; `n` is None where it does not cover the selection."""

    key: str
    n: int | None = None
    direction: Direction = ""


Source = Callable[[Selection, Scope], tuple[ThemeFigure, ...]]
_SOURCES: list[Source] = []


@dataclass(frozen=True)
class ThemeChip:
    """One theme that chooses comments; `meaning` says in words what its direction is."""

    name: str
    count: str
    direction: Direction
    meaning: str
    url: str
    is_current: bool


def add_source(source: Source) -> None:
    """Let `source` tell which themes were found, the most mentioned first."""
    _SOURCES.append(source)


def theme_chips(selection: Selection, scope: Scope, words: Words) -> tuple[ThemeChip, ...]:
    """Return the themes that choose comments of a selection; a chosen one is always there."""
    names = theme_names(words.language)
    found = [one for source in _SOURCES for one in source(selection, scope) if one.key in names]
    shown = found[:MOST_CHIPS]
    if selection.theme in names and selection.theme not in {one.key for one in shown}:
        rest = (one for one in found if one.key == selection.theme)
        shown.append(next(rest, ThemeFigure(selection.theme)))
    return tuple(_chip(one, names[one.key], selection, words) for one in shown)


def _chip(one: ThemeFigure, name: str, selection: Selection, words: Words) -> ThemeChip:
    is_current = one.key == selection.theme
    return ThemeChip(
        name=name,
        count="" if one.n is None else words.number(one.n),
        direction=one.direction,
        meaning=_meaning(one.direction),
        url=selection.address(theme="" if is_current else one.key),
        is_current=is_current,
    )


def _meaning(direction: Direction) -> str:
    return {
        "lifts": _("goes along with higher scores"),
        "pulls_down": _("goes along with lower scores"),
    }.get(direction, "")
