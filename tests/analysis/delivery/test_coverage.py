"""Exact coverage by complete enumeration: the tables of docs/methods/score-interval.md."""

import numpy as np
import pytest
from tools.coverage.score import exact_coverage, outcomes

from emptychair.analysis.delivery.intervals import (
    adjusted_wald_interval,
    score_intervals,
    wald_interval,
)

POPULATIONS = {"+30": (0.20, 0.30, 0.50), "+80": (0.03, 0.14, 0.83), "-25": (0.45, 0.35, 0.20)}

# Design study of this project, section 5: percent, by population and number of answers.
SCORE = {
    ("+30", 10): 94.7, ("+30", 25): 95.4, ("+30", 50): 95.1, ("+30", 100): 95.0,
    ("+80", 10): 95.1, ("+80", 25): 96.7, ("+80", 50): 95.5, ("+80", 100): 94.8,
    ("-25", 10): 96.1, ("-25", 25): 94.6, ("-25", 50): 94.9, ("-25", 100): 95.0,
}  # fmt: skip
WALD = {("+30", 10): 89.6, ("+80", 10): 83.9, ("+80", 25): 86.1, ("-25", 50): 94.1}
ADJUSTED = {("+30", 10): 96.2, ("+80", 10): 92.5, ("+80", 25): 95.6, ("-25", 50): 94.8}


@pytest.mark.parametrize(("cell", "percent"), SCORE.items())
def test_score_interval_covers_as_published(cell, percent):
    coverage = exact_coverage("score", POPULATIONS[cell[0]], cell[1])
    assert 100 * coverage == pytest.approx(percent, abs=0.051)


@pytest.mark.parametrize(("cell", "percent"), WALD.items())
def test_wald_interval_covers_as_published(cell, percent):
    coverage = exact_coverage("wald", POPULATIONS[cell[0]], cell[1])
    assert 100 * coverage == pytest.approx(percent, abs=0.051)


@pytest.mark.parametrize(("cell", "percent"), ADJUSTED.items())
def test_adjusted_wald_interval_covers_as_published(cell, percent):
    coverage = exact_coverage("adjusted_wald", POPULATIONS[cell[0]], cell[1])
    assert 100 * coverage == pytest.approx(percent, abs=0.051)


def test_outcomes_are_all_there_are():
    d, p, k = outcomes(10)
    assert len(d) == 66
    assert np.all(d + p + k == 10)


def test_enumeration_uses_the_intervals_themselves():
    d, p, k = outcomes(4)
    low, high = score_intervals(d, p, k)
    assert low[0] <= high[0]
    assert wald_interval(1, 1, 2) != adjusted_wald_interval(1, 1, 2)
