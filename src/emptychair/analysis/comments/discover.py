"""Words that comments without a theme have in common: candidates for new themes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emptychair.analysis.comments.columns import LANGUAGE, theme_columns
from emptychair.analysis.comments.masking import masked
from emptychair.analysis.comments.terms import Key, Surprise, Term, points, surprising, terms_of
from emptychair.analysis.comments.text import cleaned, folded
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_COMMENTS: Final = 100_000
FEWEST: Final = 5  # comments that have a term
MOST_FOUND: Final = 30

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
    bare = {i for i, row in enumerate(rows) if not row["themed"]}
    terms = terms_of(rows)
    counts = {}
    for key, term in terms.items():
        inside = len(term.places & bare)
        if inside >= FEWEST:
            outside = len(term.places) - inside
            counts[key] = (inside, outside, len(bare), len(rows) - len(bare))
    sure = surprising(counts)
    together = _across_languages(sure)
    made = [_discovery(group, terms, sure, rows) for group in together]
    return sorted(made, key=lambda one: (-one.n, one.label))[:most]


def _across_languages(keys: Iterable[Key]) -> list[list[Key]]:
    """Put together the terms of different languages that begin with the same letters."""
    together: dict[str, list[Key]] = {}
    for language, stem in keys:
        plain = folded(stem)
        name = plain[:_SAME_BEGINNING] if len(plain) >= _SAME_BEGINNING else plain
        together.setdefault(name, []).append((language, stem))
    return list(together.values())


def _discovery(
    group: Sequence[Key],
    terms: Mapping[Key, Term],
    sure: Mapping[Key, Surprise],
    rows: Sequence[Mapping[str, Any]],
) -> Discovery:
    forms: Counter[str] = Counter()
    keywords: dict[str, list[str]] = defaultdict(list)
    places: set[int] = set()
    for language, stem in group:
        term = terms[language, stem]
        forms += term.forms
        keywords[language].append(term.keyword(stem))
        places |= term.places
    shortest = sorted(places, key=lambda i: (len(rows[i]["comment"]), rows[i]["comment"]))
    return Discovery(
        label=min(forms, key=lambda form: (-forms[form], form)),
        keywords={language: tuple(sorted(found)) for language, found in keywords.items()},
        n=len(places),
        share=len(places) / len(rows),
        nps_points=points([rows[i]["score"] for i in places]),
        q_value=max(sure[key].q_value for key in group),
        examples=tuple(masked(cleaned(rows[i]["comment"])) for i in shortest[:3]),
    )
