"""Three definitions of one company's NPS: per response, per customer, per account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.sums.counts import counted

Per = Literal["response", "customer", "account"]


def latest_answers(
    responses: ir.Table, *, score: str = "score", customer: str = "customer_id"
) -> ir.Table:
    """Return the latest counted response of each customer.

    Among answers of the same moment the one with the highest `response_id` is taken, so
    that every engine takes the same. A response without a customer stands for itself.

    Args:
        responses: one row per response; `answered_at` or else `answered_on` says which is
            the latest.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.

    Raises:
        ColumnNotFoundError: `responses` lacks `score` or `customer`.
    """
    check_columns(responses, [score, customer])
    answered = counted(responses, score=score)
    order = [name for name in ("answered_at", "answered_on", "response_id") if name in answered]
    latest_first = [answered[name].desc() for name in [*order, score]]
    rank = ibis.row_number().over(group_by=answered[customer], order_by=latest_first)
    ranked = answered.mutate(latest_rank=rank)
    kept = ranked.filter((ranked["latest_rank"] == 0) | ranked[customer].isnull())
    return kept.drop("latest_rank")


def account_answers(
    responses: ir.Table,
    by: Sequence[str] = (),
    *,
    score: str = "score",
    customer: str = "customer_id",
    account: str = "account_id",
    revenue: str | None = None,
) -> ir.Table:
    """Return the latest response of each customer with the weight of their account.

    An account counts with its revenue, shared equally by those of its people who answered;
    without a revenue column every account counts the same. An account without revenue, and
    a response without an account, get no weight and so do not count.

    Args:
        responses: one row per response.
        by: columns of the groups; an account in two groups counts in each.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.
        account: column with the account's id.
        revenue: column with the account's revenue, repeated on its rows.

    Returns:
        The latest responses with the column `account_weight`.

    Raises:
        ColumnNotFoundError: a named column is missing.
    """
    check_columns(responses, [account, *by, *([revenue] if revenue else [])])
    latest = latest_answers(responses, score=score, customer=customer)
    latest = latest.filter(latest[account].notnull())
    window = ibis.window(group_by=[latest[name] for name in [*by, account]])
    people = latest.count().over(window)
    money = latest[revenue].max().over(window).cast("float64") if revenue else ibis.literal(1.0)
    return latest.mutate(account_weight=money / people)
