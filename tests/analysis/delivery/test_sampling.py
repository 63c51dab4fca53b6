import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptychair.analysis.delivery.intervals import score_interval
from emptychair.analysis.delivery.sampling import (
    answers_for_precision,
    answers_to_detect,
    asks_needed,
    neyman_allocation,
    plan,
    whole_numbers,
)
from emptychair.analysis.errors import ArgumentError


def test_s17_neyman_allocation():
    found = neyman_allocation([4000, 2500, 900], [0.85, 0.7, 0.5], 600)
    assert found == pytest.approx([364.285714285714, 187.5, 48.214285714286], abs=1e-9)


def test_neyman_allocation_keeps_floors_and_populations():
    found = neyman_allocation([4000, 2500, 60], [0.85, 0.7, 0.5], 600, floors=50)
    assert found[2] == 50
    assert sum(found) == pytest.approx(600)
    assert found[0] / found[1] == pytest.approx(4000 * 0.85 / (2500 * 0.7))
    capped = neyman_allocation([100, 4000], [1.0, 0.1], 600, floors=[0, 20])
    assert capped == pytest.approx([100, 500])


def test_neyman_allocation_never_takes_more_than_there_are():
    assert neyman_allocation([10, 20], [0.5, 0.5], 100) == pytest.approx([10, 20])


def test_neyman_allocation_of_groups_without_spread_goes_by_size():
    assert neyman_allocation([100, 300], [0.0, 0.0], 40) == pytest.approx([10, 30])


@given(
    st.lists(
        st.tuples(st.integers(10, 5000), st.floats(0.1, 1.0), st.integers(0, 10)),
        min_size=1,
        max_size=8,
    ),
    st.integers(100, 3000),
)
def test_neyman_allocation_adds_up(strata, total):
    sizes, deviations, floors = (list(part) for part in zip(*strata, strict=True))
    found = neyman_allocation(sizes, deviations, total, floors=floors)
    assert sum(found) == pytest.approx(min(total, sum(sizes)), rel=1e-6)
    for part, size, low in zip(found, sizes, floors, strict=True):
        assert min(low, size) - 1e-6 <= part <= size + 1e-6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([100], [0.5, 0.5], 10), "one size"),
        (([100], [-0.5], 10), "never negative"),
        (([100, 100], [0.5, 0.5], 10, [8, 8]), "more than the 10 answers"),
    ],
)
def test_neyman_allocation_says_what_does_not_fit(arguments, sentence):
    *plain, floors = arguments if len(arguments) == 4 else (*arguments, 0)
    with pytest.raises(ArgumentError, match=sentence):
        neyman_allocation(*plain, floors=floors)


def test_answers_for_precision_reach_the_precision():
    needed = answers_for_precision(5, variance=0.61)
    low, high = score_interval(0.2 * needed, 0.3 * needed, 0.5 * needed)
    assert 50 * (high - low) == pytest.approx(5, abs=0.02)
    assert answers_for_precision(5, variance=0.61, design_effect=2) == pytest.approx(
        2 * needed, abs=1
    )
    assert answers_for_precision(5, population=500) < 500
    assert answers_for_precision(5, population=1) == 1


def test_answers_to_detect_a_difference_of_ten_points():
    # R's power.t.test gives 956.01 with Student's distribution, at a deviation of 0.78 (A10).
    assert answers_to_detect(10, variance_a=0.78**2) == 956
    assert answers_to_detect(-10, variance_a=0.78**2) == 956
    more = answers_to_detect(10, variance_a=0.78**2, variance_b=1.0, power=0.9)
    assert more > 956


def test_asks_needed_and_whole_numbers():
    assert asks_needed(200, 0.3) == 667
    assert whole_numbers([1 / 3, 1 / 3, 1 / 3]) == [1, 0, 0]
    assert whole_numbers([]) == []


@pytest.mark.parametrize("rate", [0, 1.1])
def test_a_response_rate_is_a_share(rate):
    with pytest.raises(ArgumentError, match="response rate"):
        asks_needed(10, rate)


@pytest.mark.parametrize("variance", [0, -0.2, 1.1])
def test_the_variance_of_an_answer_is_at_most_one(variance):
    with pytest.raises(ArgumentError, match="variance of one answer"):
        answers_for_precision(5, variance=variance)


def test_plan_of_the_whole():
    (found,) = plan(922, response_rate=0.2)
    assert (found.stratum, found.needed, found.allocation, found.asks) == ("", 922, 922.0, 4610)
    (found,) = plan(922)
    assert found.asks is None
    (found,) = plan(None, budget=500)
    assert (found.needed, found.allocation) == (None, 500)


def test_plan_of_strata():
    strata = {"a": (4000, 0.85), "b": (2500, 0.7), "c": (900, 0.5)}
    found = plan(None, strata, budget=600, response_rate=0.1)
    assert [one.allocation for one in found] == pytest.approx([364.2857, 187.5, 48.2143], abs=1e-4)
    assert [one.asks for one in found] == [3650, 1880, 490]
    assert all(one.reachable for one in found)
    needed = plan(922, strata)
    assert [one.reachable for one in needed] == [True, True, False]
    assert sum(one.allocation for one in needed) == pytest.approx(922)
