"""Predictions: the parts against their definitions, and a company whose truth is known."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf

import numpy as np
import pyarrow as pa
import pytest
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.customers.calibration import (
    Judged,
    bucket_sets,
    conformal_quantile,
    isotonic,
    segment_sets,
    skill,
    venn_abers,
    with_temperature,
)
from emptychair.analysis.customers.model import design_of, fit_buckets
from emptychair.analysis.customers.predict import predict
from emptychair.analysis.customers.total import prediction_powered_mean, total_nps
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, NoAnswersError
from emptychair.analysis.sums.features import kinds_of, with_features
from emptychair.analysis.tables import put
from emptychair.analysis.tables.simulate import load_config, simulate_company

UNTIL = date(2026, 6, 30)


def test_isotonic_regression_is_that_of_r():
    published = reference_json("isotonic.json")
    assert isotonic(published["y"]) == pytest.approx(published["yf"], abs=1e-12)


def test_conformal_quantile_is_that_of_its_definition():
    published = reference_json("conformal_quantile.json")
    scores = published["scores"]
    assert conformal_quantile(scores, published["alpha"]) == published["q"]
    assert conformal_quantile(scores, published["alpha"], [2.0] * len(scores)) == published["q"]
    assert conformal_quantile([0.5], 0.1) == conformal_quantile([0.5], 0.1, [1.0]) == np.inf
    with pytest.raises(ArgumentError, match="needs answers"):
        conformal_quantile([], 0.1)


def test_prediction_powered_mean_is_that_of_its_authors():
    published = reference_json("ppi_mean.json")["ppi_plusplus"]
    known = reference_rows("ppi_labelled.csv")
    said, guess = (np.array([float(row[name]) for row in known]) for name in ("y", "yhat"))
    others = np.array([float(row["yhat"]) for row in reference_rows("ppi_unlabelled.csv")])
    found = prediction_powered_mean(said, guess, others)
    assert found.value == pytest.approx(published["est"][0], abs=1e-7)
    assert (found.low, found.high) == pytest.approx(
        (published["ci"][0][0], published["ci"][1][0]), abs=1e-7
    )
    flat = prediction_powered_mean(said, np.zeros_like(said), np.zeros(5))
    assert flat.value == pytest.approx(said.mean())
    with pytest.raises(ArgumentError, match="Two answers"):
        prediction_powered_mean(said[:1], guess[:1], others)


def test_venn_abers_is_that_of_its_definition():
    rng = np.random.default_rng(1)
    scores = rng.uniform(size=60).round(2)
    true = (rng.uniform(size=60) < scores).astype(float)
    new = np.array([0.05, 0.333, 0.5, 0.97])
    low, high = venn_abers(scores, true, new)
    for i, score in enumerate(new):
        for label, limits in ((0, low), (1, high)):
            x, y = np.append(scores, score), np.append(true, label)
            order = np.lexsort((-y, x))  # ties pooled: those of one score have one value
            levels, place = np.unique(x, return_inverse=True)
            n = np.bincount(place)
            fitted = isotonic((np.bincount(place, weights=y) / n).tolist(), n.tolist())
            assert len(order) == 61
            assert limits[i] == pytest.approx(fitted[list(levels).index(score)])
    assert np.all(low <= high)


def test_sets_hold_the_true_bucket_as_often_as_they_say():
    rng = np.random.default_rng(2)
    chances = rng.dirichlet((2, 2, 4), size=6000)
    said = np.array([rng.choice(3, p=one) for one in chances])
    known, new = slice(0, 3000), slice(3000, None)
    missed = 1 - chances[known][np.arange(3000), said[known]]
    sets = bucket_sets(chances[new], conformal_quantile(missed.tolist(), 0.1))
    names = np.array(["detractor", "passive", "promoter"])
    inside = np.mean([names[s] in one for s, one in zip(said[new], sets, strict=True)])
    assert 0.88 <= inside <= 0.92
    assert bucket_sets(np.array([[0.4, 0.3, 0.3]]), 0.1) == [tuple(names)]


def test_sets_hold_in_a_segment_that_is_hard_to_predict():
    rng = np.random.default_rng(8)
    names, n = ("detractor", "passive", "promoter"), 6_000
    segments = rng.choice(["easy", "hard", "rare"], n, p=[0.8, 0.195, 0.005])
    chances = np.tile([0.8, 0.15, 0.05], (n, 1))
    truth = np.where(segments == "easy", 0.9, 0.3)
    said = np.where(rng.random(n) < truth, 0, rng.integers(1, 3, n))
    known, new = np.arange(n) < n // 2, np.arange(n) >= n // 2
    missed = 1 - chances[known, said[known]]
    judged = Judged(missed, np.ones(len(missed)), segments[known].tolist())

    def held(sets, segment):
        rows = zip(said[new], sets, segments[new], strict=True)
        return np.mean([names[one] in found for one, found, whose in rows if whose == segment])

    whole = bucket_sets(chances[new], conformal_quantile(missed.tolist(), 0.2))
    assert held(whole, "hard") < 0.7
    own = segment_sets(chances[new], segments[new].tolist(), judged, 0.2)
    assert held(own, "hard") >= 0.78
    assert held(own, "easy") >= 0.78
    # Too few of them were judged: they share the limit of all.
    (rare, *_rest) = [one for one, s in zip(own, segments[new], strict=True) if s == "rare"]
    (shared, *_rest) = [one for one, s in zip(whole, segments[new], strict=True) if s == "rare"]
    assert rare == shared


def test_sets_know_segments_by_their_column(make_table):
    n = 30
    responses = make_table(
        {
            "customer_id": [f"c{i:02}" for i in range(n)],
            "answered_at": [datetime(2026, 6, 1)] * n,
            "score": [10] * n,
        }
    )
    customers = make_table(
        {
            "customer_id": [f"c{i:02}" for i in range(n + 4)],
            "attr_level": [*["gold"] * n, "gold", "gold", None, "none"],
        }
    )
    found = predict(responses, customers, on=UNTIL, segment="attr_level")
    assert found.table.num_rows == 4
    with pytest.raises(ColumnNotFoundError, match="no column 'level'"):
        predict(responses, customers, on=UNTIL, segment="level")


def test_skill_is_honest_about_customers_who_answer_often():
    chances = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2]] * 30)
    base = np.full((60, 3), 1 / 3)
    said = np.array([0, 1] * 30)
    alone = skill(chances, base, said)
    assert alone.has_skill
    assert alone.gain_error == pytest.approx(0.0)
    mixed = np.array([0, 1, 2] * 20)
    often = skill(chances, base, mixed, ["a", "b", "c"] * 20)
    assert often.gain_error > skill(chances, base, mixed).gain_error
    assert not often.has_skill
    with pytest.raises(ArgumentError, match="No answer came after"):
        skill(chances[:0], base[:0], said[:0])


def test_temperature_keeps_the_order():
    changed = with_temperature(np.array([[0.7, 0.2, 0.1]]), 2.0)[0]
    assert changed.sum() == pytest.approx(1.0)
    assert 0.7 > changed[0] > changed[1] > changed[2] > 0.1


def test_model_finds_effects_of_numbers_and_texts():
    rng = np.random.default_rng(3)
    size = rng.choice(["big", "small", None], 4000)
    calls = rng.poisson(2, 4000).astype(float).tolist()
    linear = np.array([1.0 * (one == "big") for one in size]) - 0.5 * np.array(calls)
    chance = 1 / (1 + np.exp(-linear))
    said = np.where(rng.uniform(size=4000) < chance, 2.0, 0.0)
    columns = {"size": size.tolist(), "calls": calls, "empty": [None] * 4000}
    design = design_of(columns)
    model = fit_buckets(design.matrix(columns), said)
    chosen = {"size": ["big", "small", "new"], "calls": [0.0, 4.0, None], "empty": [None] * 3}
    found = model.chances(design.matrix(chosen))
    assert found[0, 2] > 0.65
    assert found[1, 2] < 0.2
    weighted = fit_buckets(design.matrix(columns), said, np.full(4000, 2.0), ridge=4.0)
    assert weighted.effects[1] == pytest.approx(model.effects[1], abs=1e-3)
    with pytest.raises(NoAnswersError, match="no answers to learn from"):
        fit_buckets(np.zeros((0, 1)), np.zeros(0))


def test_model_is_found_where_the_first_steps_go_too_far():
    # Numbers with far outliers, on which an undamped step overshoots.
    rng = np.random.default_rng(398)
    n = rng.integers(4, 15)
    scale = rng.standard_cauchy(n) * rng.choice([1, 300], n)
    matrix = np.column_stack([np.ones(n), scale])
    said = rng.choice([0, 1, 2], n, p=[0.05, 0.05, 0.9]).astype(float)
    chances = fit_buckets(matrix, said, ridge=1e-4).chances(matrix)
    assert chances.mean(axis=0) == pytest.approx(
        np.bincount(said.astype(int), minlength=3) / n, abs=0.01
    )


def test_features_count_only_what_came_before(make_table):
    start = datetime(2026, 1, 31)
    moments = make_table({"customer": ["a", "b", "x"], "moment": [start] * 3})
    customers = make_table(
        {
            "customer_id": ["a", "b"],
            "created_at": [start - timedelta(days=10), None],
            "unit": ["N", None],
        }
    )
    events = make_table(
        {
            "customer_id": ["a"] * 5 + ["b"],
            "at": [start - timedelta(days=d) for d in (200, 100, 1, 0, -1)] + [start],
            "kind": ["call", "call", "call", "call", "call", "visit"],
        }
    )
    assert kinds_of(events) == ["call", "visit"]
    rows = with_features(moments, customers, events, ["call", "visit"]).order_by("customer")
    assert rows.to_pyarrow().to_pylist() == [
        {"customer": "a", "moment": start, "unit": "N", "tenure_days": 10.0,
         "events_call": 2.0, "events_visit": 0.0},
        {"customer": "b", "moment": start, "unit": None, "tenure_days": None,
         "events_call": 0.0, "events_visit": 0.0},
    ]  # fmt: skip
    plain = with_features(moments, customers.drop("created_at"), traits=["unit"])
    assert plain.columns == ("customer", "moment", "unit")


def test_a_small_company_is_predicted_by_its_shares(make_table):
    responses = make_table(
        {
            "customer_id": [f"c{i}" for i in range(20)],
            "answered_at": [datetime(2026, 6, 1)] * 20,
            "score": [10] * 10 + [8] * 5 + [2] * 5,
        }
    )
    customers = make_table({"customer_id": [f"c{i}" for i in range(25)]})
    found = predict(responses, customers, on=UNTIL)
    assert (found.silent, found.skill, found.uses_model, found.reliability) == (5, None, False, [])
    rows = found.table.to_pylist()
    assert [row["customer_id"] for row in rows] == [f"c{i}" for i in range(20, 25)]
    assert rows[0]["p_detractor"] == pytest.approx(6 / 22)  # the pair is 5 and 6 of 21
    assert rows[0]["p_detractor_low"] < rows[0]["p_detractor"] < rows[0]["p_detractor_high"]
    assert sum(rows[0][f"p_{b}"] for b in ("detractor", "passive", "promoter")) == pytest.approx(1)
    assert rows[0]["set"] == "detractor|passive|promoter"
    assert found.unknown_share == 1.0
    assert sum(found.expected.values()) == pytest.approx(5)
    assert found.total.nps == pytest.approx(0.25, abs=0.05)
    assert found.bounds == pytest.approx((100 * (0.8 * 0.25 - 0.2), 100 * (0.8 * 0.25 + 0.2)))
    everybody = predict(responses, customers.filter(customers["customer_id"] < "c2"), on=UNTIL)
    assert everybody.total.answered == everybody.total.customers - everybody.silent
    told = customers.inner_join(responses.select("customer_id"), "customer_id")
    whole = predict(responses, told, on=UNTIL)
    assert (whole.silent, whole.unknown_share, whole.tipping_points) == (0, 0.0, None)
    drawn = predict(responses, customers, on=UNTIL, asked_at_random=True)
    assert drawn.total.nps == pytest.approx(0.25, abs=0.1)
    assert drawn.total.trimmed == 0


def test_bad_input_is_named(make_table):
    responses = make_table(
        {"customer_id": ["a"], "answered_at": [datetime(2020, 1, 1)], "score": [9]}
    )
    customers = make_table({"customer_id": ["a"]})
    with pytest.raises(ArgumentError, match="set_confidence is a share"):
        predict(responses, customers, set_confidence=1.0)
    with pytest.raises(NoAnswersError, match="nothing can be predicted"):
        predict(responses, customers, on=UNTIL)
    with pytest.raises(NoAnswersError, match="nothing can be predicted"):
        total_nps(np.ones((3, 1)), np.full(3, np.nan), np.zeros(3))


def fair_company(customers, seed):
    """A company whose customers answer whatever they think, at home and not at the counter."""
    config = load_config(customers=customers)
    asking = replace(config.asking, transactional_share=0.0, relationship_every_days=120)
    answering = replace(config.answering, promoter=0.0, passive=0.0, detractor=0.0)
    initiatives = tuple(replace(one, shift=0.0) for one in config.initiatives)
    config = replace(config, asking=asking, answering=answering, initiatives=initiatives)
    return simulate_company(config, seed=seed, until=UNTIL)


def test_silent_customers_of_a_company_are_predicted(duckdb):
    made = fair_company(9000, 4)
    tables = [put(duckdb, made.tables[name]) for name in ("responses", "customers", "events")]
    found = predict(*tables, on=UNTIL)
    assert found.uses_model
    assert found.skill.log_loss < found.skill.base_log_loss
    assert found.skill.calibration_error < 0.03
    truth = made.truth["base"]["nps_points"]
    assert 100 * found.total.low - 1 < truth < 100 * found.total.high + 1
    shares = found.expected["detractor"] / found.silent
    assert shares == pytest.approx(made.truth["base"]["shares"]["detractor"], abs=0.03)
    assert len(found.reliability) == 10
    assert found.reliability[0].predicted_share < found.reliability[-1].predicted_share


def test_without_skill_everybody_has_the_same_chances(duckdb):
    rng = np.random.default_rng(6)
    n = 900
    moments = [datetime(2025, 1, 1) + timedelta(hours=int(h)) for h in rng.integers(0, 12_000, n)]
    responses = {
        "customer_id": [f"c{i}" for i in range(n)],
        "answered_at": moments,
        "score": rng.choice([2, 8, 10], n).tolist(),
    }
    customers = {
        "customer_id": [f"c{i}" for i in range(2 * n)],
        "attr_colour": rng.choice(["red", "blue", "green"], 2 * n).tolist(),
    }
    tables = [put(duckdb, pa.table(one)) for one in (responses, customers)]
    found = predict(*tables)
    assert found.skill is not None
    assert not found.uses_model
    assert len({round(row["p_detractor"], 12) for row in found.table.to_pylist()}) == 1


def test_customers_who_answer_all_the_time_prove_nothing(duckdb):
    rng = np.random.default_rng(8)
    n = 400
    responses = {
        "customer_id": [f"c{i % 4}" for i in range(n)],
        "answered_at": [datetime(2026, 1, 1) + timedelta(hours=i) for i in range(n)],
        "score": rng.choice([2, 8, 10], n).tolist(),
    }
    customers = {"customer_id": [f"c{i}" for i in range(6)]}
    found = predict(*(put(duckdb, pa.table(one)) for one in (responses, customers)))
    assert (found.silent, found.skill, found.uses_model) == (2, None, False)


def test_weights_of_one_kind_change_no_conformal_limit():
    scores = [0.1, 0.4, 0.2, 0.9]
    assert conformal_quantile(scores, 0.2, weights=[2.0] * 4) == conformal_quantile(scores, 0.2)
    # A heavy new answer leaves too few known ones beside it.
    assert conformal_quantile(scores, 0.2, weights=[1.0, 1.0, 1.0, 9.0]) == inf
    with pytest.raises(ArgumentError, match="answers"):
        conformal_quantile([], 0.1)


def test_one_answer_has_no_prediction_powered_mean():
    one = np.array([1.0])
    with pytest.raises(ArgumentError, match="Two answers"):
        prediction_powered_mean(one, one, np.array([0.5, 0.4]))
