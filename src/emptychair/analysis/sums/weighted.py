"""Weighted sums of the answers -1, 0 and +1, by stratum, with customers or accounts as units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.counts import Group, bucket_value, counted, in_order

Cell = tuple[Group, object]


@dataclass(frozen=True)
class WeightedSums:
    """The sums from which a weighted NPS and its variance follow; they add up.

    A unit is what was drawn: one response, or one customer or account with all of theirs.
    s stands for -1, 0 or +1 of an answer, w for its weight.

    Attributes:
        n: responses.
        units: units with at least one response.
        promoters: responses of 9 and 10, unweighted.
        detractors: responses of 0 to 6, unweighted.
        weight: sum of w.
        weight_squared: sum of w squared over responses, for Kish's design effect.
        weight_score: sum of w s.
        weight_extreme: sum of w over promoters and detractors.
        unit_weight_squared: sum over units of their weight, squared.
        unit_weight_score: sum over units of their weight times their sum of w s.
        unit_score_squared: sum over units of their sum of w s, squared.
    """

    n: float = 0
    units: float = 0
    promoters: float = 0
    detractors: float = 0
    weight: float = 0.0
    weight_squared: float = 0.0
    weight_score: float = 0.0
    weight_extreme: float = 0.0
    unit_weight_squared: float = 0.0
    unit_weight_score: float = 0.0
    unit_score_squared: float = 0.0

    def __add__(self, other: WeightedSums) -> WeightedSums:
        return WeightedSums(
            *(getattr(self, f.name) + getattr(other, f.name) for f in fields(WeightedSums))
        )

    @property
    def passives(self) -> float:
        """Responses of 7 and 8, unweighted."""
        return self.n - self.promoters - self.detractors


def weighted_sums(
    responses: ir.Table,
    by: Sequence[str] = (),
    *,
    score: str = "score",
    weight: str | None = None,
    stratum: str | None = None,
    unit: str | None = None,
) -> dict[Group, dict[object, WeightedSums]]:
    """Return the weighted sums of each group and stratum; the rows stay in the engine.

    Args:
        responses: one row per response; unanswered and held responses do not count.
        by: columns to group by.
        score: column with the 0-to-10 answer.
        weight: column with the weight of each response; none means 1 each. A response
            without a weight, or with weight zero, does not count.
        stratum: column with the stratum; none means a single stratum.
        unit: column with the customer or account; none, or a null, means that a response
            stands for itself.

    Returns:
        For each group, its sums by stratum.

    Raises:
        ColumnNotFoundError: a named column is missing.
        ArgumentError: a weight is negative or not a finite number.
    """
    named = [name for name in (weight, stratum, unit) if name is not None]
    check_columns(responses, [score, *by, *named])
    answers = _answers(counted(responses, score=score), by, score, weight, stratum, unit)
    keys = [*(f"key_{i}" for i in range(len(by))), "stratum"]
    per_unit = _unit_sums(answers, keys) if unit is not None else _response_sums(answers, keys)
    totals = per_unit.group_by(keys).aggregate(
        **{f.name: per_unit[f.name].sum() for f in fields(WeightedSums)},
        lowest=per_unit["lowest"].min(),
    )
    found: dict[Group, dict[object, WeightedSums]] = {}
    for row in totals.to_pyarrow().to_pylist():
        # A sum that is not a number comes out of some engines as null.
        if row["weight"] is None or not (row["lowest"] >= 0 and isfinite(row["weight"])):
            raise ArgumentError(f"column {weight!r} holds a weight that is negative or no number")
        group = tuple(row[f"key_{i}"] for i in range(len(by)))
        sums = WeightedSums(*(row[f.name] for f in fields(WeightedSums)))
        found.setdefault(group, {})[row["stratum"]] = sums
    return {group: found[group] for group in in_order(found)}


def _answers(
    answered: ir.Table,
    by: Sequence[str],
    score: str,
    weight: str | None,
    stratum: str | None,
    unit: str | None,
) -> ir.Table:
    answers = answered.select(
        **{f"key_{i}": answered[column] for i, column in enumerate(by)},
        stratum=answered[stratum] if stratum else ibis.literal(0),
        unit=answered[unit] if unit else ibis.literal(0),
        s=bucket_value(answered[score]),
        w=answered[weight].cast("float64") if weight else ibis.literal(1.0),
    )
    return answers.filter(answers["w"] != 0)


def _response_sums(answers: ir.Table, keys: Sequence[str]) -> ir.Table:
    s, w = answers["s"], answers["w"]
    return answers.select(
        *keys,
        n=ibis.literal(1),
        units=ibis.literal(1),
        promoters=(s == 1).cast("int64"),
        detractors=(s == -1).cast("int64"),
        weight=w,
        weight_squared=w * w,
        weight_score=w * s,
        weight_extreme=w * s.abs(),
        unit_weight_squared=w * w,
        unit_weight_score=w * w * s,
        unit_score_squared=w * w * s.abs(),
        lowest=w,
    )


def _unit_sums(answers: ir.Table, keys: Sequence[str]) -> ir.Table:
    known = answers.filter(answers["unit"].notnull())
    alone = _response_sums(answers.filter(answers["unit"].isnull()), keys)
    s, w = known["s"], known["w"]
    units = known.group_by([*keys, "unit"]).aggregate(
        n=known.count(),
        promoters=(s == 1).sum(),
        detractors=(s == -1).sum(),
        weight=w.sum(),
        weight_squared=(w * w).sum(),
        weight_score=(w * s).sum(),
        weight_extreme=(w * s.abs()).sum(),
        lowest=w.min(),
    )
    together = units.select(
        *keys,
        "n",
        "promoters",
        "detractors",
        "weight",
        "weight_squared",
        "weight_score",
        "weight_extreme",
        "lowest",
        units=ibis.literal(1),
        unit_weight_squared=units["weight"] * units["weight"],
        unit_weight_score=units["weight"] * units["weight_score"],
        unit_score_squared=units["weight_score"] * units["weight_score"],
    )
    return together.union(alone.select(*together.columns).cast(together.schema()))
