"""Keywords that find labels in the words of a comment: words, beginnings, endings, phrases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from emptychair.analysis.comments.text import words_of
from emptychair.analysis.errors import ArgumentError

LONGEST_KEYWORD = 60  # characters
MOST_WORDS = 6  # of a phrase
_MOST_KEPT = 50_000  # words whose keywords are remembered
_WIDEST_GAP = 3  # words that a `*` of a phrase may stand for


@dataclass(frozen=True)
class Match:
    """A label found at words `start` to `end`, the last one not included."""

    label: str
    start: int
    end: int


@dataclass(frozen=True)
class _Pattern:
    label: str
    parts: tuple[str, ...]
    is_exception: bool


class Keywords:
    """The keywords of several labels in one language, ready to be looked for.

    Examples:
        >>> keywords = Keywords({"price": ["dyr*", "för pengarna"], "wait": ["*kö"]})
        >>> [match.label for match in keywords.find(["dyrast", "i", "telefonkö"])]
        ['price', 'wait']
    """

    def __init__(self, keywords: Mapping[str, Iterable[str]]) -> None:
        """Prepare the keywords of each label.

        Raises:
            ArgumentError: a keyword cannot be used; the message says why.
        """
        self._exact: dict[str, list[_Pattern]] = {}
        self._beginnings: dict[str, list[_Pattern]] = {}
        self._endings: dict[str, list[_Pattern]] = {}
        self._inside: list[tuple[str, _Pattern]] = []
        self._kept: dict[str, tuple[_Pattern, ...]] = {}
        for label, patterns in keywords.items():
            for keyword in patterns:
                self._add(label, keyword)

    def find(self, words: Sequence[str]) -> list[Match]:
        """Return every place where a keyword of a label stands and no exception covers it."""
        found: list[Match] = []
        exceptions: list[Match] = []
        for i, word in enumerate(words):
            for pattern in self._starting_with(word):
                end = _end(pattern.parts, words, i)
                if end:
                    (exceptions if pattern.is_exception else found).append(
                        Match(pattern.label, i, end)
                    )
        if not exceptions:
            return found
        return [one for one in found if not any(_covers(other, one) for other in exceptions)]

    def _add(self, label: str, keyword: str) -> None:
        parts = parts_of(keyword)
        pattern = _Pattern(label, parts, keyword.strip().startswith("!"))
        first = parts[0]
        stem = first.strip("*")
        if first.startswith("*") and first.endswith("*"):
            self._inside.append((stem, pattern))
        elif first.startswith("*"):
            self._endings.setdefault(stem, []).append(pattern)
        elif first.endswith("*"):
            self._beginnings.setdefault(stem, []).append(pattern)
        else:
            self._exact.setdefault(first, []).append(pattern)

    def _starting_with(self, word: str) -> tuple[_Pattern, ...]:
        kept = self._kept.get(word)
        if kept is not None:
            return kept
        found = list(self._exact.get(word, ()))
        for i in range(1, len(word) + 1):
            found += self._beginnings.get(word[:i], ())
            found += self._endings.get(word[i - 1 :], ())
        found += [pattern for stem, pattern in self._inside if stem in word]
        if len(self._kept) < _MOST_KEPT:
            self._kept[word] = tuple(found)
        return tuple(found)


def parts_of(keyword: str) -> tuple[str, ...]:
    """Return the words of a keyword, checked.

    Raises:
        ArgumentError: it is empty, too long or too wide.

    Examples:
        >>> parts_of("!Öppet köp")
        ('öppet', 'köp')
    """
    text = keyword.strip().removeprefix("!").strip()
    if not text:
        raise ArgumentError("A keyword has no letters: write a word, a beginning* or a phrase.")
    if len(text) > LONGEST_KEYWORD:
        raise ArgumentError(
            f"The keyword {text[:20]!r}... is longer than {LONGEST_KEYWORD} characters."
        )
    parts: list[str] = []
    for piece in text.split():
        parts += _piece(piece, keyword)
    if not parts or len(parts) > MOST_WORDS:
        raise ArgumentError(f"The keyword {text!r} needs one to {MOST_WORDS} words.")
    if parts[0] == "*" or parts[-1] == "*":
        raise ArgumentError(f"The keyword {text!r} begins or ends with a lone *: take it away.")
    return tuple(parts)


def _piece(piece: str, keyword: str) -> list[str]:
    if piece == "*":
        return ["*"]
    words = list(words_of(piece.strip("*")).words)
    if not words or "*" in piece.strip("*"):
        raise ArgumentError(
            f"In the keyword {keyword.strip()!r}, * may stand only where a word begins or ends."
        )
    if sum(len(word) for word in words) < 2 and "*" in piece:
        raise ArgumentError(
            f"In the keyword {keyword.strip()!r}, a * needs two letters at least beside it."
        )
    words[0] = ("*" if piece.startswith("*") else "") + words[0]
    words[-1] += "*" if piece.endswith("*") else ""
    return words


def _end(parts: Sequence[str], words: Sequence[str], start: int) -> int:
    """Return where a phrase that begins at `start` ends, 0 if it does not stand there."""
    place = start + 1  # its first word is known to fit
    for i, part in enumerate(parts[1:], 1):
        if part == "*":
            for gap in range(1, _WIDEST_GAP + 1):
                after = place + gap
                if after < len(words) and _fits(parts[i + 1], words[after]):
                    end = _end(parts[i + 1 :], words, after)
                    if end:
                        return end
            return 0
        if place >= len(words) or not _fits(part, words[place]):
            return 0
        place += 1
    return place


def _fits(part: str, word: str) -> bool:
    stem = part.strip("*")
    if part.startswith("*"):
        return stem in word if part.endswith("*") else word.endswith(stem)
    return word.startswith(stem) if part.endswith("*") else word == stem


def _covers(exception: Match, match: Match) -> bool:
    return (
        exception.label == match.label
        and exception.start < match.end
        and match.start < exception.end
    )
