"""Proportional hazards against R's survival package."""

import numpy as np
import pytest
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.customers import hazards
from emptychair.analysis.customers.hazards import proportional_hazards
from emptychair.analysis.errors import ArgumentError, DataError


def lung(*names, strata=None):
    wanted = [*names, *([strata] if strata else [])]
    rows = [r for r in reference_rows("lung.csv") if all(r[name] != "NA" for name in wanted)]
    return (
        [float(r["time"]) for r in rows],
        [r["status"] == "2" for r in rows],
        [[float(r[name]) for name in names] for r in rows],
        [r[strata] for r in rows] if strata else None,
    )


@pytest.mark.parametrize(
    ("names", "published"),
    [(("age", "sex"), "cox_age_sex"), (("age", "sex", "ph.ecog"), "cox_age_sex_ecog")],
)
def test_fit_of_lung_is_that_of_r(names, published):
    expected = reference_json("survival_lung.json")[published]
    found = proportional_hazards(*lung(*names))
    assert found.coefficients == pytest.approx([expected["coef"][n] for n in names], abs=1e-7)
    assert found.standard_errors == pytest.approx([expected["se"][n] for n in names], abs=1e-7)
    likelihoods = (found.null_log_likelihood, found.log_likelihood)
    assert likelihoods == pytest.approx(expected["loglik"], abs=1e-6)


def test_strata_have_a_hazard_of_their_own():
    expected = reference_json("survival_lung.json")["cox_stratified"]
    found = proportional_hazards(*lung("age", "sex", strata="ph.ecog"))
    assert found.coefficients == pytest.approx([expected["age"], expected["sex"]], abs=1e-6)


def test_effects_are_found_again():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3000, 2)) * (1, 30)
    left = rng.exponential(1 / np.exp(x @ (0.7, -0.02)))
    seen = rng.exponential(1.5, 3000)
    found = proportional_hazards(np.minimum(left, seen), left < seen, x.tolist())
    assert found.coefficients == pytest.approx((0.7, -0.02), abs=0.08)
    assert max(found.p_values) < 1e-6


def test_steps_that_go_too_far_are_taken_back():
    rng = np.random.default_rng(60)
    x = rng.standard_cauchy((12, 1))  # far outliers, on which an undamped step overshoots
    found = proportional_hazards(rng.exponential(1, 12), rng.random(12) < 0.7, x.tolist())
    assert found.log_likelihood > found.null_log_likelihood
    assert found.coefficients[0] == pytest.approx(-0.21879, abs=1e-5)


def test_what_cannot_be_told_is_said():
    with pytest.raises(ArgumentError, match="Each customer needs"):
        proportional_hazards([1.0], [True], [[1.0], [2.0]])
    with pytest.raises(DataError, match="Nobody left"):
        proportional_hazards([1.0], [False], [[1.0]])
    with pytest.raises(DataError, match="the same for all"):
        proportional_hazards([1.0, 2.0], [True, True], [[1.0], [1.0]])


def test_a_fit_that_runs_out_of_steps_ends_where_it_is(monkeypatch):
    monkeypatch.setattr(hazards, "_STEPS", 1)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(200, 1))
    left = rng.exponential(1 / np.exp(x[:, 0]))
    one_step = proportional_hazards(left, [True] * 200, x.tolist())
    monkeypatch.undo()
    fitted = proportional_hazards(left, [True] * 200, x.tolist())
    assert one_step.log_likelihood < fitted.log_likelihood
