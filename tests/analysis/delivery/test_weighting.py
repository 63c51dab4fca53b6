import numpy as np
import pytest

from emptychair.analysis.delivery.weighting import (
    BucketCell,
    iterative_fit,
    post_stratified,
    raked,
)
from emptychair.analysis.errors import ArgumentError, NoAnswersError


def test_s14_iterative_fit_of_a_published_table():
    # The worked table of Wikipedia's "Iterative proportional fitting", recomputed in R.
    found = iterative_fit(
        [[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]],
        [150, 300, 400, 150],
        [200, 300, 400, 100],
    )
    expected = [
        [64.558509776548, 46.232459708824, 35.384298264331, 3.824732250297],
        [49.967919418674, 68.15935407176, 156.498546421857, 25.374180087709],
        [56.721943602096, 144.428225566299, 145.082481431417, 53.767349400188],
        [28.751627202681, 41.179960653117, 63.034673882395, 17.033738261807],
    ]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-7)


def test_iterative_fit_says_what_does_not_fit():
    with pytest.raises(ArgumentError, match="one row per row sum"):
        iterative_fit([[1, 2]], [1, 2], [1, 2])
    with pytest.raises(ArgumentError, match="add up to 3"):
        iterative_fit([[1, 2]], [3], [1, 1])


def test_iterative_fit_ends_where_no_table_fits():
    # The only table with these sums has a zero in the corner that the pattern forbids.
    found = iterative_fit([[1, 1], [0, 1]], [1, 1], [1, 1])
    assert found[0][1] == pytest.approx(0.0, abs=1e-2)


def cells(*rows):
    return [BucketCell(*row) for row in rows]


def test_post_stratified_by_hand():
    found = post_stratified(cells((("n",), 900, 20, 0, 20), (("s",), 100, 10, 0, 30)))
    assert found.weights == pytest.approx({("n",): 0.9 * 80 / 40, ("s",): 0.1 * 80 / 40})
    assert found.nps.nps == pytest.approx(0.9 * 0.0 + 0.1 * 0.5)
    # Variance by hand: sum of W_h^2 s_h^2 / n_h with s_h^2 = 40/39 (1, 3/4).
    variance = 0.9**2 * (40 / 39) * 1.0 / 40 + 0.1**2 * (40 / 39) * 0.75 / 40
    assert found.nps.standard_error == pytest.approx(variance**0.5)
    assert found.margins_kept


def test_small_cells_are_merged_with_their_neighbours():
    found = post_stratified(
        cells(
            (("n", "young"), 300, 1, 0, 1),
            (("n", "old"), 300, 10, 10, 30),
            (("s", "old"), 400, 10, 10, 5),
            (("s", "young"), 50, 0, 0, 0),
        )
    )
    assert found.weights["n", "young"] == found.weights["n", "old"]
    assert found.weights["s", "young"] == found.weights["s", "old"]
    assert found.weights["n", "old"] == pytest.approx(600 / 1050 * 77 / 52)


def test_two_small_cells_may_be_enough_together():
    found = post_stratified(
        cells(
            (("n", "old"), 300, 4, 4, 4),
            (("n", "young"), 100, 4, 4, 4),
            (("s", "old"), 400, 10, 10, 5),
        )
    )
    assert found.weights["n", "young"] == found.weights["n", "old"]
    assert found.weights["s", "old"] == pytest.approx(400 / 800 * 49 / 25)


def test_cells_all_too_small_end_up_in_one():
    found = post_stratified(cells((("n",), 10, 1, 0, 2), (("s",), 30, 1, 1, 1)))
    assert set(found.weights.values()) == {1.0}


def test_raked_margins_match_the_base():
    rng = np.random.default_rng(1)
    found_cells = []
    for region in "ns":
        for age in ("young", "mid", "old"):
            d, p, k = (int(x) for x in rng.integers(5, 40, 3))
            found_cells.append(BucketCell((region, age), int(rng.integers(300, 3000)), d, p, k))
    found = raked(found_cells)
    assert found.margins_kept
    total = sum(cell.customers for cell in found_cells)
    answers = sum(cell.n for cell in found_cells)
    for place in range(2):
        for value in {cell.cell[place] for cell in found_cells}:
            inside = [cell for cell in found_cells if cell.cell[place] == value]
            weighted = sum(found.weights[cell.cell] * cell.n for cell in inside)
            wanted = sum(cell.customers for cell in inside) / total * answers
            assert weighted == pytest.approx(wanted, rel=1e-6)
    assert found.nps.weighting_effect > 1
    assert found.nps.n_effective <= answers / found.nps.weighting_effect + 1e-9


def test_raking_one_trait_is_post_stratifying():
    given = cells((("n",), 900, 25, 5, 20), (("s",), 100, 10, 10, 30))
    one, other = raked(given, largest_weight=None), post_stratified(given)
    assert one.nps.nps == pytest.approx(other.nps.nps)
    assert one.nps.standard_error == pytest.approx(other.nps.standard_error, rel=0.02)


def test_raked_to_given_margins():
    given = cells((("n",), 0, 25, 5, 20), (("s",), 0, 10, 10, 30))
    found = raked(given, [{"n": 10, "s": 90}], largest_weight=None)
    assert found.nps.nps == pytest.approx(0.1 * -0.1 + 0.9 * 0.4)
    with pytest.raises(ArgumentError, match="answers of 's'"):
        raked(given, [{"n": 10}])


def test_a_value_without_answers_breaks_the_margins():
    given = cells((("n",), 500, 25, 5, 20), (("s",), 300, 10, 10, 30), (("e",), 200, 0, 0, 0))
    assert not raked(given).margins_kept


def test_huge_weights_are_cut():
    given = cells((("n",), 100, 100, 100, 300), (("s",), 9900, 1, 1, 1))
    free, cut = raked(given, largest_weight=None), raked(given)
    assert free.margins_kept
    assert not cut.margins_kept
    ratio = cut.weights["s",] / cut.weights["n",]
    assert ratio == pytest.approx(5.0)
    assert cut.nps.weighting_effect < free.nps.weighting_effect


def test_raked_answers_all_alike_keep_their_number():
    found = raked(cells((("n",), 500, 0, 0, 20), (("s",), 500, 0, 0, 20)))
    assert found.nps.standard_error == pytest.approx(0, abs=1e-9)
    assert found.nps.n_effective == pytest.approx(40)


@pytest.mark.parametrize("weigh", [post_stratified, raked])
def test_nobody_answered(weigh):
    with pytest.raises(NoAnswersError, match="Nobody"):
        weigh(cells((("n",), 900, 0, 0, 0)))
