"""Which language a short comment is in: common words and letter groups of six languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import exp, log
from typing import Final

from emptychair.analysis.comments.lexicon import LANGUAGES, common_words, shipped, split
from emptychair.analysis.comments.text import cleaned, sentences_of, words_of

PRIOR_WEIGHT: Final = 1.5  # how much more likely the survey's own language is, as a log odds
SURE: Final = 0.8  # posterior from which a sentence speaks for its own language
FEWEST_WORDS: Final = 4  # of a sentence in another language than the rest

_GROUP = 3  # letters
_SMOOTHING = 0.3
_WORD_ODDS = 6.0  # how much likelier a common word is in its language than in one that lacks it
_LETTER_WEIGHT = 0.6
_ASSUMED_GROUPS = 8_000  # different letter groups a language may have
_MOST_KEPT = 50_000  # words whose scores are remembered
_SHORTER = {"no": "nb", "nn": "nb"}


@dataclass(frozen=True)
class Guess:
    """A language with how likely it is among the six."""

    language: str
    probability: float


def detect(text: str, prior: str | None = None) -> Guess | None:
    """Return the language of a comment, None where it has no words.

    Naive Bayes over common words and over groups of three letters; both come from the lists
    the package ships. The survey's language is taken as likelier from the start.

    Args:
        text: a comment; markup does no harm.
        prior: the language of the survey, if known.

    References:
        Cavnar & Trenkle (1994), "N-Gram-Based Text Categorization", SDAIR-94, 161-175;
        Dunning (1994), "Statistical Identification of Language", MCCS 94-273.

    Examples:
        >>> detect("Kassen var lukket og jeg måtte vente").language
        'da'
        >>> detect("👍") is None
        True
    """
    return guess_of(words_of(cleaned(text)).words, prior)


def guess_of(words: Sequence[str], prior: str | None = None) -> Guess | None:
    """Return the language of words in lower case, as `detect` does."""
    told = [word for word in words if any(letter.isalpha() for letter in word)]
    if not told:
        return None
    scores = dict.fromkeys(LANGUAGES, 0.0)
    model = _model()
    for word in told:
        for language, score in model.scores(word).items():
            scores[language] += score
    known = _SHORTER.get((prior or "")[:2].lower(), (prior or "")[:2].lower())
    if known in scores:
        scores[known] += PRIOR_WEIGHT
    best = max(LANGUAGES, key=lambda language: scores[language])
    total = sum(exp(score - scores[best]) for score in scores.values())
    return Guess(best, 1 / total)


def languages_in(text: str, prior: str | None = None) -> tuple[str, ...]:
    """Return the languages of a cleaned comment, the main one first; several if it is mixed.

    Examples:
        >>> languages_in("Personalen var så trevlig. The delivery was late though, really late.")
        ('en', 'sv')
    """
    main = guess_of(words_of(text).words, prior)
    if main is None:
        return ()
    found = [main.language]
    sentences = sentences_of(text)
    for sentence in sentences if len(sentences) > 1 else ():
        words = words_of(sentence).words
        own = guess_of(words, main.language) if len(words) >= FEWEST_WORDS else None
        if own is not None and own.probability >= SURE and own.language not in found:
            found.append(own.language)
    return tuple(found)


@dataclass(frozen=True)
class _Model:
    """What tells languages apart.

    Attributes:
        owners: the languages a common word belongs to.
        groups: log probability of a letter group by language.
        unseen: log probability of a group never seen, by language.
    """

    owners: Mapping[str, frozenset[str]]
    groups: Mapping[str, Mapping[str, float]]
    unseen: Mapping[str, float]
    _kept: dict[str, dict[str, float]] = field(default_factory=dict, repr=False)

    def scores(self, word: str) -> dict[str, float]:
        """Return the log likelihood of one word by language, up to a constant."""
        kept = self._kept.get(word)
        if kept is None:
            kept = self._scores(word)
            if len(self._kept) < _MOST_KEPT:
                self._kept[word] = kept
        return kept

    def _scores(self, word: str) -> dict[str, float]:
        owners = self.owners.get(word, frozenset())
        own = log(_WORD_ODDS) if owners else 0.0
        pieces = _pieces(word)
        found = {}
        for language in LANGUAGES:
            known, unseen = self.groups[language], self.unseen[language]
            letters = sum(known.get(piece, unseen) for piece in pieces) / len(pieces) ** 0.5
            found[language] = _LETTER_WEIGHT * letters + (own if language in owners else 0.0)
        return found


@cache
def _model() -> _Model:
    words = {language: _words(language) for language in LANGUAGES}
    owners: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for word in words[language]:
            owners.setdefault(word, set()).add(language)
    groups, unseen = {}, {}
    for language in LANGUAGES:
        counts = Counter(piece for word in words[language] for piece in _pieces(word))
        total = sum(counts.values()) + _SMOOTHING * _ASSUMED_GROUPS
        groups[language] = {
            piece: log((count + _SMOOTHING) / total) for piece, count in counts.items()
        }
        unseen[language] = log(_SMOOTHING / total)
    return _Model({word: frozenset(one) for word, one in owners.items()}, groups, unseen)


def _words(language: str) -> set[str]:
    """Return the common words of a language and those of its keywords."""
    words = set(common_words(language))
    lists = [theme[language] for theme in shipped("taxonomy").values()]
    lists += [shipped("tone")[language][side] for side in ("positive", "negative", "negators")]
    for text in lists:
        for keyword in split(text):
            if "*" not in keyword:
                words.update(words_of(keyword).words)
    return words


def _pieces(word: str) -> list[str]:
    padded = f"^{word}$"
    return [padded[i : i + _GROUP] for i in range(max(1, len(padded) - _GROUP + 1))]
