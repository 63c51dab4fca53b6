import numpy as np
import pytest
from tests.analysis.reference import reference_json, reference_rows

from emptychair.analysis.delivery.changes import change_dates
from emptychair.analysis.errors import ArgumentError


def test_t10_the_nile_changed_once():
    expected = reference_json("changepoint_nile.json")
    flow = [float(row["flow"]) for row in reference_rows("nile.csv")]
    (change,) = change_dates(flow)
    assert change.at == expected["breakpoint_index"]
    assert (change.before, change.after) == pytest.approx(expected["means"])
    assert 25 <= change.low <= change.at <= change.high <= 32


def test_two_changes_are_both_found():
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(m, 1, 30) for m in (0, 5, 2)])
    first, second = change_dates(values.tolist())
    assert first.at == 30
    assert abs(second.at - 60) <= 1
    assert second.low <= 60 <= second.high


def test_a_constant_series_with_noise_has_no_change():
    rng = np.random.default_rng(5)
    assert change_dates(rng.normal(0, 1, 80).tolist()) == []


def test_heavier_values_count_more():
    values = [0.0] * 10 + [1.0] * 10
    noisy = values.copy()
    noisy[3] = 9.0
    weights = [1.0] * 20
    weights[3] = 1e-9
    (change,) = change_dates(noisy, weights)
    assert change.at == 10
    assert change.before == pytest.approx(0.0, abs=1e-6)


def test_a_series_too_short_for_two_stretches_has_no_change():
    assert change_dates([1.0, 2.0, 3.0]) == []
    assert change_dates([]) == []


def test_a_change_without_noise_is_dated_to_the_day():
    (change,) = change_dates([0.0] * 6 + [1.0] * 6, shortest=1, most=1)
    assert (change.low, change.at, change.high) == (6, 6, 6)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0, 1.0, 1.0]])
def test_every_value_needs_a_weight(weights):
    with pytest.raises(ArgumentError, match="weight above 0"):
        change_dates([1.0, 2.0, 3.0, 4.0], weights)


def test_the_shortest_stretch_is_at_least_one():
    with pytest.raises(ArgumentError, match="at least 1"):
        change_dates([1.0, 2.0], shortest=0)
