"""Comparisons of groups and periods, with the verdict and what the mix of customers did."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Literal

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.delivery.differences import (
    Difference,
    differences_of_buckets,
    mix_and_rate,
)
from emptychair.analysis.delivery.effective import WeightedNps, weighted_nps
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg
from emptychair.analysis.delivery.trend import date_column
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.overlap import OverlapSums, overlap_sums
from emptychair.analysis.sums.weighted import WeightedSums, weighted_sums

Verdict = Literal["higher", "lower", "no_clear_difference", "too_few_answers"]
Design = Literal["independent", "overlapping", "paired"]

FALSE_DISCOVERY_RATE = 0.10
_MOST_GROUPS = 50
_FEWEST_ANSWERS = 10
SIDE = "side_of_comparison"


@dataclass(frozen=True)
class Comparison:
    """The NPS of b minus the NPS of a.

    Attributes:
        a: the first group, or the answers before the date.
        b: the second group, or the answers from the date on.
        difference_points: b minus a, from -200 to 200; null where a side has no answers.
        low_points: lower limit of its interval.
        high_points: upper limit of its interval.
        p_value: smallest level at which 0 leaves the interval.
        verdict: what may be said; with many comparisons the false discovery rate is held.
        mix_points: what the changed mix of customers contributes; null unless asked for.
        rate_points: what changed within the parts; null unless asked for.
        q_value: p-value adjusted for the number of comparisons (Benjamini-Hochberg).
        n_a: responses of a; customers where paired.
        n_b: responses of b.
        a_points: NPS of a.
        b_points: NPS of b.
        design: whether the same customers are on both sides.
        group: where periods are compared within groups, the group.
    """

    a: str
    b: str
    difference_points: float | None
    low_points: float | None
    high_points: float | None
    p_value: float | None
    verdict: Verdict
    mix_points: float | None = None
    rate_points: float | None = None
    q_value: float | None = None
    n_a: int = 0
    n_b: int = 0
    a_points: float | None = None
    b_points: float | None = None
    design: Design = "independent"
    group: Group = ()


def compare_groups(
    responses: ir.Table,
    by: str,
    *,
    against: str | None = None,
    mix: str | None = None,
    score: str = "score",
    customer: str = "customer_id",
    weight: str | None = None,
    confidence: float = 0.95,
) -> list[Comparison]:
    """Compare every pair of groups, or every group with one of them.

    Args:
        responses: one row per response.
        by: column with the group. A null is no group.
        against: compare the others with this group only.
        mix: column with the parts whose mix may differ between the groups.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id. If it is there, repeated answers and
            customers in both groups are accounted for.
        weight: column with the weight of each response.
        confidence: coverage of each interval.

    Returns:
        One comparison per pair, in the order of the groups.

    Raises:
        ColumnNotFoundError: a named column is missing.
        ArgumentError: there are fewer than two groups, too many, or no group `against`.

    References:
        See `difference_of_buckets` for the interval, `mix_and_rate` for the split.

    Examples:
        >>> table = ibis.memtable({"unit": ["A"] * 36 + ["B"] * 48,
        ...     "score": [3] * 12 + [7] * 9 + [10] * 15 + [3] * 8 + [7] * 10 + [10] * 30})
        >>> found = compare_groups(table, "unit")[0]
        >>> found.a, found.b, round(found.difference_points, 1), found.verdict
        ('A', 'B', 37.5, 'higher')
    """
    check_columns(responses, [by])
    sided = responses.filter(responses[by].notnull()).mutate(**{SIDE: responses[by]})
    data = _Data(sided, score, customer, weight, confidence)
    groups = [group[0] for group in in_order(data.sums([SIDE]))]
    pairs = _pairs(groups, by, against)
    return data.compared([((), a, b) for a, b in pairs], (), mix)


def compare_periods(
    responses: ir.Table,
    before: date,
    *,
    by: Sequence[str] = (),
    mix: str | None = None,
    on: str | None = None,
    score: str = "score",
    customer: str = "customer_id",
    weight: str | None = None,
    confidence: float = 0.95,
) -> list[Comparison]:
    """Compare the answers from a date on with those before it.

    Args:
        responses: one row per response.
        before: first day of the second period.
        by: columns to compare within. The first result is always of all together.
        mix: column with the parts whose mix may have changed; by default the first of `by`.
        on: column with the date; by default `answered_on`, or else `answered_at`.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.
        weight: column with the weight of each response.
        confidence: coverage of each interval.

    Returns:
        One comparison for all, then one per group.

    Raises:
        ColumnNotFoundError: a named column is missing.
        NoAnswersError: there are no answers with a date.
    """
    check_columns(responses, [*by, *([mix] if mix else [])])
    sided, labels = sides_of(responses, before, on)
    data = _Data(sided, score, customer, weight, confidence)
    if not data.sums([SIDE]):
        raise NoAnswersError("No response that counts has a date, so no periods can be compared.")
    overall = data.compared([((), *labels)], (), mix or (by[0] if by else None))
    if not by:
        return overall
    groups = in_order({key[:-1] for key in data.sums([*by, SIDE])})
    return overall + data.compared([(group, *labels) for group in groups], by, mix)


def sides_of(
    responses: ir.Table, before: date, on: str | None = None
) -> tuple[ir.Table, tuple[str, str]]:
    """Return the dated responses with the side of each, and the names of both sides.

    Raises:
        ColumnNotFoundError: there is no date.
    """
    column = on or date_column(responses)
    check_columns(responses, [column])
    dated = responses.filter(responses[column].notnull())
    day = dated[column].cast("date")
    labels = (f"before {before.isoformat()}", f"from {before.isoformat()}")
    return dated.mutate(**{SIDE: ibis.ifelse(day < before, *labels)}), labels


def verdict_of(
    low: float, high: float, n: int, q_value: float, rate: float = FALSE_DISCOVERY_RATE
) -> Verdict:
    """Return what may be said of a difference.

    Args:
        low: lower limit of its interval.
        high: upper limit.
        n: responses on the smaller side.
        q_value: p-value adjusted for all comparisons of the same list.
        rate: false discovery rate of the list.

    Examples:
        >>> verdict_of(1.0, 9.0, 40, 0.01), verdict_of(-1.0, 9.0, 40, 0.12)
        ('higher', 'no_clear_difference')
    """
    if n < _FEWEST_ANSWERS:
        return "too_few_answers"
    if low > 0 and q_value <= rate:
        return "higher"
    if high < 0 and q_value <= rate:
        return "lower"
    return "no_clear_difference"


def judged(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons with q-values and verdicts that hold for the whole list."""
    known = [found for found in comparisons if found.p_value is not None]
    q_values = iter(benjamini_hochberg([found.p_value or 0.0 for found in known]))
    result = []
    for found in comparisons:
        if found.p_value is None or found.low_points is None or found.high_points is None:
            result.append(found)
            continue
        q = next(q_values)
        verdict = verdict_of(found.low_points, found.high_points, min(found.n_a, found.n_b), q)
        result.append(replace(found, q_value=q, verdict=verdict))
    return result


class _Data:
    """The responses of a comparison and the choices that hold for all its pairs."""

    def __init__(
        self,
        responses: ir.Table,
        score: str,
        customer: str,
        weight: str | None,
        confidence: float,
    ) -> None:
        check_share(confidence, "confidence")
        self.responses = responses
        self.score = score
        self.unit = customer if customer in responses.columns else None
        self.weight = weight
        self.confidence = confidence

    def sums(self, keys: Sequence[str]) -> dict[Group, dict[object, WeightedSums]]:
        return weighted_sums(
            self.responses, keys, score=self.score, weight=self.weight, unit=self.unit
        )

    def overlaps(self, by: Sequence[str]) -> dict[Group, OverlapSums]:
        if self.unit is None:
            return {}
        return overlap_sums(
            self.responses, SIDE, by, score=self.score, customer=self.unit, weight=self.weight
        )

    def compared(
        self, pairs: Sequence[tuple[Group, object, object]], by: Sequence[str], mix: str | None
    ) -> list[Comparison]:
        """Return the comparison of each pair of sides within its group."""
        sums = self.sums([*by, SIDE])
        cells = {key: weighted_nps(strata) for key, strata in sums.items()}
        overlaps, parts = self.overlaps(by), self._parts(by, mix)
        keys = [((*group, a), (*group, b)) for group, a, b in pairs]
        ready = [i for i, (a, b) in enumerate(keys) if a in cells and b in cells]
        correlations = [
            _correlation(overlaps.get((*keys[i][0], keys[i][1][-1])), keys[i], cells, sums)
            for i in ready
        ]
        differences = differences_of_buckets(
            [cells[keys[i][0]].buckets for i in ready],
            [cells[keys[i][1]].buckets for i in ready],
            correlations,
            self.confidence,
        )
        known = dict(zip(ready, zip(differences, correlations, strict=True), strict=True))
        rows = []
        for i, (group, a, b) in enumerate(pairs):
            first, second = keys[i]
            row = _row(group, a, b, cells.get(first), cells.get(second))
            if i in known:
                row = _with_difference(row, *known[i])
                if mix:
                    split = mix_and_rate(parts[first], parts[second])
                    row = replace(row, mix_points=100 * split[0], rate_points=100 * split[1])
            rows.append(row)
        return judged(rows)

    def _parts(
        self, by: Sequence[str], mix: str | None
    ) -> dict[Group, dict[Hashable, tuple[float, float]]]:
        if mix is None:
            return {}
        parts: dict[Group, dict[Hashable, tuple[float, float]]] = {}
        for key, strata in self.sums([*by, SIDE, mix]).items():
            total = strata[0]
            nps = total.weight_score / total.weight
            parts.setdefault(key[:-1], {})[key[-1]] = (total.weight, nps)
        return parts


def _pairs(groups: Sequence[object], by: str, against: str | None) -> list[tuple[object, object]]:
    if len(groups) < 2:
        raise ArgumentError(
            f"Column {by!r} holds {len(groups)} group with answers; a comparison needs two."
        )
    if against is not None:
        reference = next((group for group in groups if str(group) == against), None)
        if reference is None:
            there = ", ".join(str(group) for group in groups[:20])
            raise ArgumentError(f"Column {by!r} has no group {against!r}. There are: {there}.")
        return [(reference, group) for group in groups if group != reference]
    if len(groups) > _MOST_GROUPS:
        raise ArgumentError(
            f"Column {by!r} holds {len(groups)} groups, so there are too many pairs to compare; "
            "choose one group to compare the others against."
        )
    return list(combinations(groups, 2))


def _correlation(
    shared: OverlapSums | None,
    keys: tuple[Group, Group],
    cells: Mapping[Group, WeightedNps],
    sums: Mapping[Group, Mapping[object, WeightedSums]],
) -> float:
    if shared is None:
        return 0.0
    a, b = (cells[key] for key in keys)
    weights = sums[keys[0]][0].weight * sums[keys[1]][0].weight
    errors = a.standard_error * b.standard_error
    if not errors:
        return 0.0
    return max(-1.0, min(1.0, shared.products(a.nps, b.nps) / weights / errors))


def _row(
    group: Group, a: object, b: object, first: WeightedNps | None, second: WeightedNps | None
) -> Comparison:
    return Comparison(
        a=str(a),
        b=str(b),
        difference_points=None,
        low_points=None,
        high_points=None,
        p_value=None,
        verdict="too_few_answers",
        n_a=int(first.n) if first else 0,
        n_b=int(second.n) if second else 0,
        a_points=100 * first.nps if first else None,
        b_points=100 * second.nps if second else None,
        group=group,
    )


def _with_difference(row: Comparison, found: Difference, correlation: float) -> Comparison:
    return replace(
        row,
        difference_points=100 * found.difference,
        low_points=100 * found.low,
        high_points=100 * found.high,
        p_value=found.p_value,
        design="overlapping" if correlation else "independent",
    )
