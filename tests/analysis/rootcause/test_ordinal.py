"""D05-D07: proportional odds against MASS::polr on the housing survey of Madsen (1976)."""

import numpy as np
import pytest
from tests.analysis.reference import reference_json, reference_rows
from tests.analysis.rootcause.made import answers

from emptychair.analysis.errors import ArgumentError, DataError
from emptychair.analysis.rootcause import ordinal
from emptychair.analysis.rootcause.ordinal import average_effect, cells_of, proportional_odds


@pytest.fixture
def housing():
    cells = {}
    for row in reference_rows("housing.csv"):
        x = (
            row["Infl"] == "Medium", row["Infl"] == "High", row["Type"] == "Apartment",
            row["Type"] == "Atrium", row["Type"] == "Terrace", row["Cont"] == "High",
        )  # fmt: skip
        place = ["Low", "Medium", "High"].index(row["Sat"])
        cells.setdefault(x, [0, 0, 0])[place] = float(row["Freq"])
    design, counts = np.array(list(cells), dtype=float), np.array(list(cells.values()))
    return design, counts, proportional_odds(design, counts)


def test_d05_d06_coefficients_and_deviance(housing):
    case, fit = reference_json("ordinal_housing.json"), housing[2]
    found = [*fit.coefficients, *fit.cuts]
    assert found == pytest.approx(list(case["coef"].values()), abs=1e-4)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(list(case["se"].values()), abs=1e-4)
    assert fit.deviance == pytest.approx(case["deviance"], abs=1e-3)
    assert fit.n == case["nobs"]


def test_d07_average_effects(housing):
    design, counts, fit = housing
    factors = [[0, 1], [0, 1], [2, 3, 4], [2, 3, 4], [2, 3, 4], [5]]
    for j, (factor, case) in enumerate(
        zip(factors, reference_json("ordinal_housing.json")["ame"].values(), strict=True)
    ):
        low = design.copy()
        low[:, factor] = 0.0
        high = low.copy()
        high[:, j] = 1.0
        found = average_effect(fit, low, high, counts.sum(axis=1))
        assert found.value == pytest.approx(case["ame_nps"], abs=1e-4)
        assert found.standard_error == pytest.approx(case["se"], abs=1e-4)


def test_proportional_odds_of_a_two_by_three_table():
    """By symmetry the cuts lie as far from half the effect on either side."""
    fit = proportional_odds(np.array([[0.0], [1.0]]), np.array([[6.0, 3, 1], [1, 3, 6]]))
    assert fit.cuts.sum() == pytest.approx(fit.coefficients[0], abs=1e-9)
    same = proportional_odds(np.array([[0.0], [1.0]]), np.array([[5.0, 3, 2], [5, 3, 2]]))
    assert same.coefficients[0] == pytest.approx(0.0, abs=1e-9)
    assert average_effect(same, np.zeros((1, 1)), np.ones((1, 1))).value == pytest.approx(0.0)


def test_least_squares_is_close_to_the_ordinal_effect(make_table):
    from emptychair.analysis.rootcause.drivers import drivers

    table = make_table(answers(3000, [0.5, 0.2], seed=3))
    design, counts = cells_of(table, ["rating_d0", "rating_d1"])
    fit = proportional_odds(design, counts)
    for one in drivers(table).company.drivers:
        place = int(one.driver[1:])
        high = design.copy()
        high[:, place] += 1
        effect = average_effect(fit, design, high, counts.sum(axis=1))
        assert one.effect_points == pytest.approx(100 * effect.value, abs=3.0)


@pytest.mark.parametrize(
    ("design", "counts", "sentence"),
    [
        ([[0.0], [1.0]], [[5, 3, 0], [1, 3, 0]], "need detractors, passives and promoters"),
        ([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [[1, 1, 1]] * 3, "made up of others"),
        ([[0.0], [1.0], [2.0]], [[9, 0, 0], [0, 9, 0], [0, 0, 9]], "completely"),
    ],
)
def test_proportional_odds_say_what_is_wrong(design, counts, sentence):
    with pytest.raises(DataError, match=sentence):
        proportional_odds(np.array(design), np.array(counts, dtype=float))


def test_cells_of_too_many_different_ratings(make_table, monkeypatch):
    monkeypatch.setattr(ordinal, "MOST_CELLS", 5)
    with pytest.raises(ArgumentError, match="more than 5 different cells"):
        cells_of(make_table(answers(200, [0.5, 0.2])), ["rating_d0", "rating_d1"])
