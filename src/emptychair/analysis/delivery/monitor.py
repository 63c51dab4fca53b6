"""Alarms over all groups at once: which NPS really changed, since when and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log

import ibis.expr.types as ir
import numpy as np

from emptychair.analysis.checks import check_columns, check_positive
from emptychair.analysis.delivery.detector import Direction, detector_path, first_alarm
from emptychair.analysis.delivery.differences import difference_of_buckets
from emptychair.analysis.delivery.intervals import Floats, score_interval
from emptychair.analysis.delivery.trend import counts_by_day
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group, ScoreCounts, in_order

MEAN_DAYS_TO_FALSE_ALARM = 3650

_BASELINE_DAYS = 182
_LARGEST_LOG = 700.0  # the exponential of more overflows
_DATING_DROP = -2 * log(1 - 0.95**0.5)  # of twice the log likelihood, for 95 % (Hansen 2000)
_DIRECTIONS: tuple[Direction, ...] = ("down", "up")


@dataclass(frozen=True)
class Alarm:
    """What the detector says of one group in one direction.

    Attributes:
        group: values of the grouping columns.
        direction: "down" or "up".
        alarm_at: first day on which the evidence was enough; null if it never was.
        change_at: day on which the change most plausibly began; null without an alarm.
        evidence: evidence on the last day, to be compared with `threshold`.
        mean_days_to_false_alarm: how long, on average at least, until any of the groups
            alarms although nothing changed.
        threshold: evidence needed; the days above times the number of things watched.
        change_low_on: earliest day that the data allow for the change.
        change_high_on: latest day that the data allow.
        baseline_until: last day of the baseline.
        baseline_points: NPS of the baseline.
        baseline_n: responses in the baseline.
        since_points: NPS since the change.
        since_n: responses since the change.
        difference_points: since the change minus baseline. It is exaggerated, because the
            day was chosen for it.
        low_points: lower limit of that difference.
        high_points: upper limit.
    """

    group: Group
    direction: Direction
    alarm_at: date | None
    change_at: date | None
    evidence: float
    mean_days_to_false_alarm: float
    threshold: float
    change_low_on: date | None
    change_high_on: date | None
    baseline_until: date
    baseline_points: float
    baseline_n: int
    since_points: float | None = None
    since_n: int = 0
    difference_points: float | None = None
    low_points: float | None = None
    high_points: float | None = None


def monitor(
    responses: ir.Table,
    *,
    by: Sequence[str] = (),
    baseline_until: date | None = None,
    mean_days_to_false_alarm: float = MEAN_DAYS_TO_FALSE_ALARM,
    score: str = "score",
    on: str | None = None,
    confidence: float = 0.95,
) -> list[Alarm]:
    """Watch the NPS of each group for falls and rises against its baseline.

    However many groups are watched, a false alarm in any of them comes on average at most
    once in `mean_days_to_false_alarm` days. The uncertainty of the baseline is paid for:
    the detector works against the end of its interval. The baseline ends on a fixed day and
    is looked at once, so the interval of a fixed date is the right one.

    Args:
        responses: one row per response. Those without a date are left out.
        by: columns to group by. A group without answers in the baseline is not watched.
        baseline_until: last day of the baseline; by default half a year after the first
            answer, or the middle of a shorter history. Lock it before looking.
        mean_days_to_false_alarm: the longer, the fewer false and the later true alarms.
        score: column with the 0-to-10 answer.
        on: column with the date; by default `answered_on`, or else `answered_at`.
        confidence: coverage of the baseline's interval.

    Returns:
        Two results per group, falls and rises, ordered by group.

    Raises:
        ColumnNotFoundError: `responses` lacks a named column or any date.
        NoAnswersError: no group has answers in the baseline.

    References:
        See `detector_path` and `score_interval`.
    """
    check_columns(responses, [score, *by])
    return monitor_counts(
        counts_by_day(responses, by, score=score, on=on),
        baseline_until=baseline_until,
        mean_days_to_false_alarm=mean_days_to_false_alarm,
        confidence=confidence,
    )


def monitor_counts(
    days_by_group: Mapping[Group, Mapping[date, ScoreCounts]],
    *,
    baseline_until: date | None = None,
    mean_days_to_false_alarm: float = MEAN_DAYS_TO_FALSE_ALARM,
    confidence: float = 0.95,
) -> list[Alarm]:
    """Watch groups given by their counts per day; see `monitor`."""
    check_positive(mean_days_to_false_alarm, "mean_days_to_false_alarm")
    days = [day for counts in days_by_group.values() for day in counts]
    if not days:
        raise NoAnswersError("No response that counts has a date, so there is nothing to watch.")
    until = baseline_until or _usual_baseline(min(days), max(days))
    watched = {
        group: counts
        for group, counts in days_by_group.items()
        if any(day <= until and cell.n for day, cell in counts.items())
    }
    if not watched:
        raise NoAnswersError(f"There are no answers until {until}, so there is no baseline.")
    threshold = mean_days_to_false_alarm * len(_DIRECTIONS) * len(watched)
    alarms = []
    for group in in_order(watched):
        series = _Series(watched[group], until, max(days), confidence)
        alarms += [
            series.alarm(group, direction, mean_days_to_false_alarm, threshold)
            for direction in _DIRECTIONS
        ]
    return alarms


class _Series:
    """One group's baseline and the days after it."""

    def __init__(
        self,
        days: Mapping[date, ScoreCounts],
        until: date,
        last: date,
        confidence: float,
    ) -> None:
        self.until = until
        base = sum((cell for day, cell in days.items() if day <= until), ScoreCounts())
        self.baseline = (float(base.detractors), float(base.passives), float(base.promoters))
        self.baseline_n = base.n
        self.dates = [until + timedelta(days=k + 1) for k in range((last - until).days)]
        cells = [days.get(day, ScoreCounts()) for day in self.dates]
        self.counts = np.array(
            [[cell.detractors, cell.passives, cell.promoters] for cell in cells], dtype=np.float64
        ).reshape(-1, 3)
        low, high = score_interval(*self.baseline, confidence)
        self.ends = {"down": low, "up": high}

    def alarm(
        self, group: Group, direction: Direction, mean_days: float, threshold: float
    ) -> Alarm:
        held_against = self.ends[direction]
        # At an end of the scale no change in that direction can be told from the baseline.
        possible = -1 < held_against < 1
        path = (
            detector_path(self.counts, held_against, direction)  # type: ignore[arg-type]
            if possible and len(self.counts)
            else np.array([-_LARGEST_LOG])
        )
        place = first_alarm(path, threshold)
        quiet = Alarm(
            group=group,
            direction=direction,
            alarm_at=None,
            change_at=None,
            evidence=exp(min(float(path[-1]), _LARGEST_LOG)),
            mean_days_to_false_alarm=mean_days,
            threshold=threshold,
            change_low_on=None,
            change_high_on=None,
            baseline_until=self.until,
            baseline_points=100 * (self.baseline[2] - self.baseline[0]) / self.baseline_n,
            baseline_n=self.baseline_n,
        )
        return quiet if place is None else self._dated(quiet, place)

    def _dated(self, quiet: Alarm, place: int) -> Alarm:
        """Return the alarm on day `place` with the most plausible day of the change."""
        gains = self._log_likelihoods(place, quiet.direction)
        began = int(np.argmax(gains))
        allowed = np.flatnonzero(2 * (gains[began] - gains) <= _DATING_DROP)
        since = self.counts[began:].sum(axis=0)
        found = difference_of_buckets(self.baseline, since)
        details = {
            "alarm_at": self.dates[place],
            "change_at": self.dates[began],
            "change_low_on": self.dates[int(allowed.min())],
            "change_high_on": self.dates[int(allowed.max())],
            "since_points": float(100 * (since[2] - since[0]) / since.sum()),
            "since_n": int(since.sum()),
            "difference_points": 100 * found.difference,
            "low_points": 100 * found.low,
            "high_points": 100 * found.high,
        }
        return Alarm(**{**vars(quiet), **details})

    def _log_likelihoods(self, place: int, direction: Direction) -> Floats:
        """Return the log likelihood of a change before each day up to the alarm.

        Baseline and days before the change share one set of bucket shares, the days from
        the change to the alarm another. Days whose change goes the other way are ruled out.
        """
        seen = self.counts[: place + 1]
        total = np.asarray(self.baseline) + seen.sum(axis=0)
        before = np.asarray(self.baseline) + np.vstack([np.zeros(3), np.cumsum(seen, axis=0)[:-1]])
        after = total - before
        likelihood = _log_likelihood(before) + _log_likelihood(after)
        step = _nps(after) - _nps(before)
        wanted = step < 0 if direction == "down" else step > 0
        return np.where(wanted, likelihood, -np.inf) if wanted.any() else likelihood


def _nps(
    counts: Floats,
) -> Floats:
    return np.asarray((counts[:, 2] - counts[:, 0]) / counts.sum(axis=1))


def _log_likelihood(
    counts: Floats,
) -> Floats:
    n = counts.sum(axis=1, keepdims=True)
    shares = np.where(counts > 0, counts / np.maximum(n, 1.0), 1.0)
    return np.asarray((counts * np.log(shares)).sum(axis=1))


def _usual_baseline(first: date, last: date) -> date:
    days = (last - first).days + 1
    return first + timedelta(days=min(_BASELINE_DAYS, days // 2) - 1 if days > 1 else 0)
