"""Moments of a journey: their NPS, and what they explain of the overall answer."""

import numpy as np
import pytest

from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError
from emptychair.analysis.rootcause.journey import journey


def made(n=1500, seed=1, **more):
    """Customers who answer about checkout and support, and about us as a whole."""
    rng = np.random.default_rng(seed)
    checkout, support = rng.normal(size=n), rng.normal(size=n)
    overall = 7.5 + 0.4 * checkout + 1.6 * support + rng.normal(size=n)
    parts = [(None, None, overall), ("shop", "checkout", 8 + 1.5 * checkout),
             ("help", "support", 7 + 1.5 * support)]  # fmt: skip
    columns = {name: [] for name in ("customer_id", "score", "stage", "touchpoint", "segment")}
    for stage, touchpoint, score in parts:
        asked = np.flatnonzero(rng.random(n) < (1.0 if stage is None else 0.6))
        for i in asked:
            columns["customer_id"].append(f"c{i}")
            columns["score"].append(int(np.clip(np.rint(score[i]), 0, 10)))
            columns["stage"].append(stage)
            columns["touchpoint"].append(touchpoint)
            columns["segment"].append(f"s{i % 2}")
    return {**columns, **more}


def test_journey_puts_first_what_matters_most(make_table):
    found = journey(make_table(made()), touchpoints=[("stay", "app"), ("shop", "checkout")])
    assert [one.touchpoint for one in found] == ["support", "checkout", "app"]
    support, checkout, app = found
    assert support.importance_low > checkout.importance_high
    assert support.importance_share + checkout.importance_share == pytest.approx(1.0)
    assert support.n_both < support.n + 1
    assert (app.measured, app.why, app.nps_points) == (False, "not_measured", None)


def test_journey_counts_each_touchpoint_as_score_does(make_table):
    columns = made(200)
    scores = [
        score
        for score, touchpoint in zip(columns["score"], columns["touchpoint"], strict=True)
        if touchpoint == "checkout"
    ]
    (one,) = [m for m in journey(make_table(columns)) if m.touchpoint == "checkout"]
    promoters, detractors = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
    assert one.n == len(scores)
    assert one.nps_points == pytest.approx(100 * (promoters - detractors) / len(scores))
    assert one.low_points < one.nps_points < one.high_points


def test_journey_per_segment(make_table):
    found = journey(make_table(made()), by=["segment"])
    assert [one.group for one in found] == [("s0",), ("s0",), ("s1",), ("s1",)]
    assert all(one.importance_share is not None for one in found)


def test_journey_leaves_out_answers_about_events_from_the_whole(make_table):
    columns = made(300)
    columns["survey_kind"] = ["transactional"] * len(columns["score"])
    found = journey(make_table(columns))
    assert {one.why for one in found} == {"no_overall_answers"}


def test_journey_without_customers_or_stages(make_table):
    columns = {name: made(100)[name] for name in ("score", "touchpoint")}
    found = journey(make_table(columns))
    assert {(one.why, one.stage) for one in found} == {("no_customer", "")}


def test_journey_of_few_who_answered_both(make_table):
    found = journey(make_table(made(4)))
    assert {one.why for one in found} == {"too_few"}


def test_journey_of_touchpoints_that_cannot_be_told_apart_shares_their_weight(make_table):
    columns = made(400)
    for i in range(len(columns["score"])):
        if columns["touchpoint"][i] == "checkout":
            for name, value in (("customer_id", columns["customer_id"][i]),
                                ("score", columns["score"][i]), ("stage", "shop"),
                                ("touchpoint", "till"), ("segment", "s0")):  # fmt: skip
                columns[name].append(value)
    found = {one.touchpoint: one.importance_share for one in journey(make_table(columns))}
    assert found["till"] == found["checkout"]


def test_journey_nobody_answers_about(make_table):
    table = make_table({"score": [9], "touchpoint": ["x"]}).filter(lambda t: t.score < 0)
    (one,) = journey(table, touchpoints=[("shop", "checkout")])
    assert not one.measured
    with pytest.raises(NoAnswersError, match="about a touchpoint"):
        journey(table)


def test_journey_says_what_is_missing(make_table):
    with pytest.raises(ColumnNotFoundError, match="'touchpoint'"):
        journey(make_table({"score": [9]}))
