"""Comments that mean the same in whatever language: groups of vectors, named by their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.comments.columns import LANGUAGE, theme_columns
from emptychair.analysis.comments.masking import masked
from emptychair.analysis.comments.quotes import LONGEST, QUOTES, Quote
from emptychair.analysis.comments.terms import Key, Term, points, surprising, terms_of
from emptychair.analysis.comments.text import cleaned
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.counts import counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_COMMENTS: Final = 2_000  # different comments that are compared, each with each
FEWEST: Final = 5  # different comments of a group
SIMILARITY: Final = 0.2
MOST_FOUND: Final = 20

_SHUFFLES = 4
_LANGUAGE_WEIGHT = 10  # comments of a language at which its own middle counts half
_NO_DIRECTION = 1e-6
_MOST_KEYWORDS = 5  # of a group in one language
_FEWEST_WITH_WORD = 2  # comments of a group in the word's language

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class MeaningGroup:
    """Comments that mean much the same, and could be a theme.

    Attributes:
        label: a word that tells it apart, in the language most of it is written in.
        keywords: words that tell it apart by language, ready for a taxonomy.
        n: its comments.
        share: of the comments looked at.
        nps_points: NPS of those comments.
        languages: comments by language, the most common first.
        closeness: mean cosine of its comments with its middle, 0 to 1.
        examples: up to three comments near its middle, in different languages where it has
            them, personal data masked.
    """

    label: str
    keywords: Mapping[str, tuple[str, ...]]
    n: int
    share: float
    nps_points: float
    languages: Mapping[str, int]
    closeness: float
    examples: tuple[Quote, ...]


def comments_without_theme(
    readings: ir.Table, *, most: int = MOST_COMMENTS
) -> list[dict[str, Any]]:
    """Return comments that tell something and mention no theme, the same sample on every engine.

    Args:
        readings: responses with the columns of `with_themes` and `response_id`.
        most: how many at most.

    Returns:
        `response_id`, `comment`, `score` and `language` of each.

    Raises:
        ColumnNotFoundError: `response_id` is missing.
    """
    check_columns(readings, ["response_id"])
    answers = counted(readings)
    no_theme = reduce(lambda a, b: a & b, (answers[name] == 0 for name in theme_columns(readings)))
    rows = answers.filter(answers["comment"].notnull() & no_theme).select(
        "response_id", "comment", "score", language=answers[LANGUAGE],
        digest=answers["comment"].hexdigest("md5"),
    ).order_by("digest", "response_id").limit(most)  # fmt: skip
    found: list[dict[str, Any]] = rows.drop("digest").to_pyarrow().to_pylist()
    return found


def groups_of_meaning(
    rows: Sequence[Mapping[str, Any]],
    vectors: Any,
    *,
    similarity: float = SIMILARITY,
    most: int = MOST_FOUND,
) -> list[MeaningGroup]:
    """Return groups of comments whose vectors lie together, the largest first.

    Vectors of one language lie together merely because of the language, so the middle of each
    language is taken away first; that of a language with n comments weighs n / (n + 10), the
    middle of all the rest. Groups join by the mean cosine of their comments (average linkage)
    as long as it is at least `similarity`, and above what comments reach whose values were
    shuffled dimension by dimension. Five different comments make a group; the same words said
    twice count once for that. A group that no word tells apart cannot be looked for by words
    and is left out, as are rows whose vector is zero or not a number.

    Args:
        rows: `comment`, `score` and `language` of each.
        vectors: one row of numbers for each comment, from any model.
        similarity: the least mean cosine within a group, a share strictly between 0 and 1.
        most: how many groups at most.

    Raises:
        ArgumentError: there is not one vector for each comment, there are more than 2,000
            different comments, or `similarity` is no such share.

    References:
        Libovický, Rosa & Fraser (2020), "On the Language Neutrality of Pre-trained Multilingual
        Representations", Findings of EMNLP, 1663-1674; Sokal & Michener (1958), University of
        Kansas Science Bulletin 38, 1409-1438; Horn (1965), Psychometrika 30(2), 179-185;
        Dunning (1993), Computational Linguistics 19(1), 61-74.

    Examples:
        >>> said = ["Kaffet var kallt", "The coffee was cold", "Kaffen war kalt"]
        >>> rows = [{"comment": c, "score": 3, "language": "sv"} for c in said]
        >>> groups_of_meaning(rows, np.eye(3))  # too few to be a group
        []
    """
    check_share(similarity, "similarity")
    given = _table(vectors, len(rows))
    usable = np.flatnonzero(np.isfinite(given).all(axis=1) & given.any(axis=1))
    kept = [rows[i] for i in usable.tolist()]
    firsts, places = _different(kept)
    if len(firsts) > MOST_COMMENTS:
        raise ArgumentError(
            f"There are {len(firsts)} different comments; at most {MOST_COMMENTS} are compared."
        )
    directions = _without_language(given[usable[firsts]], [kept[i]["language"] for i in firsts])
    groups = _joined(directions, similarity)
    terms = terms_of(kept)
    found: list[MeaningGroup] = []
    for group in sorted(groups, key=lambda one: (-len(one), one)):
        members = np.flatnonzero(np.isin(places, group))
        keywords = _keywords(set(members.tolist()), terms, kept)
        label = _label(keywords, terms, {one.label for one in found})
        if label:
            middle = directions[group].mean(axis=0)
            near = directions[places[members]] @ (middle / np.linalg.norm(middle))
            found.append(_group(label, keywords, terms, kept, members, near))
    return sorted(found, key=lambda one: (-one.n, one.label))[:most]


def _table(vectors: Any, n: int) -> Floats:
    try:
        given = np.asarray(vectors, dtype=np.float64)
    except ValueError as error:
        raise ArgumentError("The vectors are not numbers, as many for each comment.") from error
    if n == 0 and given.size == 0:
        return np.zeros((0, 1))
    if given.ndim != 2 or len(given) != n:
        raise ArgumentError(
            f"There are {n} comments, so vectors is a table of {n} rows, not one of the shape"
            f" {given.shape}."
        )
    return given


def _different(rows: Sequence[Mapping[str, Any]]) -> tuple[Places, Places]:
    """Return where each different comment stands first, and which of these each comment is."""
    known: dict[str, int] = {}
    firsts: list[int] = []
    places: list[int] = []
    for i, row in enumerate(rows):
        words = cleaned(row["comment"]).casefold()
        if words not in known:
            known[words] = len(firsts)
            firsts.append(i)
        places.append(known[words])
    return np.array(firsts, dtype=np.int64), np.array(places, dtype=np.int64)


def _without_language(vectors: Floats, languages: Sequence[str]) -> Floats:
    """Return directions from the middle of each comment's language, zero where there is none."""
    if not len(vectors):
        return vectors
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    middle = units.mean(axis=0)
    spoken = np.array(languages)
    moved = np.empty_like(units)
    for language in np.unique(spoken):
        mine = units[spoken == language]
        weight = len(mine) / (len(mine) + _LANGUAGE_WEIGHT)
        moved[spoken == language] = mine - weight * mine.mean(axis=0) - (1 - weight) * middle
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.where(lengths > _NO_DIRECTION, moved / np.maximum(lengths, _NO_DIRECTION), 0.0)


def _joined(directions: Floats, similarity: float) -> list[list[int]]:
    """Return groups of at least five, by average linkage cut above what chance joins."""
    pointing = np.flatnonzero(directions.any(axis=1))
    if len(pointing) < FEWEST:
        return []
    tree = _tree(directions[pointing])
    by_chance = [_first_group(_tree(one)) for one in _shuffled(directions[pointing])]
    # Chance may join a little closer than it did in a few tries: as much again as they differ.
    cut = max(0.0, min(1 - similarity, 2 * min(by_chance) - max(by_chance)))
    numbers = fcluster(tree, cut, criterion="distance")
    groups: dict[int, list[int]] = {}
    for place, number in zip(pointing.tolist(), numbers.tolist(), strict=True):
        groups.setdefault(number, []).append(place)
    return [group for group in groups.values() if len(group) >= FEWEST]


def _tree(directions: Floats) -> Floats:
    distances = np.maximum(1 - directions @ directions.T, 0.0)
    np.fill_diagonal(distances, 0.0)
    tree: Floats = linkage(squareform(distances, checks=False), method="average")
    return tree


def _shuffled(directions: Floats) -> Iterator[Floats]:
    """Return the same values without what belongs together, a few times, alike each time."""
    random = np.random.default_rng(len(directions))
    for _ in range(_SHUFFLES):
        mixed = random.permuted(directions, axis=0)
        lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
        yield mixed[lengths[:, 0] > 0] / lengths[lengths[:, 0] > 0]


def _first_group(tree: Floats) -> float:
    """Return the distance at which the first group of five comes about."""
    large = tree[tree[:, 3] >= FEWEST, 2]
    return float(large.min()) if len(large) else 2.0


def _keywords(
    members: set[int], terms: Mapping[Key, Term], rows: Sequence[Mapping[str, Any]]
) -> dict[str, list[Key]]:
    """Return by language, most common first, the stems that tell a group apart, best first."""
    everybody = Counter(row["language"] for row in rows)
    mine = Counter(rows[i]["language"] for i in members)
    counts = {}
    for key, term in terms.items():
        inside, language = len(term.places & members), key[0]
        if inside >= _FEWEST_WITH_WORD:
            others = everybody[language] - mine[language]
            counts[key] = (inside, len(term.places) - inside, mine[language], others)
    sure = surprising(counts)
    best = sorted(sure, key=lambda key: (sure[key].p_value, key))
    return {
        language: [key for key in best if key[0] == language][:_MOST_KEYWORDS]
        for language, _ in sorted(mine.items(), key=lambda item: (-item[1], item[0]))
    }


def _label(
    keywords: Mapping[str, Sequence[Key]], terms: Mapping[Key, Term], taken: set[str]
) -> str:
    """Return the best word that no other group is called by, blank if there is none."""
    words = [terms[key].commonest() for keys in keywords.values() for key in keys]
    return next((word for word in words if word not in taken), "")


def _group(
    label: str,
    keywords: Mapping[str, Sequence[Key]],
    terms: Mapping[Key, Term],
    rows: Sequence[Mapping[str, Any]],
    members: Places,
    near: Floats,
) -> MeaningGroup:
    languages = Counter(rows[i]["language"] for i in members)
    return MeaningGroup(
        label=label,
        keywords={
            language: tuple(sorted(terms[key].keyword(key[1]) for key in keys))
            for language, keys in keywords.items()
            if keys
        },
        n=len(members),
        share=len(members) / len(rows),
        nps_points=points([rows[i]["score"] for i in members]),
        languages=dict(sorted(languages.items(), key=lambda item: (-item[1], item[0]))),
        closeness=float(near.mean()),
        examples=tuple(_examples([rows[i] for i in members], near)),
    )


def _examples(rows: Sequence[Mapping[str, Any]], near: Floats) -> Iterator[Quote]:
    """Return comments near the middle: the nearest of each language, then the next nearest."""
    order = sorted(range(len(rows)), key=lambda i: (-round(float(near[i]), 6), rows[i]["comment"]))
    short = [i for i in order if len(rows[i]["comment"]) <= LONGEST] or order
    first_of = {rows[i]["language"]: i for i in reversed(short)}
    chosen = [i for i in short if first_of[rows[i]["language"]] == i]
    chosen += [i for i in short if i not in chosen]
    seen: set[str] = set()
    for i in chosen:
        text = masked(cleaned(rows[i]["comment"]))
        if text.casefold() not in seen and len(seen) < QUOTES:
            seen.add(text.casefold())
            yield Quote(text, rows[i]["language"], int(rows[i]["score"]))
