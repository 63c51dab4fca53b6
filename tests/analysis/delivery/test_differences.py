import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.reference import reference_json

from emptychair.analysis.delivery.differences import (
    difference_of_buckets,
    differences_of_buckets,
    mix_and_rate,
    paired_difference,
    paired_moments,
    wald_difference,
)
from emptychair.analysis.errors import ArgumentError

buckets = st.tuples(st.integers(0, 80), st.integers(0, 80), st.integers(0, 80)).filter(any)


def test_n07_two_sample_wald_test():
    found = wald_difference((45, 35, 20), (30, 35, 35))
    assert found.difference == pytest.approx(0.3, abs=1e-9)
    assert (found.high - found.low) / 2 / 1.959963984540 == pytest.approx(0.11113055385, abs=1e-9)
    assert found.p_value == pytest.approx(0.0069437990859, abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [  # N16-N19: MOVER on the score limits of the R package NPS
        ((12, 9, 15), (8, 10, 30), 0.0163237830, 0.7092969255),
        ((45, 35, 20), (30, 35, 35), 0.0782387520, 0.5105721778),
        ((80, 120, 200), (120, 130, 250), -0.1443475342, 0.0653054780),
        ((0, 2, 8), (1, 4, 20), -0.3701806681, 0.4775546069),
    ],
)
def test_mover_interval_of_n16_to_n19(a, b, low, high):
    found = difference_of_buckets(a, b)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-6)


def test_mover_intervals_equal_the_reference_file():
    for case in reference_json("nps_difference_mover.json")["cases"]:
        found = difference_of_buckets(case["a"], case["b"])
        assert found.difference == pytest.approx(case["diff_b_minus_a"], abs=1e-9)
        assert (found.low, found.high) == pytest.approx((case["lower"], case["upper"]), abs=5e-6)


@settings(deadline=None, max_examples=40)
@given(buckets, buckets)
def test_the_p_value_is_the_level_at_which_zero_leaves_the_interval(a, b):
    found = difference_of_buckets(a, b)
    assert 0 <= found.p_value <= 1
    if 1e-6 < found.p_value < 0.999:
        at_its_level = difference_of_buckets(a, b, confidence=1 - found.p_value)
        touching = at_its_level.low if found.difference > 0 else at_its_level.high
        assert touching == pytest.approx(0, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(buckets, buckets)
def test_the_difference_turns_round_with_the_groups(a, b):
    there, back = difference_of_buckets(a, b), difference_of_buckets(b, a)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-9)
    assert -2 <= there.low <= there.difference <= there.high <= 2


def test_equal_groups_do_not_differ():
    assert difference_of_buckets((5, 5, 5), (50, 50, 50)).p_value == pytest.approx(1.0)


def test_the_same_customers_on_both_sides_make_the_interval_narrower():
    apart = difference_of_buckets((20, 30, 50), (25, 30, 45))
    together = difference_of_buckets((20, 30, 50), (25, 30, 45), correlation=0.6)
    assert together.low > apart.low
    assert together.high < apart.high
    assert together.p_value < apart.p_value


def test_differences_of_many_pairs_equal_those_one_by_one():
    pairs = [((1, 2, 3), (3, 2, 1)), ((10, 0, 0), (0, 0, 10))]
    many = differences_of_buckets([a for a, _ in pairs], [b for _, b in pairs], [0.0, 0.3])
    assert many[0] == difference_of_buckets(*pairs[0])
    assert many[1] == difference_of_buckets(*pairs[1], correlation=0.3)
    assert differences_of_buckets([], [], []) == []


def test_a_difference_needs_answers_on_both_sides():
    with pytest.raises(ArgumentError, match="both groups"):
        difference_of_buckets((0, 0, 0), (1, 2, 3))


def test_wald_difference_of_two_certain_groups():
    assert wald_difference((0, 0, 5), (5, 0, 0)).p_value == 0.0


def test_paired_difference_of_the_reference_panel():
    # Transitions of msm::cav, coded -1, 0, +1: 0.1414090218 with error 0.01098278282 (P03).
    table = [[1367, 204, 44], [46, 134, 54], [4, 13, 107]]
    found = paired_difference(table)
    assert found.difference == pytest.approx(0.1414090217942, abs=1e-10)
    assert (found.high - found.low) / 2 / 1.959963984540 == pytest.approx(
        0.01098278281932, abs=1e-10
    )
    assert found.p_value < 1e-30


def test_paired_difference_of_a_small_panel_never_claims_certainty():
    found = paired_difference([[3, 0, 0], [0, 4, 0], [0, 0, 5]])
    assert found.difference == 0
    assert found.low < -0.1 < 0.1 < found.high
    assert found.p_value == pytest.approx(1.0)


def test_paired_difference_where_all_of_many_moved_alike():
    assert paired_difference([[0, 200, 0], [0, 0, 0], [0, 0, 0]]).p_value == 1.0


def test_paired_moments_by_hand():
    assert paired_moments([[1, 2, 3], [0, 0, 4], [5, 0, 0]]) == (
        15,
        2 + 6 + 4 - 10,
        2 + 12 + 4 + 20,
    )


def test_paired_difference_wants_a_full_table():
    with pytest.raises(ArgumentError, match="3 x 3"):
        paired_difference([[1, 2], [3, 4]])
    with pytest.raises(ArgumentError, match="both times"):
        paired_difference([[0, 0, 0]] * 3)


@given(
    st.dictionaries(
        st.sampled_from("abcd"), st.tuples(st.integers(1, 50), st.floats(-1, 1)), min_size=1
    ),
    st.dictionaries(
        st.sampled_from("abcd"), st.tuples(st.integers(1, 50), st.floats(-1, 1)), min_size=1
    ),
)
def test_mix_and_rate_add_up_to_the_difference(a, b):
    def total(parts):
        return sum(n * nps for n, nps in parts.values()) / sum(n for n, _ in parts.values())

    assert np.isclose(sum(mix_and_rate(a, b)), total(b) - total(a), atol=1e-9)


def test_mix_and_rate_tell_a_new_mix_from_a_change():
    same = {"x": (80.0, 0.0), "y": (20.0, 0.5)}
    assert mix_and_rate(same, {"x": (20.0, 0.0), "y": (80.0, 0.5)}) == pytest.approx((0.3, 0.0))
    assert mix_and_rate(same, {"x": (80.0, 0.1), "y": (20.0, 0.6)}) == pytest.approx((0.0, 0.1))
