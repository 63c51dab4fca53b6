"""Movement from tables: who counts as what, what a move goes along with, and a known truth."""

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest
from tests.analysis.reference import reference_json

from emptychair.analysis.customers.movement import movement
from emptychair.analysis.customers.movevalue import adjusted_contrasts, move_values
from emptychair.analysis.customers.recovery import recovery, regression_to_the_mean
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.followup import BUCKETS
from emptychair.analysis.sums.moneymoves import money_moves
from emptychair.analysis.sums.moves import period_of, periods_between, repeat_counts
from emptychair.analysis.tables import put
from emptychair.analysis.tables.simulate import load_config, simulate_company

UNTIL = date(2026, 6, 30)


@pytest.fixture
def company(make_table):
    responses = make_table(
        {
            "customer_id": ["a", "a", "a", "b", "b", "c", "d", "late"],
            "answered_at": [
                datetime(2026, 1, 5), datetime(2026, 3, 31, 23), datetime(2026, 4, 2),
                datetime(2026, 2, 1), datetime(2026, 5, 1), datetime(2026, 1, 9),
                datetime(2026, 6, 28), datetime(2026, 6, 1),
            ],
            "score": [10, 3, 9, 8, 8, 0, 9, 9],
        }
    )  # fmt: skip
    customers = make_table(
        {
            "customer_id": ["a", "b", "c", "d", "e", "gone", "late"],
            "created_at": [datetime(2020, 1, 1)] * 6 + [datetime(2026, 4, 2)],
            "left_at": [None, None, datetime(2026, 5, 5), None, None, datetime(2026, 2, 1), None],
            "attr_size": ["big", "big", "big", "small", "small", "small", "small"],
        }
    )
    return responses, customers


def seen(moves, period=None):
    return {(one.before, one.after): one.n for one in moves if one.n and one.period == period}


def test_the_latest_answer_of_each_quarter_tells_the_state(company):
    (found,) = movement(*company, until=UNTIL)
    # The newcomer was no customer at the end of the first quarter; who left before is not there.
    assert seen(found.moves, date(2026, 4, 1)) == {
        ("detractor", "promoter"): 1, ("passive", "passive"): 1, ("detractor", "lost"): 1,
        ("silent", "promoter"): 1, ("silent", "silent"): 1,
    }  # fmt: skip
    assert seen(found.moves) == seen(found.moves, date(2026, 4, 1))
    shares = {(one.before, one.after): one.share for one in found.moves if one.period is None}
    assert shares["detractor", "lost"] == 0.5
    (change,) = found.changes
    assert (change.n, change.panel_points) == (2, 100.0)
    # All: from two detractors and a passive to two promoters and a passive.
    assert change.all_points == pytest.approx(100 * (2 / 3 + 2 / 3))
    assert change.panel_change_points == pytest.approx(change.all_points - 100)
    assert (found.reliability, found.noise_share, found.values) == (None, None, [])


def test_money_that_is_not_over_yet_tells_no_value(company, make_table):
    values = make_table({"customer_id": ["a"], "month": [date(2026, 1, 1)], "revenue": [10.0]})
    (found,) = movement(*company, values, until=UNTIL)
    assert found.values == []


def test_groups_and_months_are_told_apart(company):
    big, small = movement(*company, until=UNTIL, by=["attr_size"])
    assert (big.group, small.group) == (("big",), ("small",))
    assert seen(small.moves) == {("silent", "promoter"): 1, ("silent", "silent"): 1}
    assert small.changes == []
    (by_month,) = movement(*company, until=UNTIL, every="month")
    assert seen(by_month.moves, date(2026, 5, 1))["promoter", "silent"] == 1
    assert len({one.period for one in by_month.moves}) == 6


def test_customers_without_dates_are_there_all_the_time(company):
    responses, customers = company
    (found,) = movement(responses, customers.select("customer_id"), until=UNTIL)
    assert sum(seen(found.moves).values()) == 7


def test_two_answers_within_days_are_repeats(company):
    counts, days = repeat_counts(company[0])
    assert counts.sum() == counts.sum(axis=0)[0, 2] == 1
    assert days == pytest.approx(1 + 1 / 24)
    assert repeat_counts(company[0], within_days=90)[0].sum() == 3


def test_bad_input_is_named(company):
    responses, customers = company
    with pytest.raises(ArgumentError, match="every is one of month, quarter, year, not 'day'"):
        movement(responses, customers, every="day")
    with pytest.raises(NoAnswersError, match="two whole quarters; they begin on 2026-01-05"):
        movement(responses, customers, until=date(2026, 5, 1))
    with pytest.raises(NoAnswersError, match="No answer that counts has a date"):
        movement(responses.filter(responses["score"] > 10), customers, until=UNTIL)
    assert period_of(date(2026, 12, 31), "year").end == date(2027, 1, 1)


def often_asked(customers):
    """A company that asks after every event, even again within days."""
    config = load_config(customers=customers)
    asking = replace(config.asking, quarantine_days=1, transactional_share=1.0)
    touchpoints = tuple(replace(one, shift=0.0) for one in config.touchpoints)
    return replace(config, asking=asking, touchpoints=touchpoints)


def matrices(found, made):
    """Return what was seen, what was corrected and the truth, of customers who stayed."""
    pooled = {(one.before, one.after): one for one in found.moves if one.period is None}
    cells = [[pooled[i, j] for j in BUCKETS] for i in BUCKETS]
    seen = np.array([[one.n for one in row] for row in cells], dtype=float)
    corrected = np.array([[one.corrected_share for one in row] for row in cells])
    truth = np.array(made.truth["movement"]["shares"])[:, :3]
    return [one / one.sum(axis=1, keepdims=True) for one in (seen, corrected, truth)]


def test_the_true_matrix_is_found_behind_noise_and_silence(duckdb):
    made = simulate_company(often_asked(6000), seed=3, until=UNTIL)
    tables = [put(duckdb, made.tables[name]) for name in ("responses", "customers", "values")]
    (found,) = movement(*tables, until=UNTIL)
    seen, corrected, truth = matrices(found, made)
    assert np.abs(corrected - truth).max() < 0.06
    assert np.abs(seen - truth).max() > 0.1
    assert found.reliability_from == "days"
    assert 0.8 < found.reliability < 0.98
    assert 0.1 < found.noise_share < 0.5
    pooled = {(one.before, one.after): one for one in found.moves if one.period is None}
    row = [pooled["passive", after] for after in (*BUCKETS, "lost")]
    assert sum(one.corrected_share for one in row) == pytest.approx(1.0)
    assert all(one.corrected_low < one.corrected_share < one.corrected_high for one in row)
    up = pooled["detractor", "promoter"]
    assert up.value_low < up.value < up.value_high
    assert pooled["silent", "promoter"].corrected_share is None
    by_quarter = [one for one in found.moves if one.period and one.corrected_share is not None]
    assert by_quarter
    assert all(one.corrected_low is None for one in by_quarter)


def test_where_nobody_is_asked_again_soon_periods_tell_the_noise(duckdb):
    made = simulate_company(load_config(customers=8000), seed=11, until=UNTIL)
    tables = [put(duckdb, made.tables[name]) for name in ("responses", "customers")]
    (found,) = movement(*tables, until=UNTIL)
    assert found.reliability_from == "periods"
    seen, corrected, truth = matrices(found, made)
    assert np.abs(corrected - truth).mean() < np.abs(seen - truth).mean()
    # A single period with too few moves is left as it was seen.
    few = tables[1].filter(tables[1]["attr_segment"] == "business")
    (business,) = movement(tables[0], few, until=UNTIL)
    assert any(one.corrected_share is None for one in business.moves if one.period)


def test_money_before_and_after_a_move_by_hand(make_table):
    responses = make_table(
        {
            "customer_id": ["a", "a", "b", "b"],
            "answered_at": [datetime(2026, 1, 5), datetime(2026, 4, 2)] * 2,
            "score": [3, 9, 3, 3],
        }
    )
    customers = make_table({"customer_id": ["a", "b"], "attr_size": ["big", None]})
    months = [date(2025, m, 1) for m in (6, 7, 12)] + [date(2026, m, 1) for m in (2, 7, 12)]
    values = make_table(
        # Of June 2025 nothing counts, it is too long ago; nor of February, it lies between.
        {"customer_id": ["a"] * 6, "month": months, "margin": [99.0, 6.0, 12.0, 99.0, 30.0, 10.0]}
    )
    periods = periods_between(date(2026, 1, 5), date(2026, 6, 30), "quarter")
    ask = (responses, customers, values, periods, "quarter", date(2026, 12, 31))
    sums = money_moves(*ask, segment="attr_size")
    assert sums.shape == (50, 2, 3, 3, 5)
    # Three a month before; 40 in the six months after are 80 a year.
    assert sums[:, 1, 0, 2].sum(axis=0).tolist() == [1, 3.0, 80.0, 9.0, 240.0]
    assert sums[:, 0, 0, 0].sum(axis=0).tolist() == [1, 0, 0, 0, 0]
    nameless = money_moves(*ask, by={"attr_size": None})
    assert nameless[..., 0].sum() == nameless[:, 0, 0, 0, 0].sum() == 1
    assert money_moves(*ask, by={"attr_size": "big"})[:, 0, 0, 2, 0].sum() == 1


def test_values_of_moves_by_hand():
    # One segment, no money before: movers up pay 30 more than stayers, of each 50 groups one.
    sums = np.zeros((50, 1, 3, 3, 5))
    for g in range(50):
        sums[g, 0, 0, 0] = [2, 0, 2 * (100 + g % 2), 0, 0]
        sums[g, 0, 0, 1] = [1, 0, 130, 0, 0]
        sums[g, 0, 1, 1] = [2, 0, 2 * 150, 0, 0]
    moved, level = adjusted_contrasts(sums.sum(axis=0))[0, 1]
    assert moved == pytest.approx(130 - 100.5)
    assert level == pytest.approx(150 - 100.5)
    (found,) = move_values(sums)
    assert (found.before, found.after, found.n) == ("detractor", "passive", 50)
    assert found.raw == pytest.approx(29.5)
    assert found.value == pytest.approx(29.5)
    assert found.disagrees
    assert move_values(np.zeros((50, 0, 3, 3, 5))) == []


def test_moves_are_compared_at_equal_money_before():
    rng = np.random.default_rng(2)
    sums = np.zeros((50, 2, 3, 3, 5))
    for _ in range(6000):
        g, i, j, stratum = rng.integers(50), rng.integers(3), rng.integers(3), rng.integers(2)
        x = rng.gamma(2, 10) + 15 * (j > i) + 40 * stratum
        y = 8 * x + 20 * (j - i) + 30 * i + rng.normal(0, 10)
        sums[g, stratum, i, j] += [1, x, y, x * x, x * y]
    found = {(one.before, one.after): one for one in move_values(sums)}
    assert len(found) == 6
    up = found["detractor", "promoter"]
    assert up.raw == pytest.approx(40, abs=3)  # movers up paid more before, which is no gain
    assert up.level == pytest.approx(60, abs=3)
    assert up.low < up.value < up.high


def test_recovery_compares_with_those_held_out_by_chance(make_table):
    n = 40
    names = [f"c{i}" for i in range(n)]
    cases = make_table(
        {
            "case_id": [f"k{i}" for i in range(n)],
            "customer_id": names,
            "opened_at": [datetime(2026, 1, 1)] * n,
            "first_contact_at": [datetime(2026, 1, 2)] * 20 + [None] * 20,
            "holdout": [False] * 30 + [True] * 10,
        }
    )
    responses = make_table(
        {
            "customer_id": [*names, *names],
            "answered_at": [datetime(2025, 12, 31)] * n + [datetime(2026, 2, 1)] * n,
            # Of 20 called 15 recover; of 10 not reached and 10 held out 2 each.
            "score": [1] * n + [9] * 15 + [3] * 5 + [8] * 2 + [0] * 8 + [10] * 2 + [6] * 8,
        }
    )
    found = recovery(responses, cases)
    assert (found.called, found.called_again, found.compared_with) == (30, 30, "held_out")
    assert found.called_recovered_share == pytest.approx(17 / 30)
    assert found.others_recovered_share == pytest.approx(0.2)
    assert found.difference_points == pytest.approx(100 * (15 - 13) / 30 - 100 * (2 - 8) / 10)
    assert found.low_points < found.difference_points < found.high_points
    seen_only = recovery(responses, cases.drop("holdout"))
    assert seen_only.compared_with == "not_reached"
    assert (seen_only.called, seen_only.others) == (20, 20)
    nobody = recovery(responses, cases.drop("holdout", "first_contact_at"), within_days=7)
    assert (nobody.called, nobody.others_again, nobody.compared_with) == (0, 0, None)
    with pytest.raises(NoAnswersError, match="no cases"):
        recovery(responses, cases.filter(cases["case_id"] == ""))


def test_regression_to_the_mean_is_that_of_r():
    published = reference_json("rtm.json")
    found = regression_to_the_mean(
        published["mu"], published["sd_between"], published["sd_within"], published["cut"]
    )
    assert found == pytest.approx(published["rtm"], abs=1e-9)


def test_answers_that_do_not_tell_noise_from_change_correct_nothing(make_table):
    """Whoever answered twice within days said the same, whoever did a quarter apart as well."""
    rows = [
        {"customer_id": f"c{i}", "score": (3, 8, 10)[i % 3], "answered_at": datetime(2025, *day)}
        for i in range(600)
        for day in ((1, 1), (1, 5), (4, 1), (4, 5), (7, 1))
    ]
    responses = make_table({name: [row[name] for row in rows] for name in rows[0]})
    customers = make_table({"customer_id": [f"c{i}" for i in range(600)]})
    (found,) = movement(responses, customers, every="quarter", until=date(2025, 9, 1))
    assert (found.reliability, found.noise_share) == (None, None)
    assert all(move.corrected_share is None for move in found.moves)
