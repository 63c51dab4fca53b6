"""D13: EM against R on the nhanes measurements; and against complete answers."""

import numpy as np
import pyarrow as pa
import pytest
from tests.analysis.reference import reference_json, reference_rows
from tests.analysis.rootcause.made import answers

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.rootcause.moments import em_moments, moments
from emptychair.analysis.sums.crossproducts import driver_columns, pattern_sums
from emptychair.analysis.tables import put


def patterns_of(rows):
    """Return weights, sums, products and patterns of rows with NaN where nothing is known."""
    found = {}
    for row in rows:
        found.setdefault(tuple(~np.isnan(row)), []).append(np.nan_to_num(row))
    weight = np.array([[len(part) for part in found.values()]], dtype=float)
    total = np.array([[np.sum(part, axis=0) for part in found.values()]])
    cross = np.array([[np.array(part).T @ np.array(part) for part in found.values()]])
    return weight, total, cross, np.array(list(found))


def em_of_rows(rows, steps=4000):
    """EM row by row, as the textbook has it."""
    mean, covariance = np.nanmean(rows, axis=0), np.diag(np.nanvar(rows, axis=0))
    for _ in range(steps):
        filled, left = [], np.zeros_like(covariance)
        for row in rows:
            seen = ~np.isnan(row)
            gone = ~seen
            value = np.where(seen, row, 0.0)
            slope = covariance[np.ix_(gone, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
            value[gone] = mean[gone] + slope @ (row[seen] - mean[seen])
            left[np.ix_(gone, gone)] += (
                covariance[np.ix_(gone, gone)] - slope @ covariance[np.ix_(seen, gone)]
            )
            filled.append(value)
        mean = np.mean(filled, axis=0)
        covariance = (np.array(filled).T @ np.array(filled) + left) / len(rows) - np.outer(
            mean, mean
        )
    return mean, covariance


def test_d13_em_of_nhanes():
    case = reference_json("em_missing.json")
    names = list(case["mu"])
    rows = np.array(
        [[np.nan if row[n] == "NA" else float(row[n]) for n in names]
         for row in reference_rows("nhanes.csv")]
    )  # fmt: skip
    mean, covariance = em_moments(*patterns_of(rows))
    assert mean[0] == pytest.approx(list(case["mu"].values()), abs=1e-6)
    assert covariance[0] == pytest.approx(np.array(case["S"]), abs=1e-5)


def test_em_from_patterns_is_em_from_rows():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(80, 3)) + rng.normal(size=(80, 1))
    rows[rng.random((80, 3)) < 0.25] = np.nan
    rows[:, 2] = np.where(np.isnan(rows[:, 2]), 0.3, rows[:, 2])
    mean, covariance = em_moments(*patterns_of(rows))
    slow_mean, slow_covariance = em_of_rows(rows, steps=300)
    assert mean[0] == pytest.approx(slow_mean, abs=1e-8)
    assert covariance[0] == pytest.approx(slow_covariance, abs=1e-8)


def test_moments_of_complete_answers(make_table):
    columns = answers(200, [0.5, 0.2])
    found = moments(pattern_sums(make_table(columns), driver_columns(make_table(columns)))[()])
    ratings = np.array([columns["rating_d0"], columns["rating_d1"]], dtype=float)
    assert found.is_complete
    assert found.mean[0, :2] == pytest.approx(ratings.mean(axis=1))
    assert found.drivers[0] == pytest.approx(np.cov(ratings, bias=True))
    s = np.select([np.array(columns["score"]) >= 9, np.array(columns["score"]) <= 6], [1, -1], 0)
    assert found.nps_variance[0] == pytest.approx(s.var())
    assert found.with_nps[0] == pytest.approx(
        (ratings * s).mean(axis=1) - ratings.mean(axis=1) * s.mean()
    )


def test_pattern_sums_are_the_same_however_the_answers_are_divided(make_table):
    columns = answers(300, [0.5, 0.2], segments=3, missing=0.3)
    table = make_table(columns)
    drivers = ["rating_d0", "rating_d1"]
    whole = pattern_sums(table, drivers)[()]
    parts = list(pattern_sums(table, drivers, ["segment"]).values())
    added = parts[0] + parts[1] + parts[2]
    assert added.n == whole.n == 300
    assert added.cross == pytest.approx(whole.cross, abs=1e-9)
    assert whole.seen_rows.tolist() == [
        sum(value is not None for value in columns[name]) for name in drivers
    ]


def test_pattern_sums_weight_and_hold(make_table):
    table = make_table(
        {
            "score": [10, 0, 5, 9, 9],
            "rating_a": [5.0, 1.0, float("nan"), 3.0, 3.0],
            "w": [1.0, 2.0, 1.0, 0.0, 1.0],
            "held_reason": [None, None, None, None, "test"],
        }
    )
    found = pattern_sums(table, ["rating_a"], weight="w")[()]
    assert found.n == 3
    assert found.sums.sum(axis=(0, 1)).tolist() == [7.0, 1.0, 3.0]


def test_pattern_sums_of_other_drivers_do_not_add_up(make_table):
    table = make_table(answers(30, [0.5, 0.2]))
    one, other = (pattern_sums(table, [name])[()] for name in ("rating_d0", "rating_d1"))
    with pytest.raises(ArgumentError, match="same drivers"):
        _ = one + other


def test_pattern_sums_split_many_patterns_over_fewer_groups(make_table):
    table = make_table(answers(900, [0.1] * 8, missing=0.5))
    found = pattern_sums(table, driver_columns(table))[()]
    assert len(found.seen) > 100
    assert len(found.rows) == 20


@pytest.mark.parametrize(
    ("drivers", "error", "sentence"),
    [
        (["rating_x"], ColumnNotFoundError, "There is no column 'rating_x'"),
        ([], ArgumentError, "1 to 40 drivers"),
        (["segment"], ArgumentError, "holds string, not numbers"),
    ],
)
def test_pattern_sums_say_what_is_wrong(duckdb, drivers, error, sentence):
    table = put(duckdb, pa.table(answers(30, [0.5])))
    with pytest.raises(error, match=sentence):
        pattern_sums(table, drivers)
