"""Two periods compared through the customers who answered in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.compare import SIDE, Comparison, judged, sides_of
from emptychair.analysis.delivery.definitions import latest_answers
from emptychair.analysis.delivery.differences import paired_difference
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.overlap import paired_changes


def compare_paired(
    responses: ir.Table,
    before: date,
    *,
    by: Sequence[str] = (),
    on: str | None = None,
    score: str = "score",
    customer: str = "customer_id",
    confidence: float = 0.95,
) -> list[Comparison]:
    """Compare each customer's latest answer from a date on with their latest before it.

    Customers who answered in only one of the periods are left out, so the result speaks of
    those who answered twice.

    Args:
        responses: one row per response.
        before: first day of the second period.
        by: columns of the second answer to compare within. The first result is always of
            all together.
        on: column with the date; by default `answered_on`, or else `answered_at`.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.
        confidence: coverage of each interval.

    Returns:
        One comparison for all, then one per group; `n_a` and `n_b` count customers.

    Raises:
        ColumnNotFoundError: a named column is missing.

    References:
        See `paired_difference`.
    """
    check_columns(responses, [customer, *by])
    sided, labels = sides_of(responses, before, on)
    known = sided.filter(sided[customer].notnull())
    first, second = (
        latest_answers(known.filter(known[SIDE] == label), score=score, customer=customer)
        for label in labels
    )
    overall = paired_changes(first, second, score=score, customer=customer)
    rows = [_row((), labels, overall.get((), [[0, 0, 0]] * 3), confidence)]
    if by:
        groups = paired_changes(first, second, by, score=score, customer=customer)
        rows += [_row(group, labels, changes, confidence) for group, changes in groups.items()]
    return judged(rows)


def _row(
    group: Group, labels: tuple[str, str], changes: Sequence[Sequence[int]], confidence: float
) -> Comparison:
    n = sum(sum(line) for line in changes)
    row = Comparison(
        *labels, None, None, None, None, "too_few_answers", design="paired", group=group
    )
    if not n:
        return row
    found = paired_difference(changes, confidence)
    starts = [sum(line) for line in changes]
    ends = [sum(line[place] for line in changes) for place in range(3)]
    return replace(
        row,
        difference_points=100 * found.difference,
        low_points=100 * found.low,
        high_points=100 * found.high,
        p_value=found.p_value,
        n_a=n,
        n_b=n,
        a_points=100 * (starts[2] - starts[0]) / n,
        b_points=100 * (ends[2] - ends[0]) / n,
    )
