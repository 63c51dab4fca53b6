"""An alarm that may look every day: the mean time to a false one is chosen beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError

Direction = Literal["down", "up"]
DayCounts: TypeAlias = Sequence[Sequence[float]]

STAKES = np.geomspace(0.02, 0.6, 9)


def detector_path(days: DayCounts, baseline: float, direction: Direction) -> Floats:
    """Return the logarithm of the detector's evidence after each day.

    Each of nine bets gains when the answers of a day lie below (or above) the baseline. Its
    capital restarts every day, so that a change is found whenever it began. Evidence of A
    or more comes, as long as nothing changed, on average at most once in A days. A day
    without answers changes nothing.

    Args:
        days: detractors, passives and promoters of each day.
        baseline: NPS held against, on -1 to 1; the lower end of what the baseline allows
            for a fall, the upper end for a rise.
        direction: "down" for a fall, "up" for a rise.

    Returns:
        One value per day.

    Raises:
        ArgumentError: `baseline` does not lie strictly between -1 and 1.

    References:
        Shin, Ramdas & Rinaldo (2023), "E-detectors: a nonparametric framework for
        sequential change detection", The New England Journal of Statistics in Data Science
        2(2), 229-260 (mixture Shiryaev-Roberts detector).

    Examples:
        >>> path = detector_path([[3, 3, 14], [3, 5, 12]], 0.3, "down")
        >>> path.round(4).tolist()
        [-0.4272, 0.2504]
    """
    if not -1 < baseline < 1:
        raise ArgumentError(f"A baseline NPS lies strictly between -1 and 1; got {baseline!r}.")
    counts = np.asarray(days, dtype=np.float64).reshape(-1, 3)
    mean = (baseline + 1) / 2
    stakes = -STAKES if direction == "down" else STAKES
    gains = np.log1p(stakes[:, None] * (np.array([0.0, 0.5, 1.0]) - mean))
    path = np.empty(len(counts))
    state = np.full(len(stakes), -np.inf)
    for day, count in enumerate(counts):
        if count.any():
            state = np.logaddexp(state, 0.0) + gains @ count
        path[day] = np.logaddexp.reduce(state) - np.log(len(stakes))
    return path


def first_alarm(path: Floats, mean_days_to_false_alarm: float) -> int | None:
    """Return the first day, from 0, on which the evidence is enough; None if there is none.

    Examples:
        >>> first_alarm(np.log([1.0, 800.0, 900.0]), 730)
        1
    """
    reached = np.flatnonzero(path >= np.log(mean_days_to_false_alarm))
    return int(reached[0]) if len(reached) else None
