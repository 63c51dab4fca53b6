"""The themes in force, and the responses behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from emptychair.analysis.comments.taxonomy import Taxonomy as Themes
from emptychair.analysis.comments.taxonomy import Theme as LibraryTheme
from emptychair.analysis.comments.taxonomy import shipped_taxonomy
from emptychair.analysis.comments.text import folded
from emptychair.programme.capture.models import Response
from emptychair.programme.comments import trigrams
from emptychair.programme.comments.models import CommentReading, Taxonomy, Theme

LONGEST_SEARCH = 200
_MOST_WORDS = 8


@dataclass(frozen=True)
class Progress:
    """How far all comments are read by the themes in force; None once they are."""

    percent: int


def active_themes() -> Themes:
    """Return the themes looked for; those that come along until the worker has stored them."""
    rows = list(Theme.objects.all())
    if not rows:
        return shipped_taxonomy()
    return Themes(tuple(library_theme(row) for row in rows if row.is_active))


def library_theme(row: Theme) -> LibraryTheme:
    """Return a stored theme as the library takes it."""
    return LibraryTheme(
        row.key, row.names, {language: tuple(found) for language, found in row.keywords.items()}
    )


def theme_states() -> dict[str, bool]:
    """Return every theme's key and whether it is looked for."""
    stored = dict(Theme.objects.values_list("key", "is_active"))
    return stored or dict.fromkeys(shipped_taxonomy().keys, True)


def theme_names(language: str) -> dict[str, str]:
    """Return the names of the active themes by key, in a reader's language."""
    return {theme.key: theme.name(language) for theme in active_themes().themes}


def version_in_force() -> int:
    """Return the number of the themes' version."""
    row = Taxonomy.objects.filter(pk=1).values_list("version", flat=True).first()
    return row or 0


def progress() -> Progress | None:
    """Return how far reading again has come, None when everything is read."""
    row = Taxonomy.objects.filter(pk=1).first()
    if row is None or row.next_response is None:
        return None
    return Progress(min(99, int(100 * row.next_response / max(1, row.last_response))))


def with_readings(responses: QuerySet[Response], filters: Mapping[str, str]) -> QuerySet[Response]:
    """Return those responses whose comment's reading fits, with the reading at hand.

    Args:
        responses: what the reader may see.
        filters: `theme` (key, or "none"), `sentiment`, `triage`, `spoken` (language) and `search`,
            words that all stand in the comment, accents and case aside.
    """
    chosen = responses.filter(reading__isnull=False).select_related("reading")
    theme = filters.get("theme", "")
    if theme == "none":
        chosen = chosen.filter(reading__themes="|")
    elif theme:
        chosen = chosen.filter(reading__themes__contains=f"|{theme}|")
    for name, field in (
        ("sentiment", "sentiment"), ("triage", "triage"), ("spoken", "language")
    ):  # fmt: skip
        if filters.get(name):
            chosen = chosen.filter(**{f"reading__{field}": filters[name]})
    words = folded(filters.get("search", "")[:LONGEST_SEARCH]).split()[:_MOST_WORDS]
    looked_for = Q()
    for word in words:
        looked_for &= trigrams.having(word)
    return chosen.filter(looked_for)


def reading_of(response: Any) -> CommentReading:
    """Return the reading that `with_readings` brought along."""
    found: CommentReading = response.reading
    return found


def keys_in(themes: str) -> tuple[str, ...]:
    """Return the keys of a reading's themes.

    Examples:
        >>> keys_in("|price|waiting|"), keys_in("|"), keys_in("")
        (('price', 'waiting'), (), ())
    """
    return tuple(key for key in themes.split("|") if key)
