"""One NPS and its interval; N01-N06 are of the R package NPS, in ../shared/reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.reference import reference_json

from emptychair.analysis.delivery.intervals import (
    adjusted_wald_interval,
    adjusted_wald_limits,
    normal_quantile,
    score_interval,
    score_intervals,
    score_intervals_at,
    wald_interval,
)
from emptychair.analysis.errors import ArgumentError

counts = st.integers(0, 400)


def test_wald_standard_error_of_n01():
    low, high = wald_interval(12, 9, 15)
    assert (high - low) / 2 / normal_quantile(0.95) == pytest.approx(0.14366778379, abs=1e-9)


def test_wald_interval_of_n02():
    assert wald_interval(12, 9, 15) == pytest.approx((-0.19825034863, 0.3649170153), abs=1e-9)


def test_adjusted_wald_interval_of_n03():
    found = adjusted_wald_interval(12, 9, 15)
    assert found == pytest.approx((-0.19027939993, 0.34412555378), abs=1e-9)


@pytest.mark.parametrize(
    ("buckets", "confidence", "expected"),
    [
        ((12, 9, 15), 0.95, (-0.19560205479, 0.34856305023)),  # N04
        ((0, 0, 10), 0.95, (0.44493436813, 1.0)),  # N05, a row further than its path says
        ((20, 30, 50), 0.90, (0.16617349627, 0.42174569368)),
        ((3, 14, 83), 0.99, (0.63548770058, 0.89026556015)),
    ],
)
def test_score_interval_equals_the_r_package(buckets, confidence, expected):
    assert score_interval(*buckets, confidence) == pytest.approx(expected, abs=2e-6)


def test_score_interval_equals_every_reference_value():
    for case in reference_json("nps_intervals.json")["one_sample"]:
        buckets = (case["det"], case["pas"], case["pro"])
        for ours, name in (
            (score_interval, "iterative_score"),
            (adjusted_wald_interval, "adjusted_wald"),
            (wald_interval, "wald"),
        ):
            tolerance = 2e-6 if name == "iterative_score" else 1e-9
            assert ours(*buckets, case["conf"]) == pytest.approx(case[name], abs=tolerance)


def test_score_interval_is_tangos_for_paired_proportions():
    # Tango (1998), table I: 44 pairs, 0 and 1 discordant, 95 %: -0.0577 to 0.1170 (recomputed
    # from his formula for n12 = 1, n21 = 0; the test statistic at the limits is the quantile).
    low, high = score_interval(0, 43, 1)
    for limit, sign in ((low, 1), (high, -1)):
        n, d, k = 44.0, 0.0, 1.0
        b = (2 * n - k + d) * limit - d - k
        share = (np.sqrt(b * b + 8 * n * d * limit * (1 - limit)) - b) / (4 * n)
        statistic = (k - d - n * limit) / np.sqrt(n * (2 * share + limit * (1 - limit)))
        assert statistic == pytest.approx(sign * normal_quantile(0.95), abs=1e-6)


@settings(deadline=None)
@given(counts, counts, counts)
def test_score_interval_is_mirrored_when_the_buckets_are_swapped(d, p, k):
    if d + p + k:
        low, high = score_interval(d, p, k)
        swapped = score_interval(k, p, d)
        assert (low, high) == pytest.approx((-swapped[1], -swapped[0]), abs=1e-12)


@settings(deadline=None)
@given(counts, counts, counts)
def test_score_interval_stays_on_the_scale_and_holds_the_estimate(d, p, k):
    n = d + p + k
    if n:
        low, high = score_interval(d, p, k)
        assert -1 <= low <= (k - d) / n + 1e-9
        assert (k - d) / n - 1e-9 <= high <= 1
        assert high > low


@settings(deadline=None)
@given(counts, counts, counts)
def test_score_interval_rises_with_a_further_promoter(d, p, k):
    if d + p + k:
        low, high = score_interval(d, p, k)
        low_more, high_more = score_interval(d, p, k + 1)
        assert low_more >= low - 1e-9
        assert high_more >= high - 1e-9


@settings(deadline=None)
@given(counts, counts, counts)
def test_score_interval_narrows_with_the_same_shares_of_more_answers(d, p, k):
    if d + p + k:
        low, high = score_interval(d, p, k)
        low_more, high_more = score_interval(4 * d, 4 * p, 4 * k)
        assert high_more - low_more < high - low


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ((5, 0, 0), (-1.0, None)),
        ((0, 0, 5), (None, 1.0)),
        ((1, 0, 0), (-1.0, None)),
        ((0, 10, 0), (None, None)),
    ],
)
def test_score_interval_at_the_ends_of_the_scale(buckets, expected):
    found = score_interval(*buckets)
    for limit, end in zip(found, expected, strict=True):
        assert (limit == end) if end is not None else -1 < limit < 1
    assert found[1] - found[0] > 0.1


def test_score_interval_of_all_passives_is_symmetric():
    low, high = score_interval(0, 25, 0)
    assert low == pytest.approx(-high, abs=1e-12)


def test_score_interval_of_a_billion_answers_is_the_normal_one():
    n = 10**9
    found = score_interval(0.2 * n, 0.3 * n, 0.5 * n)
    assert found == pytest.approx(wald_interval(0.2 * n, 0.3 * n, 0.5 * n), abs=1e-8)


def test_score_interval_takes_fractions_between_whole_numbers():
    below, between, above = (score_interval(d, 3, 5)[0] for d in (2, 2.5, 3))
    assert above < between < below


def test_score_intervals_without_answers_are_not_a_number():
    low, high = score_intervals([0, 2], [0, 3], [0, 5])
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == pytest.approx(score_interval(2, 3, 5))


def test_score_intervals_at_take_one_quantile_per_cell():
    low, high = score_intervals_at([12, 12], [9, 9], [15, 15], [1.0, 2.0])
    assert low[1] < low[0] < high[0] < high[1]


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95])
def test_score_interval_wants_a_share_as_confidence(confidence):
    with pytest.raises(ArgumentError, match="confidence"):
        score_interval(1, 2, 3, confidence)


def test_adjusted_wald_limits_are_computed_in_the_engine(make_table):
    table = make_table({"d": [12, 0], "p": [9, 0], "k": [15, 10]})
    low, high = adjusted_wald_limits(table["d"], table["p"], table["k"])
    rows = table.select("d", low=low, high=high).order_by("d").to_pyarrow().to_pylist()
    assert (rows[1]["low"], rows[1]["high"]) == pytest.approx(adjusted_wald_interval(12, 9, 15))
    assert rows[0]["high"] == 1.0  # clipped
    assert rows[0]["low"] == pytest.approx(adjusted_wald_interval(0, 0, 10)[0])
