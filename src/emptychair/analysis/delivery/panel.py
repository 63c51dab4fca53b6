"""The customers who were asked more than once: what they tell of those who stayed silent."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta

import ibis.expr.types as ir

from emptychair.analysis.delivery.answerdependent import (
    FEWEST_PAIRS,
    AnswerDependent,
    answer_dependent,
)
from emptychair.analysis.delivery.asking import was_delivered
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.panel import PanelCell, panel_cells

# The shortest window with enough answers is taken, since an NPS moves with time.
WINDOWS_DAYS = (180, 365, None)


def panel_estimates(
    base: ir.Table,
    responses: ir.Table,
    invitations: ir.Table | None,
    by: Sequence[str],
    traits: Sequence[str],
    margins: Mapping[Group, Sequence[Mapping[Hashable, float]]],
    *,
    score: str = "score",
    customer: str = "customer_id",
    confidence: float = 0.95,
) -> dict[Group, AnswerDependent]:
    """Return the answer-dependent estimate of each group where enough were asked twice.

    Args:
        base: one row per customer.
        responses: one row per response.
        invitations: one row per ask; without it, or without moments, there is no estimate.
        by: columns of `base` to group by.
        traits: columns of `base` to weight by.
        margins: of each group, customers by value of each trait.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id, in all tables.
        confidence: coverage of the intervals.

    References:
        See `answer_dependent`.
    """
    if invitations is None or "answered_at" not in responses.columns:
        return {}
    if "sent_at" not in invitations.columns or customer not in invitations.columns:
        return {}
    delivered = invitations.filter(was_delivered(invitations))
    last = delivered["sent_at"].max().to_pyarrow().as_py()
    if last is None:
        return {}
    found: dict[Group, AnswerDependent] = {}
    for days in WINDOWS_DAYS:
        since = None if days is None else _naive(last) - timedelta(days=days)
        cells = panel_cells(
            base,
            responses,
            delivered,
            [*by, *traits],
            since=since,
            score=score,
            customer=customer,
        )
        for group, own in _by_group(cells, len(by)).items():
            if group not in found and group in margins and _pairs(own) >= FEWEST_PAIRS:
                estimate = answer_dependent(own, margins[group], confidence)
                if estimate is not None:
                    found[group] = estimate
        if set(found) == set(margins):
            break
    return found


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _by_group(cells: Sequence[PanelCell], size: int) -> dict[Group, list[PanelCell]]:
    groups: dict[Group, list[PanelCell]] = {}
    for cell in cells:
        own = PanelCell(
            cell.traits[size:], cell.group, cell.before, cell.delivered, cell.answered, cell.answers
        )
        groups.setdefault(cell.traits[:size], []).append(own)
    return groups


def _pairs(cells: Sequence[PanelCell]) -> int:
    return sum(cell.answers for cell in cells if cell.before is not None)
