"""Who moved where from one period to the next: counts of customers by state, then and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

import ibis
import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.sums.counts import Group, bucket_value, counted, in_order
from emptychair.analysis.sums.followup import BUCKETS, answer_moment, bucket_name, check_once
from emptychair.analysis.sums.groups import GROUPS, hash_group
from emptychair.analysis.sums.money import month_index, month_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

Every = Literal["month", "quarter", "year"]
FROM_STATES = (*BUCKETS, "silent")
TO_STATES = (*FROM_STATES, "lost")
MONTHS_OF: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
SHORT_GAP_DAYS = 30


@dataclass(frozen=True)
class Period:
    """One month, quarter or year: its number and its days from `start` to before `end`."""

    number: int
    start: date
    end: date


def period_of(day: date, every: Every) -> Period:
    """Return the period that `day` is in.

    Examples:
        >>> period_of(date(2026, 5, 9), "quarter").start
        datetime.date(2026, 4, 1)
    """
    return _period((month_index(day) - 1) // MONTHS_OF[every], every)


def periods_between(first: date, last: date, every: Every) -> list[Period]:
    """Return the periods from that of `first` to that of `last`."""
    numbers = range(period_of(first, every).number, period_of(last, every).number + 1)
    return [_period(number, every) for number in numbers]


def _period(number: int, every: Every) -> Period:
    def first_of(index: int) -> date:
        return date(index // 12, index % 12 + 1, 1)

    months = MONTHS_OF[every]
    return Period(number, first_of(number * months), first_of((number + 1) * months))


def move_counts(
    responses: ir.Table,
    customers: ir.Table,
    periods: Sequence[Period],
    every: Every,
    by: Sequence[str] = (),
    *,
    steps: int = 1,
    score: str = "score",
    customer: str = "customer_id",
) -> dict[Group, dict[int, Floats]]:
    """Count customers by what they said in a period and in the next, with one grouped query.

    A customer's state is the bucket of the latest counted answer within the period, silent
    without one, and lost who left before the period's end. The base of a move are those who
    were customers at the end of its first period.

    Args:
        responses: one row per response.
        customers: one row per customer; without `left_at` nobody is lost.
        periods: in order, each with the next beside it.
        every: their length.
        by: columns of `customers` to group by.
        steps: how many periods later the second of the two is.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id, in both tables.

    Returns:
        By group and number of the later period, counts of the shape (hash groups, 4 states
        then, 5 states after).

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
        DataError: a customer is there twice.
    """
    check_columns(customers, [customer, *by])
    check_once(customers, customer)
    keys = [f"key_{i}" for i in range(len(by))]
    said = latest_of_periods(responses, every, score=score, customer=customer)
    base = _base(customers, list(zip(periods, periods[steps:], strict=False)), by, customer)
    now = said.select(who="customer", then="period", before="bucket")
    later = said.select(whom="customer", after=said["period"] - steps, bucket="bucket")
    moves = base.left_join(now, [base["customer"] == now["who"], base["period"] == now["then"]])
    moves = moves.select(*base.columns, "before")
    moves = moves.left_join(
        later, [moves["customer"] == later["whom"], moves["period"] == later["after"]]
    )
    after = ibis.ifelse(moves["is_lost"], TO_STATES[-1], moves["bucket"].fill_null("silent"))
    cells = moves.select(
        *keys, "period", "hash_group", before=moves["before"].fill_null("silent"), after=after
    )
    counts = cells.group_by([*keys, "period", "hash_group", "before", "after"]).aggregate(
        n=cells.count()
    )
    found: dict[Group, dict[int, Floats]] = {}
    for row in counts.to_pyarrow().to_pylist():
        group = found.setdefault(tuple(row[key] for key in keys), {})
        table = group.setdefault(row["period"] + steps, _empty())
        place = (row["hash_group"], FROM_STATES.index(row["before"]), TO_STATES.index(row["after"]))
        table[place] += row["n"]
    return {group: dict(sorted(found[group].items())) for group in in_order(found)}


def _empty() -> Floats:
    return np.zeros((GROUPS, len(FROM_STATES), len(TO_STATES)))


def latest_of_periods(
    responses: ir.Table, every: Every, *, score: str = "score", customer: str = "customer_id"
) -> ir.Table:
    """Return each customer's latest counted bucket of each period: customer, period, bucket."""
    check_columns(responses, [score, customer])
    answered = counted(responses, score=score)
    answered = answered.filter(answered[customer].notnull())
    moment = answer_moment(answered)
    number = ((month_number(moment) - 1) / MONTHS_OF[every]).floor().cast("int64")
    names = [name for name in ("response_id",) if name in answered.columns]
    rows = answered.select(
        *names, customer=answered[customer], moment=moment, period=number, score=answered[score]
    )
    latest_first = [rows[name].desc() for name in ("moment", *names, "score")]
    rank = ibis.row_number().over(group_by=["customer", "period"], order_by=latest_first)
    ranked = rows.mutate(latest=rank)
    latest = ranked.filter(ranked["latest"] == 0)
    return latest.select("customer", "period", bucket=bucket_name(latest["score"]))


def _base(
    customers: ir.Table,
    pairs: Sequence[tuple[Period, Period]],
    by: Sequence[str],
    customer: str,
) -> ir.Table:
    """Return who was a customer at the end of each first period, and who was lost by the second."""
    has_left, has_come = ("left_at" in customers.columns), ("created_at" in customers.columns)
    never = ibis.null("timestamp")
    people = customers.select(
        customer=customers[customer],
        hash_group=hash_group(customers[customer]),
        came=customers["created_at"].cast("timestamp") if has_come else never,
        left=customers["left_at"].cast("timestamp") if has_left else never,
        **{f"key_{i}": customers[name] for i, name in enumerate(by)},
    )
    parts = []
    for one, following in pairs:
        end, later = _midnight(one.end), _midnight(following.end)
        there = (people["came"].isnull() | (people["came"] < end)) & (
            people["left"].isnull() | (people["left"] >= end)
        )
        present = people.filter(there)
        parts.append(
            present.select(
                "customer",
                "hash_group",
                *(f"key_{i}" for i in range(len(by))),
                period=ibis.literal(one.number, "int64"),
                is_lost=(present["left"] < later).fill_null(False),
            )
        )
    return reduce(lambda one, other: one.union(other), parts)


def repeat_counts(
    responses: ir.Table,
    *,
    within_days: int = SHORT_GAP_DAYS,
    score: str = "score",
    customer: str = "customer_id",
) -> tuple[Floats, float]:
    """Count customers who answered twice within a few days, by bucket then and after.

    So soon a customer has hardly changed; what differs is mostly noise of the answers.

    Returns:
        Counts of the shape (hash groups, 3 buckets, 3 buckets), each answer with the next, and
        the mean days between the two.
    """
    check_columns(responses, [score, customer])
    answered = counted(responses, score=score)
    answered = answered.filter(answered[customer].notnull())
    rows = answered.select(
        customer=answered[customer],
        at=answer_moment(answered).epoch_seconds(),
        s=bucket_value(answered[score]),
    )
    order = ibis.window(group_by="customer", order_by=[rows["at"], rows["s"]])
    paired = rows.mutate(
        next_at=rows["at"].lead(1).over(order), next_s=rows["s"].lead(1).over(order)
    )
    gap = paired["next_at"] - paired["at"]
    close = paired.filter((gap > 0) & (gap <= within_days * 86_400))
    cells = close.mutate(
        hash_group=hash_group(close["customer"]), waited=close["next_at"] - close["at"]
    )
    counts = cells.group_by(["hash_group", "s", "next_s"]).aggregate(
        n=cells.count(), waited=cells["waited"].sum()
    )
    found, seconds = np.zeros((GROUPS, 3, 3)), 0.0
    for row in counts.to_pyarrow().to_pylist():
        found[row["hash_group"], row["s"] + 1, row["next_s"] + 1] += row["n"]
        seconds += float(row["waited"])
    return found, seconds / 86_400 / max(1.0, float(found.sum()))


def first_and_last_answer(responses: ir.Table) -> tuple[datetime | None, datetime | None]:
    """Return the moments of the first and the last counted answer, None without any."""
    answered = counted(responses)
    moment = answer_moment(answered)
    found: list[dict[str, Any]] = (
        answered.aggregate(first=moment.min(), last=moment.max()).to_pyarrow().to_pylist()
    )
    return found[0]["first"], found[0]["last"]


def last_whole(day: date, every: Every, grace_days: int) -> date:
    """Return the last day of the last period that is over by `day`, give or take a few days."""
    return period_of(day + timedelta(days=1 + grace_days), every).start - timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())
