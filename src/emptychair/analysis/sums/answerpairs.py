"""Two answers of one customer and what lies between them, as sums by where the first one stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.sums.counts import Group, bucket_value, counted
from emptychair.analysis.sums.features import EVENT_PREFIX, kinds_of
from emptychair.analysis.sums.followup import answer_moment

if TYPE_CHECKING:
    import ibis.expr.types as ir

RATING = "rating_"
BETWEEN_DAYS = 400  # answers further apart are no longer before and after one another
MOST_KINDS = 60


def last_pairs(responses: ir.Table, by: Sequence[str] = (), days: int = BETWEEN_DAYS) -> ir.Table:
    """Return the latest two counted answers of each customer, if at most `days` apart.

    Returns:
        customer, began and ended (timestamps), first and step (the first answer's score and the
        change of its bucket, -2 to 2), the columns of `by` as they were at the second answer,
        and for each `rating_` column its change.
    """
    check_columns(responses, ["customer_id", "score", *by])
    ratings = [name for name in responses.columns if name.startswith(RATING)]
    answered = counted(responses).filter(ibis._["customer_id"].notnull())
    answered = answered.mutate(moment=answer_moment(answered))
    order = ibis.window(group_by="customer_id", order_by=["moment", "score"])
    newest = ibis.window(group_by="customer_id", order_by=[ibis.desc("moment"), ibis.desc("score")])
    lined = answered.select(
        "customer_id",
        "score",
        *by,
        ended=answered["moment"],
        began=answered["moment"].lag().over(order),
        first=answered["score"].lag().over(order),
        place=ibis.row_number().over(newest),
        **{name: answered[name] for name in ratings},
        **{f"was_{name}": answered[name].lag().over(order) for name in ratings},
    )
    pairs = lined.filter((lined["place"] == 0) & lined["first"].notnull())
    apart = pairs["ended"].epoch_seconds() - pairs["began"].epoch_seconds()
    pairs = pairs.filter(apart <= days * 86_400)
    return pairs.select(
        *by,
        customer=pairs["customer_id"],
        began=pairs["began"],
        ended=pairs["ended"],
        first=pairs["first"].cast("int64"),
        step=(bucket_value(pairs["score"]) - bucket_value(pairs["first"])).cast("int64"),
        **{n: (pairs[n] - pairs[f"was_{n}"]).cast("float64") for n in ratings},
    )


def with_events_between(
    pairs: ir.Table, events: ir.Table, kinds: Sequence[str] | None = None
) -> ir.Table:
    """Return `pairs` with one column per kind of event: how often it happened between the two."""
    chosen = kinds_of(events, MOST_KINDS) if kinds is None else list(kinds)
    happened = events.select(doer="customer_id", at=events["at"].cast("timestamp"), kind="kind")
    spans = pairs.select("customer", "began", "ended")
    both = spans.inner_join(happened, spans["customer"] == happened["doer"])
    both = both.filter((both["at"] > both["began"]) & (both["at"] < both["ended"]))
    counts = both.group_by("customer").aggregate(
        **{f"times_{i}": both.count(where=both["kind"] == kind) for i, kind in enumerate(chosen)}
    )
    counts = counts.rename(of_customer="customer")
    joined = pairs.left_join(counts, pairs["customer"] == counts["of_customer"])
    return joined.select(
        *pairs.columns,
        **{
            f"{EVENT_PREFIX}{kind}": joined[f"times_{i}"].fill_null(0).cast("float64")
            for i, kind in enumerate(chosen)
        },
    )


def features_of(pairs: ir.Table) -> list[str]:
    """Return the columns of `pairs` that tell what changed or happened."""
    return [name for name in pairs.columns if name.startswith((EVENT_PREFIX, RATING))]


def sums_of_pairs(pairs: ir.Table, by: Sequence[str] = ()) -> dict[tuple[Group, int, int], Floats]:
    """Return by group, first score and direction the sums of each feature, in one grouped query.

    Returns:
        The key's direction is -1 (the bucket fell), 0 or 1 (it rose); the value has the shape
        (features, n x xx other than zero), where n counts the pairs that have the feature.
    """
    names = features_of(pairs)
    places = [f"key_{i}" for i in range(len(by))]
    wide = pairs.select(
        **{place: pairs[name] for place, name in zip(places, by, strict=True)},
        first=pairs["first"],
        way=pairs["step"].sign().cast("int64"),
        **{f"x_{i}": pairs[name] for i, name in enumerate(names)},
    )
    columns = [wide[f"x_{i}"] for i in range(len(names))]
    totals = wide.group_by([*places, "first", "way"]).aggregate(
        **{f"n_{i}": x.count() for i, x in enumerate(columns)},
        **{f"s_{i}": x.sum() for i, x in enumerate(columns)},
        **{f"q_{i}": (x * x).sum() for i, x in enumerate(columns)},
        **{f"d_{i}": wide.count(where=x != 0) for i, x in enumerate(columns)},
    )
    return {
        (tuple(row[place] for place in places), row["first"], row["way"]): _sums(row, len(names))
        for row in totals.to_pyarrow().to_pylist()
    }


def _sums(row: Mapping[str, Any], features: int) -> Floats:
    return np.array(
        [[row[f"{part}_{i}"] or 0.0 for part in ("n", "s", "q", "d")] for i in range(features)],
        dtype=np.float64,
    ).reshape(features, 4)
