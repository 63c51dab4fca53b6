"""M01: the fifteen p-values of Benjamini and Hochberg (1995), adjusted by R's p.adjust."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptychair.analysis.delivery.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    e_benjamini_hochberg,
    holm,
)
from emptychair.analysis.errors import ArgumentError

P = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0,
]  # fmt: skip
BH = [
    0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714, 0.06385714285714, 0.0645,
    0.0765, 0.486, 0.5811818181818, 0.714875, 0.7532307692308, 0.8132142857143, 1.0,
]  # fmt: skip
HOLM = [
    0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278, 0.278, 0.278, 0.3213, 1, 1, 1, 1, 1, 1,
]  # fmt: skip
BY = [
    0.004977343489843, 0.009954686979687, 0.03152317543568, 0.1182119078838, 0.2000892082917,
    0.2118926228533, 0.2118926228533, 0.2140257700633, 0.253844517982, 1, 1, 1, 1, 1, 1,
]  # fmt: skip
p_lists = st.lists(st.floats(0, 1), max_size=20)


def test_m01_adjusted_p_values():
    assert benjamini_hochberg(P) == pytest.approx(BH, abs=1e-9)
    assert benjamini_yekutieli(P) == pytest.approx(BY, abs=1e-9)
    assert holm(P) == pytest.approx(HOLM, abs=1e-9)
    assert sum(p <= 0.05 for p in benjamini_hochberg(P)) == 4


@given(p_lists, st.randoms(use_true_random=False))
def test_adjusting_does_not_depend_on_the_order(p_values, random):
    order = list(range(len(p_values)))
    random.shuffle(order)
    for adjust in (benjamini_hochberg, benjamini_yekutieli, holm):
        adjusted = adjust(p_values)
        shuffled = adjust([p_values[i] for i in order])
        assert shuffled == pytest.approx([adjusted[i] for i in order])


@given(p_lists)
def test_holm_is_stricter_than_benjamini_hochberg_and_both_than_none(p_values):
    for p, loose, strict in zip(
        p_values, benjamini_hochberg(p_values), holm(p_values), strict=True
    ):
        assert p <= loose + 1e-15
        assert loose <= strict + 1e-12


@pytest.mark.parametrize("p", [[-0.1], [1.1], [float("nan")]])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        benjamini_hochberg(p)


def test_m02_e_values_make_the_list_when_large_enough_together():
    # Of 5 tests at 10 %: the largest needs 50, the two largest 25 each, three 16.7 each ...
    assert e_benjamini_hochberg([49.0, 1, 1, 1, 1]) == []
    assert e_benjamini_hochberg([50.0, 1, 1, 1, 1]) == [0]
    assert e_benjamini_hochberg([1, 26.0, 1, 25.0, 1]) == [1, 3]
    assert e_benjamini_hochberg([17.0, 17.0, 17.0, 0.0, 0.0]) == [0, 1, 2]
    assert e_benjamini_hochberg([]) == []


def test_e_values_are_never_negative():
    with pytest.raises(ArgumentError, match="at least 0"):
        e_benjamini_hochberg([-1.0])
