from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from emptychair.analysis.delivery import answerdependent, panel
from emptychair.analysis.delivery.answerdependent import answer_dependent
from emptychair.analysis.delivery.panel import panel_estimates
from emptychair.analysis.delivery.reliability import reliability
from emptychair.analysis.sums.panel import PanelCell

RATES = np.array([0.25, 0.20, 0.40])
NOW = np.array([[0.80, 0.17, 0.03], [0.20, 0.60, 0.20], [0.03, 0.17, 0.80]])


def exact_cells(*, people=40.0, factors=(("small", 1.0), ("large", 0.5)), fresh=True):
    """Return cells whose numbers are exactly what is expected; the odds differ by trait too."""
    cells = []
    for trait, factor in factors:
        odds = factor * RATES / (1 - RATES)
        rates = odds / (1 + odds)
        for group in range(10):
            for before in (-1, 0, 1) + ((None,) if fresh else ()):
                now = NOW[1 if before is None else before + 1]
                answered = tuple(float(x) for x in people * now * rates)
                cells.append(PanelCell((trait,), group, before, people, answered, 20))
    return cells


def test_it_finds_the_response_rates_that_made_the_answers():
    cells = exact_cells()
    rng = np.random.default_rng(1)
    # The jackknife needs hash groups that differ a little.
    cells = [
        PanelCell(
            c.traits, c.group, c.before, c.delivered * f, tuple(a * f for a in c.answered), 20
        )
        for c, f in zip(cells, rng.uniform(0.8, 1.2, len(cells)), strict=True)
    ]
    found = answer_dependent(cells, [{"small": 500, "large": 500}])
    # The first value is the base of the dummies: "large" comes before "small".
    odds = 0.5 * RATES / (1 - RATES)
    assert found.rates == pytest.approx(odds / (1 + odds), abs=1e-6)
    expected = np.vstack([NOW, NOW[1]]).mean(axis=0)
    assert found.nps == pytest.approx(expected[2] - expected[0], abs=0.02)
    assert found.low < found.nps < found.high
    assert found.answers == 20 * 80
    assert found.pairs == 20 * 60


def test_it_works_without_traits_and_without_newcomers():
    cells = [
        PanelCell((), c.group, c.before, c.delivered * (1 + c.group / 50), c.answered, 20)
        for c in exact_cells(factors=(("all", 1.0),), fresh=False)
    ]
    found = answer_dependent(cells, [])
    assert found is not None
    assert found.nps == pytest.approx(0.0, abs=0.05)


def test_a_trait_with_few_answers_is_left_to_the_raking():
    cells = exact_cells()
    thin = [PanelCell(("rare",), g, 1, 1.0, (0.0, 0.0, 0.5), 1) for g in range(10)]
    found = answer_dependent(cells + thin, [{"small": 500, "large": 500, "rare": 5}])
    assert found is None or found.nps == found.nps


def test_it_stays_silent_with_too_few_asked_twice():
    assert answer_dependent([], []) is None
    few = [PanelCell((), 0, 1, 10.0, (1.0, 1.0, 3.0), 5)]
    assert answer_dependent(few, []) is None
    newcomers = [PanelCell((), g, None, 100.0, (10.0, 10.0, 30.0), 50) for g in range(20)]
    assert answer_dependent(newcomers, []) is None


def test_it_stays_silent_where_a_bucket_hardly_answers():
    cells = [
        PanelCell((), group, before, 100.0, (0.1, 10.0, 30.0), 40)
        for group in range(10)
        for before in (-1, 0, 1)
    ]
    assert answer_dependent(cells, []) is None


def test_it_stays_silent_where_no_weights_fit():
    # Earlier detractors answer as promoters more often than they were asked.
    cells = [
        PanelCell((), group, before, 10.0, (5.0, 5.0, 20.0), 30)
        for group in range(10)
        for before in (-1, 0, 1)
    ]
    assert answer_dependent(cells, []) is None


def test_it_stays_silent_where_one_hash_group_carries_a_bucket():
    cells = [
        PanelCell(
            c.traits,
            c.group,
            c.before,
            c.delivered,
            (0.0 if c.group else 10 * c.answered[0], *c.answered[1:]),
            20,
        )
        for c in exact_cells(factors=(("all", 1.0),))
    ]
    assert answer_dependent(cells, [{"all": 10}]) is None


def test_it_stays_silent_where_the_error_would_be_too_large(monkeypatch):
    monkeypatch.setattr(answerdependent, "_LARGEST_ERROR", 1e-9)
    cells = [
        PanelCell(c.traits, c.group, c.before, c.delivered * (1 + c.group * k / 50), c.answered, 20)
        for k, c in enumerate(exact_cells(factors=(("all", 1.0),)))
    ]
    assert answer_dependent(cells, [{"all": 10}]) is None


def company(make_table, customers=6000, seed=5):
    """Return responses, customers and invitations: asked twice, promoters answer most."""
    rng = np.random.default_rng(seed)
    first = rng.choice(3, customers, p=[0.25, 0.30, 0.45])
    now = np.array([rng.choice(3, p=NOW[bucket]) for bucket in first])
    start, scores = datetime(2025, 1, 1), [3, 7, 10]
    responses = {"customer_id": [], "answered_at": [], "score": []}
    invitations = {"customer_id": [], "sent_at": [], "outcome": []}
    for asked, buckets in ((0, first), (100, now)):
        for i, bucket in enumerate(buckets):
            answers = rng.uniform() < RATES[bucket]
            invitations["customer_id"].append(f"c{i}")
            invitations["sent_at"].append(start + timedelta(days=asked))
            invitations["outcome"].append("answered" if answers else "delivered")
            if answers:
                responses["customer_id"].append(f"c{i}")
                responses["answered_at"].append(start + timedelta(days=asked + 1))
                responses["score"].append(scores[bucket])
    base = {
        "customer_id": [f"c{i}" for i in range(customers)],
        "country": ["SE", "DK"] * (customers // 2),
        "contactable": [True] * customers,
    }
    truth = 100 * float((now == 2).mean() - (now == 0).mean())
    return make_table(responses), make_table(base), make_table(invitations), truth


def test_the_true_nps_is_inside_though_promoters_answer_most(make_table):
    responses, base, invitations, truth = company(make_table)
    (found,) = reliability(responses, base, invitations)
    assert found.correction == "answer_dependent"
    assert found.low_points < truth < found.high_points
    assert truth < found.raw_low_points
    assert truth < found.trait_weighted_low_points
    assert found.bucket_rates[2] > found.bucket_rates[0]
    assert found.bounds[0] < truth < found.bounds[1]
    silent = found.answered / found.customers
    assert silent * found.raw_points + (
        1 - silent
    ) * found.predicted_silent_points == pytest.approx(found.weighted_points)


def test_groups_without_enough_fall_back_to_their_traits(make_table):
    responses, base, invitations, _ = company(make_table, customers=1600)
    found = reliability(responses, base, invitations, by=["country"])
    assert {one.correction for one in found} == {"none"}


def test_every_window_is_tried_before_giving_up(make_table, monkeypatch):
    responses, base, invitations, _ = company(make_table, customers=4000)
    tried = []
    monkeypatch.setattr(panel, "answer_dependent", lambda cells, *_: tried.append(len(cells)))
    assert panel_estimates(base, responses, invitations, [], [], {(): []}) == {}
    assert len(tried) == 3


def test_there_is_no_estimate_without_moments(make_table):
    responses, base, invitations, _ = company(make_table, customers=20)
    no_moments = invitations.drop("sent_at")
    assert panel_estimates(base, responses, None, [], [], {(): []}) == {}
    assert panel_estimates(base, responses, no_moments, [], [], {(): []}) == {}
    assert panel_estimates(base, responses.drop("answered_at"), invitations, [], [], {(): []}) == {}
    never = make_table(
        {
            "customer_id": ["c0"],
            "outcome": ["sent"],
            "sent_at": pa.array([None], pa.timestamp("us")),
        }
    )
    assert panel_estimates(base, responses, never, [], [], {(): []}) == {}
