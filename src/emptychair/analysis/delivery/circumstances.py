"""What surrounds a figure, kept as sums by day: who was asked, what was held, which wording."""

from __future__ import annotations

from functools import reduce

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.asking import states_of
from emptychair.analysis.sums.counts import counted
from emptychair.analysis.sums.layer import EVERYONE

CIRCUMSTANCE_KEYS = ("day", "segment", "unit", "channel", "touchpoint", "kind", "detail")


def circumstances_of(
    responses: ir.Table, invitations: ir.Table, memberships: ir.Table | None = None
) -> ir.Table:
    """Return sums that explain a figure: one row per day, segment, unit, channel and kind.

    They add up, so the circumstances of a period are the sums of its days.

    Args:
        responses: one row per response with `answered_on` and `score`; held ones included.
        invitations: one row per ask with `sent_on`, and `outcome` or `sent_at`.
        memberships: `customer_id` and `segment`, one row per customer and segment. Every row
            also counts in the segment `EVERYONE`.

    Returns:
        The columns of `CIRCUMSTANCE_KEYS` and `n`. `kind` is "asked", "delivered" or
        "answered" of invitations by the day they were sent, "held" with the reason as
        `detail`, and "wording" with the wording of the responses that count.

    Raises:
        ColumnNotFoundError: a named column is missing.
    """
    check_columns(responses, ["answered_on", "score"])
    check_columns(invitations, ["sent_on"])
    states = states_of(invitations)
    parts = [
        _part(invitations.filter(holds), "sent_on", kind, None, memberships)
        for kind, holds in (
            ("asked", states.sent),
            ("delivered", states.delivered),
            ("answered", states.delivered & states.answered),
        )
    ]
    if "held_reason" in responses.columns:
        held = responses.filter(responses["held_reason"].notnull())
        parts.append(_part(held, "answered_on", "held", "held_reason", memberships))
    parts.append(_part(counted(responses), "answered_on", "wording", "wording", memberships))
    return reduce(ir.Table.union, parts)


def _part(
    rows: ir.Table, day: str, kind: str, detail: str | None, memberships: ir.Table | None
) -> ir.Table:
    def text(column: str | None) -> ir.Value:
        known = column is not None and column in rows.columns
        return rows[column].cast("string").fill_null("") if known else ibis.literal("")

    keyed = rows.filter(rows[day].notnull()).select(
        day=rows[day].cast("date"),
        customer_id=text("customer_id"),
        unit=text("unit"),
        channel=text("channel"),
        touchpoint=text("touchpoint"),
        kind=ibis.literal(kind),
        detail=text(detail),
    )
    everyone = keyed.mutate(segment=ibis.literal(EVERYONE))
    if memberships is not None:
        members = keyed.inner_join(memberships.select("customer_id", "segment"), "customer_id")
        everyone = everyone.union(members.select(*everyone.columns))
    return everyone.group_by(list(CIRCUMSTANCE_KEYS)).aggregate(n=everyone.count())
