from datetime import date, timedelta

import numpy as np
import pytest
from tests.analysis.reference import reference_json

from emptychair.analysis.delivery.detector import STAKES, detector_path, first_alarm
from emptychair.analysis.delivery.monitor import monitor, monitor_counts
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, NoAnswersError
from emptychair.analysis.sums.counts import ScoreCounts

START = date(2025, 1, 1)


def days(counts, start=START):
    """Return counts per day from a list of (detractors, passives, promoters)."""
    return {
        start + timedelta(days=i): ScoreCounts.of([3] * d + [7] * p + [10] * k)
        for i, (d, p, k) in enumerate(counts)
    }


def test_t07_detector_path_and_first_alarm():
    case = reference_json("e_detector.json")
    path = detector_path(case["counts"], 2 * case["m0_y_scale"] - 1, "down")
    assert path == pytest.approx(np.array(case["log_M"]), abs=1e-9)
    assert first_alarm(path, 730) == case["first_alarm_arl730"] - 1
    assert first_alarm(path, 365) == case["first_alarm_arl365"] - 1
    assert case["lambda"] == pytest.approx(list(-STAKES), abs=1e-12)


def test_detector_path_by_figures():
    path = detector_path([[3, 3, 14], [3, 5, 12], [4, 4, 12]], 0.3, "down")
    assert path == pytest.approx([-0.4272212920978, 0.2503612911881, 0.644868205347], abs=1e-9)


def test_detector_is_mirrored_for_rises():
    counts = [[3, 3, 14], [3, 5, 12], [4, 4, 12]]
    down = detector_path(counts, 0.3, "down")
    up = detector_path([count[::-1] for count in counts], -0.3, "up")
    assert up == pytest.approx(down)


def test_a_day_without_answers_changes_nothing():
    with_gap = detector_path([[3, 3, 14], [0, 0, 0], [3, 5, 12]], 0.3, "down")
    without = detector_path([[3, 3, 14], [3, 5, 12]], 0.3, "down")
    assert with_gap[1] == with_gap[0]
    assert with_gap[2] == without[1]


def test_detector_wants_a_baseline_inside_the_scale():
    with pytest.raises(ArgumentError, match="strictly between -1 and 1"):
        detector_path([[1, 1, 1]], 1.0, "up")


def test_first_alarm_may_never_come():
    assert first_alarm(np.array([0.0, 1.0]), 730) is None


def test_monitor_finds_a_fall_and_when_it_began():
    counts = [(6, 9, 15)] * 100 + [(12, 9, 9)] * 60
    down, up = monitor_counts({("A",): days(counts)}, baseline_until=START + timedelta(days=89))
    assert (down.direction, up.direction) == ("down", "up")
    assert up.alarm_at is None
    assert up.change_at is None
    assert down.change_at == START + timedelta(days=100)
    assert down.change_at < down.alarm_at < START + timedelta(days=125)
    assert down.change_low_on <= down.change_at <= down.change_high_on
    assert down.baseline_points == pytest.approx(30.0)
    assert down.baseline_n == 2700
    assert down.since_points == pytest.approx(-10.0)
    assert down.low_points < down.difference_points < down.high_points < 0
    assert down.evidence >= down.threshold == 2 * 3650


def test_monitor_finds_a_rise():
    counts = [(12, 9, 9)] * 60 + [(6, 9, 15)] * 60
    down, up = monitor_counts({(): days(counts)}, baseline_until=START + timedelta(days=59))
    assert down.alarm_at is None
    assert up.change_at == START + timedelta(days=60)
    assert up.low_points > 0


def test_monitor_stays_quiet_when_nothing_changes():
    found = monitor_counts({(): days([(6, 9, 15)] * 365)})
    assert [alarm.alarm_at for alarm in found] == [None, None]
    assert all(alarm.evidence < alarm.threshold for alarm in found)
    assert found[0].baseline_until == START + timedelta(days=181)
    assert found[0].difference_points is None


def test_monitor_of_a_short_history_takes_its_first_half():
    assert monitor_counts({(): days([(1, 1, 1)] * 10)})[0].baseline_until == START + timedelta(4)
    assert monitor_counts({(): days([(1, 1, 1)])})[0].baseline_until == START


def test_monitor_needs_more_evidence_the_more_it_watches():
    one = monitor_counts({("A",): days([(6, 9, 15)] * 10)})
    three = monitor_counts({(name,): days([(6, 9, 15)] * 10) for name in "ABC"})
    assert three[0].threshold == 3 * one[0].threshold
    assert [alarm.group for alarm in three] == [("A",)] * 2 + [("B",)] * 2 + [("C",)] * 2


def test_monitor_leaves_out_groups_without_a_baseline():
    late = days([(1, 1, 1)] * 5, START + timedelta(days=200))
    found = monitor_counts(
        {("A",): days([(6, 9, 15)] * 10), ("late",): late},
        baseline_until=START + timedelta(days=5),
    )
    assert {alarm.group for alarm in found} == {("A",)}


def test_monitor_cannot_see_beyond_the_end_of_the_scale():
    down, up = monitor_counts({(): days([(0, 0, 30)] * 60)}, baseline_until=START + timedelta(29))
    assert up.alarm_at is None
    assert up.evidence < 1e-300
    assert down.alarm_at is None


def test_monitor_without_days_after_the_baseline_has_no_evidence():
    down, _ = monitor_counts({(): days([(6, 9, 15)] * 5)}, baseline_until=START + timedelta(9))
    assert down.alarm_at is None
    assert down.evidence < 1e-300


def test_monitor_counts_nothing_or_too_early_a_baseline():
    with pytest.raises(NoAnswersError, match="nothing to watch"):
        monitor_counts({})
    with pytest.raises(NoAnswersError, match="until 2024-01-01"):
        monitor_counts({(): days([(1, 1, 1)])}, baseline_until=date(2024, 1, 1))
    with pytest.raises(ArgumentError, match="mean_days_to_false_alarm"):
        monitor_counts({(): days([(1, 1, 1)])}, mean_days_to_false_alarm=0)


def test_monitor_reads_a_table(make_table):
    answers = [3] * 6 + [7] * 9 + [10] * 15
    fallen = [3] * 15 + [7] * 9 + [10] * 6
    columns = {"score": [], "answered_on": [], "unit": []}
    for i in range(80):
        columns["score"] += fallen if i >= 50 else answers
        columns["answered_on"] += [START + timedelta(days=i)] * 30
        columns["unit"] += ["A"] * 30
    table = make_table(columns)
    down, _ = monitor(table, by=["unit"], baseline_until=START + timedelta(days=39))
    assert down.group == ("A",)
    assert down.change_at == START + timedelta(days=50)
    with pytest.raises(ColumnNotFoundError, match="region"):
        monitor(table, by=["region"])


def test_the_dated_change_goes_the_way_of_the_alarm():
    counts = [(6, 9, 15)] * 60 + [(2, 4, 24)] * 20 + [(13, 9, 8)] * 40
    down, up = monitor_counts({(): days(counts)}, baseline_until=START + timedelta(days=59))
    assert up.change_at == START + timedelta(days=60)
    assert down.change_at == START + timedelta(days=80)
    # The rise is measured to the last day, so the fall that followed is in it.
    assert up.since_n == 60 * 30
