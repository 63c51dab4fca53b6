"""Early and late answers."""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from emptychair.analysis.delivery.waves import PANEL, WAVES, answer_waves, panel_effect
from emptychair.analysis.errors import ColumnNotFoundError

ASKED = datetime(2026, 3, 2, 9)


@pytest.fixture
def timed(make_table):
    """Return a function that makes responses of (score, hours waited or None)."""

    def make(*rows):
        moments = pa.timestamp("us")
        asked = [None if hours is None else ASKED for _, hours in rows]
        answered = [ASKED + timedelta(hours=hours or 0) for _, hours in rows]
        return make_table(
            {
                "score": [score for score, _ in rows],
                "asked_at": pa.array(asked, moments),
                "answered_at": pa.array(answered, moments),
            }
        )

    return make


def test_answers_fall_into_waves_by_how_long_they_took(timed):
    rows = [(10, 1), (9, 24), (8, 24.1), (3, 72), (0, 72.1), (2, 500), (10, None)]
    found = answer_waves(timed(*rows))
    assert [nps.group for nps in found.waves] == [(name,) for name in WAVES]
    assert [(nps.promoters, nps.passives, nps.detractors) for nps in found.waves] == [
        (2, 0, 0),
        (0, 1, 1),
        (0, 0, 2),
    ]
    assert found.difference.difference == pytest.approx(-2)


def test_an_empty_wave_has_no_score_and_no_difference(timed):
    found = answer_waves(timed(*[(10, 1)] * 4))
    assert [nps.nps_points for nps in found.waves] == [100.0, None, None]
    assert found.difference is None


def test_without_moments_of_asking_there_are_no_waves(timed):
    assert answer_waves(timed((10, None), (3, None))) is None
    with pytest.raises(ColumnNotFoundError, match="asked_at"):
        answer_waves(timed((10, 1)).drop("asked_at"))


def test_first_answers_are_told_from_repeated_ones(make_table):
    days = pa.array([ASKED + timedelta(days=day) for day in (0, 1, 2, 3, 4)], pa.timestamp("us"))
    table = make_table(
        {"customer_id": ["a", "b", "a", None, "a"], "score": [10, 9, 3, 0, 8], "answered_at": days}
    )
    found = panel_effect(table)
    assert [nps.group for nps in found.waves] == [(name,) for name in PANEL]
    assert [nps.n for nps in found.waves] == [2, 2]
    assert found.difference.difference == pytest.approx(-1.5)
    assert panel_effect(table.filter(table["customer_id"].isnull())) is None
