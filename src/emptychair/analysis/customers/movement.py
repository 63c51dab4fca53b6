"""Who moves between buckets, into silence and away: as seen, and without noise and silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, get_args

import numpy as np

from emptychair.analysis.checks import check_choice, check_share
from emptychair.analysis.customers.movevalue import MoveValue, move_values
from emptychair.analysis.customers.noise import (
    FEWEST_APART,
    FEWEST_REPEATS,
    MOST_RELIABLE,
    Corrected,
    corrected_moves,
)
from emptychair.analysis.customers.transitions import transition_shares
from emptychair.analysis.customers.worth import estimate, replicates
from emptychair.analysis.delivery.differences import paired_difference
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.followup import MONTH_DAYS, last_day
from emptychair.analysis.sums.jackknife import Estimate
from emptychair.analysis.sums.moneymoves import money_moves
from emptychair.analysis.sums.moves import (
    FROM_STATES,
    MONTHS_OF,
    TO_STATES,
    Every,
    Period,
    first_and_last_answer,
    last_whole,
    move_counts,
    periods_between,
    repeat_counts,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

FEWEST_MOVES = 60  # answers in two periods running, for a correction

_SEGMENT = "attr_segment"
_GRACE_DAYS = 3
_TWO = 2
_AT_LIMIT = 0.001


@dataclass(frozen=True)
class Move:
    """The customers who went from one state to another.

    Attributes:
        period: first day of the later of the two periods; None for all periods together.
        before: detractor, passive, promoter or silent.
        after: those or lost.
        n: how many.
        share: of those in the first state.
        low: lower limit of its Dirichlet-Jeffreys interval.
        high: upper limit.
        corrected_share: of what customers think, not say; without noise and silence. None
            for the silent and where too few answered twice.
        corrected_low: lower limit of its jackknife interval; for all periods together only.
        corrected_high: upper limit.
        value: money per year that the move goes along with; None where not known.
        value_low: lower limit of its interval.
        value_high: upper limit.
    """

    period: date | None
    before: str
    after: str
    n: int
    share: float
    low: float
    high: float
    corrected_share: float | None = None
    corrected_low: float | None = None
    corrected_high: float | None = None
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None


@dataclass(frozen=True)
class PanelChange:
    """How the NPS of one period differs from the one before, for whom.

    Attributes:
        period: first day of the later period.
        n: customers who answered in both.
        panel_points: mean change of these.
        low_points: lower limit of its interval.
        high_points: upper limit.
        all_points: change of the NPS of all who answered, customers of before.
        panel_change_points: what of it comes from others answering; all less panel.
    """

    period: date
    n: int
    panel_points: float
    low_points: float
    high_points: float
    all_points: float
    panel_change_points: float


@dataclass(frozen=True)
class Movement:
    """The movement of one group of customers.

    Attributes:
        group: values of the columns grouped by.
        moves: of each period, then of all together, in the order of states.
        changes: of each period with customers who answered twice.
        reliability: correlation of two answers that nothing lies between; None where too
            few answered twice, or where their answers do not tell noise from change.
        reliability_from: days, of two answers so close; or periods, of answers two periods
            apart, where too few were asked again so soon.
        noise_share: of the moves between buckets seen, those that were noise; None likewise.
        values: what moves go along with.
    """

    group: Group
    moves: list[Move]
    changes: list[PanelChange]
    reliability: float | None
    reliability_from: str | None
    noise_share: float | None
    values: list[MoveValue]


def movement(
    responses: ir.Table,
    customers: ir.Table,
    values: ir.Table | None = None,
    *,
    every: Every = "quarter",
    by: Sequence[str] = (),
    until: date | None = None,
    confidence: float = 0.95,
) -> list[Movement]:
    """Return who moved from one period to the next, as seen and corrected.

    Args:
        responses: one row per response.
        customers: one row per customer; `left_at` tells the lost.
        values: money per customer and month, for what moves go along with.
        every: length of the periods.
        by: columns of `customers` to group by.
        until: last day of which anything is known; that of the last answer or leaving when
            left out. Only periods over by then count.
        confidence: coverage of the intervals.

    Returns:
        One record per group.

    Raises:
        ArgumentError: an argument means nothing here.
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: there are not two whole periods with answers.
        DataError: a customer is there twice.

    References:
        See `transition_shares`, `corrected_moves` and `move_values`.
    """
    check_choice(every, "every", get_args(Every))
    check_share(confidence, "confidence")
    end = until or last_day(responses, customers)
    periods = _whole_periods(responses, every, end)
    counts = move_counts(responses, customers, periods, every, by)
    again = _again(responses, customers, periods, every)
    starts = {one.number: one.start for one in periods}
    segment = _SEGMENT if _SEGMENT in customers.columns and _SEGMENT not in by else None
    found = []
    for group, tables in counts.items():
        worth: list[MoveValue] = []
        if values is not None:
            sums = money_moves(
                responses, customers, values, periods, every, end,
                money="margin" if "margin" in values.columns else "revenue",
                segment=segment, by=dict(zip(by, group, strict=True)),
            )  # fmt: skip
            worth = move_values(sums, confidence)
        found.append(_movement(group, tables, again, starts, worth, confidence))
    return found


def _whole_periods(responses: ir.Table, every: Every, end: date) -> list[Period]:
    first, last = first_and_last_answer(responses)
    if first is None or last is None:
        raise NoAnswersError("No answer that counts has a date, so no movement can be seen.")
    until = last_whole(min(end, last.date() + timedelta(days=1)), every, _GRACE_DAYS)
    periods = periods_between(first.date(), max(until, first.date()), every)
    if until < first.date() or len(periods) < 2:
        raise NoAnswersError(
            f"Movement needs answers of two whole {every}s; they begin on {first.date()} and the "
            f"last whole {every} ends on {until}."
        )
    return periods


@dataclass(frozen=True)
class _Again:
    """Answers of the same customers by which noise is told.

    Counts by hash group, the mean time between two of them in periods, what they are, and how
    many are needed.
    """

    counts: Floats
    gap: float
    kind: str
    fewest: int

    def reliability(self, moves: Floats) -> Corrected:
        """Return the corrected matrix of `moves`, all of whose parts are estimated."""
        return corrected_moves(moves, self.counts.sum(axis=0), gap=self.gap)


def _again(
    responses: ir.Table, customers: ir.Table, periods: Sequence[Period], every: Every
) -> _Again:
    """Return answers within days, or where there are too few of them, two periods apart."""
    repeats, days = repeat_counts(responses)
    if repeats.sum() >= FEWEST_REPEATS or len(periods) <= _TWO:
        return _Again(repeats, days / (MONTH_DAYS * MONTHS_OF[every]), "days", FEWEST_REPEATS)
    apart = move_counts(responses, customers, periods, every, steps=_TWO)
    counts = sum((table for one in apart.values() for table in one.values()), np.zeros(1))
    return _Again(np.asarray(counts)[:, :3, :3], float(_TWO), "periods", FEWEST_APART)


def _movement(
    group: Group,
    tables: Mapping[int, Floats],
    again: _Again,
    starts: Mapping[int, date],
    worth: list[MoveValue],
    confidence: float,
) -> Movement:
    pooled = np.asarray(sum(tables.values()))
    is_known = (
        pooled[:, :3, :3].sum() >= FEWEST_MOVES
        and again.counts.sum() >= again.fewest
        and bool((pooled[:, :3, :3].sum(axis=(0, 2)) > 0).all())
    )
    corrected = again.reliability(pooled.sum(axis=0)) if is_known else None
    if corrected is not None and corrected.reliability > MOST_RELIABLE - _AT_LIMIT:
        # The search ended at its limit: these answers do not tell noise from change.
        is_known, corrected = False, None
    moves = []
    for number, table in tables.items():
        seen = table.sum(axis=0)
        own = _of_period(seen, corrected) if corrected else None
        moves += _moves(starts[number], seen, own, None, worth, confidence)
    limits = _corrected_limits(pooled, again, confidence) if is_known else None
    moves += _moves(None, pooled.sum(axis=0), corrected, limits, worth, confidence)
    changes = [
        change
        for number, table in tables.items()
        if (change := _panel_change(starts[number], table.sum(axis=0), confidence)) is not None
    ]
    return Movement(
        group=group,
        moves=moves,
        changes=changes,
        reliability=None if corrected is None else corrected.reliability,
        reliability_from=None if corrected is None else again.kind,
        noise_share=None if corrected is None else _noise_share(pooled.sum(axis=0), corrected),
        values=worth,
    )


def _of_period(seen: Floats, corrected: Corrected) -> Corrected | None:
    """Return one period's corrected matrix, with weights and reliability of all periods."""
    if seen[:3, :3].sum() < FEWEST_MOVES or not (seen[:3, :3].sum(axis=1) > 0).all():
        return None
    return corrected_moves(
        seen,
        np.zeros((3, 3)),
        weights=corrected.answer_weights,
        reliability=corrected.reliability,
    )


def _corrected_limits(
    pooled: Floats, again: _Again, confidence: float
) -> list[list[Estimate | None]]:
    """Return the jackknife intervals of the corrected shares, which stay from 0 to 1."""
    shares = np.array(
        [
            corrected_moves(moves, repeats, gap=again.gap).shares
            for moves, repeats in zip(replicates(pooled), replicates(again.counts), strict=True)
        ]
    )
    return [
        [estimate(shares[:, i, j], confidence, is_share=True) for j in range(shares.shape[2])]
        for i in range(shares.shape[1])
    ]


def _moves(
    period: date | None,
    seen: Floats,
    corrected: Corrected | None,
    limits: list[list[Estimate | None]] | None,
    worth: list[MoveValue],
    confidence: float,
) -> list[Move]:
    prices = {(one.before, one.after): one for one in worth}
    found = []
    rows = transition_shares(seen.tolist(), confidence)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            before, after = FROM_STATES[i], TO_STATES[j]
            price = prices.get((before, after))
            # The corrected matrix knows no silence: its columns are the buckets, then lost.
            place = None if i == 3 or j == 3 else (i, min(j, 3))
            bounds = limits[place[0]][place[1]] if limits and place else None
            found.append(
                Move(
                    period,
                    before,
                    after,
                    int(cell.n),
                    cell.share,
                    cell.low,
                    cell.high,
                    float(corrected.shares[place]) if corrected and place else None,
                    bounds.low if bounds else None,
                    bounds.high if bounds else None,
                    price.value if price else None,
                    price.low if price else None,
                    price.high if price else None,
                )
            )
    return found


def _noise_share(seen: Floats, corrected: Corrected) -> float:
    """Return the share of the moves seen between buckets that noise made."""
    x = corrected.answer_weights
    joint = x[:, None] * seen[:3, :3] * x
    moved = 1 - float(np.trace(joint) / joint.sum())
    return max(0.0, 1 - corrected.moved_share / moved) if moved else 0.0


def _panel_change(period: date, seen: Floats, confidence: float) -> PanelChange | None:
    panel = seen[:3, :3]
    if not panel.sum():
        return None
    change = paired_difference(panel.tolist(), confidence)
    before, after = seen[:3].sum(axis=1), seen[:, :3].sum(axis=0)
    all_points = 100 * float(
        (after[2] - after[0]) / after.sum() - (before[2] - before[0]) / before.sum()
    )
    return PanelChange(
        period,
        int(panel.sum()),
        100 * change.difference,
        100 * change.low,
        100 * change.high,
        all_points,
        all_points - 100 * change.difference,
    )
