import numpy as np
import pytest

from emptychair.analysis.delivery.grading import Reason, graded
from emptychair.analysis.delivery.reliability import reliability
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError

GOOD = {
    "answered": 2000,
    "half_width_points": 3.0,
    "response_rate": 0.5,
    "coverage": 0.95,
    "r_indicator": 0.95,
    "correction_points": 0.5,
    "design_effect": 1.1,
    "margins_kept": True,
}


def test_a_figure_without_fault_is_an_a():
    assert graded(**GOOD) == ("A", [])


@pytest.mark.parametrize(
    ("change", "grade", "reason"),
    [
        ({"answered": 9}, "E", Reason("too_few_answers", "E", 9.0)),
        ({"half_width_points": 12.0}, "D", Reason("wide_interval", "D", 12.0)),
        ({"response_rate": 0.04}, "E", Reason("low_response_rate", "E", 0.04)),
        ({"response_rate": None}, "C", Reason("invitations_unknown", "C", None)),
        ({"coverage": 0.8}, "B", Reason("low_coverage", "B", 0.8)),
        ({"coverage": None}, "C", Reason("reach_unknown", "C", None)),
        ({"r_indicator": 0.75}, "C", Reason("uneven_response", "C", 0.75)),
        ({"r_indicator": None}, "C", Reason("traits_unknown", "C", None)),
        ({"correction_points": 7.0}, "C", Reason("large_correction", "C", 7.0)),
        ({"design_effect": 6.0}, "E", Reason("large_design_effect", "E", 6.0)),
        ({"margins_kept": False}, "C", Reason("cells_without_answers", "C", None)),
        ({"half_width_points": None}, "A", None),
    ],
)
def test_a_grade_is_that_of_the_weakest_link(change, grade, reason):
    found, reasons = graded(**{**GOOD, **change})
    assert found == grade
    assert reasons == ([reason] if reason else [])


def test_reasons_come_gravest_first():
    _, reasons = graded(**{**GOOD, "coverage": 0.8, "half_width_points": 20.0, "r_indicator": 0.65})
    assert [reason.grade for reason in reasons] == ["E", "D", "B"]


def company(make_table, *, customers=6000, seed=7, **columns):
    """Return responses and customers; the happy half of the base answers four times as often."""
    rng = np.random.default_rng(seed)
    names = [f"c{i}" for i in range(customers)]
    size = rng.choice(["small", "large"], customers)
    country = rng.choice(["SE", "DK"], customers)
    happy = size == "large"
    shares = np.where(happy[:, None], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2])
    score = [int(rng.choice([3, 7, 10], p=row)) for row in shares]
    answers = rng.uniform(size=customers) < np.where(happy, 0.4, 0.1)
    told = [i for i in range(customers) if answers[i]]
    base = make_table(
        {
            "customer_id": names,
            "segment_size": size.tolist(),
            "country": country.tolist(),
            "contactable": [True] * customers,
            **columns,
        }
    )
    responses = make_table(
        {"customer_id": [names[i] for i in told], "score": [score[i] for i in told]}
    )
    truth = 100 * float(np.mean([(s == 10) - (s == 3) for s in score]))
    return responses, base, truth


def test_the_true_nps_is_inside_the_corrected_and_outside_the_naive_interval(make_table):
    responses, base, truth = company(make_table)
    (found,) = reliability(responses, base)
    assert found.low_points < truth < found.high_points
    assert truth < found.raw_low_points
    assert found.doubly_robust_low_points < truth < found.doubly_robust_high_points
    assert found.correction == "post_stratified"
    assert found.traits == ("segment_size", "country")
    assert found.bounds[0] < truth < found.bounds[1]
    assert found.partial_r["segment_size"] > 10 * found.partial_r["country"]
    assert found.r_indicator == pytest.approx(1 - 2 * found.partial_r["segment_size"], abs=0.02)
    assert found.asked is None
    assert found.response_rate is None
    assert found.coverage == 1.0
    assert found.reasons[0].code == "large_correction"
    assert found.design_effect > 1.2
    assert found.answered + found.needed_for_5_points > found.answered
    silent = found.answered / found.customers
    predicted = found.predicted_silent_points
    at_tip = silent * found.raw_points + (1 - silent) * (predicted - found.tipping_points)
    assert at_tip == pytest.approx(found.message_points, abs=1e-6)


def test_reliability_by_group_with_invitations(make_table):
    responses, base, _ = company(make_table)
    invitations = make_table(
        {
            "customer_id": [f"c{i}" for i in range(6000)],
            "outcome": ["answered", "delivered", "bounced"] * 2000,
        }
    )
    (overall,) = reliability(responses, base, invitations)
    assert (overall.asked, overall.delivered) == (6000, 4000)
    assert overall.response_rate == 0.5
    large, small = reliability(responses, base, invitations, by=["segment_size"])
    assert (large.group, small.group) == (("large",), ("small",))
    assert large.asked + small.asked == 6000
    assert large.traits == ("country",)
    assert large.customers + small.customers == 6000
    assert abs(large.raw_points - large.weighted_points) < 2


def test_reliability_rakes_where_cells_are_thin(make_table):
    rng = np.random.default_rng(3)
    responses, base, _ = company(
        make_table, customers=1500, attr_age=rng.uniform(18, 90, 1500).tolist()
    )
    (found,) = reliability(responses, base)
    assert found.correction == "raked"
    assert found.traits == ("segment_size", "country", "attr_age")


def test_reliability_without_traits_corrects_nothing(make_table):
    responses, base, _ = company(make_table, customers=500)
    (found,) = reliability(responses, base.select("customer_id"))
    assert found.correction == "none"
    assert found.weighted_points == found.raw_points
    assert found.r_indicator is None
    assert found.coverage is None
    assert {reason.code for reason in found.reasons} >= {"traits_unknown", "reach_unknown"}


def test_reliability_by_chosen_traits(make_table):
    responses, base, _ = company(make_table)
    (found,) = reliability(responses, base, traits=["country"])
    assert found.traits == ("country",)
    assert abs(found.weighted_points - found.raw_points) < 2


def test_reliability_ignores_traits_that_everybody_shares(make_table):
    responses, base, _ = company(make_table, customers=300)
    (found,) = reliability(responses, base.mutate(attr_planet=1), traits=["attr_planet"])
    assert found.traits == ()


def test_customers_who_left_are_not_of_the_base(make_table):
    base = make_table(
        {
            "customer_id": ["x", "y", "z"],
            "left_at": [None, "2025-01-01", None],
        }
    )
    responses = make_table({"customer_id": ["x", "y"], "score": [10, 0]})
    (found,) = reliability(responses, base)
    assert (found.customers, found.answered, found.raw_points) == (2, 1, 100.0)
    assert found.grade == "E"


def test_reliability_of_a_base_that_answered_in_full(make_table):
    base = make_table({"customer_id": ["x", "y"]})
    responses = make_table({"customer_id": ["x", "y"], "score": [10, 0]})
    (found,) = reliability(responses, base)
    assert found.tipping_points is None
    assert found.bounds == (0.0, 0.0)


def test_reliability_of_files_that_do_not_belong_together(make_table):
    base = make_table({"customer_id": ["x"]})
    responses = make_table({"customer_id": ["y"], "score": [10]})
    with pytest.raises(NoAnswersError, match="ids of the two files"):
        reliability(responses, base)
    with pytest.raises(ColumnNotFoundError, match="customer_id"):
        reliability(make_table({"score": [10]}), base)
