"""Words with a fixed meaning in files: languages, countries, channels, reasons to hold."""

import re
from functools import cache

from babel import Locale

CHANNELS = frozenset({"email", "sms", "link", "widget", "kiosk", "import", "api"})
_OTHER_CHANNELS = {
    "e-mail": "email", "mail": "email", "anonymous": "link", "web": "link", "qr": "link",
    "text": "sms", "app": "widget", "gl": "link", "tablet": "kiosk",
}  # fmt: skip
_LOCALE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9-]+)?")
_NAMES_IN = ("en", "sv", "da", "nb", "fi", "de")


def meaning_of(column: str, word: str) -> str:
    """Return the code that `word` (small letters) stands for in `column`; empty when unknown."""
    if column == "language":
        return _language(word)
    if column == "country":
        return word.upper() if word.upper() in _countries().values() else _countries().get(word, "")
    if column == "channel":
        known = _OTHER_CHANNELS.get(word, word)
        return known if known in CHANNELS else ""
    if column == "kind":
        return word if len(word) <= 40 else ""
    return word[:40]


def _language(word: str) -> str:
    match = _LOCALE.fullmatch(word)
    if match:
        return {"no": "nb"}.get(match[1], match[1])
    return _languages().get(word, "")


@cache
def _languages() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in _NAMES_IN:
        for code, name in Locale(locale).languages.items():
            if len(code) == 2:
                names.setdefault(name.lower(), code)
    return names


@cache
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in _NAMES_IN:
        for code, name in Locale(locale).territories.items():
            if len(code) == 2 and code.isalpha():
                names.setdefault(name.lower(), code)
    return names
