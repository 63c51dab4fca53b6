import math

import numpy as np
import pyarrow as pa
import pytest

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.sums.weighted import WeightedSums, weighted_sums

ANSWERS = {
    "unit": ["A", "A", "A", "B"],
    "customer_id": ["x", "x", None, "y"],
    "score": [10, 3, 8, 9],
    "w": [2.0, 1.0, 3.0, 0.5],
}


def test_weighted_sums_by_hand(make_table):
    sums = weighted_sums(make_table(ANSWERS), ["unit"], weight="w")
    assert sums["A",][0] == WeightedSums(
        n=3,
        units=3,
        promoters=1,
        detractors=1,
        weight=6.0,
        weight_squared=14.0,
        weight_score=1.0,
        weight_extreme=3.0,
        unit_weight_squared=14.0,
        unit_weight_score=3.0,
        unit_score_squared=5.0,
    )
    assert sums["A",][0].passives == 1


def test_weighted_sums_put_the_answers_of_a_customer_together(make_table):
    sums = weighted_sums(make_table(ANSWERS), ["unit"], weight="w", unit="customer_id")["A",][0]
    assert sums.n == 3
    assert sums.units == 2  # customer x, and the answer nobody is named for
    assert sums.unit_weight_squared == 3.0**2 + 3.0**2
    assert sums.unit_weight_score == 3.0 * (2.0 - 1.0)
    assert sums.unit_score_squared == (2.0 - 1.0) ** 2
    assert sums.weight_squared == 14.0


def test_weighted_sums_by_stratum(make_table):
    sums = weighted_sums(make_table(ANSWERS), stratum="unit")[()]
    assert {stratum: total.n for stratum, total in sums.items()} == {"A": 3, "B": 1}


def test_weighted_sums_leave_out_answers_without_weight(make_table):
    table = make_table({"score": [10, 9, 8], "w": pa.array([1.0, None, 0.0])})
    assert weighted_sums(table, weight="w")[()][0].n == 1


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, math.nan], [1.0, math.inf]])
def test_weighted_sums_refuse_weights_that_are_none(make_table, weights):
    with pytest.raises(ArgumentError, match="negative or no number"):
        weighted_sums(make_table({"score": [10, 9], "w": weights}), weight="w")


def test_weighted_sums_name_the_missing_column(make_table):
    with pytest.raises(ColumnNotFoundError, match="stratum"):
        weighted_sums(make_table({"score": [1]}), stratum="stratum")


def test_weighted_sums_merge_however_the_rows_are_split(make_table):
    rng = np.random.default_rng(5)
    n = 400
    columns = {
        "score": rng.integers(0, 11, n).tolist(),
        "w": rng.uniform(0.2, 3.0, n).tolist(),
        "customer_id": [f"c{i}" for i in rng.integers(0, 150, n)],
    }
    whole = weighted_sums(make_table(columns), weight="w", unit="customer_id")[()][0]
    parts = WeightedSums()
    for part in range(4):
        # Customers are never split between partitions, as hash groups never split them.
        rows = [i for i in range(n) if int(columns["customer_id"][i][1:]) % 4 == part]
        table = make_table({name: [values[i] for i in rows] for name, values in columns.items()})
        parts += weighted_sums(table, weight="w", unit="customer_id")[()][0]
    for name, value in vars(whole).items():
        assert getattr(parts, name) == pytest.approx(value, rel=1e-9, abs=1e-9)
