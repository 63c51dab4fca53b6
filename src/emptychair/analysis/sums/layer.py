"""The statistics layer: score counts per day and key, made once, added up for every question.

The layer holds the same responses at several grains. A question reads the smallest grain that has
the columns it names, so its cost does not grow with the number of responses.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from types import MappingProxyType

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.counts import SCORES, counted
from emptychair.analysis.sums.groups import hash_group

EVERYONE = ""  # the segment that all responses belong to
DIMENSIONS = ("unit", "channel", "touchpoint", "survey", "language")
GRAINS = MappingProxyType(
    {
        "segment": (),
        **{dimension: (dimension,) for dimension in DIMENSIONS},
        "hash_group": ("hash_group",),
        "full": DIMENSIONS,
    }
)
SCORE_COLUMNS = tuple(f"score_{score}" for score in SCORES)
KEYS = ("answered_on", "segment", *DIMENSIONS, "hash_group")


def grain_for(columns: Iterable[str]) -> str:
    """Return the smallest grain that has every one of `columns`.

    Args:
        columns: names of dimensions, or `hash_group`; the day and the segment are always there.

    Returns:
        A key of `GRAINS`.

    Raises:
        ArgumentError: no grain has all of `columns`.

    Examples:
        >>> grain_for([]), grain_for(["unit"]), grain_for(["unit", "channel"])
        ('segment', 'unit', 'full')
    """
    wanted = set(columns)
    for grain, names in sorted(GRAINS.items(), key=lambda item: len(item[1])):
        if wanted <= set(names):
            return grain
    raise ArgumentError(f"no grain of the statistics layer has {', '.join(sorted(wanted))}")


def layer_of(responses: ir.Table, memberships: ir.Table | None = None) -> ir.Table:
    """Return the statistics layer of `responses`: one row per grain, day and key.

    Args:
        responses: one row per response with `answered_on` and `score`; a dimension that is
            missing counts as empty; held responses do not count.
        memberships: `customer_id` and `segment`, one row per customer and segment. Every
            response also counts in the segment `EVERYONE`.

    Returns:
        Columns `grain`, `answered_on`, `segment`, the dimensions (empty where the grain has
        summed over them), `hash_group` (-1 likewise) and `score_0` to `score_10`.

    Raises:
        ColumnNotFoundError: `responses` lacks `answered_on` or `score`.
    """
    check_columns(responses, ["answered_on", "score"])
    answered = _with_segments(_with_keys(counted(responses)), memberships)
    finest = answered.group_by(list(KEYS)).aggregate(
        **{
            column: answered.count(where=answered["score"] == score)
            for score, column in zip(SCORES, SCORE_COLUMNS, strict=True)
        }
    )
    return reduce(ir.Table.union, (_at_grain(finest, grain) for grain in GRAINS))


def _with_keys(answered: ir.Table) -> ir.Table:
    keys = {
        name: answered[name].fill_null("") if name in answered.columns else ibis.literal("")
        for name in DIMENSIONS
    }
    has_customer = "customer_id" in answered.columns
    customer = answered["customer_id"].fill_null("") if has_customer else ibis.literal("")
    return answered.select(
        "answered_on", "score", customer_id=customer, hash_group=hash_group(customer), **keys
    )


def _with_segments(answered: ir.Table, memberships: ir.Table | None) -> ir.Table:
    everyone = answered.mutate(segment=ibis.literal(EVERYONE))
    if memberships is None:
        return everyone
    members = answered.inner_join(
        memberships.select("customer_id", "segment"), "customer_id"
    ).select(*answered.columns, "segment")
    return everyone.union(members)


def _at_grain(finest: ir.Table, grain: str) -> ir.Table:
    kept = ("answered_on", "segment", *GRAINS[grain])
    sums = finest.group_by(list(kept)).aggregate(
        **{column: finest[column].sum() for column in SCORE_COLUMNS}
    )
    empty = {name: ibis.literal("") for name in DIMENSIONS if name not in kept}
    if "hash_group" not in kept:
        empty["hash_group"] = ibis.literal(-1)
    filled = sums.mutate(grain=ibis.literal(grain), **empty)
    return filled.select(
        "grain",
        *KEYS[:-1],
        hash_group=filled["hash_group"].cast("int32"),
        **{column: filled[column].cast("int64") for column in SCORE_COLUMNS},
    )
