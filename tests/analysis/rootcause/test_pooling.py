"""D12: two-stage pooling from sums gives lme4's REML fit of the sleep deprivation study.

Per person the intercept and slope of reaction time on days (Belenky et al. 2003), as printed by
lme4's lmList(Reaction ~ Days | Subject); the pooled residual standard deviation is 25.592.
"""

import numpy as np
import pytest

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.rootcause.pooling import pool

LINES = [
    (244.1927, 21.764702), (205.0549, 2.261785), (203.4842, 6.114899), (289.6851, 3.008073),
    (285.7390, 5.266019), (264.2516, 9.566768), (275.0191, 9.142045), (240.1629, 12.253141),
    (263.0347, -2.881034), (290.1041, 19.025974), (215.1118, 13.493933), (225.8346, 19.504017),
    (261.1470, 6.433498), (276.3721, 13.566549), (254.9681, 11.348109), (210.4491, 18.056151),
    (253.6360, 9.188445), (267.0448, 11.298073),
]  # fmt: skip
DAYS = np.column_stack([np.ones(10), np.arange(10.0)])
SAMPLING = 25.59182**2 * np.linalg.inv(DAYS.T @ DAYS)


@pytest.fixture(scope="module")
def sleep():
    return pool([np.array(line) for line in LINES], [SAMPLING] * len(LINES))


def test_d12_spread_between_people(sleep):
    deviations = np.sqrt(np.diag(sleep.between))
    assert deviations == pytest.approx([24.740, 5.922], abs=1e-3)
    assert sleep.between[0, 1] / deviations.prod() == pytest.approx(0.066, abs=1e-3)


def test_d12_mean_and_its_errors(sleep):
    assert sleep.mean == pytest.approx([251.405, 10.467], abs=1e-3)
    assert np.sqrt(np.diag(sleep.mean_covariance)) == pytest.approx([6.825, 1.546], abs=1e-3)


def test_d12_lines_of_people(sleep):
    """coef(fm1) of lme4 for subjects 308, 309 and 335."""
    assert sleep.groups[0].effects == pytest.approx([253.6637, 19.6662], abs=2e-3)
    assert sleep.groups[1].effects == pytest.approx([211.0064, 1.8476], abs=2e-3)
    assert sleep.groups[8].effects == pytest.approx([251.07, -0.28], abs=0.05)


def test_pool_of_segments_that_are_the_same():
    found = pool([np.array([1.0, 2.0])] * 4, [np.eye(2)] * 4)
    assert found.between == pytest.approx(np.zeros((2, 2)))
    assert found.groups[0].away == pytest.approx([0.0, 0.0])
    assert np.diag(found.groups[0].covariance) == pytest.approx([0.25, 0.25])


def test_pool_falls_back_to_variances_where_no_covariance_fits():
    """Twelve segments whose effects lie on one line: the whole of T comes out with a hole."""
    line = [np.array([x, x]) for x in np.linspace(-3, 3, 12)]
    found = pool(line, [np.eye(2) * 0.01] * 12)
    assert np.min(np.linalg.eigvalsh(found.between)) >= 0


def test_pool_tells_two_segments_apart():
    found = pool([np.array([1.0]), np.array([5.0])], [np.eye(1) * 0.01] * 2, [1.0, 3.0])
    first, second = found.groups
    assert first.away == pytest.approx([-3.0], abs=0.05)
    assert second.away == pytest.approx([1.0], abs=0.05)
    assert float(first.away_covariance[0, 0]) == pytest.approx(0.75**2 * 0.02, rel=0.05)


def test_pool_of_one_segment_keeps_it():
    found = pool([np.array([3.0])], [np.eye(1)])
    assert found.groups[0].effects == pytest.approx([3.0])


@pytest.mark.parametrize("effects", [[], [np.zeros(1), np.zeros(2)]])
def test_pool_says_what_is_wrong(effects):
    with pytest.raises(ArgumentError, match="at least one segment"):
        pool(effects, [np.eye(len(one)) for one in effects])
