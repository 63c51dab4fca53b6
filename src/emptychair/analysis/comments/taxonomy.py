"""What comments may be about: themes with a stable key, names and keywords per language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from emptychair.analysis.comments.keywords import Keywords
from emptychair.analysis.comments.lexicon import LANGUAGES, shipped, split
from emptychair.analysis.comments.text import words_of
from emptychair.analysis.errors import ArgumentError, UnreadableFileError

MOST_THEMES = 100
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Theme:
    """Something customers write about.

    Attributes:
        key: stable, of small letters, digits and underscores; columns are called `theme_<key>`.
        names: what it is called, by language.
        keywords: what finds it, by language.
    """

    key: str
    names: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]

    def name(self, language: str) -> str:
        """Return what it is called in a language, else in English, else its key."""
        return self.names.get(language) or self.names.get("en") or self.key.replace("_", " ")


@dataclass(frozen=True)
class Taxonomy:
    """The themes a company looks for, ready to be found in comments."""

    themes: tuple[Theme, ...]
    _ready: dict[str, Keywords] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        keys = [theme.key for theme in self.themes]
        for key in keys:
            check_key(key)
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ArgumentError(f"Theme keys must differ; twice there: {', '.join(twice)}.")
        if len(keys) > MOST_THEMES:
            raise ArgumentError(f"There are {len(keys)} themes; at most {MOST_THEMES} are read.")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all themes, in order."""
        return tuple(theme.key for theme in self.themes)

    def find(self, words: Sequence[str], languages: Iterable[str]) -> tuple[str, ...]:
        """Return the keys of the themes that words in lower case mention, in order."""
        found = {
            match.label for language in languages for match in self._keywords(language).find(words)
        }
        return tuple(key for key in self.keys if key in found)

    def _keywords(self, language: str) -> Keywords:
        if language not in self._ready:
            self._ready[language] = Keywords(
                {theme.key: theme.keywords.get(language, ()) for theme in self.themes}
            )
        return self._ready[language]


def check_key(key: str) -> None:
    """Check that a theme may be called so in tables.

    Raises:
        ArgumentError: it has other letters or is too long.
    """
    if not _KEY.fullmatch(key):
        raise ArgumentError(
            f"{key!r} cannot be a theme's key: small letters a to z, digits and underscores,"
            " beginning with a letter, at most 40."
        )


@cache
def shipped_taxonomy() -> Taxonomy:
    """Return the themes that come with the package.

    Examples:
        >>> shipped_taxonomy().find(["dyrt", "och", "lång", "kö"], ["sv"])
        ('waiting', 'price')
    """
    return taxonomy_of(shipped("taxonomy"))


def taxonomy_of(table: Mapping[str, Mapping[str, object]]) -> Taxonomy:
    """Return the taxonomy of a table: key -> names, and keywords per language.

    Raises:
        ArgumentError: a key, a name or a keyword cannot be used.
    """
    themes = []
    for key, entry in table.items():
        names = entry.get("names", {}) if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(names, Mapping):
            raise ArgumentError(f"The theme {key!r} needs a table with names and keywords.")
        keywords = {}
        for language in LANGUAGES:
            said = entry.get(language, "")
            if not isinstance(said, str):
                raise ArgumentError(
                    f"The keywords of {key!r} in {language} are one text, separated by commas."
                )
            keywords[language] = tuple(split(said))
        themes.append(Theme(key, {str(k): str(v) for k, v in names.items()}, keywords))
    made = Taxonomy(tuple(themes))
    for language in LANGUAGES:
        made.find([], [language])  # a keyword that cannot be used is said now
    return made


def read_taxonomy(path: str | Path) -> Taxonomy:
    """Return the themes of a TOML file in the form of the shipped one.

    Raises:
        UnreadableFileError: it cannot be read or is no TOML.
        ArgumentError: it holds what cannot be used.
    """
    import tomllib

    try:
        text = Path(path).read_text(encoding="utf-8")
        return taxonomy_of(tomllib.loads(text))
    except OSError as error:
        raise UnreadableFileError(f"{path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{path} is not UTF-8 text; themes are a TOML file.") from error
    except tomllib.TOMLDecodeError as error:
        raise UnreadableFileError(f"{path} is not TOML: {error}.") from error


def key_of(name: str, taken: Iterable[str] = ()) -> str:
    """Return a key for a new theme called `name` that is not among `taken`.

    Examples:
        >>> key_of("Väntrum & lokaler"), key_of("Väntrum", ["vantrum"])
        ('vantrum_lokaler', 'vantrum_2')
    """
    from emptychair.analysis.comments.text import folded

    words = words_of(folded(name)).words
    letters = re.sub(r"[^a-z0-9]+", "_", "_".join(words)).strip("_")[:36]
    key = letters if letters[:1].isalpha() else f"theme_{letters}".rstrip("_")
    there, made, number = set(taken), key, 2
    while made in there:
        made, number = f"{key}_{number}", number + 1
    return made
