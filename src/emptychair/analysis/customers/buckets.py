"""Who is in which bucket today: by the latest answer that is not too old, the silent apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis

from emptychair.analysis.checks import check_columns, check_positive
from emptychair.analysis.delivery.definitions import latest_answers
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.followup import (
    BUCKETS,
    answer_moment,
    bucket_name,
    check_once,
    last_day,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

SILENT = "silent"
STATES = (*BUCKETS, SILENT)
OLDEST_ANSWER_DAYS = 365


@dataclass(frozen=True)
class BucketCount:
    """How many customers are in a bucket today, and what they brought lately.

    Attributes:
        group: values of the columns grouped by.
        bucket: detractor, passive, promoter or silent.
        customers: how many.
        customers_share: of the customers of the group.
        revenue: of the last months asked for; None without values.
        revenue_share: of the group's revenue; None without values.
    """

    group: Group
    bucket: str
    customers: int
    customers_share: float
    revenue: float | None
    revenue_share: float | None


def current_buckets(
    responses: ir.Table,
    customers: ir.Table,
    *,
    on: date | None = None,
    oldest_days: int = OLDEST_ANSWER_DAYS,
    score: str = "score",
    customer: str = "customer_id",
) -> ir.Table:
    """Return everybody in the base with their present bucket.

    The latest counted answer decides, unless it is older than `oldest_days`; customers
    without such an answer are silent, which is no bucket: nothing is known of them.

    Args:
        responses: one row per response.
        customers: one row per customer; those who came after `on` or left by then are not
            in the base.
        on: the day meant; that of the last answer or leaving when left out.
        oldest_days: age in days beyond which an answer says nothing of today.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id, in both tables.

    Returns:
        The columns of `customers` with `bucket`, `score` and `answered` (the moment of the
        answer), both null for the silent. Still a table of the engine: filter, join and
        export it there.

    Raises:
        ArgumentError: `oldest_days` is not above zero.
        ColumnNotFoundError: a column that is needed is missing.
        DataError: a customer is there twice, or no answer has a date.
    """
    check_positive(oldest_days, "oldest_days")
    check_columns(responses, [score, customer])
    check_columns(customers, [customer])
    check_once(customers, customer)
    end = datetime.combine(on or last_day(responses, customers), datetime.min.time())
    end = end + timedelta(days=1)
    moment = answer_moment(responses)
    recent = responses.filter(
        (moment < end) & (moment >= end - timedelta(days=oldest_days))
        & responses[customer].notnull()
    )  # fmt: skip
    latest = latest_answers(recent, score=score, customer=customer)
    said = latest.select(
        who=latest[customer],
        bucket=bucket_name(latest[score]),
        score=latest[score],
        answered=answer_moment(latest),
    )
    base = base_on(customers, end)
    mine = [name for name in base.columns if name not in ("bucket", "score", "answered")]
    both = base.select(*mine).left_join(said, base[customer] == said["who"])
    return both.select(
        *mine, bucket=both["bucket"].fill_null(SILENT), score="score", answered="answered"
    )


def base_on(customers: ir.Table, end: datetime) -> ir.Table:
    """Return those who were customers just before `end`."""
    base = customers
    if "created_at" in customers.columns:
        base = base.filter(base["created_at"].isnull() | (base["created_at"] < end))
    if "left_at" in customers.columns:
        base = base.filter(base["left_at"].isnull() | (base["left_at"] >= end))
    return base


def bucket_counts(
    buckets: ir.Table,
    values: ir.Table | None = None,
    *,
    by: Sequence[str] = (),
    since: date | None = None,
    customer: str = "customer_id",
) -> list[BucketCount]:
    """Return how many customers and how much revenue are in each bucket, by group.

    Args:
        buckets: from `current_buckets`.
        values: revenue per customer and month; without it only customers are counted.
        by: columns of `buckets` to group by.
        since: first month whose revenue counts; all of them when left out.
        customer: column with the customer's id, in both tables.

    Returns:
        One record per group and bucket that occurs, in the order of `STATES`.

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
    """
    check_columns(buckets, [customer, "bucket", *by])
    keys = [f"key_{i}" for i in range(len(by))]
    rows = buckets.select(
        who=buckets[customer],
        bucket=buckets["bucket"],
        **{key: buckets[name] for key, name in zip(keys, by, strict=True)},
    )
    if values is not None:
        check_columns(values, [customer, "month", "revenue"])
        paid = values if since is None else values.filter(values["month"] >= since)
        sums = paid.group_by(payer=paid[customer]).aggregate(revenue=paid["revenue"].sum())
        rows = rows.left_join(sums, rows["who"] == sums["payer"])
    else:
        rows = rows.mutate(revenue=ibis.null("float64"))
    found = rows.group_by([*keys, "bucket"]).aggregate(
        customers=rows.count(), revenue=rows["revenue"].sum()
    )
    by_group: dict[Group, dict[str, dict[str, Any]]] = {}
    for row in found.to_pyarrow().to_pylist():
        by_group.setdefault(tuple(row[key] for key in keys), {})[row["bucket"]] = row
    return [
        record
        for group in in_order(by_group)
        for record in _counts(group, by_group[group], has_values=values is not None)
    ]


def _counts(
    group: Group, rows: dict[str, dict[str, Any]], *, has_values: bool
) -> list[BucketCount]:
    customers = sum(row["customers"] for row in rows.values())
    revenue = sum(float(row["revenue"] or 0.0) for row in rows.values())
    records = []
    for bucket in (one for one in STATES if one in rows):
        n, money = rows[bucket]["customers"], float(rows[bucket]["revenue"] or 0.0)
        records.append(
            BucketCount(
                group,
                bucket,
                n,
                n / customers,
                money if has_values else None,
                money / revenue if has_values and revenue else None,
            )
        )
    return records
