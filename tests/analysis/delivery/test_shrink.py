"""E01-E04 and E07: R's metafor on the BCG trials, and closed-form expected ranks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.delivery.shrink import (
    between_variance,
    expected_ranks,
    heterogeneity_p_value,
    shrink,
)
from emptychair.analysis.errors import ArgumentError


@pytest.fixture
def trials():
    rows = reference_rows("bcg.csv")
    values = [float(row["yi"]) for row in rows]
    variances = [float(row["vi"]) for row in rows]
    return values, variances, [[float(row["ablat"])] for row in rows]


@pytest.fixture
def expected():
    return reference_json("empirical_bayes_bcg.json")


def test_e01_reml(trials, expected):
    found = shrink(*trials[:2])
    assert found.between_variance == pytest.approx(expected["reml"]["tau2"], abs=1e-4)
    assert found.coefficients[0] == pytest.approx(expected["reml"]["mu"], abs=1e-4)
    assert found.coefficient_errors[0] == pytest.approx(expected["reml"]["se"], abs=1e-4)


def test_e02_shrunk_values(trials, expected):
    for ours, theirs in zip(shrink(*trials[:2]).groups, expected["blup"], strict=True):
        assert ours.value == pytest.approx(theirs["pred"], abs=1e-4)
        assert ours.standard_error == pytest.approx(theirs["se"], abs=1e-4)


def test_e03_shrunk_towards_traits(trials, expected):
    found = shrink(*trials)
    assert found.coefficients == pytest.approx(expected["mods"]["coef"], abs=1e-4)
    assert found.between_variance == pytest.approx(expected["mods"]["tau2"], abs=1e-4)
    for ours, theirs in zip(found.groups, expected["mods"]["blup"], strict=True):
        assert ours.value == pytest.approx(theirs["pred"], abs=1e-4)
        assert ours.standard_error == pytest.approx(theirs["se"], abs=1e-4)


@pytest.mark.parametrize("method", ["DL", "PM", "ML"])
def test_e04_other_estimators(trials, expected, method):
    found = between_variance(*trials[:2], method=method)
    assert found == pytest.approx(expected[f"{method.lower()}_tau2"], abs=1e-4)


def test_e07_expected_ranks_turned_to_the_top():
    """The reference counts P(theta_j > theta_i) from the means and deviations in its file."""
    case = reference_json("expected_rank.json")
    assert expected_ranks(case["mu"], case["sd"]) == pytest.approx(case["expected_rank"], abs=1e-9)


def test_expected_ranks_of_certain_groups():
    assert expected_ranks([0.3, 0.9, 0.3], [0.0, 0.0, 0.0]) == [2.5, 1.0, 2.5]
    with pytest.raises(ArgumentError, match="standard error"):
        expected_ranks([0.3], [])


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM"])
def test_groups_that_do_not_differ_are_shrunk_together(method):
    values, variances = [0.30, 0.31, 0.29, 0.30], [0.04, 0.04, 0.04, 0.04]
    assert between_variance(values, variances, method=method) == 0
    found = shrink(values, variances, method=method)
    assert {round(group.value, 9) for group in found.groups} == {0.3}
    assert found.groups[0].kept_share == 0


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=10))
def test_shrunk_values_lie_between_the_raw_and_the_expected(values):
    found = shrink(values, [0.05 * (i + 1) for i in range(len(values))], method="DL")
    for group in found.groups:
        lower, upper = sorted([group.raw, group.expected])
        assert lower - 1e-9 <= group.value <= upper + 1e-9
        assert group.low < group.value < group.high
        assert 0 <= group.kept_share <= 1


def test_small_groups_are_pulled_further():
    small, large = shrink([60.0, 60.0, 0.0, -60.0], [900.0, 9.0, 9.0, 9.0]).groups[:2]
    assert small.value < large.value


def test_between_variance_of_far_apart_groups():
    assert between_variance([-50.0, 0.0, 50.0], [0.01] * 3, method="PM") == pytest.approx(2499.99)


@pytest.mark.parametrize(
    ("values", "variances", "traits", "sentence"),
    [
        ([1.0, 2.0], [1.0], None, "one variance"),
        ([1.0, 2.0], [1.0, 0.0], None, "above 0"),
        ([1.0], [1.0], None, "too few"),
        ([1.0, 2.0, 3.0], [1.0] * 3, [[1.0], [1.0], [1.0]], "overlap"),
        ([1.0, 2.0, 3.0], [1.0] * 3, [[1.0]], "row of traits"),
    ],
)
def test_shrink_says_what_is_missing(values, variances, traits, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        shrink(values, variances, traits)


def test_between_variance_names_its_methods():
    with pytest.raises(ArgumentError, match="REML"):
        between_variance([1.0, 2.0], [1.0, 1.0], method="MOM")


def test_heterogeneity_of_the_trials(trials):
    # Cochran's Q of metafor: 152.233 on 12 degrees of freedom.
    assert heterogeneity_p_value(*trials[:2]) < 1e-20
