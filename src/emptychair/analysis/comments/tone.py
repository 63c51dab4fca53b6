"""Whether a comment praises, blames or does both: words of tone, turned around by negation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from emptychair.analysis.comments.keywords import Match
from emptychair.analysis.comments.lexicon import keywords_of, shipped
from emptychair.analysis.comments.text import Words

Sentiment = Literal["positive", "negative", "mixed", "neutral"]
SENTIMENTS: Final = ("positive", "mixed", "negative", "neutral")

_REACH = 3  # words after a negation that it turns around
_SHORTEST_CONTRAST = 2  # words after "but"
_SIDES = ("positive", "negative")
_OPINIONS = (*_SIDES, "thanks")


@dataclass(frozen=True)
class Tone:
    """How much praise and blame a comment holds.

    Attributes:
        positive: places of praise.
        negative: places of blame.
        turns: whether it turns with a word as "but": opinions on both sides, or praise before.
    """

    positive: int
    negative: int
    turns: bool

    @property
    def sentiment(self) -> Sentiment:
        """What the comment is on the whole."""
        if not self.positive and not self.negative:
            return "neutral"
        if not self.positive:
            return "negative"
        if not self.negative:
            return "mixed" if self.turns else "positive"
        if self.turns or self.positive == self.negative:
            return "mixed"
        more, less = max(self.positive, self.negative), min(self.positive, self.negative)
        if more < 3 * less:
            return "mixed"
        return "positive" if self.positive == more else "negative"


def tone_of(text: str, words: Words, languages: Iterable[str], *, asks: bool = False) -> Tone:
    """Return the tone of a cleaned comment from its words and its emoji.

    A negation turns the words around that follow within three in its clause: "not good" is
    blame. A longer phrase counts before the words in it: "no queue" is praise. Praise of what
    would be is none, and neither are thanks under a request.

    Args:
        text: the comment, for emoji.
        words: its words.
        languages: the languages it is in.
        asks: whether it asks for something.
    """
    sides = {"positive": 0, "negative": 0}
    turns = False
    for language in languages:
        matches = keywords_of("tone", language).find(words.words)
        told = _Told(matches, words.clauses)
        opinions = [
            one
            for one in _longest([one for one in matches if one.label in _OPINIONS])
            if not (one.label == "thanks" and asks) and not told.is_wished(one)
        ]
        for match in opinions:
            praises = match.label != "negative"
            sides[_SIDES[praises == told.is_turned(match)]] += 1
        turns = turns or told.turns_between(opinions, len(words.words))
    for side, emoji in shipped("tone")["emoji"].items():
        sides[side] += any(one in text for one in emoji)
    return Tone(sides["positive"], sides["negative"], turns)


class _Told:
    """The words between opinions: what turns them around, wishes, and contrasts."""

    def __init__(self, matches: Sequence[Match], clauses: Sequence[int]) -> None:
        self._clauses = clauses
        self._negations = [one for one in matches if one.label == "negators"]
        self._wishes = [one for one in matches if one.label == "conditional"]
        self._breaks = [one.start for one in matches if one.label == "but"]

    def is_turned(self, match: Match) -> bool:
        """Say whether a negation stands shortly before, in the same clause."""
        return any(
            match.start - _REACH <= negation.start < match.start
            and self._clauses[negation.start] == self._clauses[match.start]
            and not any(negation.start < place < match.start for place in self._breaks)
            for negation in self._negations
        )

    def is_wished(self, match: Match) -> bool:
        """Say whether praise is of what would be, not of what is."""
        return match.label == "positive" and any(
            self._clauses[wish.start] == self._clauses[match.start]
            and -_REACH <= match.start - wish.start <= _REACH + 1
            for wish in self._wishes
        )

    def turns_between(self, opinions: Sequence[Match], length: int) -> bool:
        """Say whether a contrast follows an opinion and something follows the contrast."""
        return any(
            any(one.end <= place for one in opinions) and place + _SHORTEST_CONTRAST < length
            for place in self._breaks
        )


def _longest(matches: Sequence[Match]) -> list[Match]:
    """Return the matches without those that lie inside, or across, a longer one."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda one: (one.start - one.end, one.start, one.label)):
        if not any(other.start < match.end and match.start < other.end for other in kept):
            kept.append(match)
    return kept
