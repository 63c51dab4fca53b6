"""Customers from an answer onwards: the answer that starts the clock, and how they were followed.

The clock starts at an answer, so that only what came after it counts. It is the first answer in
the window: the latest would be chosen with knowledge of what came later, since who leaves does
not answer again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.errors import ColumnNotFoundError, DataError, NoAnswersError
from emptychair.analysis.sums.counts import Group, bucket_value, counted, in_order

BUCKETS = ("detractor", "passive", "promoter")
MONTH_DAYS = 365.25 / 12
LEFT = "left"  # the reason of those who left without one

_DAY_SECONDS = 86_400


def answer_moment(responses: ir.Table) -> ir.TimestampValue:
    """Return the moment of each answer: `answered_at`, or else the start of `answered_on`.

    Raises:
        ColumnNotFoundError: there is neither.
    """
    if "answered_at" in responses.columns:
        return responses["answered_at"].cast("timestamp")
    if "answered_on" in responses.columns:
        return responses["answered_on"].cast("timestamp")
    raise ColumnNotFoundError(
        "There is no column 'answered_at' or 'answered_on', so it is not known what came after "
        "an answer."
    )


def bucket_name(answer: ir.Value) -> ir.StringValue:
    """Return detractor, passive or promoter, as an expression."""
    value = bucket_value(answer)
    return ibis.cases((value == 1, BUCKETS[2]), (value == 0, BUCKETS[1]), else_=BUCKETS[0])


def check_once(customers: ir.Table, customer: str = "customer_id") -> None:
    """Check that no customer is there twice.

    Raises:
        DataError: some are; every one of their figures would count twice.
    """
    (row,) = (
        customers.aggregate(n=customers[customer].count(), ids=customers[customer].nunique())
        .to_pyarrow()
        .to_pylist()
    )
    if row["n"] > row["ids"]:
        raise DataError(
            f"{row['n'] - row['ids']} rows of the customers repeat a {customer!r}; there must be "
            "one row per customer."
        )


def last_day(responses: ir.Table, customers: ir.Table | None = None) -> date:
    """Return the day after which nothing is known: of the last answer or the last who left.

    Raises:
        NoAnswersError: there is no answer with a date.
    """
    answered = counted(responses)
    newest = _latest(answered, answer_moment(answered))
    if newest is None:
        raise NoAnswersError("No answer that counts has a date, so no time can be told.")
    if customers is not None and "left_at" in customers.columns:
        left = _latest(customers, customers["left_at"].cast("timestamp"))
        newest = newest if left is None else max(newest, left)
    return newest.date()


def _latest(table: ir.Table, moment: ir.TimestampValue) -> datetime | None:
    (row,) = table.aggregate(latest=moment.max()).to_pyarrow().to_pylist()
    found: datetime | None = row["latest"]
    return found


def first_answers(
    responses: ir.Table,
    start: date,
    stop: date,
    *,
    score: str = "score",
    customer: str = "customer_id",
) -> ir.Table:
    """Return each customer's first counted answer from `start` to before `stop`.

    Among answers of the same moment the one with the lowest `response_id` is taken, so that
    every engine takes the same.

    Args:
        responses: one row per response.
        start: first day.
        stop: the day after the last.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id; rows without one do not count.

    Returns:
        The columns of `responses` with `moment` and `bucket`.

    Raises:
        ColumnNotFoundError: `responses` lacks a column that is needed.
    """
    check_columns(responses, [score, customer])
    answered = counted(responses, score=score)
    answered = answered.mutate(moment=answer_moment(answered), bucket=bucket_name(answered[score]))
    inside = (answered["moment"] >= _midnight(start)) & (answered["moment"] < _midnight(stop))
    answered = answered.filter(answered[customer].notnull() & inside)
    order = [answered[name] for name in ("moment", "response_id", score) if name in answered]
    rank = ibis.row_number().over(group_by=answered[customer], order_by=order)
    ranked = answered.mutate(answer_rank=rank)
    return ranked.filter(ranked["answer_rank"] == 0).drop("answer_rank")


def followed(
    answers: ir.Table,
    customers: ir.Table,
    until: date,
    by: Sequence[str] = (),
    *,
    customer: str = "customer_id",
) -> ir.Table:
    """Return customers from their answer to the day they left, or to the end of `until`.

    Who had left before the answer is not followed.

    Args:
        answers: one row per customer with `moment` and `bucket`.
        customers: one row per customer, with `left_at` and maybe `left_reason`.
        until: the last day of which anything is known.
        by: columns to keep, of `answers` or else of `customers`.
        customer: column with the customer's id, in both tables.

    Returns:
        `customer`, `moment`, `bucket`, `left_at` (null if not by then), `days` followed, `cause`
        (null for those still there) and the columns of `by`.

    Raises:
        ColumnNotFoundError: neither table has a column that is needed.
        DataError: a customer is there twice.
    """
    check_columns(customers, [customer, "left_at"])
    check_once(customers, customer)
    own = [name for name in by if name in answers.columns]
    others = [name for name in by if name not in own]
    if missing := [name for name in others if name not in customers.columns]:
        check_columns(answers, missing)
    has_reason = "left_reason" in customers.columns
    reason = customers["left_reason"].fill_null(LEFT) if has_reason else ibis.literal(LEFT)
    base = customers.select(
        who=customers[customer],
        gone_at=customers["left_at"].cast("timestamp"),
        reason=reason,
        **{name: customers[name] for name in others},
    )
    both = answers.inner_join(base, answers[customer] == base["who"])
    both = both.filter(both["gone_at"].isnull() | (both["gone_at"] >= both["moment"]))
    end = ibis.literal(_midnight(until) + timedelta(days=1)).cast("timestamp")
    is_gone = both["gone_at"].notnull() & (both["gone_at"] < end)
    seen_until = ibis.ifelse(is_gone, both["gone_at"], end).epoch_seconds()
    seconds = seen_until - both["moment"].epoch_seconds()
    return both.select(
        customer=both["who"],
        moment=both["moment"],
        bucket=both["bucket"],
        left_at=ibis.ifelse(is_gone, both["gone_at"], ibis.null("timestamp")),
        days=(seconds / _DAY_SECONDS).floor().cast("int64"),
        cause=ibis.ifelse(is_gone, both["reason"], ibis.null("string")),
        **{name: both[name] for name in by},
    )


def exit_counts(
    followed_customers: ir.Table, by: Sequence[str] = ()
) -> dict[Group, list[dict[str, Any]]]:
    """Count customers by group, days followed and reason, with one grouped query.

    Returns:
        By values of `by` and bucket, records of `days`, `cause` and `n`.
    """
    keys = [f"key_{i}" for i in range(len(by))]
    rows = followed_customers.select(
        "bucket", "days", "cause",
        **{key: followed_customers[name] for key, name in zip(keys, by, strict=True)},
    )  # fmt: skip
    counts = rows.group_by([*keys, "bucket", "days", "cause"]).aggregate(n=rows.count())
    found: dict[Group, list[dict[str, Any]]] = {}
    for row in counts.to_pyarrow().to_pylist():
        group = (*(row.pop(key) for key in keys), row.pop("bucket"))
        found.setdefault(group, []).append(row)
    return {group: found[group] for group in in_order(found)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())
