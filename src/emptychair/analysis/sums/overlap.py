"""What customers who appear in two groups contribute: covariances and paired changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.sums.counts import Group, bucket_value, counted, in_order


@dataclass(frozen=True)
class OverlapSums:
    """Sums over the customers of two groups; they add up.

    w is a customer's weight and t their sum of weight times -1, 0 or +1, in group a or b.
    """

    customers: int = 0
    t_a_t_b: float = 0.0
    t_a_w_b: float = 0.0
    w_a_t_b: float = 0.0
    w_a_w_b: float = 0.0

    def __add__(self, other: OverlapSums) -> OverlapSums:
        return OverlapSums(
            self.customers + other.customers,
            self.t_a_t_b + other.t_a_t_b,
            self.t_a_w_b + other.t_a_w_b,
            self.w_a_t_b + other.w_a_t_b,
            self.w_a_w_b + other.w_a_w_b,
        )

    def products(self, nps_a: float, nps_b: float) -> float:
        """Return the sum over customers of w (s - nps) in group a times the same in group b."""
        return (
            self.t_a_t_b
            - nps_b * self.t_a_w_b
            - nps_a * self.w_a_t_b
            + nps_a * nps_b * self.w_a_w_b
        )


def overlap_sums(
    responses: ir.Table,
    side: str,
    by: Sequence[str] = (),
    *,
    score: str = "score",
    customer: str = "customer_id",
    weight: str | None = None,
) -> dict[Group, OverlapSums]:
    """Return the overlap of each pair of values of column `side`, with one query.

    Args:
        responses: one row per response.
        side: column that says to which side of a comparison a response belongs.
        by: columns to compare within.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.
        weight: column with the weight of each response.

    Returns:
        Sums by group and pair of sides, in both orders; absent without a common customer.
    """
    answered = counted(responses, score=score)
    answered = answered.filter(answered[customer].notnull() & answered[side].notnull())
    w = answered[weight].cast("float64") if weight else ibis.literal(1.0)
    keys = [f"key_{i}" for i in range(len(by))]
    rows = answered.select(
        **{key: answered[column] for key, column in zip(keys, by, strict=True)},
        customer=answered[customer],
        side=answered[side],
        w=w,
        t=w * bucket_value(answered[score]),
    )
    totals = rows.group_by([*keys, "customer", "side"]).aggregate(
        w=rows["w"].sum(), t=rows["t"].sum()
    )
    other = totals.rename(side_b="side", w_b="w", t_b="t")
    pairs = totals.join(other, [*keys, "customer"])
    pairs = pairs.filter(pairs["side"] != pairs["side_b"])
    sums = pairs.group_by([*keys, "side", "side_b"]).aggregate(
        customers=pairs.count(),
        t_a_t_b=(pairs["t"] * pairs["t_b"]).sum(),
        t_a_w_b=(pairs["t"] * pairs["w_b"]).sum(),
        w_a_t_b=(pairs["w"] * pairs["t_b"]).sum(),
        w_a_w_b=(pairs["w"] * pairs["w_b"]).sum(),
    )
    names = [*keys, "side", "side_b"]
    return {
        tuple(row.pop(name) for name in names): OverlapSums(**row)
        for row in sums.to_pyarrow().to_pylist()
    }


def paired_changes(
    first: ir.Table,
    second: ir.Table,
    by: Sequence[str] = (),
    *,
    score: str = "score",
    customer: str = "customer_id",
) -> dict[Group, list[list[int]]]:
    """Return the 3 x 3 counts of customers by bucket in `first` and in `second`.

    Args:
        first: at most one response per customer.
        second: at most one response per customer.
        by: columns of `second` to group by.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.

    Returns:
        By group, rows from and columns to detractor, passive, promoter.
    """
    keys = [f"key_{i}" for i in range(len(by))]
    before = first.select(customer=first[customer], start=bucket_value(first[score]))
    after = second.select(
        **{key: second[column] for key, column in zip(keys, by, strict=True)},
        customer=second[customer],
        end=bucket_value(second[score]),
    )
    both = before.join(after, "customer")
    cells = both.group_by([*keys, "start", "end"]).aggregate(n=both.count())
    changes: dict[Group, list[list[int]]] = {}
    for row in cells.to_pyarrow().to_pylist():
        group = tuple(row[key] for key in keys)
        table = changes.setdefault(group, [[0, 0, 0] for _ in range(3)])
        table[row["start"] + 1][row["end"] + 1] += row["n"]
    return {group: changes[group] for group in in_order(changes)}
