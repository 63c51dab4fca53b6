"""Can the figure be trusted: who was asked, who answered, what correcting changes, and a grade."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.delivery.asking import Asking, askings
from emptychair.analysis.delivery.definitions import latest_answers
from emptychair.analysis.delivery.judgement import (
    Reliability,
    Sample,
    margins_of,
    only_traits,
    telling_traits,
)
from emptychair.analysis.delivery.panel import panel_estimates
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.frame import FrameCell, frame_cells, usable_traits, with_parts

__all__ = ["Reliability", "reliability"]


def reliability(
    responses: ir.Table,
    customers: ir.Table,
    invitations: ir.Table | None = None,
    *,
    by: Sequence[str] = (),
    traits: Sequence[str] | None = None,
    score: str = "score",
    customer: str = "customer_id",
    message_points: float = 0.0,
    confidence: float = 0.95,
) -> list[Reliability]:
    """Judge the NPS of each group of customers, corrected for who did not answer.

    The latest answer of each current customer counts. It is weighted to the base by cells
    of traits where every cell holds 20 answers, by raking otherwise. Where the invitations
    show enough customers who were asked twice, the weights also allow for customers who
    answer more or less readily because of what they think (`answer_dependent`). A doubly
    robust estimate, the worst bounds and the tipping difference stand beside it.

    Args:
        responses: one row per response.
        customers: one row per customer; those with `left_at` are no longer of the base.
        invitations: one row per ask.
        by: columns of `customers` to group by.
        traits: columns of `customers` to weight by; by default segments, attributes,
            country, language, unit and tenure, the six that move the figure most.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id, in all tables.
        message_points: NPS at which one would say something else.
        confidence: coverage of the intervals.

    Returns:
        One result per group in which somebody answered.

    Raises:
        ColumnNotFoundError: a named column is missing.
        NoAnswersError: no customer of the base has answered.

    References:
        See `post_stratified`, `raked`, `answer_dependent`, `doubly_robust`,
        `representativity`, `worst_bounds`.
    """
    check_share(confidence, "confidence")
    check_columns(customers, [customer, *by, *(traits or [])])
    check_columns(responses, [score, customer])
    base = customers.filter(customers["left_at"].isnull()) if "left_at" in customers else customers
    used = list(traits) if traits is not None else [t for t in usable_traits(base) if t not in by]
    base = with_parts(base, used)
    answers = latest_answers(responses, score=score, customer=customer)
    cells = frame_cells(base, answers, [*by, *used], score=score, customer=customer)
    told = telling_traits(only_traits(cells, range(len(by), len(by) + len(used))), used)
    places = [len(by) + used.index(trait) for trait in told]
    groups: dict[Group, list[FrameCell]] = {}
    for cell in cells:
        groups.setdefault(cell.traits[: len(by)], []).extend(only_traits([cell], places))
    groups = {group: groups[group] for group in in_order(groups) if any(c.n for c in groups[group])}
    if not groups:
        raise NoAnswersError(
            "No customer of the base has answered: the customer ids of the two files may differ."
        )
    reach = _coverages(base, by)
    asking = _asking_of(invitations, base, by, customer)
    panels = panel_estimates(
        base,
        responses,
        invitations,
        by,
        told,
        {group: margins_of(groups[group], len(told)) for group in groups},
        score=score,
        customer=customer,
        confidence=confidence,
    )
    return [
        Sample(groups[group], told, confidence).judged(
            group, reach.get(group), asking.get(group), panels.get(group), message_points
        )
        for group in groups
    ]


def _coverages(base: ir.Table, by: Sequence[str]) -> dict[Group, float]:
    if "contactable" not in base.columns:
        return {}
    keys = [base[column].name(f"key_{i}") for i, column in enumerate(by)]
    reachable = base["contactable"].cast("boolean").fill_null(False)
    rows = base.aggregate(by=keys, all_customers=base.count(), reachable=reachable.sum())
    return {
        tuple(row[f"key_{i}"] for i in range(len(by))): int(row["reachable"]) / row["all_customers"]
        for row in rows.to_pyarrow().to_pylist()
        if row["all_customers"]
    }


def _asking_of(
    invitations: ir.Table | None, base: ir.Table, by: Sequence[str], customer: str
) -> dict[Group, Asking]:
    """Return what became of the invitations of the base, by group of customers."""
    if invitations is None:
        return {}
    if not by:
        return {found.group: found for found in askings(invitations)}
    check_columns(invitations, [customer])
    keys = [f"group_{i}" for i in range(len(by))]
    groups = base.select(
        **{key: base[column] for key, column in zip(keys, by, strict=True)},
        invited=base[customer],
    )
    joined = invitations.join(groups, invitations[customer] == groups["invited"])
    return {found.group: found for found in askings(joined, keys)}
