import pytest

from emptychair.analysis.delivery.control import individuals_limits, laney_limits, smoothed
from emptychair.analysis.errors import ArgumentError

NIST = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]


def test_t08_individuals_chart_of_the_nist_handbook():
    chart = individuals_limits(NIST)
    assert chart.mean == pytest.approx(50.81, abs=1e-3)
    assert chart.mean_range == pytest.approx(1.8778, abs=1e-3)
    assert chart.high == pytest.approx([55.8041] * 10, abs=1e-3)
    assert chart.low == pytest.approx([45.8159] * 10, abs=1e-3)


def test_the_limits_may_come_from_the_first_values_alone():
    assert individuals_limits([*NIST, 99.0], baseline=10).high == pytest.approx(
        [55.8041] * 11, abs=1e-3
    )


def test_laney_limits_by_hand():
    chart = laney_limits([0.2, 0.4], [0.5, 0.5], [50, 200])
    assert chart.mean == pytest.approx(0.36)
    # Errors 0.1 and 0.05; standardised -1.6 and 0.8; their range 2.4.
    assert chart.mean_range == pytest.approx(2.4)
    assert chart.high == pytest.approx(
        [0.36 + 3 * 0.1 * 2.4 / 1.128, 0.36 + 3 * 0.05 * 2.4 / 1.128]
    )
    assert chart.low[0] == pytest.approx(0.72 - chart.high[0])


def test_laney_limits_of_answers_without_spread():
    assert laney_limits([1.0, 1.0], [0.0, 0.0], [5, 9]).high == [1.0, 1.0]


def test_limits_need_two_values_with_answers():
    with pytest.raises(ArgumentError, match="at least 2"):
        individuals_limits([1.0])
    with pytest.raises(ArgumentError, match="without answers"):
        laney_limits([0.1, 0.2], [0.5, 0.5], [0, 3])


def test_smoothed_line_follows_slowly():
    assert smoothed([1.0, 1.0, 2.0], 0.5) == [1.0, 1.0, 1.5]
    assert smoothed([]) == []


@pytest.mark.parametrize("weight", [0, 1.1])
def test_smoothing_weight_is_a_share(weight):
    with pytest.raises(ArgumentError, match="newest value"):
        smoothed([1.0], weight)
