"""Charts of estimates: drawn in every language, gated, and true to their records."""

from datetime import date
from xml.etree import ElementTree

import pytest

from emptychair.analysis.delivery.compare import Comparison
from emptychair.analysis.delivery.monitor import Alarm
from emptychair.analysis.delivery.reliability import Reliability
from emptychair.analysis.delivery.sampling import answers_for_precision, answers_to_detect, plan
from emptychair.analysis.show import charts, estimates, render
from emptychair.analysis.show.words import Words, languages

FEW = Comparison("Lund", "Malmö", 40.0, 10.0, 60.0, 0.01, "higher", n_a=9, n_b=40)
SURE = Comparison("2025", "2026", -120.0, -150.0, -90.0, 0.0, "lower", n_a=50, n_b=40, group=("A",))
RELIABLE = Reliability(
    "C", [], None, None, 50, None, None, 36.0, 31.0, 20.0, 42.0, 1.4, None, None, (-29.0, 66.0),
    10, raw_low_points=33.0, raw_high_points=39.0, doubly_robust_points=35.0,
    doubly_robust_low_points=30.0, doubly_robust_high_points=40.0,
)  # fmt: skip


def alarm(alarm_at, difference=None):
    day = date(2026, 3, 1)
    limits = (None, None) if difference is None else (difference - 5, difference + 5)
    return Alarm(
        (), "down", alarm_at, day, 1e4, 3650, 7300, day, day, day, 40.0, 99, 20.0, 80, difference,
        *limits,
    )  # fmt: skip


def every_chart(words):
    return [
        estimates.comparison_chart([FEW, SURE], words, 10),
        estimates.alarm_chart([alarm(date(2026, 3, 9), -20.0), alarm(None)], words),
        estimates.alarm_chart([], words),
        estimates.reliability_chart(RELIABLE, words),
        estimates.allocation_chart(plan(300, {"A": (900, 0.7), "B": (200, 0.9)}), words),
        estimates.precision_chart(0.6, 1.0, 0.95, words),
        estimates.detection_chart(0.6, 1.0, 0.8, 0.95, words),
    ]


@pytest.mark.parametrize("language", languages())
def test_every_chart_is_drawn_in_every_language(language):
    for chart in every_chart(Words(language)):
        for width in (charts.WIDE, charts.NARROW):
            root = ElementTree.fromstring(render.svg_of_page(chart, width))
            assert root.get("aria-label") == f"{chart.title}. {chart.sentence}"
            assert float(root.get("width")) <= width + 24


def test_a_side_with_few_answers_is_not_drawn():
    chart = estimates.comparison_chart([FEW, SURE], Words("en"), 10)
    assert chart.rows == (
        ("Lund → Malmö", None, None, None),
        ("A: 2025 → 2026", -120.0, -150.0, -90.0),
    )
    assert "Lund → Malmö: Too few answers" in chart.sentence


def test_only_what_alarmed_is_drawn_and_nothing_is_said_to_be_nothing():
    words = Words("en")
    rows = estimates.alarm_chart([alarm(date(2026, 3, 9), -20.0), alarm(None)], words).rows
    assert rows == (("All, 2026-03-01", -20.0, -25.0, -15.0),)
    assert estimates.alarm_chart([alarm(None)], words).sentence == "Nothing has really changed."


def test_the_bounds_of_reliability_have_no_point():
    rows = estimates.reliability_chart(RELIABLE, Words("en")).rows
    assert rows[0][1:] == (36.0, 33.0, 39.0)
    assert rows[-1][1:] == (None, -29.0, 66.0)


def test_the_amounts_are_those_of_the_library():
    words = Words("en")
    wanted = dict(estimates.precision_chart(0.6, 1.2, 0.9, words).rows)
    assert wanted["±5"] == answers_for_precision(5, variance=0.6, design_effect=1.2, confidence=0.9)
    seen = dict(estimates.detection_chart(0.6, 1.0, 0.8, 0.95, words).rows)
    assert seen["+10"] == answers_to_detect(10, variance_a=0.6, power=0.8, confidence=0.95)
    spread = estimates.allocation_chart(
        plan(None, {"A": (900, 0.7), "B": (200, 0.9)}, budget=90), words
    )
    assert sum(row[1] for row in spread.rows) == pytest.approx(90)
