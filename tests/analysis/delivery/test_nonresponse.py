import numpy as np
import pytest
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.delivery.nonresponse import (
    doubly_robust,
    dummies,
    logit,
    partial_deviation,
    propensity_deviation,
    representativity,
    tipping_difference,
    worst_bounds,
)
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.frame import FrameCell


def test_s15_and_s16_r_indicator():
    rows = reference_rows("rindicator_input.csv")
    expected = reference_json("r_indicator.json")
    types = [row["stype"] for row in rows]
    meals = [float(row["meals"]) for row in rows]
    design = np.column_stack([dummies([(value,) for value in types]), meals])
    one = np.ones(len(rows))
    beta = logit(design, one, np.array([float(row["resp"]) for row in rows]))
    coefficients = expected["coef"]
    assert beta == pytest.approx(
        [coefficients[name] for name in ("(Intercept)", "stypeH", "stypeM", "meals")], abs=1e-6
    )
    rho = 1 / (1 + np.exp(-design @ beta))
    assert 1 - 2 * propensity_deviation(rho, one) == pytest.approx(
        expected["R_indicator"], abs=1e-6
    )
    assert partial_deviation(types, rho, one) == pytest.approx(
        expected["partial_unconditional_stype"], abs=1e-8
    )


def test_representativity_of_grouped_cells():
    # E, H and M of the same file, as counts: 127 of 142, 12 of 25, 24 of 33.
    cells = [
        FrameCell(("E",), 0, 142, 127, 0, 0),
        FrameCell(("H",), 0, 25, 0, 12, 0),
        FrameCell(("M",), 0, 33, 0, 0, 24),
    ]
    found = representativity(cells, ["stype"])
    assert found.mean_propensity == pytest.approx(0.815)
    assert found.partial == pytest.approx({"stype": 0.1406067654275}, abs=1e-8)
    assert found.r_indicator == pytest.approx(1 - 2 * 0.1406067654275 * (200 / 199) ** 0.5)
    assert found.variation == pytest.approx((1 - found.r_indicator) / 2 / 0.815)


def test_representativity_is_one_when_all_answer_alike():
    cells = [FrameCell(("a",), 0, 100, 10, 10, 10), FrameCell(("b",), 0, 50, 5, 5, 5)]
    assert representativity(cells, ["x"]).r_indicator == pytest.approx(1.0)


def test_partial_deviation_passes_over_values_without_customers():
    rho, customers = np.array([0.2, 0.4, 0.9]), np.array([10.0, 10.0, 0.0])
    assert partial_deviation(["a", "b", "c"], rho, customers) == pytest.approx(0.1)


def test_logit_survives_a_part_in_which_everybody_answered():
    design = np.array([[1.0, 0.0], [1.0, 1.0]])
    beta = logit(design, np.array([50.0, 50.0]), np.array([25.0, 50.0]), ridge=1e-6)
    assert np.isfinite(beta).all()
    assert beta[1] > 5


def test_logit_takes_smaller_steps_where_newton_overshoots():
    design = np.column_stack([np.ones(4), [-10.0, -4.0, 18.0, 17.0]])
    trials, successes = np.array([10.0, 1e5, 1000.0, 1.0]), np.array([2.0, 137.0, 0.0, 0.0])
    beta = logit(design, trials, successes)
    rho = 1 / (1 + np.exp(-design @ beta))
    assert design.T @ (successes - trials * rho) == pytest.approx([0.0, 0.0], abs=1e-4)


def answered(traits, fold, customers, d, p, k):
    return FrameCell(traits, fold, customers, d, p, k)


def test_doubly_robust_undoes_what_the_traits_explain():
    # Both parts hold 5,000 customers; the happy part answers three times as often.
    cells = []
    for fold in range(5):
        cells += [
            answered(("happy",), fold, 1000, 30, 60, 210),
            answered(("sour",), fold, 1000, 60, 30, 10),
        ]
    found = doubly_robust(cells)
    assert found.customers == 10_000
    assert found.nps == pytest.approx((0.6 - 0.5) / 2, abs=1e-6)
    assert found.predicted_silent < found.nps
    assert found.low < found.nps < found.high
    assert found.trimmed == 0


def test_doubly_robust_when_all_answered_is_the_plain_nps():
    cells = [answered((), fold, 30, 10, 5, 15) for fold in range(5)]
    found = doubly_robust(cells)
    assert found.nps == pytest.approx(5 / 30)
    assert found.predicted_silent == found.nps


def test_doubly_robust_lifts_hopeless_propensities():
    cells = [answered(("a",), fold, 100, 10, 10, 10) for fold in range(5)]
    cells += [answered(("b",), fold, 10_000, 0, 0, 1) for fold in range(5)]
    found = doubly_robust(cells)
    assert found.trimmed == 50_000
    assert -1 <= found.low <= found.high <= 1


def test_doubly_robust_with_answers_in_one_fold_only():
    cells = [answered((), 0, 50, 5, 5, 10), answered((), 1, 50, 0, 0, 0)]
    assert doubly_robust(cells).nps == pytest.approx(0.25, abs=0.3)


def test_nobody_answered():
    with pytest.raises(NoAnswersError, match="No customer of the base"):
        doubly_robust([answered((), 0, 50, 0, 0, 0)])
    with pytest.raises(NoAnswersError, match="No customer of the base"):
        representativity([], [])


def test_worst_bounds_by_hand():
    assert worst_bounds(0.4, 0.25) == pytest.approx((0.1 - 0.75, 0.1 + 0.75))
    assert worst_bounds(0.4, 1.0) == (0.4, 0.4)
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        worst_bounds(0.4, 1.5)


def test_the_tipping_difference_turns_the_message():
    delta = tipping_difference(0.4, 0.3, 0.2, message=0.1)
    assert 0.2 * 0.4 + 0.8 * (0.3 - delta) == pytest.approx(0.1)
    assert tipping_difference(0.4, 0.3, 1.0) is None
    with pytest.raises(ArgumentError, match="from 0 to 1"):
        tipping_difference(0.4, 0.3, -0.1)


def test_dummies_leave_out_the_first_value():
    found = dummies([("a", 1), ("b", 1), ("b", 2)])
    assert found.tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert dummies([(), ()]).tolist() == [[1], [1]]
