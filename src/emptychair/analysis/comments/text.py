"""A comment as it came, made readable: without markup, cut at a length, split into words."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

MOST_READ = 10_000  # characters of a comment; what comes after is not read

_TAG = re.compile(r"<(?:!--.*?--|/?[a-zA-Z][^<>]{0,500})>", re.DOTALL)
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:['’/-][^\W_]+)*")
_CLAUSE_END = re.compile(r"[.!?;:,\n()–—]+")
_SENTENCE_END = re.compile(r"(?<=[.!?\n])\s+")


@dataclass(frozen=True)
class Words:
    """The words of a comment in lower case, and in which clause each stands."""

    words: tuple[str, ...]
    clauses: tuple[int, ...]


def cleaned(comment: str | None) -> str:
    """Return a comment as plain text in one line: no markup, no control characters, not too long.

    Examples:
        >>> cleaned("<p>Bra&nbsp;<b>service</b></p>")
        'Bra service'
    """
    if not comment:
        return ""
    text = comment[:MOST_READ]
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(one for one in map(_readable, text) if one)
    return _SPACE.sub(" ", text).strip()


def _readable(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") else letter


def words_of(text: str) -> Words:
    """Return the words of a cleaned text.

    Examples:
        >>> words_of("Dyrt, men bra!").words
        ('dyrt', 'men', 'bra')
    """
    ends = [found.start() for found in _CLAUSE_END.finditer(text)]
    words, clauses, clause = [], [], 0
    for found in _WORD.finditer(text):
        while clause < len(ends) and ends[clause] < found.start():
            clause += 1
        words.append(found.group().casefold().replace("’", "'"))
        clauses.append(clause)
    return Words(tuple(words), tuple(clauses))


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a cleaned text.

    Examples:
        >>> sentences_of("Bra. Men dyrt!")
        ['Bra.', 'Men dyrt!']
    """
    return [one for one in _SENTENCE_END.split(text) if one]


def folded(text: str) -> str:
    """Return a text as it is searched: lower case, without accents.

    Examples:
        >>> folded("Kø på Åsgränd")
        'ko pa asgrand'
    """
    replaced = text.casefold().translate(_LETTERS)
    apart = unicodedata.normalize("NFD", replaced)
    return "".join(one for one in apart if not unicodedata.combining(one))


_LETTERS = str.maketrans({"ø": "o", "æ": "a", "ð": "d", "þ": "t", "ł": "l", "œ": "o"})
