"""The words the package ships, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from emptychair.analysis.comments.keywords import Keywords

LANGUAGES: Final = ("sv", "da", "nb", "fi", "de", "en")


@cache
def shipped(name: str) -> Mapping[str, Any]:
    """Return one of the shipped lists: `taxonomy`, `tone` or `triage`."""
    text = files(__package__).joinpath("lexicons", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def common_words(language: str) -> tuple[str, ...]:
    """Return common words of one language."""
    file = files(__package__).joinpath("languages", f"{language}.txt")
    return tuple(dict.fromkeys(file.read_text(encoding="utf-8").casefold().split()))


@cache
def keywords_of(name: str, language: str) -> Keywords:
    """Return the keywords of one shipped list in one language, by what they tell."""
    return Keywords({label: split(text) for label, text in shipped(name)[language].items()})


def split(text: str) -> list[str]:
    """Return the keywords of a list separated by commas or lines.

    Examples:
        >>> split("kö, vänt*")
        ['kö', 'vänt*']
    """
    return [one.strip() for one in text.replace("\n", ",").split(",") if one.strip()]
