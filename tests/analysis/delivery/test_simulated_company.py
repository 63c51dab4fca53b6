"""The truth of a simulated company lies inside the corrected interval and outside the naive one."""

import pytest
from tools.coverage.company import company_table, judged_company


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_truth_is_inside_the_corrected_and_outside_the_naive_interval(seed):
    truth, found = judged_company(seed)
    assert found.correction == "answer_dependent"
    assert found.low_points < truth < found.high_points
    assert truth < found.raw_low_points


@pytest.mark.slow
def test_the_table_of_the_method_page_counts_them():
    rows = company_table(0.02)
    assert [row[0] for row in rows[1:]] == ["raw", "weighted by traits", "weighted"]
    assert rows[1][2] == "0.0"
    assert rows[3][2] == "100.0"
