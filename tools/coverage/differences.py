"""Coverage of differences between groups and of paired changes."""

import numpy as np
from tools.coverage.common import Rows, percent

from emptychair.analysis.delivery.differences import (
    differences_of_buckets,
    paired_difference,
    wald_difference,
)


def difference_table(size: float) -> Rows:
    """Coverage of 95 % intervals for a difference of two groups, percent."""
    runs = max(50, int(4000 * size))
    pairs = [((20, 30, 50), (30, 35, 35)), ((3, 14, 83), (20, 30, 50)), ((3, 14, 83), (5, 20, 75))]
    rows = [["groups", "n", "MOVER on score limits", "Wald"]]
    for place, (a, b) in enumerate(pairs):
        p, q = np.array(a) / 100, np.array(b) / 100
        truth = (q[2] - q[0]) - (p[2] - p[0])
        for n, m in ((10, 10), (25, 50), (100, 300)):
            rng = np.random.default_rng(400 + 10 * place + n)
            first, second = rng.multinomial(n, p, size=runs), rng.multinomial(m, q, size=runs)
            mover = differences_of_buckets(list(first), list(second), [0.0] * runs)
            wald = [
                wald_difference(x, y) for x, y in zip(first.tolist(), second.tolist(), strict=True)
            ]
            cells = [percent([d.low <= truth <= d.high for d in found]) for found in (mover, wald)]
            rows.append(
                [f"{'/'.join(map(str, a))} and {'/'.join(map(str, b))}", f"{n}, {m}", *cells]
            )
    return rows


def paired_table(size: float) -> Rows:
    """Coverage of the 95 % interval of a paired change, percent."""
    runs = max(50, int(8000 * size))
    changes = np.array([[0.15, 0.04, 0.01], [0.05, 0.20, 0.10], [0.01, 0.06, 0.38]])
    steps = np.subtract.outer(np.arange(3), np.arange(3)).T
    truth = float((changes * steps).sum())
    cells = []
    numbers = (10, 25, 50, 100, 400)
    for n in numbers:
        rng = np.random.default_rng(500 + n)
        tables = rng.multinomial(n, changes.ravel(), size=runs).reshape(-1, 3, 3)
        found = [paired_difference(table.tolist()) for table in tables]
        cells.append(percent([d.low <= truth <= d.high for d in found]))
    return [["interval", *(f"n={n}" for n in numbers)], ["mean change", *cells]]
