"""The customer base beside the answers, as counts per cell of traits; no customer leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.sums.counts import Group, bucket_value, in_order
from emptychair.analysis.sums.groups import hash_group

FOLDS = 5

PARTS = 5  # numbers and dates are cut at their quintiles
_MOST_VALUES = 20


@dataclass(frozen=True)
class FrameCell:
    """Customers who share their traits and their fold, and the answers among them."""

    traits: Group
    fold: int
    customers: int
    detractors: int
    passives: int
    promoters: int

    @property
    def n(self) -> int:
        """Customers who answered."""
        return self.detractors + self.passives + self.promoters


def frame_cells(
    customers: ir.Table,
    answers: ir.Table,
    traits: Sequence[str],
    *,
    score: str = "score",
    customer: str = "customer_id",
    folds: int = FOLDS,
) -> list[FrameCell]:
    """Count customers and their answers by traits, with one grouped query.

    Args:
        customers: one row per customer of the base.
        answers: at most one response per customer.
        traits: columns of `customers`, few values each.
        score: column of `answers` with the 0-to-10 answer.
        customer: column with the customer's id, in both tables.
        folds: parts for cross-fitting, by hash of the customer.

    Returns:
        The cells, ordered by traits and fold.

    Raises:
        ColumnNotFoundError: a named column is missing.
    """
    check_columns(customers, [customer, *traits])
    check_columns(answers, [customer, score])
    keys = [f"trait_{i}" for i in range(len(traits))]
    base = customers.select(
        **{key: customers[trait] for key, trait in zip(keys, traits, strict=True)},
        customer=customers[customer],
        fold=hash_group(customers[customer], folds),
    )
    said = answers.select(answered_by=answers[customer], s=bucket_value(answers[score]))
    both = base.left_join(said, base["customer"] == said["answered_by"])
    cells = both.group_by([*keys, "fold"]).aggregate(
        customers=both.count(),
        detractors=both.count(where=both["s"] == -1),
        passives=both.count(where=both["s"] == 0),
        promoters=both.count(where=both["s"] == 1),
    )
    found = {
        (*(row.pop(key) for key in keys), row.pop("fold")): {
            name: int(n or 0)
            for name, n in row.items()  # some engines say null for none
        }
        for row in cells.to_pyarrow().to_pylist()
    }
    return [FrameCell(key[:-1], int(str(key[-1])), **found[key]) for key in in_order(found)]


def usable_traits(customers: ir.Table) -> list[str]:
    """Return the columns of `customers` that may tell who answers: few values, or numbers.

    These are segments, attributes, country, language, unit and the date of creation, as
    far as they are there and hold from 2 to 20 values or are numbers or dates.
    """
    named = ("country", "language", "unit", "created_at")
    candidates = [
        column
        for column in customers.columns
        if column in named or column.startswith(("segment_", "attr_"))
    ]
    if not candidates:
        return []
    values = customers.aggregate(
        **{f"trait_{i}": customers[column].nunique() for i, column in enumerate(candidates)}
    )
    (row,) = values.to_pyarrow().to_pylist()
    return [
        column
        for i, column in enumerate(candidates)
        if row[f"trait_{i}"] >= 2
        and (row[f"trait_{i}"] <= _MOST_VALUES or _is_scale(customers[column]))
    ]


def with_parts(customers: ir.Table, traits: Sequence[str], parts: int = PARTS) -> ir.Table:
    """Return `customers` with numbers and dates of many values cut into parts of equal size."""
    scales = [trait for trait in traits if _is_scale(customers[trait])]
    if not scales:
        return customers
    numbers = {trait: _number(customers[trait]) for trait in scales}
    wanted = {
        f"cut_{i}_{part}": numbers[trait].quantile(part / parts)
        for i, trait in enumerate(scales)
        for part in range(1, parts)
    }
    distinct = {f"values_{i}": customers[trait].nunique() for i, trait in enumerate(scales)}
    (row,) = customers.aggregate(**wanted, **distinct).to_pyarrow().to_pylist()
    cut = {}
    for i, trait in enumerate(scales):
        if row[f"values_{i}"] > _MOST_VALUES:
            cuts = [row[f"cut_{i}_{part}"] for part in range(1, parts)]
            cut[trait] = sum(
                ((numbers[trait] > cut).cast("int8") for cut in cuts), ibis.literal(1, "int8")
            )
    return customers.mutate(**cut)


def _is_scale(column: ir.Value) -> bool:
    kind = column.type()
    return bool(kind.is_numeric() or kind.is_timestamp() or kind.is_date())


def _number(column: ir.Value) -> ir.Value:
    if column.type().is_numeric():
        return column.cast("float64")
    return column.cast("timestamp").epoch_seconds().cast("float64")
