import numpy as np
import pytest

from emptychair.analysis.sums.overlap import OverlapSums, overlap_sums, paired_changes


def test_overlap_sums_by_hand(make_table):
    table = make_table(
        {
            "customer_id": ["x", "x", "x", "y", "z", None],
            "side": ["a", "a", "b", "a", "b", "a"],
            "score": [10, 8, 3, 9, 9, 9],
        }
    )
    sums = overlap_sums(table, "side")
    assert set(sums) == {("a", "b"), ("b", "a")}
    assert sums["a", "b"] == OverlapSums(1, -1.0, 1.0, -2.0, 2.0)
    assert sums["a", "b"].products(0.5, 0.0) == pytest.approx((1 - 2 * 0.5) * (-1 - 0.0))


def test_overlap_sums_within_groups_and_with_weights(make_table):
    table = make_table(
        {
            "unit": ["U", "U", "V"],
            "customer_id": ["x", "x", "x"],
            "side": ["a", "b", "b"],
            "score": [10, 3, 3],
            "w": [2.0, 0.5, 9.0],
        }
    )
    sums = overlap_sums(table, "side", ["unit"], weight="w")
    assert sums == {
        ("U", "a", "b"): OverlapSums(1, -1.0, 1.0, -1.0, 1.0),
        ("U", "b", "a"): OverlapSums(1, -1.0, -1.0, 1.0, 1.0),
    }


def test_overlap_sums_merge():
    one, two = OverlapSums(1, 1.0, 2.0, 3.0, 4.0), OverlapSums(2, 0.5, 0.5, 0.5, 0.5)
    assert one + two == OverlapSums(3, 1.5, 2.5, 3.5, 4.5)
    assert np.isclose(
        (one + two).products(0.1, 0.2), one.products(0.1, 0.2) + two.products(0.1, 0.2)
    )


def test_paired_changes_by_group_of_the_second_answer(make_table):
    first = make_table({"customer_id": ["x", "y", "z"], "score": [3, 8, 10]})
    second = make_table(
        {"customer_id": ["x", "y", "w"], "score": [10, 8, 1], "unit": ["A", "B", "B"]}
    )
    assert paired_changes(first, second) == {(): [[0, 0, 1], [0, 1, 0], [0, 0, 0]]}
    assert paired_changes(first, second, ["unit"]) == {
        ("A",): [[0, 0, 1], [0, 0, 0], [0, 0, 0]],
        ("B",): [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    }
