"""D08: least squares with HC1 errors against R; clusters against sums over customers."""

import numpy as np
import pytest
from tests.analysis.reference import reference_json, reference_rows
from tests.analysis.rootcause.made import answers

from emptychair.analysis.rootcause.moments import moments
from emptychair.analysis.rootcause.regression import inflation, overlapping, robust_fits
from emptychair.analysis.sums.crossproducts import pattern_sums

SCORES = {"Low": 0, "Medium": 7, "High": 10}


def fitted(table, drivers, **options):
    sums = pattern_sums(table, drivers)[()]
    found = {(): (moments(sums), np.eye(len(drivers)))}
    return robust_fits(table, drivers, (), found, **options)[()]


def by_hand(columns, drivers, clusters=None):
    """Return coefficients and robust errors with plain matrices."""
    x = np.column_stack([np.ones(len(columns["score"])), *(columns[name] for name in drivers)])
    score = np.array(columns["score"])
    y = np.select([score >= 9, score <= 6], [1.0, -1.0], 0.0)
    bread = np.linalg.inv(x.T @ x)
    b = bread @ x.T @ y
    pulls = x * (y - x @ b)[:, None]
    n, k = x.shape
    factor = n / (n - k)
    if clusters is not None:
        names = sorted(set(clusters))
        own = np.array(clusters)
        pulls = np.array([pulls[own == name].sum(axis=0) for name in names])
        factor = len(names) / (len(names) - 1) * (n - 1) / (n - k)
    return b, np.sqrt(np.diag(factor * bread @ pulls.T @ pulls @ bread))


def test_d08_least_squares_with_hc1(make_table):
    case = reference_json("ordinal_housing.json")["lpm"]
    names = list(case["coef"])[1:]
    columns = {"score": [], **{f"rating_{name}": [] for name in names}}
    for row in reference_rows("housing.csv"):
        levels = {f"Infl{row['Infl']}", f"Type{row['Type']}", f"Cont{row['Cont']}"}
        for _ in range(int(row["Freq"])):
            columns["score"].append(SCORES[row["Sat"]])
            for name in names:
                columns[f"rating_{name}"].append(int(name in levels))
    fit = fitted(make_table(columns), [f"rating_{name}" for name in names])
    assert fit.coefficients == pytest.approx(list(case["coef"].values()), abs=1e-8)
    errors = np.sqrt(np.diag(fit.covariance))
    assert errors == pytest.approx(list(case["se_hc1"].values()), abs=1e-8)


def test_robust_fit_is_what_matrices_give(make_table):
    columns = answers(150, [0.6, 0.1])
    drivers = ["rating_d0", "rating_d1"]
    fit = fitted(make_table(columns), drivers)
    b, errors = by_hand(columns, drivers)
    assert fit.coefficients == pytest.approx(b)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(errors)
    assert fit.degrees == 147


def test_robust_fit_counts_the_answers_of_a_customer_together(make_table):
    columns = answers(150, [0.6, 0.1])
    columns["customer_id"] = [f"c{i % 40}" for i in range(150)]
    drivers = ["rating_d0", "rating_d1"]
    fit = fitted(make_table(columns), drivers, cluster="customer_id")
    _, errors = by_hand(columns, drivers, columns["customer_id"])
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(errors)
    assert fit.degrees == 39


def test_inflation_and_overlap():
    r = np.array([[1.0, 0.96, 0.2], [0.96, 1.0, 0.2], [0.2, 0.2, 1.0]])
    assert inflation(r)[0] > 5
    assert overlapping(r) == [[0, 1], [2]]
    assert overlapping(np.eye(3)) == [[0], [1], [2]]
    assert overlapping(np.ones((2, 2))) == [[0, 1]]
