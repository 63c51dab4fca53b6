"""Delivered invitations by what the customer said before and what they said then, as sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.sums.counts import Group, bucket_value, counted, in_order
from emptychair.analysis.sums.groups import GROUPS, hash_group

LONGEST_WAIT_DAYS = 60


@dataclass(frozen=True)
class PanelCell:
    """Delivered invitations of customers alike in traits, hash group and earlier answer.

    Every customer weighs 1 in all, shared equally by their invitations.

    Attributes:
        traits: values of the traits.
        group: hash group of the customers.
        before: their latest answer before the invitation, -1, 0 or +1; null if none.
        delivered: weight of the invitations delivered.
        answered: weight of those answered by a detractor, a passive and a promoter.
        answers: number of invitations answered.
    """

    traits: Group
    group: int
    before: int | None
    delivered: float
    answered: tuple[float, float, float]
    answers: int


def panel_cells(
    customers: ir.Table,
    responses: ir.Table,
    delivered: ir.Table,
    traits: Sequence[str],
    *,
    since: datetime | None = None,
    score: str = "score",
    customer: str = "customer_id",
    groups: int = GROUPS,
) -> list[PanelCell]:
    """Return the delivered invitations of a customer base with the answers before and to them.

    A response answers the last invitation before it, if that is at most 60 days old.

    Args:
        customers: one row per customer, with the traits.
        responses: one row per response, with `answered_at`.
        delivered: one row per invitation that arrived, with `sent_at`.
        traits: columns of `customers`.
        since: leave out invitations sent before; answers before still count as earlier ones.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id, in all tables.
        groups: number of hash groups.

    Returns:
        The cells, ordered by traits, hash group and earlier answer.

    Raises:
        ColumnNotFoundError: a named column or moment is missing.
    """
    check_columns(customers, [customer, *traits])
    check_columns(responses, [customer, score, "answered_at"])
    check_columns(delivered, [customer, "sent_at"])
    asked = _asked(_numbered(responses, score, customer), delivered, customer)
    if since is not None:
        asked = asked.filter(asked["at"] >= ibis.literal(since).cast("timestamp"))
    of_customer = ibis.window(group_by=asked["customer"])
    asked = asked.mutate(w=1.0 / asked.count().over(of_customer).cast("float64"))
    keys = [f"trait_{i}" for i in range(len(traits))]
    base = customers.select(
        **{key: customers[trait] for key, trait in zip(keys, traits, strict=True)},
        member=customers[customer],
        hash_group=hash_group(customers[customer], groups),
    )
    both = base.join(asked, base["member"] == asked["customer"])
    names = [*keys, "hash_group", "before"]
    sums = both.group_by(names).aggregate(
        delivered=both["w"].sum(),
        answers=both.count(where=both["then"].notnull()),
        **{
            f"answered_{place}": both["w"].sum(where=both["then"] == value)
            for place, value in enumerate((-1, 0, 1))
        },
    )
    found = {tuple(row[name] for name in names): row for row in sums.to_pyarrow().to_pylist()}
    return [_cell(key, found[key]) for key in in_order(found)]


def _cell(key: Group, row: dict[str, float | None]) -> PanelCell:
    before = row["before"]
    return PanelCell(
        traits=key[:-2],
        group=int(row["hash_group"] or 0),
        before=None if before is None else int(before),
        delivered=float(row["delivered"] or 0.0),
        answered=(
            float(row["answered_0"] or 0.0),
            float(row["answered_1"] or 0.0),
            float(row["answered_2"] or 0.0),
        ),
        answers=int(row["answers"] or 0),
    )


def _numbered(responses: ir.Table, score: str, customer: str) -> ir.Table:
    """Return each customer's responses with their number in time, from 1."""
    answered = counted(responses, score=score)
    answered = answered.filter(answered[customer].notnull() & answered["answered_at"].notnull())
    order = [answered["answered_at"]]
    if "response_id" in answered.columns:
        order.append(answered["response_id"])
    number = ibis.row_number().over(group_by=answered[customer], order_by=order)
    return answered.select(
        customer=answered[customer],
        at=answered["answered_at"].cast("timestamp"),
        s=bucket_value(answered[score]).cast("int8"),
        number=number.cast("int64") + 1,
    )


def _asked(answers: ir.Table, delivered: ir.Table, customer: str) -> ir.Table:
    """Return each invitation with the answer before it and the answer to it."""
    sent = delivered.filter(delivered["sent_at"].notnull() & delivered[customer].notnull())
    invitations = sent.select(
        customer=sent[customer], at=sent["sent_at"].cast("timestamp"), is_answer=ibis.literal(0)
    )
    events = invitations.union(
        answers.select("customer", "at", is_answer=ibis.literal(1)).cast(invitations.schema())
    )
    # An answer of the very moment of an invitation came to it, so it sorts after it.
    order = [events["at"], events["is_answer"]]
    until_here = ibis.window(
        group_by=events["customer"], order_by=order, preceding=None, following=0
    )
    onwards = ibis.window(group_by=events["customer"], order_by=order)
    events = events.mutate(
        answers_before=events["is_answer"].sum().over(until_here).cast("int64"),
        next_is_answer=events["is_answer"].lead(1).over(onwards),
        next_at=events["at"].lead(1).over(onwards),
    )
    asked = events.filter(events["is_answer"] == 0)
    waited = asked["next_at"].epoch_seconds() - asked["at"].epoch_seconds()
    in_time = (asked["next_is_answer"] == 1) & (waited <= LONGEST_WAIT_DAYS * 86_400)
    asked = asked.select(
        "customer",
        "at",
        earlier=asked["answers_before"],
        later=in_time.fill_null(False).ifelse(asked["answers_before"] + 1, 0),
    )
    first = answers.select(who=answers["customer"], earlier=answers["number"], before=answers["s"])
    second = answers.select(whom=answers["customer"], later=answers["number"], then=answers["s"])
    known = asked.left_join(
        first, [asked["customer"] == first["who"], asked["earlier"] == first["earlier"]]
    ).select("customer", "at", "later", "before")
    return known.left_join(
        second, [known["customer"] == second["whom"], known["later"] == second["later"]]
    ).select("customer", "at", "before", "then")
