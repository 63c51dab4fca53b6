"""Cross-products of driver ratings and answers, by pattern of what was rated: they add up.

From these sums follow means, covariances, effects and importance; one grouped query per table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    prepared = _prepared(counted(responses), drivers, by, customer, weight)
    patterns = _patterns(prepared, by)
    groups = next(
        (count for most, count in _GROUPS_BY_PATTERNS if len(patterns) <= most), _FEWEST_GROUPS
    )
    rows = _query(prepared, len(drivers), len(by), groups)
    return _collect(rows, drivers, len(by), patterns, groups)


def driver_columns(responses: ir.Table) -> list[str]:
    """Return the columns that are ratings of drivers or tell whether a theme is mentioned."""
    return [name for name in responses.columns if name.startswith(("rating_", "theme_"))]


def _prepared(
    answered: ir.Table,
    drivers: Sequence[str],
    by: Sequence[str],
    customer: str | None,
    weight: str | None,
) -> ir.Table:
    """Return the variables of each answer: zero where a driver was not seen."""
    there = {}
    for place, name in enumerate(drivers):
        column = answered[name]
        known = column.notnull()
        if column.type().is_floating():
            known = known & ~column.isnan()
        there[place] = known
    unit = next((n for n in (customer, "response_id", "source_row") if n in answered.columns), None)
    part = hash_group(answered[unit], 600) if unit else ibis.row_number() % 600
    pattern = sum(
        (known.cast("int64") * 2**place for place, known in there.items()), ibis.literal(0)
    )
    score = answered["score"]
    rows = answered.select(
        **{f"key_{i}": answered[name] for i, name in enumerate(by)},
        part=part.fill_null(0),
        pattern=pattern,
        w=answered[weight].cast("float64") if weight else ibis.literal(1.0),
        odd=ibis.ifelse(score.isin(list(SCORES)), 0, 1),
        **{
            f"x_{i}": ibis.ifelse(there[i], answered[name].cast("float64"), 0.0)
            for i, name in enumerate(drivers)
        },
        **{f"x_{len(drivers)}": ibis.ifelse(score >= 9, 1.0, 0.0)},
        **{f"x_{len(drivers) + 1}": ibis.ifelse(score <= 6, 1.0, 0.0)},
    )
    return rows.filter(rows["w"] > 0) if weight else rows


def _patterns(prepared: ir.Table, by: Sequence[str]) -> list[int]:
    keys = [f"key_{i}" for i in range(len(by))]
    found = prepared.select(*keys, "pattern").select("pattern").distinct().to_pyarrow()
    return sorted(int(value) for value in found["pattern"].to_pylist())


def _query(prepared: ir.Table, drivers: int, by_count: int, groups: int) -> dict[str, Any]:
    keys = [f"key_{i}" for i in range(by_count)]
    w = prepared["w"]
    names = [f"x_{i}" for i in range(drivers + OUTCOMES)]
    weighted = prepared.mutate(
        hash_group=prepared["part"] % groups, **{f"w{name}": w * prepared[name] for name in names}
    )
    totals = weighted.group_by([*keys, "hash_group", "pattern"]).aggregate(
        rows=weighted.count(),
        weight=weighted["w"].sum(),
        odd=weighted["odd"].sum(),
        **{f"s_{i}": weighted[f"wx_{i}"].sum() for i in range(len(names))},
        **{
            f"c_{i}_{j}": (weighted[f"wx_{i}"] * weighted[f"x_{j}"]).sum()
            for i in range(len(names))
            for j in range(i, min(drivers, len(names)) if i >= drivers else len(names))
        },
    )
    found = totals.to_pyarrow()
    odd = sum(found["odd"].to_pylist())
    if odd:
        raise ScoreRangeError(
            f"{odd} of column 'score' are not whole numbers from 0 to 10; leave them out or read "
            "the file with read_responses, which counts them apart"
        )
    return {name: found[name].to_pylist() if name in keys else found[name].to_numpy()
            for name in found.column_names}  # fmt: skip


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
