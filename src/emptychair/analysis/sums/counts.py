"""Score counts: how many answered 0, 1, ... 10. They add, so they merge over days and engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.errors import ArgumentError, ScoreRangeError

SCORES = range(11)

Group = tuple[object, ...]


@dataclass(frozen=True)
class ScoreCounts:
    """How many responses gave each score from 0 to 10.

    Examples:
        >>> monday = ScoreCounts.of([10, 9, 3])
        >>> tuesday = ScoreCounts.of([8])
        >>> (monday + tuesday).n
        4
        >>> (monday + tuesday).promoters
        2
    """

    scores: tuple[int, ...] = (0,) * 11

    def __post_init__(self) -> None:
        if len(self.scores) != len(SCORES):
            raise ArgumentError(f"ScoreCounts needs 11 counts, for 0 to 10; got {len(self.scores)}")
        if min(self.scores) < 0:
            raise ArgumentError(f"a count of responses is never negative: {self.scores}")

    @classmethod
    def of(cls, answers: Iterable[int]) -> ScoreCounts:
        """Count `answers`, whole numbers from 0 to 10."""
        scores = [0] * len(SCORES)
        for answer in answers:
            if answer not in SCORES:
                raise ScoreRangeError(f"score {answer!r}: not a whole number from 0 to 10")
            scores[int(answer)] += 1
        return cls(tuple(scores))

    def __add__(self, other: ScoreCounts) -> ScoreCounts:
        return ScoreCounts(tuple(a + b for a, b in zip(self.scores, other.scores, strict=True)))

    @property
    def n(self) -> int:
        """All responses."""
        return sum(self.scores)

    @property
    def detractors(self) -> int:
        """Scores 0 to 6."""
        return sum(self.scores[:7])

    @property
    def passives(self) -> int:
        """Scores 7 and 8."""
        return self.scores[7] + self.scores[8]

    @property
    def promoters(self) -> int:
        """Scores 9 and 10."""
        return self.scores[9] + self.scores[10]


def score_counts(
    responses: ir.Table, by: Sequence[str] = (), *, score: str = "score"
) -> dict[Group, ScoreCounts]:
    """Count the scores of each group with one grouped query, run where the data lives.

    Responses without a score, and those held back (`held_reason` present and not null), do
    not count. A group in which nobody answered is absent.

    Args:
        responses: one row per response.
        by: columns to group by. Empty means one group, keyed by the empty tuple.
        score: column with the 0-to-10 answer.

    Returns:
        Counts by group, in the order of the groups; a null comes last.

    Raises:
        ColumnNotFoundError: `responses` lacks `score` or a column of `by`.
        ScoreRangeError: a score is not a whole number from 0 to 10.

    Examples:
        >>> table = ibis.memtable({"unit": ["A", "A", "B"], "score": [10, 3, 8]})
        >>> score_counts(table, by=["unit"])[("A",)].n
        2
    """
    check_columns(responses, [score, *by])
    answered = counted(responses, score=score)
    keys = {f"key_{i}": answered[column] for i, column in enumerate(by)}
    tallies = answered.group_by(**keys, answer=_whole(answered[score])).aggregate(
        n=answered.count()
    )
    found: dict[Group, list[int]] = defaultdict(lambda: [0] * len(SCORES))
    refused = 0
    for row in tallies.to_pyarrow().to_pylist():
        if row["answer"] not in SCORES:
            refused += row["n"]
            continue
        found[tuple(row[f"key_{i}"] for i in range(len(by)))][row["answer"]] += row["n"]
    if refused:
        raise ScoreRangeError(
            f"{refused} of column {score!r} are not whole numbers from 0 to 10; leave them out "
            "or read the file with read_responses, which counts them apart"
        )
    return {group: ScoreCounts(tuple(found[group])) for group in in_order(found)}


def layer_counts(layer: ir.Table, by: Sequence[str] = ()) -> dict[Group, ScoreCounts]:
    """Return the score counts of each group from a table of the statistics layer.

    Args:
        layer: one row per key of the layer, with the sums `score_0` to `score_10`.
        by: key columns to keep; the others are summed over.

    Returns:
        Counts by group, as `score_counts` gives them for the responses themselves.

    Raises:
        ColumnNotFoundError: `layer` lacks a count or a column of `by`.
    """
    names = [f"score_{score}" for score in SCORES]
    check_columns(layer, [*names, *by])
    totals = layer.aggregate(
        by={f"key_{i}": layer[column] for i, column in enumerate(by)},
        **{name: layer[name].sum() for name in names},
    )
    counts = {
        tuple(row[f"key_{i}"] for i in range(len(by))): ScoreCounts(
            tuple(int(row[name] or 0) for name in names)
        )
        for row in totals.to_pyarrow().to_pylist()
    }
    return {group: counts[group] for group in in_order(counts) if counts[group].n}


def counted(responses: ir.Table, *, score: str = "score") -> ir.Table:
    """Return the responses that count: a score was given and nothing holds them back.

    NaN is no score given either: that is how data frames write a missing number.
    """
    answer = responses[score]
    given = answer.notnull()
    answered = responses.filter(given & ~answer.isnan() if answer.type().is_floating() else given)
    if "held_reason" in responses.columns:
        return answered.filter(answered["held_reason"].isnull())
    return answered


def bucket_value(answer: ir.Value) -> ir.Value:
    """Return -1 for a detractor, 0 for a passive and +1 for a promoter, as an expression."""
    return ibis.ifelse(answer >= 9, 1, ibis.ifelse(answer <= 6, -1, 0))


def in_order(groups: Iterable[Group]) -> list[Group]:
    """Return `groups` sorted the same on every engine: nulls last within each column."""
    return sorted(groups, key=lambda group: [(value is None, value) for value in group])


def add_up(counts: Mapping[Group, ScoreCounts]) -> ScoreCounts:
    """Return the sum over all groups.

    Examples:
        >>> add_up({("A",): ScoreCounts.of([9]), ("B",): ScoreCounts.of([2, 7])}).n
        3
    """
    return sum(counts.values(), ScoreCounts())


def _whole(answer: ir.Value) -> ir.Value:
    """Return `answer` as a small whole number; -1 stands for what is no whole number 0 to 10."""
    if answer.type().is_integer():
        return answer
    if not answer.type().is_numeric():
        raise ScoreRangeError(
            f"column {answer.get_name()!r} holds {answer.type()}, not numbers from 0 to 10"
        )
    return ibis.ifelse(answer.isin(list(SCORES)), answer, -1).cast("int8")
