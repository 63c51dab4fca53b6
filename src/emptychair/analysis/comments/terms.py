"""Beginnings of words in comments, and how surprising it is where they stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import log
from typing import Any, Final, TypeAlias

from scipy import stats

from emptychair.analysis.comments.lexicon import LANGUAGES, common_words
from emptychair.analysis.comments.masking import LABELS, masked
from emptychair.analysis.comments.text import cleaned, words_of
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg

FALSE_DISCOVERY_RATE: Final = 0.05

_SHORTEST_WORD = 4
_ENDING = 3  # letters that inflection may change
_NOTHING: Final = dict.fromkeys(LABELS, " ")


Key: TypeAlias = tuple[str, str]  # language and beginning of words
Counts: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True)
class Surprise:
    """How surprising it is that a term stands so often in a set of comments.

    Attributes:
        p_value: of the two shares being the same.
        q_value: share of false findings in a list that ends here.
    """

    p_value: float
    q_value: float


@dataclass
class Term:
    """A beginning of words in one language.

    Attributes:
        forms: how often each word with this beginning stands in comments.
        places: which comments have it.
    """

    forms: Counter[str] = field(default_factory=Counter)
    places: set[int] = field(default_factory=set)

    def keyword(self, stem: str) -> str:
        """Return the keyword of a taxonomy that finds its words."""
        return stem if set(self.forms) == {stem} else f"{stem}*"

    def commonest(self) -> str:
        """Return the word with this beginning that is used most."""
        return min(self.forms, key=lambda form: (-self.forms[form], form))


def terms_of(rows: Sequence[Mapping[str, Any]]) -> dict[Key, Term]:
    """Return by language and beginning of words the comments that have it.

    Personal data, common words and words of fewer than four letters are left out.

    Args:
        rows: `comment` and `language` of each.
    """
    texts = [words_of(cleaned(without_personal_data(row["comment"]))).words for row in rows]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row, words in zip(rows, texts, strict=True):
        counts[row["language"]].update({word for word in words if _may_tell(word)})
    beginnings = {language: _beginnings(one) for language, one in counts.items()}
    terms: dict[Key, Term] = defaultdict(Term)
    for i, (row, words) in enumerate(zip(rows, texts, strict=True)):
        known = beginnings[row["language"]]
        for word in {word for word in words if word in known}:
            term = terms[row["language"], known[word]]
            term.forms[word] += 1
            term.places.add(i)
    return terms


def without_personal_data(comment: str) -> str:
    """Return a comment with nothing in the place of personal data.

    Examples:
        >>> without_personal_data("Ring 070-123 45 67 idag")
        'Ring   idag'
    """
    return masked(comment, _NOTHING)


def surprising(counts: Mapping[Key, Counts]) -> dict[Key, Surprise]:
    """Return the terms that a set of comments has more often than others, beyond chance.

    Judged by the log-likelihood ratio of the two shares, at a false discovery rate of 5 % over
    all terms whose share is higher in the set.

    Args:
        counts: of each term: comments of the set that have it, other comments that have it,
            comments of the set, other comments.

    References:
        Dunning (1993), "Accurate Methods for the Statistics of Surprise and Coincidence",
        Computational Linguistics 19(1), 61-74; Benjamini & Hochberg (1995), JRSS B 57(1),
        289-300.

    Examples:
        >>> found = surprising({("sv", "mobil"): (4, 0, 10, 90), ("sv", "kass"): (5, 5, 50, 50)})
        >>> {key: round(one.p_value, 6) for key, one in found.items()}
        {('sv', 'mobil'): 7e-06}
    """
    p_values = {key: _p_value(*four) for key, four in counts.items() if _is_more(*four)}
    if not p_values:
        return {}
    q_values = benjamini_hochberg(list(p_values.values()))
    return {
        key: Surprise(p, q)
        for (key, p), q in zip(p_values.items(), q_values, strict=True)
        if q <= FALSE_DISCOVERY_RATE
    }


def points(scores: Sequence[int]) -> float:
    """Return the NPS of scores in points.

    Examples:
        >>> points([10, 9, 7, 3])
        25.0
    """
    return 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)


def _is_more(inside: int, outside: int, all_inside: int, all_outside: int) -> bool:
    return inside * max(all_outside, 1) > outside * all_inside


def _p_value(inside: int, outside: int, all_inside: int, all_outside: int) -> float:
    """Return the p-value of the log-likelihood ratio of two shares."""
    table = ((inside, all_inside - inside), (outside, all_outside - outside))
    total = all_inside + all_outside
    columns = (inside + outside, total - inside - outside)
    rows = (all_inside, all_outside)
    ratio = 2 * sum(
        table[i][j] * log(table[i][j] * total / (rows[i] * columns[j]))
        for i in range(2)
        for j in range(2)
        if table[i][j]
    )
    return float(stats.chi2.sf(max(ratio, 0.0), 1))


def _may_tell(word: str) -> bool:
    return len(word) >= _SHORTEST_WORD and word not in _stop_words() and not word.isdigit()


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(word for language in LANGUAGES for word in common_words(language))


def _beginnings(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the beginning each word counts under: that of the most common word like it."""
    found: dict[str, str] = {}
    stems: set[str] = set()
    for word in sorted(counts, key=lambda word: (-counts[word], word)):
        longest = len(word)
        for end in range(longest, max(_SHORTEST_WORD, longest - 2 * _ENDING) - 1, -1):
            if word[:end] in stems:
                found[word] = word[:end]
                break
        else:
            stem = word[: max(_SHORTEST_WORD, longest - _ENDING)] if longest > 5 else word
            stems.add(stem)
            found[word] = stem
    return found
