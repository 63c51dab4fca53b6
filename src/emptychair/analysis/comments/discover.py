"""Words that comments without a theme have in common: candidates for new themes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import log
from typing import TYPE_CHECKING, Any, Final

from scipy import stats

from emptychair.analysis.comments.columns import LANGUAGE, theme_columns
from emptychair.analysis.comments.lexicon import LANGUAGES, common_words
from emptychair.analysis.comments.masking import LABELS, masked
from emptychair.analysis.comments.text import cleaned, folded, words_of
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_COMMENTS: Final = 100_000
FEWEST: Final = 5  # comments that have a term
FALSE_DISCOVERY_RATE: Final = 0.05
MOST_FOUND: Final = 30

_SHORTEST_WORD = 4
_ENDING = 3  # letters that inflection may change
_SAME_BEGINNING = 5  # letters that words of two languages share


@dataclass(frozen=True)
class Discovery:
    """Words that could be a theme.

    Attributes:
        label: the most common form.
        keywords: keywords by language, ready for a taxonomy.
        n: comments that have one of them.
        share: of all comments that tell something.
        nps_points: NPS of those comments.
        q_value: share of false findings in a list that ends here.
        examples: up to three comments, personal data masked.
    """

    label: str
    keywords: Mapping[str, tuple[str, ...]]
    n: int
    share: float
    nps_points: float
    q_value: float
    examples: tuple[str, ...]


@dataclass
class _Term:
    """A beginning of words in one language, and the comments that have it."""

    forms: Counter[str] = field(default_factory=Counter)
    bare: set[int] = field(default_factory=set)  # comments without a theme
    themed: set[int] = field(default_factory=set)


def discover(readings: ir.Table, *, most: int = MOST_FOUND) -> list[Discovery]:
    """Return words over-represented in comments that mention no theme, the most common first.

    A term is a beginning that inflected words share. It is listed if comments without a theme
    have it more often than comments with one, by the log-likelihood ratio at a false discovery
    rate of 5 %. Words of two languages that begin alike stand together. Very many comments
    are looked at by a sample that is the same each time.

    Args:
        readings: responses with the columns of `with_themes`.
        most: how many at most.

    Raises:
        NoAnswersError: no comment tells anything.

    References:
        Dunning (1993), "Accurate Methods for the Statistics of Surprise and Coincidence",
        Computational Linguistics 19(1), 61-74.
    """
    columns = theme_columns(readings)
    answers = counted(readings)
    told = answers.filter(answers["comment"].notnull() & answers[columns[0]].notnull())
    themed = told[columns[0]] == 1
    for name in columns[1:]:
        themed = themed | (told[name] == 1)
    rows = told.select(
        "comment", "score", language=told[LANGUAGE], themed=themed,
        digest=told["comment"].hexdigest("md5"),
    ).order_by("digest").limit(MOST_COMMENTS)  # fmt: skip
    return discoveries_in(rows.to_pyarrow().to_pylist(), most=most)


def discoveries_in(rows: Sequence[Mapping[str, Any]], *, most: int = MOST_FOUND) -> list[Discovery]:
    """Return the discoveries of comments: comment, score, language and whether it has a theme.

    Raises:
        NoAnswersError: there are no comments.
    """
    if not rows:
        raise NoAnswersError("No comment tells anything, so nothing can be discovered.")
    bare = sum(not row["themed"] for row in rows)
    terms = _terms(rows)
    kept = {
        key: term
        for key, term in terms.items()
        if len(term.bare) >= FEWEST and _is_more(term, bare, len(rows) - bare)
    }
    surprises = [_p_value(term, bare, len(rows) - bare) for term in kept.values()]
    q_values = benjamini_hochberg(surprises) if surprises else []
    sure = {
        key: (term, q)
        for (key, term), q in zip(kept.items(), q_values, strict=True)
        if q <= FALSE_DISCOVERY_RATE
    }
    together = _across_languages(sure)
    made = [_discovery(group, sure, rows) for group in together]
    return sorted(made, key=lambda one: (-one.n, one.label))[:most]


def _terms(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], _Term]:
    """Return by language and beginning of words the comments that have it."""
    texts = [words_of(cleaned(masked(row["comment"], _NOTHING))).words for row in rows]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row, words in zip(rows, texts, strict=True):
        counts[row["language"]].update({word for word in words if _may_tell(word)})
    beginnings = {language: _beginnings(one) for language, one in counts.items()}
    terms: dict[tuple[str, str], _Term] = defaultdict(_Term)
    for i, (row, words) in enumerate(zip(rows, texts, strict=True)):
        known = beginnings[row["language"]]
        for word in {word for word in words if word in known}:
            term = terms[row["language"], known[word]]
            term.forms[word] += 1
            (term.themed if row["themed"] else term.bare).add(i)
    return terms


_NOTHING: Final = dict.fromkeys(LABELS, " ")


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


def _is_more(term: _Term, bare: int, themed: int) -> bool:
    return len(term.bare) * max(themed, 1) > len(term.themed) * bare


def _p_value(term: _Term, bare: int, themed: int) -> float:
    """Return the p-value of the log-likelihood ratio of the two shares."""
    a, b = len(term.bare), len(term.themed)
    table = ((a, bare - a), (b, themed - b))
    total = bare + themed
    columns = (a + b, total - a - b)
    rows = (bare, themed)
    ratio = 2 * sum(
        table[i][j] * log(table[i][j] * total / (rows[i] * columns[j]))
        for i in range(2)
        for j in range(2)
        if table[i][j]
    )
    return float(stats.chi2.sf(max(ratio, 0.0), 1))


def _across_languages(keys: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Put together the terms of different languages that begin with the same letters."""
    together: dict[str, list[tuple[str, str]]] = {}
    for language, stem in keys:
        plain = folded(stem)
        name = plain[:_SAME_BEGINNING] if len(plain) >= _SAME_BEGINNING else plain
        together.setdefault(name, []).append((language, stem))
    return list(together.values())


def _discovery(
    group: Sequence[tuple[str, str]],
    sure: Mapping[tuple[str, str], tuple[_Term, float]],
    rows: Sequence[Mapping[str, Any]],
) -> Discovery:
    forms: Counter[str] = Counter()
    keywords: dict[str, list[str]] = defaultdict(list)
    places: set[int] = set()
    for language, stem in group:
        term, _ = sure[language, stem]
        forms += term.forms
        keywords[language].append(stem if set(term.forms) == {stem} else f"{stem}*")
        places |= term.bare | term.themed
    scores = [rows[i]["score"] for i in places]
    nps = 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)
    shortest = sorted(places, key=lambda i: (len(rows[i]["comment"]), rows[i]["comment"]))
    return Discovery(
        label=min(forms, key=lambda form: (-forms[form], form)),
        keywords={language: tuple(sorted(found)) for language, found in keywords.items()},
        n=len(places),
        share=len(places) / len(rows),
        nps_points=nps,
        q_value=max(sure[key][1] for key in group),
        examples=tuple(masked(cleaned(rows[i]["comment"])) for i in shortest[:3]),
    )
