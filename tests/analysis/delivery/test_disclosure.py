import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptychair.analysis.delivery.disclosure import suppressed_cells
from emptychair.analysis.errors import ArgumentError


def test_a_small_cell_takes_the_next_smallest_with_it():
    counts = {("A",): 3, ("B",): 12, ("C",): 40}
    assert suppressed_cells(counts) == {("A",), ("B",)}


def test_two_small_cells_hide_each_other_only_if_they_are_enough_people():
    assert suppressed_cells({("A",): 3, ("B",): 4, ("C",): 40}) == {("A",), ("B",)}
    assert suppressed_cells({("A",): 1, ("B",): 2, ("C",): 40}) == {("A",), ("B",), ("C",)}


def test_empty_cells_tell_nothing_and_hide_nothing():
    counts = {("A",): 0, ("B",): 2, ("C",): 9}
    assert suppressed_cells(counts) == {("B",), ("C",)}
    assert suppressed_cells({("A",): 0, ("B",): 9}) == set()


def test_a_table_is_closed_along_rows_and_columns():
    counts = {
        ("A", "x"): 2, ("A", "y"): 9, ("A", "z"): 20,
        ("B", "x"): 8, ("B", "y"): 30, ("B", "z"): 25,
    }  # fmt: skip
    withheld = suppressed_cells(counts)
    assert withheld == {("A", "x"), ("A", "y"), ("B", "x"), ("B", "y")}


def test_a_single_group_below_k_is_withheld_alone():
    assert suppressed_cells({("A",): 3}) == {("A",)}
    assert suppressed_cells({}) == set()


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz")), st.integers(0, 30), max_size=9
    ),
    st.integers(1, 8),
)
def test_no_total_gives_a_small_cell_away(counts, k):
    withheld = suppressed_cells(counts, k)
    assert {cell for cell, n in counts.items() if 0 < n < k} <= withheld
    for axis in (0, 1):
        for value in {cell[axis] for cell in counts}:
            line = [cell for cell in counts if cell[axis] == value]
            hidden = [cell for cell in line if cell in withheld]
            shown = [cell for cell in line if cell not in withheld and counts[cell]]
            if hidden and shown:
                assert len(hidden) >= 2
                assert sum(counts[cell] for cell in hidden) >= k


def test_disclosure_says_what_is_wrong():
    with pytest.raises(ArgumentError, match="k is at least 1"):
        suppressed_cells({("A",): 3}, 0)
    with pytest.raises(ArgumentError, match="never negative"):
        suppressed_cells({("A",): -3})
    with pytest.raises(ArgumentError, match="same number of traits"):
        suppressed_cells({("A",): 3, ("A", "x"): 3})
