"""What is known of a customer at a moment: traits, and behaviour in the half year before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import ibis

from emptychair.analysis.checks import check_columns
from emptychair.analysis.sums.counts import counted
from emptychair.analysis.sums.followup import answer_moment, bucket_name
from emptychair.analysis.sums.groups import hash_group

if TYPE_CHECKING:
    import ibis.expr.types as ir

BEHAVIOUR_DAYS = 180
EVENT_PREFIX = "events_"
TENURE = "tenure_days"
MOST_KINDS = 30

_NAMED = ("country", "language", "unit")
_PREFIXES = ("segment_", "attr_")


def traits_of(customers: ir.Table) -> list[str]:
    """Return the columns of `customers` that say what kind of customer somebody is."""
    return [n for n in customers.columns if n in _NAMED or n.startswith(_PREFIXES)]


def kinds_of(events: ir.Table, most: int = MOST_KINDS) -> list[str]:
    """Return the kinds of events, the most frequent first, at most `most`."""
    check_columns(events, ["customer_id", "at", "kind"])
    named = events.filter(events["kind"].notnull())
    counts = named.group_by("kind").aggregate(n=named.count())
    rows = sorted(counts.to_pyarrow().to_pylist(), key=lambda row: (-row["n"], row["kind"]))
    return [row["kind"] for row in rows[:most]]


def answers_with_moment(
    responses: ir.Table, *, score: str = "score", customer: str = "customer_id"
) -> ir.Table:
    """Return counted answers of known customers: customer, moment, bucket, hash_group."""
    check_columns(responses, [score, customer])
    answered = counted(responses, score=score)
    answered = answered.filter(answered[customer].notnull())
    return answered.select(
        customer=answered[customer],
        moment=answer_moment(answered),
        bucket=bucket_name(answered[score]),
        hash_group=hash_group(answered[customer]),
    )


def everybody(base: ir.Table, on: date) -> ir.Table:
    """Return the customers of `base` at the end of a day: customer, moment, hash_group."""
    end = datetime.combine(on, datetime.min.time()) + timedelta(days=1)
    return base.select(
        customer=base["customer_id"],
        moment=ibis.literal(end).cast("timestamp"),
        hash_group=hash_group(base["customer_id"]),
    )


def with_features(
    moments: ir.Table,
    customers: ir.Table,
    events: ir.Table | None = None,
    kinds: Sequence[str] = (),
    traits: Sequence[str] | None = None,
    *,
    days: int = BEHAVIOUR_DAYS,
) -> ir.Table:
    """Return customers at moments with their traits and what they did before.

    Only events before the moment count, none of the day after an answer tells of it.

    Args:
        moments: `customer`, `moment` and what else is to be kept.
        customers: one row per customer.
        events: what customers did.
        kinds: the kinds of events that become columns.
        traits: columns of `customers`; those that say what kind of customer somebody is when
            left out.
        days: how long before the moment events count.

    Returns:
        `moments` of customers there are, with the traits, `tenure_days` where `created_at` is
        known, and per kind `events_<kind>`, how often it happened.

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
    """
    names = traits_of(customers) if traits is None else list(traits)
    check_columns(customers, ["customer_id", *names])
    since = {}
    if "created_at" in customers.columns:
        since["created"] = customers["created_at"].cast("timestamp")
    known = customers.select(who="customer_id", **{n: customers[n] for n in names}, **since)
    both = moments.inner_join(known, moments["customer"] == known["who"])
    if since:
        seconds = both["moment"].epoch_seconds() - both["created"].epoch_seconds()
        both = both.mutate(**{TENURE: (seconds / 86_400).floor().cast("float64")})
    kept = [*moments.columns, *names, *([TENURE] if since else [])]
    rows = both.select(*kept)
    if events is None:
        return rows
    return _with_behaviour(rows, events, kinds, days)


def _with_behaviour(rows: ir.Table, events: ir.Table, kinds: Sequence[str], days: int) -> ir.Table:
    happened = events.select(
        doer="customer_id", at=events["at"].cast("timestamp"), kind=events["kind"]
    )
    moments = rows.select("customer", "moment").distinct()
    both = moments.inner_join(happened, moments["customer"] == happened["doer"])
    waited = both["moment"].epoch_seconds() - both["at"].epoch_seconds()
    both = both.filter((waited > 0) & (waited <= days * 86_400))
    counts = both.group_by(["customer", "moment"]).aggregate(
        **{f"times_{i}": both.count(where=both["kind"] == kind) for i, kind in enumerate(kinds)}
    )
    counts = counts.rename(of_customer="customer", at_moment="moment")
    joined = rows.left_join(
        counts,
        [rows["customer"] == counts["of_customer"], rows["moment"] == counts["at_moment"]],
    )
    times = {
        f"{EVENT_PREFIX}{kind}": joined[f"times_{i}"].fill_null(0).cast("float64")
        for i, kind in enumerate(kinds)
    }
    return joined.select(*rows.columns, **times)
