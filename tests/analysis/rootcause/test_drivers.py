"""Importance and effect of drivers: true effects, segments, themes, and what cannot be said."""

import numpy as np
import pyarrow as pa
import pytest
from tests.analysis.rootcause.made import answers

from emptychair.analysis.errors import (
    ArgumentError,
    ColumnNotFoundError,
    NoAnswersError,
    ScoreRangeError,
)
from emptychair.analysis.rootcause.drivers import drivers
from emptychair.analysis.rootcause.records import RECOMMENDED


def by_name(group):
    return {one.driver: one for one in group.drivers}


def test_drivers_keep_importance_and_effect_apart(make_table):
    """A driver without effect that goes along with one that has it gets a share, no points."""
    rng = np.random.default_rng(2)
    columns = answers(4000, [0.8, 0.0], seed=2)
    strong = np.array(columns["rating_d0"])
    columns["rating_d1"] = np.clip(np.where(rng.random(4000) < 0.6, strong, 3), 1, 5).tolist()
    found = by_name(drivers(make_table(columns)).company)
    assert found["d1"].importance_share > 0.1
    assert found["d1"].effect_low < 0 < found["d1"].effect_high
    assert found["d1"].verdict == "unclear"
    assert found["d0"].verdict in ("improve", "keep")
    assert sum(one.importance_share for one in found.values()) == pytest.approx(1.0)


def test_drivers_effect_is_that_of_least_squares(make_table):
    columns = answers(500, [0.7, 0.3])
    score = np.array(columns["score"])
    y = 100 * np.select([score >= 9, score <= 6], [1.0, -1.0], 0.0)
    x = np.column_stack([np.ones(500), columns["rating_d0"], columns["rating_d1"]])
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    found = by_name(drivers(make_table(columns)).company)
    assert found["d0"].effect_points == pytest.approx(b[1])
    assert found["d1"].effect_points == pytest.approx(b[2])
    assert found["d0"].promoter_points - found["d0"].detractor_points == pytest.approx(b[1])


def test_drivers_with_missing_ratings_find_the_same_effects(make_table):
    whole = drivers(make_table(answers(5000, [0.8, 0.3, 0.0], seed=5))).company
    gaps = drivers(make_table(answers(5000, [0.8, 0.3, 0.0], seed=5, missing=0.4))).company
    assert gaps.is_filled
    assert not whole.is_filled
    for name, one in by_name(gaps).items():
        assert one.effect_points == pytest.approx(by_name(whole)[name].effect_points, abs=3.0)
        assert one.missing_share == pytest.approx(0.4, abs=0.03)


def test_drivers_are_the_same_however_answers_are_stored(make_table):
    """Shuffled, with everything counted in another order: the same to 1e-9."""
    columns = answers(400, [0.7, 0.3], missing=0.2)
    order = np.random.default_rng(9).permutation(400)
    turned = {name: [values[i] for i in order] for name, values in columns.items()}
    one, other = (drivers(make_table(table)).company for table in (columns, turned))
    for a, b in zip(one.drivers, other.drivers, strict=True):
        assert a.importance_share == pytest.approx(b.importance_share, abs=1e-9)
        assert a.effect_low == pytest.approx(b.effect_low, abs=1e-7)


def test_drivers_find_the_segment_that_differs(make_table):
    effects = [[0.5, 0.5]] * 5 + [[1.2, 0.0]]
    found = drivers(make_table(answers(9000, effects, segments=6, seed=4)), by=["segment"])
    against = {
        group.group[0]: {one.driver: one.against_company for one in group.drivers}
        for group in found.groups
    }
    assert against["s5"] == {"d0": "stronger", "d1": "weaker"}
    others = [one for name, one in against.items() if name != "s5"]
    assert "stronger" not in [one["d0"] for one in others]
    assert "weaker" not in [one["d1"] for one in others]


def test_drivers_find_no_segment_where_none_differs(make_table):
    found = drivers(make_table(answers(6000, [0.5, 0.5], segments=6, seed=4)), by=["segment"])
    said = [one.against_company for group in found.groups for one in group.drivers]
    assert said.count("same") >= 11


def test_drivers_of_small_segments_are_the_companys(make_table):
    columns = answers(1500, [0.7, 0.3])
    columns["segment"] = ["few" if i < 4 else f"s{i % 3}" for i in range(1500)]
    found = drivers(make_table(columns), by=["segment"])
    (few,) = [one for one in found.groups if one.group == ("few",)]
    assert few.is_borrowed
    company = by_name(found.company)
    for one in few.drivers:
        assert one.against_company == "same"
        assert one.effect_points == pytest.approx(company[one.driver].effect_points, abs=3.0)
        assert one.importance_share is None


def test_drivers_of_one_segment_are_compared_with_nobody(make_table):
    found = drivers(make_table(answers(300, [0.7])), by=["segment"])
    assert found.groups[0].drivers[0].against_company is None


def test_drivers_of_segments_too_small_all_of_them(make_table):
    columns = answers(60, [0.7, 0.3])
    columns["segment"] = [f"s{i % 20}" for i in range(60)]
    found = drivers(make_table(columns), by=["segment"])
    assert all(one.is_borrowed for one in found.groups)
    assert len(found.groups) == 20


def test_drivers_that_go_along_too_closely_stand_as_one(make_table):
    columns = answers(600, [0.7, 0.2])
    columns["rating_twin"] = columns["rating_d0"]
    columns["rating_mirror"] = [6 - value for value in columns["rating_d1"]]
    found = drivers(make_table(columns))
    assert sorted(sorted(group) for group in found.overlaps) == [
        ["rating_d0", "rating_twin"], ["rating_d1", "rating_mirror"],
    ]  # fmt: skip
    assert {one.driver for one in found.company.drivers} == {"d0 + twin", "d1 + mirror"}
    plain = by_name(drivers(make_table(answers(600, [0.7, 0.2]))).company)
    joint = by_name(found.company)["d0 + twin"]
    assert joint.effect_points == pytest.approx(plain["d0"].effect_points)


def test_drivers_and_themes_in_one_model(make_table):
    """A complaint in words counts beside ratings, known only of those who wrote."""
    rng = np.random.default_rng(3)
    columns = answers(6000, [0.6], seed=3)
    complains = rng.random(6000) < 0.2
    wrote = rng.random(6000) < 0.5
    score = np.array(columns["score"]) - np.where(complains, 2, 0)
    columns["score"] = np.clip(score, 0, 10).tolist()
    columns["theme_delivery"] = [
        int(one) if there else None for one, there in zip(complains, wrote, strict=True)
    ]
    found = by_name(drivers(make_table(columns)).company)
    theme = found["theme_delivery"]
    assert theme.is_theme
    assert theme.verdict == "lowers"
    assert theme.effect_points < -25
    assert theme.performance_mean == pytest.approx(0.2, abs=0.02)
    assert found["d0"].verdict in ("improve", "keep")
    columns["theme_delivery"] = [
        None if one is None else 1 - one for one in columns["theme_delivery"]
    ]
    assert by_name(drivers(make_table(columns)).company)["theme_delivery"].verdict == "raises"


def test_drivers_say_which_end_they_move(make_table):
    """A driver that only keeps people from being detractors."""
    rng = np.random.default_rng(6)
    rating = rng.integers(1, 6, 4000)
    detractor = rng.random(4000) < 0.6 - 0.1 * rating
    score = np.where(detractor, 3, np.where(rng.random(4000) < 0.5, 8, 10))
    columns = {"score": score.tolist(), "rating_a": rating.tolist()}
    one = drivers(make_table(columns)).company.drivers[0]
    assert one.acts_on == "detractors"
    turned = np.select([score == 3, score == 8], [10, 7], 2)
    up = {"score": turned.tolist(), "rating_a": (6 - rating).tolist()}
    assert drivers(make_table(up)).company.drivers[0].acts_on == "promoters"


def test_drivers_take_weights_as_so_many_answers(make_table):
    columns = answers(300, [0.7, 0.3])
    twice = {name: [*values, *values[:100]] for name, values in columns.items()}
    columns["w"] = [2.0] * 100 + [1.0] * 200
    one = drivers(make_table(columns), weight="w").company
    other = drivers(make_table(twice)).company
    assert one.nps_points == pytest.approx(other.nps_points)
    for name, driver in by_name(one).items():
        assert driver.effect_points == pytest.approx(by_name(other)[name].effect_points)


def test_drivers_of_overlapping_segments_are_set_against_everybody(make_table):
    columns = answers(900, [0.7, 0.3], segments=2)
    several = {name: [*values, *values] for name, values in columns.items()}
    several["segment"] = [*columns["segment"], *["all"] * 900]
    company = drivers(make_table(columns)).company
    found = drivers(make_table(several), by=["segment"], company=make_table(columns))
    assert found.company.n == 900
    assert by_name(found.company)["d0"].effect_points == by_name(company)["d0"].effect_points


def test_drivers_read_numbers_written_as_text(make_table):
    columns = answers(200, [0.7])
    company = drivers(make_table(columns)).company
    columns["rating_d0"] = [str(value) for value in columns["rating_d0"]]
    columns["theme_a"] = [i % 3 == 0 for i in range(200)]
    found = by_name(drivers(make_table(columns)).company)
    assert set(found) == {"d0", "theme_a"}
    assert found["d0"].n == company.n


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"rating_d0": [4] * 60}, "constant"),
        ({"rating_d0": pa.nulls(60, pa.int8())}, "not_rated"),
        ({"score": [9] * 60}, "one_bucket"),
        ({"rating_d0": pa.array([3, 4] + [None] * 58, pa.int8())}, "too_few"),
    ],
)
def test_drivers_say_why_nothing_is_said(make_table, change, verdict):
    found = drivers(make_table({**answers(60, [0.7]), **change}))
    (one,) = found.company.drivers
    assert one.verdict == verdict
    assert one.effect_points is one.importance_share is None
    segments = drivers(make_table({**answers(60, [0.7]), **change}), by=["segment"])
    assert segments.groups[0].drivers[0].verdict == verdict


def test_drivers_of_one_answer(make_table):
    (one,) = drivers(make_table(answers(1, [0.7]))).company.drivers
    assert one.verdict == "too_few"
    assert one.n == 1


def test_drivers_leave_out_one_that_says_nothing_and_keep_the_rest(make_table):
    columns = answers(200, [0.7, 0.4])
    columns["rating_d1"] = [3] * 200
    found = by_name(drivers(make_table(columns)).company)
    assert found["d1"].verdict == "constant"
    assert found["d0"].verdict in RECOMMENDED


def test_drivers_of_one_customer_answering_often(make_table):
    columns = {**answers(30, [0.7]), "customer_id": ["c"] * 30}
    assert drivers(make_table(columns)).company.drivers[0].verdict == "too_few"


def test_drivers_of_as_many_answers_as_leave_no_freedom_have_no_hidden_cause(make_table):
    """Every answer of a rating alike within its value: no error is left, so none is needed."""
    columns = {"score": [3] * 10 + [10] * 10, "rating_a": [1] * 10 + [5] * 10}
    one = drivers(make_table(columns)).company.drivers[0]
    assert one.effect_points == pytest.approx(50.0)
    assert one.robustness_share is None or one.robustness_share == pytest.approx(1.0)


def test_drivers_that_explain_every_answer_are_certain(make_table):
    columns = {"score": [3, 8, 10] * 20, "rating_a": [1, 3, 5] * 20}
    one = drivers(make_table(columns)).company
    assert one.explained_share == pytest.approx(1.0)
    assert one.drivers[0].robustness_share == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("columns", "options", "error", "sentence"),
    [
        ({"score": [9]}, {}, ColumnNotFoundError, "no column begins with rating_ or theme_"),
        ({"score": [9], "rating_a": [3]}, {"by": ["x"]}, ColumnNotFoundError, "no column 'x'"),
        ({"score": [9], "rating_a": [3]}, {"confidence": 2}, ArgumentError, "confidence"),
        ({"score": pa.nulls(1, pa.int8()), "rating_a": [3]}, {}, NoAnswersError, "No response"),
        (
            {"score": pa.nulls(1, pa.int8()), "rating_a": [3]},
            {"company": "same"}, NoAnswersError, "No response",
        ),
        ({"score": [11], "rating_a": [3]}, {}, ScoreRangeError, "1 of column 'score'"),
    ],
)  # fmt: skip
def test_drivers_say_what_is_wrong(make_table, columns, options, error, sentence):
    table = make_table(columns)
    if options.get("company"):
        options = {"company": table}
    with pytest.raises(error, match=sentence):
        drivers(table, **options)
