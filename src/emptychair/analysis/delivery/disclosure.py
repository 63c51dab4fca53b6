"""No figure of fewer than k people, and none that follows by subtracting from the total."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from emptychair.analysis.errors import ArgumentError

SMALLEST_CELL = 5

Cell = tuple[Hashable, ...]


def suppressed_cells(counts: Mapping[Cell, int], k: int = SMALLEST_CELL) -> set[Cell]:
    """Return the cells of a table whose figures must not be shown.

    A cell of 1 to k - 1 people is withheld. Where the totals of rows, columns and layers
    are shown too, a single withheld cell in such a line could be found by subtraction, and
    so could few people spread over several; so the smallest further cells of the line are
    withheld until at least two are and they hold k people together.

    Args:
        counts: people by cell; cells with the same values but one share a line and a total.
        k: fewest people a shown figure may speak of.

    Returns:
        The cells to withhold. Empty cells tell of nobody and are shown.

    Raises:
        ArgumentError: `k` is below 1, a count is negative or the cells differ in length.

    References:
        Hundepool et al. (2012), "Statistical Disclosure Control", 4.2 (secondary
        suppression).

    Examples:
        >>> sorted(suppressed_cells({("A",): 3, ("B",): 12, ("C",): 40}))
        [('A',), ('B',)]
    """
    if k < 1:
        raise ArgumentError(f"k is at least 1; got {k}.")
    if any(count < 0 for count in counts.values()):
        raise ArgumentError("A count of people is never negative.")
    if len({len(cell) for cell in counts}) > 1:
        raise ArgumentError("All cells need the same number of traits.")
    withheld = {cell for cell, count in counts.items() if 0 < count < k}
    grown = True
    while grown:
        grown = False
        for line in _lines(counts):
            added = _completion(line, counts, withheld, k)
            withheld |= added
            grown = grown or bool(added)
    return withheld


def _lines(counts: Mapping[Cell, int]) -> list[list[Cell]]:
    """Return the cells of every row, column and layer that has a total."""
    lines: dict[tuple[int, Cell], list[Cell]] = {}
    for cell in sorted(counts, key=repr):
        for axis in range(len(cell)):
            lines.setdefault((axis, cell[:axis] + cell[axis + 1 :]), []).append(cell)
    return list(lines.values())


def _completion(
    line: list[Cell], counts: Mapping[Cell, int], withheld: set[Cell], k: int
) -> set[Cell]:
    """Return the cells to withhold besides, so that the line's total gives nothing away."""
    hidden = [cell for cell in line if cell in withheld]
    if not hidden:
        return set()
    people = sum(counts[cell] for cell in hidden)
    shown = sorted(
        (cell for cell in line if cell not in withheld and counts[cell] > 0),
        key=lambda cell: (counts[cell], repr(cell)),
    )
    added: set[Cell] = set()
    while shown and (len(hidden) + len(added) < 2 or people < k):
        cell = shown.pop(0)
        added.add(cell)
        people += counts[cell]
    return added
