"""Find personal data in a comment and put words in its place before others may read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from emptychair.analysis.comments.lexicon import shipped, split

Kind = Literal["email", "link", "account", "personal", "phone", "plate", "order", "address", "name"]
LABELS: Final[Mapping[str, str]] = {
    "email": "[e-mail]", "link": "[link]", "account": "[account]", "personal": "[personal number]",
    "phone": "[phone]", "plate": "[plate]", "order": "[number]", "address": "[address]",
    "name": "[name]",
}  # fmt: skip

_FEWEST_DIGITS = 5  # of a number that stands alone
_CAPITALISED = r"[^\W\d_a-zåäöæøüéß][a-zåäöæøüéèß][^\W\d_]{0,40}"
_NAME = rf"{_CAPITALISED}(?:[ -]{_CAPITALISED}){{0,2}}"
_FIRST = re.compile(rf"\b{_CAPITALISED}")
_WHOLE = re.compile(_NAME)


@dataclass(frozen=True)
class Span:
    """Personal data from character `start` to `end`, the last one not included."""

    kind: Kind
    start: int
    end: int


def personal_data(text: str) -> tuple[Span, ...]:
    """Return where a text tells who somebody is or how to reach the person, in order.

    Mail addresses, links, accounts, personal numbers, phones, number plates, numbers of orders
    and customers, street addresses; names after a cue, after a title, before a place such as
    "at the till", or if they are common first names. A name without any of these is not found.

    Examples:
        >>> [span.kind for span in personal_data("Ring Anna Berg på 070-123 45 67")]
        ['name', 'phone']
    """
    found: list[Span] = []
    taken = bytearray(len(text))  # one byte a character: a comment may hold thousands of numbers
    for kind, spans in _FINDERS:
        for start, end in spans(text):
            if start < end and not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Span(kind, start, end))
    return tuple(sorted(found, key=lambda one: one.start))


def masked(text: str, labels: Mapping[str, str] = LABELS) -> str:
    """Return a text with labels in the place of personal data.

    Args:
        text: a comment.
        labels: what stands for each kind.

    Examples:
        >>> masked("Tack till Göran, mejla mig: a.b@example.org")
        'Tack till [name], mejla mig: [e-mail]'
    """
    parts, place = [], 0
    for span in personal_data(text):
        parts += [text[place : span.start], labels[span.kind]]
        place = span.end
    return "".join([*parts, text[place:]])


def _all(pattern: re.Pattern[str], group: int = 0) -> Callable[[str], Iterator[tuple[int, int]]]:
    def spans(text: str) -> Iterator[tuple[int, int]]:
        return (found.span(group) for found in pattern.finditer(text))

    return spans


_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"']{3,500}", re.IGNORECASE)
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_PERSONAL = re.compile(
    r"\b(?:(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[-+ ]?\d{4}"  # sv
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}(?:[-+A-FU-Y]\d{3}[0-9A-Y]|[- ]?\d{4,5}))\b"
)
_PHONE = re.compile(
    r"(?<![\w-])(?:\+\d{1,3}[ -]?(?:\(0\) ?)?|\(?0)\d{1,4}\)?(?:[ /-]?\d{2,7}){1,5}(?![\w-])"
    r"|(?<![\w-])\d{2}(?: \d{2}){3}(?![\w-])|(?<![\w-])\d{3} \d{2} \d{3}(?![\w-])"
)
_PLATE = re.compile(
    r"\b(?:[A-ZÅÄÖ]{3}[ -]?\d{2}[\dA-Z]|[A-Z]{2} ?\d{2} ?\d{3}|[A-Z]{1,3}-[A-Z]{1,2} ?\d{1,4}"
    r"|[A-Z]{2}\d{2} ?[A-Z]{3})\b"
)
_LONG_NUMBER = re.compile(
    rf"(?<![\w.,-])(?:[A-Z]{{1,4}}-?)?\d{{{_FEWEST_DIGITS},20}}"
    r"(?![\w%]|[.,]\d)(?! ?(?:kr|sek|dkk|nok|eur|€))",
    re.IGNORECASE,
)


@cache
def _alternatives(name: str) -> str:
    words = sorted(split(shipped("personal")[name]), key=len, reverse=True)
    return "|".join(re.escape(word) for word in words)


@cache
def _first_names() -> frozenset[str]:
    return frozenset(split(shipped("personal")["first_names"]))


@cache
def _compiled(what: str) -> re.Pattern[str]:
    numbers, ends = _alternatives("numbers"), _alternatives("street_ends")
    patterns = {
        "order": rf"(?i:\b(?:{numbers})(?:nummer|nr|no|number)?\b)[ .:#]{{1,3}}"
        rf"([A-Z]{{0,4}}-?\d[\dA-Z-]{{2,20}})\b",
        "address": rf"\b[^\W\d_a-zåäöæøü][^\W\d_]{{0,40}}(?:[ -][^\W\d_]{{1,40}})?"
        rf"(?:(?<=\w)|[ ])(?i:{ends})\.? \d{{1,4}}(?: ?[a-zA-Z])?\b",
        "english": rf"\b\d{{1,4}}[a-z]? (?:[A-Z][a-z]{{1,40}} ){{1,3}}"
        rf"(?i:{_alternatives('street_words')})\b",
        "cued": rf"(?:^|(?<=[\s,.!(/]))(?i:{_alternatives('cues')})[.:,]?\s+"
        rf"(?:(?i:{_alternatives('titles')})\.? )?({_NAME})",
        "titled": rf"\b(?i:{_alternatives('titles')})\.? ({_NAME})",
        "placed": rf"({_NAME}) (?:{_alternatives('places')})\b",
        "signed": rf"(?:^|\s)[/–-] ?({_NAME})\.?$",
    }
    return re.compile(patterns[what])


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    for what in ("address", "english"):
        yield from (found.span() for found in _compiled(what).finditer(text))


def _orders(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span(1) for found in _compiled("order").finditer(text))
    yield from (found.span() for found in _LONG_NUMBER.finditer(text))


def _names(text: str) -> Iterator[tuple[int, int]]:
    for what in ("titled", "cued", "placed", "signed"):
        for found in _compiled(what).finditer(text):
            start, end = found.span(1)
            if not _begins_sentence(text, start) or what != "placed" or _is_known(text[start:end]):
                yield start, end
    for found in _FIRST.finditer(text):
        if found.group().casefold() in _first_names():
            whole = _WHOLE.match(text, found.start())
            yield whole.span() if whole else found.span()


def _is_known(name: str) -> bool:
    return re.split(r"[ -]", name)[0].casefold() in _first_names()


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?:"


_FINDERS: Final[tuple[tuple[Kind, Callable[[str], Iterator[tuple[int, int]]]], ...]] = (
    ("email", _all(_EMAIL)),
    ("link", _all(_LINK)),
    ("account", _all(_ACCOUNT)),
    ("personal", _all(_PERSONAL)),
    ("phone", _all(_PHONE)),
    ("address", _addresses),
    ("plate", _all(_PLATE)),
    ("order", _orders),
    ("name", _names),
)
