from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from emptychair.analysis.delivery.compare import (
    compare_groups,
    compare_periods,
    judged,
    verdict_of,
)
from emptychair.analysis.delivery.pairing import compare_paired
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, NoAnswersError

A = [3] * 12 + [7] * 9 + [10] * 15
B = [3] * 8 + [7] * 10 + [10] * 30
OLD, NEW = date(2025, 1, 15), date(2025, 3, 15)
SPRING = date(2025, 3, 1)


def groups_table(make_table, **columns):
    return make_table({"unit": ["A"] * len(A) + ["B"] * len(B), "score": A + B, **columns})


def test_compare_groups_of_n16(make_table):
    (found,) = compare_groups(groups_table(make_table), "unit")
    assert (found.a, found.b, found.n_a, found.n_b) == ("A", "B", 36, 48)
    assert found.difference_points == pytest.approx(37.5)
    assert found.low_points == pytest.approx(1.63237830, abs=5e-4)
    assert found.high_points == pytest.approx(70.92969255, abs=5e-4)
    assert found.p_value == pytest.approx(0.0403155, abs=1e-6)
    assert found.q_value == found.p_value
    assert (found.verdict, found.design) == ("higher", "independent")
    assert found.mix_points is None


def test_compare_groups_says_lower_when_the_order_turns(make_table):
    table = make_table({"unit": ["B"] * len(A) + ["A"] * len(B), "score": A + B})
    assert compare_groups(table, "unit")[0].verdict == "lower"


def test_compare_groups_takes_every_pair_or_those_against_one(make_table):
    scores = [10, 9, 8] * 8
    table = make_table({"unit": [*"ABC"] * 8, "score": scores})
    assert [(c.a, c.b) for c in compare_groups(table, "unit")] == [
        ("A", "B"),
        ("A", "C"),
        ("B", "C"),
    ]
    assert [(c.a, c.b) for c in compare_groups(table, "unit", against="C")] == [
        ("C", "A"),
        ("C", "B"),
    ]


def test_compare_groups_holds_the_false_discovery_rate_over_all_pairs(make_table):
    rng = np.random.default_rng(11)
    units = [f"u{i:02}" for i in range(12) for _ in range(60)]
    table = make_table({"unit": units, "score": rng.choice([3, 7, 10], len(units)).tolist()})
    found = compare_groups(table, "unit")
    assert len(found) == 66
    assert all(c.q_value >= c.p_value for c in found)
    assert all(c.verdict == "no_clear_difference" for c in found if c.q_value > 0.1)


def test_compare_groups_with_few_answers_gives_figures_but_no_verdict(make_table):
    (found,) = compare_groups(make_table({"unit": [*"AB"], "score": [10, 0]}), "unit")
    assert found.verdict == "too_few_answers"
    assert found.difference_points == -200


def test_compare_groups_splits_mix_from_rate(make_table):
    table = make_table(
        {
            "unit": ["A"] * 40 + ["B"] * 40,
            "size": ["small"] * 30 + ["large"] * 10 + ["small"] * 10 + ["large"] * 30,
            "score": [3] * 30 + [10] * 10 + [3] * 10 + [10] * 30,
        }
    )
    (found,) = compare_groups(table, "unit", mix="size")
    assert found.difference_points == pytest.approx(100.0)
    assert found.mix_points == pytest.approx(100.0)
    assert found.rate_points == pytest.approx(0.0)


def test_compare_groups_knows_customers_who_are_in_both(make_table):
    customers = [f"c{i}" for i in range(40)] * 2
    scores = ([3] * 10 + [7] * 10 + [10] * 20) * 2
    table = make_table({"unit": ["A"] * 40 + ["B"] * 40, "customer_id": customers, "score": scores})
    (together,) = compare_groups(table, "unit")
    (apart,) = compare_groups(table.drop("customer_id"), "unit")
    assert together.design == "overlapping"
    assert together.high_points - together.low_points < 0.3 * (apart.high_points - apart.low_points)


def test_compare_groups_without_spread_have_no_correlation(make_table):
    columns = {"unit": ["A", "B"], "customer_id": ["x", "x"], "score": [10, 10]}
    assert compare_groups(make_table(columns), "unit")[0].design == "independent"


def test_compare_groups_with_weights(make_table):
    weights = [1.0] * len(A) + [0.5, 2.0] * (len(B) // 2)
    (found,) = compare_groups(groups_table(make_table, w=weights), "unit", weight="w")
    (plain,) = compare_groups(groups_table(make_table), "unit")
    assert found.high_points - found.low_points > plain.high_points - plain.low_points


def test_compare_groups_needs_two_groups_and_known_names(make_table):
    table = make_table({"unit": ["A", "A", None], "score": [1, 2, 3]})
    with pytest.raises(ArgumentError, match="holds 1 group"):
        compare_groups(table, "unit")
    with pytest.raises(ArgumentError, match="no group 'Z'"):
        compare_groups(groups_table(make_table), "unit", against="Z")
    with pytest.raises(ColumnNotFoundError, match="region"):
        compare_groups(table, "region")


def test_compare_groups_refuses_too_many_pairs(make_table):
    table = make_table({"unit": [f"u{i}" for i in range(51)], "score": [5] * 51})
    with pytest.raises(ArgumentError, match="51 groups"):
        compare_groups(table, "unit")
    assert len(compare_groups(table, "unit", against="u0")) == 50


def periods_table(make_table, **columns):
    days = [OLD] * len(A) + [NEW] * len(B)
    return make_table({"answered_on": days, "score": A + B, **columns})


def test_compare_periods(make_table):
    (found,) = compare_periods(periods_table(make_table), SPRING)
    assert (found.a, found.b) == ("before 2025-03-01", "from 2025-03-01")
    assert found.difference_points == pytest.approx(37.5)
    assert found.verdict == "higher"


def test_compare_periods_in_all_and_within_groups(make_table):
    units = ["X", "Y"] * ((len(A) + len(B)) // 2)
    overall, x, y = compare_periods(periods_table(make_table, unit=units), SPRING, by=["unit"])
    assert (overall.group, x.group, y.group) == ((), ("X",), ("Y",))
    assert overall.mix_points + overall.rate_points == pytest.approx(overall.difference_points)
    assert x.mix_points is None
    assert x.n_a + y.n_a == overall.n_a == len(A)


def test_compare_periods_of_a_group_without_answers_on_one_side(make_table):
    table = make_table(
        {
            "answered_on": [OLD] * 12 + [NEW] * 12 + [NEW],
            "unit": ["X"] * 24 + ["Y"],
            "score": [10] * 25,
        }
    )
    _, x, y = compare_periods(table, SPRING, by=["unit"], mix="unit")
    assert x.difference_points == 0
    assert (y.n_a, y.n_b, y.difference_points, y.p_value) == (0, 1, None, None)
    assert y.verdict == "too_few_answers"


def test_compare_periods_without_an_answer_on_one_side(make_table):
    (found,) = compare_periods(periods_table(make_table), date(2020, 1, 1))
    assert (found.n_a, found.verdict) == (0, "too_few_answers")


def test_compare_periods_with_customers_who_answered_again(make_table):
    customers = [f"c{i}" for i in range(30)]
    table = make_table(
        {
            "customer_id": customers * 2,
            "answered_on": [OLD] * 30 + [NEW] * 30,
            "unit": (["X"] * 15 + ["Y"] * 15) * 2,
            "score": ([3] * 10 + [8] * 10 + [10] * 10) * 2,
        }
    )
    assert {c.design for c in compare_periods(table, SPRING, by=["unit"])} == {"overlapping"}


def test_compare_periods_without_any_date(make_table):
    table = make_table({"score": [1], "answered_on": pa.array([None], pa.date32())})
    with pytest.raises(NoAnswersError, match="has a date"):
        compare_periods(table, SPRING)


def test_compare_paired_follows_each_customer(make_table):
    customers = [f"c{i}" for i in range(40)]
    table = make_table(
        {
            "customer_id": [*customers, *customers, "c0", "new", None],
            "answered_on": [OLD] * 40 + [NEW] * 40 + [date(2025, 1, 1), NEW, NEW],
            "score": [7] * 40 + [10] * 20 + [7] * 20 + [0, 0, 0],
            "unit": ["X"] * 80 + ["X", "Y", "Y"],
        }
    )
    overall, x = compare_paired(table, SPRING, by=["unit"])
    assert (overall.n_a, overall.n_b, overall.design) == (40, 40, "paired")
    assert overall.difference_points == pytest.approx(50.0)
    assert (overall.a_points, overall.b_points) == (0.0, 50.0)
    assert overall.verdict == "higher"
    assert x.group == ("X",)


def test_compare_paired_when_nobody_answered_twice(make_table):
    table = make_table({"customer_id": ["x", "y"], "answered_on": [OLD, NEW], "score": [1, 9]})
    (found,) = compare_paired(table, SPRING)
    assert (found.n_a, found.difference_points, found.verdict) == (0, None, "too_few_answers")


def test_compare_paired_names_the_missing_customer(make_table):
    with pytest.raises(ColumnNotFoundError, match="customer_id"):
        compare_paired(periods_table(make_table), SPRING)


@pytest.mark.parametrize(
    ("low", "high", "n", "q", "verdict"),
    [
        (1, 9, 10, 0.10, "higher"),
        (-9, -1, 10, 0.10, "lower"),
        (1, 9, 10, 0.11, "no_clear_difference"),
        (-9, -1, 10, 0.11, "no_clear_difference"),
        (-1, 9, 10, 0.01, "no_clear_difference"),
        (1, 9, 9, 0.01, "too_few_answers"),
    ],
)
def test_verdict_of(low, high, n, q, verdict):
    assert verdict_of(low, high, n, q) == verdict


def test_judged_keeps_what_cannot_be_compared(make_table):
    (found,) = compare_periods(periods_table(make_table), date(2020, 1, 1))
    assert judged([found]) == [found]


def test_compare_is_the_same_whatever_the_order_of_the_rows(make_table):
    rng = np.random.default_rng(2)
    order = rng.permutation(len(A) + len(B))
    units = np.array(["A"] * len(A) + ["B"] * len(B))[order].tolist()
    shuffled = make_table({"unit": units, "score": np.array(A + B)[order].tolist()})
    assert compare_groups(shuffled, "unit") == compare_groups(groups_table(make_table), "unit")
