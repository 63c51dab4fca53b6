import numpy as np
import pytest
from scipy import stats

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.analysis.sums.groups import GROUPS, hash_group_of
from emptychair.analysis.sums.jackknife import from_replicates, jackknife


def nps(counts: ScoreCounts) -> float:
    return (counts.promoters - counts.detractors) / counts.n


def test_jackknife_of_a_mean_is_its_textbook_error():
    values = np.array([1.0, 4.0, 2.0, 8.0, 5.0])
    pairs = [np.array([value, 1.0]) for value in values]
    found = jackknife(pairs, lambda total: float(total[0] / total[1]))
    error = values.std(ddof=1) / np.sqrt(5)
    assert found.value == pytest.approx(values.mean())
    assert found.standard_error == pytest.approx(error)
    assert found.high == pytest.approx(values.mean() + stats.t.ppf(0.975, 4) * error)
    assert found.low == pytest.approx(values.mean() - stats.t.ppf(0.975, 4) * error)


def test_jackknife_needs_two_groups():
    with pytest.raises(ArgumentError, match="at least 2"):
        jackknife([ScoreCounts.of([9])], nps)
    with pytest.raises(ArgumentError, match="at least 2"):
        from_replicates(0.5, [0.4])


def test_jackknife_covers_the_nps_of_customers_who_answer_twice():
    rng = np.random.default_rng(20250101)
    hits = 0
    for _ in range(300):
        totals = [ScoreCounts()] * GROUPS
        for customer in range(400):
            answer = int(rng.choice([3, 7, 10], p=[0.2, 0.3, 0.5]))
            group = hash_group_of(str(customer))
            totals[group] = totals[group] + ScoreCounts.of([answer, answer])
        found = jackknife(totals, nps)
        hits += found.low <= 0.3 <= found.high
    # 95 % of 300 are 285; 276 to 294 are within 2.4 standard deviations.
    assert 276 <= hits <= 294
