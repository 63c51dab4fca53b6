"""Life tables: how many were followed at each time and how many left, and for what reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, NoAnswersError


@dataclass(frozen=True)
class Exit:
    """Customers who were last seen at one time.

    Attributes:
        time: since they came under observation.
        cause: why they left; None where they are still customers.
        n: how many.
    """

    time: float
    cause: str | None
    n: int


@dataclass(frozen=True)
class LifeTable:
    """Customers followed and lost at each time at which somebody left.

    Attributes:
        times: in order.
        at_risk: customers followed just before each time.
        lost: by reason, those who left at each time.
        n: customers in all.
        last_time: the longest anybody was followed.
        exits: how many were last seen at which time, for whatever reason.
        entries: how many came under observation after the start, at which time.
    """

    times: tuple[float, ...]
    at_risk: tuple[int, ...]
    lost: Mapping[str, tuple[int, ...]]
    n: int
    last_time: float
    exits: tuple[tuple[float, int], ...]
    entries: tuple[tuple[float, int], ...] = ()

    def followed_at(self, times: Sequence[float]) -> list[int]:
        """Return how many are followed just before each of `times`."""
        from_start = self.n - sum(n for _, n in self.entries)
        came, left = _running(self.entries, times), _running(self.exits, times)
        return [from_start + a - b for a, b in zip(came, left, strict=True)]

    @property
    def ends(self) -> Floats:
        """Customers who left at each time, for whatever reason."""
        counts = [np.array(found, dtype=np.float64) for found in self.lost.values()]
        return np.asarray(sum(counts, np.zeros(len(self.times))))


def life_table(exits: Iterable[Exit], entries: Iterable[tuple[float, int]] = ()) -> LifeTable:
    """Return the life table of customers by the time they were last seen.

    Args:
        exits: counts by time and reason; who leaves at a time is followed until then.
        entries: where the clock began before somebody came under observation, how many
            came at which time; everybody else is followed from the start.

    Raises:
        ArgumentError: more came under observation than there are, a time is negative or a
            count is.
        NoAnswersError: nobody is followed.

    Examples:
        >>> table = life_table([Exit(2, "churn", 1), Exit(3, None, 1), Exit(5, "churn", 1)])
        >>> table.times, table.at_risk
        ((2, 5), (3, 1))
    """
    found = list(exits)
    late = [(time, n) for time, n in entries if time > 0]
    if any(one.time < 0 or one.n < 0 for one in found):
        raise ArgumentError("A customer is followed for zero time or more, not for less.")
    total, total_late = sum(one.n for one in found), sum(n for _, n in late)
    if not total:
        raise NoAnswersError("Nobody is followed, so there is nothing to say about retention.")
    if total_late > total:
        raise ArgumentError(f"{total_late} came under observation late, but only {total} did.")
    times = sorted({one.time for one in found if one.cause is not None and one.n})
    place = {time: i for i, time in enumerate(times)}
    lost: dict[str, list[int]] = defaultdict(lambda: [0] * len(times))
    for one in found:
        if one.cause is not None and one.n:
            lost[one.cause][place[one.time]] += one.n
    table = LifeTable(
        times=tuple(times),
        at_risk=(),
        lost={cause: tuple(lost[cause]) for cause in sorted(lost)},
        n=total,
        last_time=max(one.time for one in found if one.n),
        exits=tuple((one.time, one.n) for one in found),
        entries=tuple(late),
    )
    return replace(table, at_risk=tuple(table.followed_at(times)))


def _running(counts: Iterable[tuple[float, int]], times: Sequence[float]) -> list[int]:
    """Return how many of `counts` lie before each of `times`."""
    pairs = sorted(counts)
    moments = np.array([time for time, _ in pairs], dtype=np.float64)
    totals = np.concatenate([[0], np.cumsum([n for _, n in pairs])])
    return [int(totals[i]) for i in np.searchsorted(moments, np.asarray(times), side="left")]
