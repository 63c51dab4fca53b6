"""What customers read when they are asked for a favour, in the six languages of surveys."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings

FOLDER = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def words_in(language: str, **values: str) -> dict[str, str]:
    """Return the words in a language, with `{name}` filled in from `values`."""
    values = {"organisation": settings.ORGANISATION, **values}
    return {name: _filled(text, values) for name, text in _read(language_of(language)).items()}


def language_of(*wishes: str) -> str:
    """Return the first wish that we have words in, else the organisation's language."""
    return next((wish for wish in wishes if wish in LANGUAGES), settings.LANGUAGE_CODE)


@cache
def _read(language: str) -> Mapping[str, str]:
    words: Mapping[str, str] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return words


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
