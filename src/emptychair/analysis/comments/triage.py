"""What is to be done with a comment: answer it, weigh a suggestion, pass on praise, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, Literal

from emptychair.analysis.comments.keywords import Match
from emptychair.analysis.comments.lexicon import LANGUAGES, keywords_of
from emptychair.analysis.comments.text import Words
from emptychair.analysis.comments.tone import Sentiment

Triage = Literal["answer", "suggestion", "praise", "remark", "unusable"]
Request = Literal["answer", "suggestion", ""]
Why = Literal["", "empty", "no_words", "no_opinion", "no_sense"]
TRIAGES: Final = ("answer", "suggestion", "praise", "remark", "unusable")

_VOWELS = frozenset("aeiouyåäöæøüéèáàêëíóúœ")
_MOST_CONSONANTS = 6  # in a row; "Angstschweiß" has five
_LONGEST_EMPTY_ANSWER = 4  # words


def why_unusable(text: str, words: Words) -> Why:
    """Return why nothing can be read from a cleaned comment; empty if something can.

    Args:
        text: the comment.
        words: its words.
    """
    if not text:
        return "empty"
    told = [word for word in words.words if sum(letter.isalpha() for letter in word) > 1]
    if not told:
        return "no_words"
    if len(words.words) <= _LONGEST_EMPTY_ANSWER and _says_nothing(words):
        return "no_opinion"
    return "no_sense" if all(_is_noise(word) for word in told) else ""


def _says_nothing(words: Words) -> bool:
    whole = len(words.words)
    return any(
        match.label == "unusable" and match.start == 0 and match.end == whole
        for language in LANGUAGES
        for match in keywords_of("triage", language).find(words.words)
    )


def _is_noise(word: str) -> bool:
    """Say whether a word is letters hit at random: no vowels, or the keys of one row."""
    if len(word) < 3 or not word.isalpha():
        return len(set(word)) == 1
    if len(set(word)) == 1 or (len(set(word)) == 2 and len(word) >= 4):
        return True
    without = 0
    for letter in word:
        without = 0 if letter in _VOWELS else without + 1
        if without > _MOST_CONSONANTS:
            return True
    if without == len(word):
        return True
    return any(_runs_along(word, row) for row in ("qwertyuiopå", "asdfghjklöä", "zxcvbnm"))


def _runs_along(word: str, row: str) -> bool:
    """Say whether most neighbours of a word of four letters or more lie side by side on a row."""
    if len(word) < 4 or any(letter not in row for letter in word):
        return False
    places = [row.index(letter) for letter in word]
    steps = [abs(b - a) for a, b in pairwise(places)]
    return sum(step == 1 for step in steps) / len(steps) > 0.6


def request_in(text: str, words: Words, languages: Iterable[str]) -> Request:
    """Return what a cleaned comment asks for: an answer, that something be done, or nothing.

    Args:
        text: the comment.
        words: its words.
        languages: the languages it is in.
    """
    found = {match.label for match in _matches(words, languages)}
    if "answer" in found or ("question" in found and "?" in text and "suggestion" not in found):
        return "answer"
    return "suggestion" if "suggestion" in found else ""


def triage_of(request: Request, sentiment: Sentiment, why: Why) -> Triage:
    """Return what is to be done with a comment.

    Args:
        request: what it asks for, as `request_in` says.
        sentiment: its tone.
        why: why nothing can be read from it, as `why_unusable` says.

    Examples:
        >>> triage_of("", "positive", "")
        'praise'
    """
    if why:
        return "unusable"
    if request:
        return request
    return "praise" if sentiment == "positive" else "remark"


def _matches(words: Words, languages: Iterable[str]) -> Iterable[Match]:
    for language in languages:
        yield from keywords_of("triage", language).find(words.words)
