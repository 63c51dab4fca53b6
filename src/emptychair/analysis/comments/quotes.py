"""A few comments that speak for a theme: short, typical, different, without personal data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ibis

from emptychair.analysis.comments.columns import LANGUAGE, SENTIMENT, THEME_PREFIX, theme_columns
from emptychair.analysis.comments.masking import LABELS, masked
from emptychair.analysis.comments.text import cleaned, folded, words_of
from emptychair.analysis.sums.counts import Group, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHORTEST: Final = 15  # characters
LONGEST: Final = 220
QUOTES: Final = 3

_LOOKED_AT = 60  # comments of a theme among which quotes are chosen
_ALIKE = 0.6  # share of words two comments may have in common
_BEST_LENGTH = 80


@dataclass(frozen=True)
class Quote:
    """A comment as it may be shown in a report.

    Attributes:
        text: the words, personal data masked.
        language: the language.
        score: what the customer answered.
    """

    text: str
    language: str
    score: int


def quotes(
    readings: ir.Table,
    *,
    by: Sequence[str] = (),
    most: int = QUOTES,
    labels: Mapping[str, str] = LABELS,
) -> dict[tuple[Group, str], list[Quote]]:
    """Return quotes by group and theme, the same ones on every engine.

    Comments that mention few other themes, are short and have the tone most comments of the
    theme have come first; two that say the same do not stand together.

    Args:
        readings: responses with the columns of `with_themes`.
        by: columns to group by.
        most: quotes of a theme.
        labels: what stands in the place of personal data.
    """
    columns = theme_columns(readings)
    answers = counted(readings)
    keys = {f"key_{i}": answers[name] for i, name in enumerate(by)}
    lengths = answers["comment"].length()
    fit = answers.filter(answers["comment"].notnull() & lengths.between(SHORTEST, LONGEST)).select(
        "comment", "score", *columns,
        language=answers[LANGUAGE], sentiment=answers[SENTIMENT],
        digest=answers["comment"].hexdigest("md5"),
        mentions=sum((answers[n].fill_null(0).cast("int64") for n in columns), ibis.literal(0)),
        **keys,
    )  # fmt: skip
    tall = fit.pivot_longer(columns, names_to="theme", values_to="mentioned")
    tall = tall.filter(tall["mentioned"] == 1)
    groups = [*keys, "theme"]
    rank = ibis.row_number().over(group_by=groups, order_by=["mentions", "digest"])
    near = tall.mutate(rank=rank)
    near = near.filter(near["rank"] < _LOOKED_AT).drop("rank", "mentioned")
    candidates: dict[tuple[Group, str], list[dict[str, Any]]] = {}
    for row in near.to_pyarrow().to_pylist():
        key = (tuple(row[name] for name in keys), row["theme"].removeprefix(THEME_PREFIX))
        candidates.setdefault(key, []).append(row)
    return {key: chosen(rows, most, labels) for key, rows in candidates.items()}


def chosen(
    candidates: Iterable[Mapping[str, Any]], most: int = QUOTES, labels: Mapping[str, str] = LABELS
) -> list[Quote]:
    """Return the best of some comments as quotes.

    Args:
        candidates: comment, score, mentions, language and sentiment of each.
        most: how many at most.
        labels: what stands in the place of personal data.
    """
    rows = list(candidates)
    tones = [row["sentiment"] for row in rows]
    ranked = sorted(rows, key=lambda row: _rank(row, tones))
    quotes_found: list[Quote] = []
    seen: list[frozenset[str]] = []
    for row in ranked:
        text = cleaned(row["comment"])
        words = frozenset(words_of(folded(text)).words)
        if any(_alike(words, other) for other in seen):
            continue
        seen.append(words)
        quotes_found.append(Quote(masked(text, labels), row["language"], int(row["score"])))
        if len(quotes_found) == most:
            break
    return quotes_found


def _rank(row: Mapping[str, Any], tones: Sequence[str]) -> tuple[float, str]:
    comment = row["comment"]
    strangeness = 1 - tones.count(row["sentiment"]) / len(tones)
    distance = abs(len(comment) - _BEST_LENGTH) / LONGEST
    digest = hashlib.md5(comment.encode(), usedforsecurity=False).hexdigest()
    return row["mentions"] + strangeness + distance, digest


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    both = len(one & other)
    return both > _ALIKE * max(1, min(len(one), len(other)))
