"""Weights that make the answers look like the customer base: by cells, or by margins."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from emptychair.analysis.delivery.effective import WeightedNps, weighted_nps
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.weighted import WeightedSums

FEWEST_PER_CELL = 20
LARGEST_WEIGHT = 5.0  # times the median

_ROUNDS = 1000
_TOLERANCE = 1e-10

Cell = tuple[Hashable, ...]
Places: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BucketCell:
    """One cell of the customer base: how many there are and what those who answered said."""

    cell: Cell
    customers: float
    detractors: float
    passives: float
    promoters: float

    @property
    def n(self) -> float:
        """Customers of the cell who answered."""
        return self.detractors + self.passives + self.promoters


@dataclass(frozen=True)
class Weighting:
    """Weights per cell and the NPS they give.

    Attributes:
        weights: weight of each answer of a cell, with mean 1 over all answers.
        nps: the weighted NPS, its linearised error and effective number of answers.
        margins_kept: whether the weights add up to the customer base on every margin.
    """

    weights: dict[Cell, float]
    nps: WeightedNps
    margins_kept: bool


def post_stratified(cells: Sequence[BucketCell]) -> Weighting:
    """Weight each cell to its size in the customer base.

    Cells with fewer than 20 answers are merged: first with cells that share all but the
    last trait, then all but the last two, and so on.

    Args:
        cells: customers and answers of each cell.

    Returns:
        The weights and the weighted NPS.

    Raises:
        NoAnswersError: nobody answered.

    References:
        Holt & Smith (1979), "Post Stratification", Journal of the Royal Statistical Society
        A 142(1), 33-46.

    Examples:
        >>> north = BucketCell(("north",), 900, 20, 0, 20)
        >>> south = BucketCell(("south",), 100, 0, 0, 40)
        >>> round(post_stratified([north, south]).nps.nps, 3)
        0.1
    """
    _check_answers(cells)
    merged = _merged_cells(cells)
    base = sum(cell.customers for cell in cells)
    answers = sum(cell.n for cell in cells)
    sums: dict[object, WeightedSums] = {}
    weights: dict[Cell, float] = {}
    for name, members in merged.items():
        customers = sum(cell.customers for cell in members)
        n = sum(cell.n for cell in members)
        weight = customers / base * answers / n
        weights.update({cell.cell: weight for cell in members})
        sums[name] = _sums(members, {cell.cell: weight for cell in members})
    return Weighting(weights, weighted_nps(sums), margins_kept=True)


def raked(
    cells: Sequence[BucketCell],
    margins: Sequence[Mapping[Hashable, float]] | None = None,
    *,
    largest_weight: float | None = LARGEST_WEIGHT,
) -> Weighting:
    """Weight the cells so that every trait on its own matches the customer base.

    Weights above `largest_weight` times the median are cut and the rest raked again. The
    error is that of the residuals of the answers on the traits, because raking takes out
    what the traits explain.

    Args:
        cells: customers and answers of each cell.
        margins: customers by value of each trait; by default added up from the cells.
        largest_weight: in medians; None cuts nothing.

    Returns:
        The weights and the weighted NPS.

    Raises:
        NoAnswersError: nobody answered.
        ArgumentError: a margin lacks a value that the answers have.

    References:
        Deming & Stephan (1940), Annals of Mathematical Statistics 11(4), 427-444. Deville,
        Särndal & Sautory (1993), "Generalized Raking Procedures in Survey Sampling", Journal
        of the American Statistical Association 88, 1013-1020.
    """
    _check_answers(cells)
    answered = [cell for cell in cells if cell.n]
    targets = _targets(cells, answered, margins)
    answers = np.array([cell.n for cell in answered], dtype=np.float64)
    codes = [_codes([cell.cell[trait] for cell in answered]) for trait in range(len(targets))]
    wanted = [
        answers.sum() * _shares(target, values)
        for target, (values, _) in zip(targets, codes, strict=True)
    ]
    places = [place for _, place in codes]
    totals = _raked_totals(answers, answers, wanted, places)
    if largest_weight is not None:
        totals = _trimmed(answers, totals, wanted, places, largest_weight)
    weights = totals / answers
    kept = all(
        np.allclose(_added(totals, place, len(want)), want, rtol=1e-6)
        for want, place in zip(wanted, places, strict=True)
    ) and all(
        set(target) == set(values) for target, (values, _) in zip(targets, codes, strict=True)
    )
    by_cell = {cell.cell: float(w) for cell, w in zip(answered, weights, strict=True)}
    return Weighting(by_cell, _residual_nps(answered, weights, places), kept)


def iterative_fit(
    seed: Sequence[Sequence[float]], rows: Sequence[float], columns: Sequence[float]
) -> list[list[float]]:
    """Fit a table to given row and column sums, keeping its pattern of association.

    Args:
        seed: the starting table.
        rows: wanted sum of each row.
        columns: wanted sum of each column.

    Returns:
        The fitted table.

    Raises:
        ArgumentError: sizes do not fit, or the sums of rows and columns differ.

    References:
        Deming & Stephan (1940), Annals of Mathematical Statistics 11(4), 427-444.

    Examples:
        >>> [[round(x, 6) for x in row] for row in iterative_fit([[1, 1], [1, 1]], [4, 6], [5, 5])]
        [[2.0, 2.0], [3.0, 3.0]]
    """
    table = np.asarray(seed, dtype=np.float64)
    if table.shape != (len(rows), len(columns)):
        raise ArgumentError("The table needs one row per row sum and one column per column sum.")
    if not np.isclose(sum(rows), sum(columns)):
        raise ArgumentError(f"Row sums add up to {sum(rows):g}, column sums to {sum(columns):g}.")
    row, column = (part.ravel().astype(np.int64) for part in np.indices(table.shape))
    wanted = [np.asarray(rows, dtype=np.float64), np.asarray(columns, dtype=np.float64)]
    fitted = _raked_totals(table.ravel(), table.ravel(), wanted, [row, column])
    return [[float(x) for x in line] for line in fitted.reshape(table.shape)]


def _raked_totals(
    answers: Floats, totals: Floats, wanted: Sequence[Floats], places: Sequence[Places]
) -> Floats:
    current = totals.astype(np.float64)
    for _ in range(_ROUNDS):
        before = current
        for want, place in zip(wanted, places, strict=True):
            have = _added(current, place, len(want))
            factors = np.divide(want, have, out=np.zeros_like(want), where=have > 0)
            current = current * factors[place]
        if np.max(np.abs(current - before)) <= _TOLERANCE * max(1.0, float(answers.sum())):
            break
    return current


def _trimmed(
    answers: Floats,
    totals: Floats,
    wanted: Sequence[Floats],
    places: Sequence[Places],
    largest_weight: float,
) -> Floats:
    """Return the totals after cutting large weights and raking again, a few times."""
    for _ in range(10):
        weights = totals / answers
        order = np.argsort(weights)
        middle = np.searchsorted(np.cumsum(answers[order]), answers.sum() / 2)
        limit = largest_weight * float(weights[order][middle])
        if np.all(weights <= limit * (1 + 1e-9)):
            break
        totals = _raked_totals(answers, np.minimum(weights, limit) * answers, wanted, places)
    weights = np.minimum(totals / answers, limit)
    return np.asarray(weights * answers * answers.sum() / (weights * answers).sum())


def _residual_nps(
    cells: Sequence[BucketCell], weights: Floats, places: Sequence[Places]
) -> WeightedNps:
    """Return the weighted NPS whose error comes from residuals on the traits."""
    plain = weighted_nps(
        {0: _sums(cells, {c.cell: w for c, w in zip(cells, weights, strict=True)})}
    )
    n = np.array([cell.n for cell in cells])
    mean = np.array([(cell.promoters - cell.detractors) / cell.n for cell in cells])
    square = np.array([(cell.promoters + cell.detractors) / cell.n for cell in cells])
    dummies = np.hstack(
        [
            np.ones((len(cells), 1)),
            *(np.eye(int(place.max()) + 1)[place][:, 1:] for place in places),
        ]
    )
    root = np.sqrt(n * weights)
    beta = np.linalg.lstsq(root[:, None] * dummies, root * mean, rcond=None)[0]
    fitted = dummies @ beta
    squares = float((weights**2 * n * (square - 2 * fitted * mean + fitted**2)).sum())
    total = float((weights * n).sum())
    answers = float(n.sum())
    variance = answers / max(answers - 1, 1) * squares / total**2
    spread = plain.promoter_share + plain.detractor_share - plain.nps**2
    kish = answers / plain.weighting_effect
    effective = min(kish, spread / variance) if variance > 0 else kish
    independent = spread / max(answers - 1, 1)
    return WeightedNps(
        n=plain.n,
        nps=plain.nps,
        promoter_share=plain.promoter_share,
        detractor_share=plain.detractor_share,
        standard_error=float(np.sqrt(variance)),
        design_effect=variance / independent if independent > 0 else 1.0,
        weighting_effect=plain.weighting_effect,
        n_effective=effective,
    )


def _sums(cells: Sequence[BucketCell], weights: Mapping[Cell, float]) -> WeightedSums:
    total = WeightedSums()
    for cell in cells:
        w = float(weights[cell.cell])
        score, extreme = cell.promoters - cell.detractors, cell.promoters + cell.detractors
        total += WeightedSums(
            n=cell.n,
            units=cell.n,
            promoters=cell.promoters,
            detractors=cell.detractors,
            weight=w * cell.n,
            weight_squared=w * w * cell.n,
            weight_score=w * score,
            weight_extreme=w * extreme,
            unit_weight_squared=w * w * cell.n,
            unit_weight_score=w * w * score,
            unit_score_squared=w * w * extreme,
        )
    return total


def _merged_cells(cells: Sequence[BucketCell]) -> dict[Cell, list[BucketCell]]:
    """Return the cells, small ones merged with their neighbours one trait at a time."""
    groups: dict[Cell, list[BucketCell]] = {cell.cell: [cell] for cell in cells}
    for kept in range(len(cells[0].cell) - 1, -1, -1):
        small = [name for name, members in groups.items() if _answers(members) < FEWEST_PER_CELL]
        for name in small:
            if _answers(groups[name]) >= FEWEST_PER_CELL:
                continue
            members = groups.pop(name)
            near = [other for other in groups if other[:kept] == name[:kept]]
            smallest = min(
                near, key=lambda other: (_answers(groups[other]), repr(other)), default=name
            )
            groups[smallest] = groups.get(smallest, []) + members
    return groups


def _answers(members: Sequence[BucketCell]) -> float:
    return sum(cell.n for cell in members)


def _targets(
    cells: Sequence[BucketCell],
    answered: Sequence[BucketCell],
    margins: Sequence[Mapping[Hashable, float]] | None,
) -> list[dict[Hashable, float]]:
    if margins is not None:
        targets = [dict(margin) for margin in margins]
    else:
        targets = [{} for _ in cells[0].cell]
        for cell in cells:
            for trait, value in enumerate(cell.cell):
                targets[trait][value] = targets[trait].get(value, 0.0) + cell.customers
    for trait, target in enumerate(targets):
        for cell in answered:
            if cell.cell[trait] not in target:
                raise ArgumentError(
                    f"There are answers of {cell.cell[trait]!r}, but the customer base has none."
                )
    return targets


def _shares(target: Mapping[Hashable, float], values: Sequence[Hashable]) -> Floats:
    sizes = np.array([target[value] for value in values], dtype=np.float64)
    return np.asarray(sizes / sizes.sum())


def _codes(values: Sequence[Hashable]) -> tuple[list[Hashable], Places]:
    known = sorted(set(values), key=repr)
    place = {value: i for i, value in enumerate(known)}
    return known, np.array([place[value] for value in values], dtype=np.int64)


def _added(totals: Floats, place: Places, size: int) -> Floats:
    return np.asarray(np.bincount(place, weights=totals, minlength=size), dtype=np.float64)


def _check_answers(cells: Sequence[BucketCell]) -> None:
    if not any(cell.n for cell in cells):
        raise NoAnswersError("Nobody of the customer base answered, so there is nothing to weight.")
