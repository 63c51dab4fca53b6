"""Cross-products of driver ratings and answers, by pattern of what was rated: they add up.

From these sums follow means, covariances, effects and importance; one grouped query per table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, TypeAlias

import ibis
import numpy as np
import numpy.typing as npt

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, ScoreRangeError
from emptychair.analysis.sums.counts import SCORES, Group, counted, in_order
from emptychair.analysis.sums.groups import GROUPS, hash_group

if TYPE_CHECKING:
    import ibis.expr.types as ir

Truths: TypeAlias = npt.NDArray[np.bool_]
OUTCOMES = 2  # is a promoter, is a detractor: the last two variables of every sum
MOST_DRIVERS = 40

# Many patterns of missing ratings are split over fewer hash groups, so that the sums stay small.
_GROUPS_BY_PATTERNS = ((100, GROUPS), (500, 20))
_FEWEST_GROUPS = 10
_PARTS = 600  # whole multiples of each number of groups


@dataclass(frozen=True)
class PatternSums:
    """Sums of one group of customers, by hash group and by pattern of seen variables.

    The variables are the drivers, then whether the answer is a promoter's, then whether it is
    a detractor's. An unseen rating enters every sum with nothing.

    Attributes:
        names: the drivers.
        seen: which drivers a pattern has, of the shape (patterns, drivers).
        rows: answers, (hash groups, patterns).
        weight: sum of their weights, likewise.
        sums: weighted sums, (hash groups, patterns, variables).
        cross: weighted sums of products, (hash groups, patterns, variables, variables).
    """

    names: tuple[str, ...]
    seen: Truths
    rows: Floats
    weight: Floats
    sums: Floats
    cross: Floats

    def __add__(self, other: PatternSums) -> PatternSums:
        if self.names != other.names or not np.array_equal(self.seen, other.seen):
            raise ArgumentError("Only sums of the same drivers and patterns add up.")
        return PatternSums(
            self.names,
            self.seen,
            self.rows + other.rows,
            self.weight + other.weight,
            self.sums + other.sums,
            self.cross + other.cross,
        )

    @property
    def n(self) -> int:
        """Answers."""
        return round(float(self.rows.sum()))

    @property
    def seen_rows(self) -> Floats:
        """Answers in which each driver was seen."""
        return np.asarray(self.rows.sum(axis=0) @ self.seen)

    def keep(self, chosen: Sequence[int]) -> PatternSums:
        """Return the sums of some of the drivers only."""
        places = [*chosen, len(self.names), len(self.names) + 1]
        return PatternSums(
            tuple(self.names[i] for i in chosen),
            self.seen[:, list(chosen)],
            self.rows,
            self.weight,
            self.sums[..., places],
            self.cross[..., places, :][..., places],
        )


def pattern_sums(
    responses: ir.Table,
    drivers: Sequence[str],
    by: Sequence[str] = (),
    *,
    customer: str | None = "customer_id",
    weight: str | None = None,
) -> dict[Group, PatternSums]:
    """Return the cross-products of each group; rows stay in the engine.

    Args:
        responses: one row per response; held ones and those without a score do not count.
        drivers: columns with numbers, such as ratings or whether a theme is mentioned; null
            where it was not rated.
        by: columns to group by.
        customer: column by which answers fall into hash groups; without it every answer
            stands for itself.
        weight: column with the weight of each response.

    Returns:
        Sums by group. All groups know the same patterns, so they add up.

    Raises:
        ColumnNotFoundError: a column is missing.
        ArgumentError: there are too many drivers, or one holds no numbers.
        ScoreRangeError: a score is not a whole number from 0 to 10.
    """
    check_columns(responses, ["score", *drivers, *by, *([weight] if weight else [])])
    if not 1 <= len(drivers) <= MOST_DRIVERS:
        raise ArgumentError(
            f"Choose 1 to {MOST_DRIVERS} drivers with --ratings; {len(drivers)} were named."
        )
    for name in drivers:
        if not responses[name].type().is_numeric():
            raise ArgumentError(f"Column {name!r} holds {responses[name].type()}, not numbers.")
    answered = counted(responses)
    if weight:
        answered = answered.filter(answered[weight].cast("float64") > 0)
    patterns = _patterns(answered, drivers)
    groups = next(
        (count for most, count in _GROUPS_BY_PATTERNS if len(patterns) <= most), _FEWEST_GROUPS
    )
    prepared = _prepared(answered, drivers, by, _part(answered, customer, groups), weight)
    rows = _query(prepared, len(drivers), len(by), is_weighted=weight is not None)
    return _collect(rows, drivers, len(by), patterns, groups)


def driver_columns(responses: ir.Table) -> list[str]:
    """Return the columns that are ratings of drivers or tell whether a theme is mentioned."""
    return [name for name in responses.columns if name.startswith(("rating_", "theme_"))]


def _pattern(answered: ir.Table, drivers: Sequence[str]) -> ir.Value:
    """Return which drivers were seen as a number: bit j is set when the j-th was."""
    bits = []
    for place, name in enumerate(drivers):
        column = answered[name]
        known = column.notnull()
        if column.type().is_floating():
            known = known & ~column.isnan()
        bits.append(ibis.ifelse(known, 2**place, 0))
    return reduce(add, bits)


def _patterns(answered: ir.Table, drivers: Sequence[str]) -> list[int]:
    """Return the patterns there are, and see to it that scores are scores."""
    known = answered["score"].isin(list(SCORES))
    rows = answered.select(pattern=_pattern(answered, drivers), odd=ibis.ifelse(known, 0, 1))
    found = rows.group_by("pattern").aggregate(odd=rows["odd"].sum()).to_pyarrow()
    odd = sum(found["odd"].to_pylist())
    if odd:
        raise ScoreRangeError(
            f"{odd} of column 'score' are not whole numbers from 0 to 10; leave them out or read "
            "the file with read_responses, which counts them apart"
        )
    return sorted(int(value) for value in found["pattern"].to_pylist())


def _part(answered: ir.Table, customer: str | None, groups: int) -> ir.Value:
    unit = next((n for n in (customer, "response_id", "source_row") if n in answered.columns), None)
    part = hash_group(answered[unit], _PARTS) if unit else ibis.row_number() % _PARTS
    return part.fill_null(0) % groups


def _prepared(
    answered: ir.Table,
    drivers: Sequence[str],
    by: Sequence[str],
    part: ir.Value,
    weight: str | None,
) -> ir.Table:
    """Return the variables of each answer: zero where a driver was not seen.

    One step from the table to here and one from here to the sums: each further step is walked
    through again by Ibis, which takes longer than a small table does.
    """
    score = answered["score"]
    return answered.select(
        **{f"key_{i}": answered[name] for i, name in enumerate(by)},
        hash_group=part,
        pattern=_pattern(answered, drivers),
        **({"w": answered[weight].cast("float64")} if weight else {}),
        **{f"x_{i}": _seen(answered[name]) for i, name in enumerate(drivers)},
        **{f"x_{len(drivers)}": (score >= 9).cast("float64")},
        **{f"x_{len(drivers) + 1}": (score <= 6).cast("float64")},
    )


def _seen(column: ir.Value) -> ir.Value:
    value = column.cast("float64")
    if column.type().is_floating():
        value = ibis.ifelse(column.isnan(), 0.0, value)
    return value.fill_null(0.0)


def _query(prepared: ir.Table, drivers: int, by_count: int, *, is_weighted: bool) -> dict[str, Any]:
    keys = [f"key_{i}" for i in range(by_count)]
    x = [prepared[f"x_{i}"] for i in range(drivers + OUTCOMES)]
    w = [prepared["w"] * one for one in x] if is_weighted else x
    totals = prepared.group_by([*keys, "hash_group", "pattern"]).aggregate(
        rows=prepared.count(),
        **({"weight": prepared["w"].sum()} if is_weighted else {}),
        **{f"s_{i}": one.sum() for i, one in enumerate(w)},
        **{
            f"c_{i}_{j}": (w[i] * x[j]).sum()
            for i in range(drivers)
            for j in range(i, drivers + OUTCOMES)
        },
    )
    found = totals.to_pyarrow()
    rows = {name: found[name].to_pylist() if name in keys else found[name].to_numpy()
            for name in found.column_names}  # fmt: skip
    return rows if is_weighted else {**rows, "weight": rows["rows"]}


def _collect(
    rows: Mapping[str, Any],
    drivers: Sequence[str],
    by_count: int,
    patterns: Sequence[int],
    groups: int,
) -> dict[Group, PatternSums]:
    """Return the rows of the query as arrays per group."""
    keys = list(zip(*(rows[f"key_{i}"] for i in range(by_count)), strict=True))
    keys = keys if by_count else [()] * len(rows["rows"])
    places: dict[Group, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    seen = np.array([[bool(code >> i & 1) for i in range(len(drivers))] for code in patterns])
    return {
        group: _of_group(rows, places[group], tuple(drivers), seen, patterns, groups)
        for group in in_order(places)
    }


def _of_group(
    rows: Mapping[str, Any],
    places: Sequence[int],
    names: tuple[str, ...],
    seen: Truths,
    patterns: Sequence[int],
    groups: int,
) -> PatternSums:
    size, p = len(names) + OUTCOMES, len(names)
    shape = (groups, len(patterns))
    where = (rows["hash_group"][places], np.searchsorted(patterns, rows["pattern"][places]))
    count, weight = np.zeros(shape), np.zeros(shape)
    sums, cross = np.zeros((*shape, size)), np.zeros((*shape, size, size))
    count[where] = rows["rows"][places]
    weight[where] = rows["weight"][places]
    for i in range(size):
        sums[(*where, i)] = rows[f"s_{i}"][places]
        for j in range(i, size):
            if i >= p:  # a promoter is no detractor, and one squared is one
                if i == j:
                    cross[(*where, i, i)] = rows[f"s_{i}"][places]
                continue
            cross[(*where, i, j)] = cross[(*where, j, i)] = rows[f"c_{i}_{j}"][places]
    return PatternSums(names, seen.reshape(len(patterns), p), count, weight, sums, cross)
