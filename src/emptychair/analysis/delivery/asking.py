"""What became of the invitations: asked, reached, opened, answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.sums.counts import Group, in_order

_SENT = ("sent", "delivered", "bounced", "answered", "declined")
_DELIVERED = ("delivered", "answered", "declined")


@dataclass(frozen=True)
class Asking:
    """Counts of invitations of one group, as survey research counts them.

    Attributes:
        group: values of the grouping columns.
        eligible: invitations planned, those held back by a rule left out.
        asked: invitations sent.
        delivered: sent and not returned.
        opened: delivered and looked at; null where nothing says so.
        answered: delivered and answered.
        bounced: sent and returned.
        suppressed: held back by a rule before sending.
        reached: different customers among the delivered; null where nothing names them.
        response_rate: answered over delivered; null where nothing was delivered.
        asked_rate: answered over asked (AAPOR's RR1 with everybody asked as eligible).
    """

    group: Group
    eligible: int
    asked: int
    delivered: int
    opened: int | None
    answered: int
    bounced: int
    suppressed: int
    reached: int | None
    response_rate: float | None
    asked_rate: float | None


def askings(
    invitations: ir.Table, by: Sequence[str] = (), *, customer: str = "customer_id"
) -> list[Asking]:
    """Return what became of the invitations of each group, with one grouped query.

    A moment (`delivered_at`, `answered_at`) counts as much as the `outcome`: whoever
    answered has got the invitation, whatever the log of the mail server says.

    Args:
        invitations: one row per ask; `outcome` or the moments, or both.
        by: columns to group by.
        customer: column with the customer's id; need not be there.

    Returns:
        One record per group, ordered by group.

    Raises:
        ColumnNotFoundError: a column of `by` is missing, or there is neither `outcome` nor
            `sent_at`.

    References:
        AAPOR (2023), "Standard Definitions", 10th edition.
    """
    check_columns(invitations, by)
    if "sent_at" not in invitations.columns:
        check_columns(invitations, ["outcome"])
    states = states_of(invitations)
    sent, delivered, answered = states.sent, states.delivered, states.answered
    opened, bounced, suppressed = states.opened, states.bounced, states.suppressed
    keys = [invitations[column].name(f"key_{i}") for i, column in enumerate(by)]
    reached = (
        {"reached": invitations[customer].nunique(where=delivered)}
        if customer in invitations.columns
        else {}
    )
    totals = invitations.aggregate(
        by=keys,
        eligible=invitations.count(where=~suppressed),
        asked=invitations.count(where=sent),
        delivered=invitations.count(where=delivered),
        opened=invitations.count(where=delivered & opened),
        answered=invitations.count(where=delivered & answered),
        bounced=invitations.count(where=sent & bounced),
        suppressed=invitations.count(where=suppressed),
        **reached,
    )
    rows = {
        tuple(row.pop(f"key_{i}") for i in range(len(by))): {
            name: int(n or 0) for name, n in row.items()
        }
        for row in totals.to_pyarrow().to_pylist()
    }
    knows_opening = "opened_at" in invitations.columns
    return [_asking(group, rows[group], knows_opening) for group in in_order(rows)]


@dataclass(frozen=True)
class AskStates:
    """What holds of an invitation, as expressions over one table of invitations.

    Attributes:
        sent: it left.
        delivered: it left and did not come back.
        answered: somebody answered it.
        opened: it was looked at.
        bounced: it came back.
        suppressed: a rule held it back.
    """

    sent: ir.BooleanValue
    delivered: ir.BooleanValue
    answered: ir.BooleanValue
    opened: ir.BooleanValue
    bounced: ir.BooleanValue
    suppressed: ir.BooleanValue


def states_of(invitations: ir.Table) -> AskStates:
    """Return what holds of each invitation; see `askings`."""
    answered = _any(invitations, ("answered",), "answered_at")
    opened = _any(invitations, (), "opened_at") | answered
    bounced = _any(invitations, ("bounced",), None) & ~answered
    suppressed = _any(invitations, ("suppressed",), None)
    sent = (_any(invitations, _SENT, "sent_at") | opened) & ~suppressed
    delivered = was_delivered(invitations)
    return AskStates(sent, delivered, answered, opened, bounced, suppressed)


def was_delivered(invitations: ir.Table) -> ir.BooleanValue:
    """Return whether each invitation arrived, as an expression.

    Without a log of deliveries, what was sent and did not come back has arrived.
    """
    answered = _any(invitations, ("answered",), "answered_at")
    opened = _any(invitations, (), "opened_at") | answered
    bounced = _any(invitations, ("bounced",), None) & ~answered
    suppressed = _any(invitations, ("suppressed",), None)
    sent = (_any(invitations, _SENT, "sent_at") | opened) & ~suppressed
    if "delivered_at" not in invitations.columns:
        return sent & ~bounced
    return sent & ~bounced & (_any(invitations, _DELIVERED, "delivered_at") | opened)


def _asking(group: Group, counts: dict[str, int], knows_opening: bool) -> Asking:
    return Asking(
        group=group,
        eligible=counts["eligible"],
        asked=counts["asked"],
        delivered=counts["delivered"],
        opened=counts["opened"] if knows_opening else None,
        answered=counts["answered"],
        bounced=counts["bounced"],
        suppressed=counts["suppressed"],
        reached=counts.get("reached"),
        response_rate=_share(counts["answered"], counts["delivered"]),
        asked_rate=_share(counts["answered"], counts["asked"]),
    )


def _any(invitations: ir.Table, outcomes: Sequence[str], moment: str | None) -> ir.BooleanValue:
    """Return whether the outcome is one of `outcomes` or the moment is known."""
    told = ibis.literal(False)
    if outcomes and "outcome" in invitations.columns:
        told = told | invitations["outcome"].isin(list(outcomes)).fill_null(False)
    if moment is not None and moment in invitations.columns:
        told = told | invitations[moment].notnull()
    return told


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
