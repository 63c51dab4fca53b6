from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, ScoreRangeError
from emptychair.analysis.sums.counts import (
    ScoreCounts,
    add_up,
    bucket_value,
    in_order,
    layer_counts,
    score_counts,
)

answers = st.lists(st.integers(0, 10), max_size=30)


def test_score_counts_buckets_cut_at_seven_and_nine():
    counts = ScoreCounts(tuple(range(1, 12)))
    assert counts.detractors == sum(range(1, 8))
    assert counts.passives == 8 + 9
    assert counts.promoters == 10 + 11
    assert counts.n == counts.detractors + counts.passives + counts.promoters


def test_score_counts_wants_eleven_counts():
    with pytest.raises(ArgumentError, match="11 counts"):
        ScoreCounts((1, 2, 3))


def test_score_counts_wants_no_negative_count():
    with pytest.raises(ArgumentError, match="never negative"):
        ScoreCounts((0,) * 10 + (-1,))


@pytest.mark.parametrize("answer", [-1, 11, 9.5])
def test_score_counts_of_refuses_what_is_no_score(answer):
    with pytest.raises(ScoreRangeError, match=str(answer)):
        ScoreCounts.of([answer])


@given(answers, answers, answers)
def test_score_counts_merge_however_they_are_split(one, two, three):
    whole = ScoreCounts.of(one + two + three)
    assert (ScoreCounts.of(one) + ScoreCounts.of(two)) + ScoreCounts.of(three) == whole
    assert ScoreCounts.of(three) + (ScoreCounts.of(two) + ScoreCounts.of(one)) == whole
    assert whole + ScoreCounts() == whole


def test_score_counts_of_a_table_by_group(make_table):
    table = make_table({"unit": ["B", "A", "A", "A", None], "score": [10, 9, 0, None, 7]})
    counts = score_counts(table, ["unit"])
    assert list(counts) == [("A",), ("B",), (None,)]
    assert counts["A",] == ScoreCounts.of([9, 0])
    assert add_up(counts) == score_counts(table)[()]


def test_score_counts_leaves_out_groups_without_an_answer(make_table):
    table = make_table(
        {"unit": ["A", "B"], "score": pa.array([10, None], pa.int8())},
    )
    assert list(score_counts(table, ["unit"])) == [("A",)]


def test_score_counts_leaves_out_what_is_held_back(make_table):
    table = make_table({"score": [10, 0], "held_reason": [None, "machine"]})
    assert score_counts(table)[()] == ScoreCounts.of([10])


def test_score_counts_takes_whole_numbers_written_with_decimals(make_table):
    assert score_counts(make_table({"score": [9.0, 3.0]}))[()] == ScoreCounts.of([9, 3])


@pytest.mark.parametrize("scores", [[10, 11], [10, -1], [9.5, 10.0]])
def test_score_counts_says_how_many_scores_are_out_of_range(make_table, scores):
    with pytest.raises(ScoreRangeError, match="1 of column 'score'"):
        score_counts(make_table({"score": scores}))


def test_score_counts_takes_nan_for_a_missing_answer(make_table):
    assert score_counts(make_table({"score": [float("nan"), 1.0]}))[()] == ScoreCounts.of([1])


def test_score_counts_refuses_text(make_table):
    with pytest.raises(ScoreRangeError, match="'score' holds string"):
        score_counts(make_table({"score": ["9", "10"]}))


def test_score_counts_of_an_empty_table_is_empty(make_table):
    assert score_counts(make_table({"score": pa.array([], pa.int8())})) == {}


def test_score_counts_names_the_missing_column(make_table):
    with pytest.raises(ColumnNotFoundError, match="unit"):
        score_counts(make_table({"score": [1]}), ["unit"])


def _layer(rows):
    columns = {"day": [day for day, _ in rows]}
    for score in range(11):
        columns[f"score_{score}"] = [counts.scores[score] for _, counts in rows]
    return columns


def test_layer_counts_equal_the_counts_of_the_rows(make_table):
    january, february = date(2025, 1, 1), date(2025, 2, 1)
    rows = [
        (january, ScoreCounts.of([10, 9])),
        (january, ScoreCounts.of([3])),
        (february, ScoreCounts.of([7])),
        (date(2025, 3, 1), ScoreCounts()),
    ]
    layer = make_table(_layer(rows))
    assert layer_counts(layer)[()] == ScoreCounts.of([10, 9, 3, 7])
    assert layer_counts(layer, ["day"]) == {
        (january,): ScoreCounts.of([10, 9, 3]),
        (february,): ScoreCounts.of([7]),
    }


def test_layer_counts_of_an_empty_layer_is_empty(make_table):
    columns = {f"score_{score}": pa.array([], pa.int64()) for score in range(11)}
    assert layer_counts(make_table(columns)) == {}


def test_layer_counts_names_the_missing_sum(make_table):
    with pytest.raises(ColumnNotFoundError, match="score_10"):
        layer_counts(make_table({f"score_{score}": [1] for score in range(10)}))


def test_bucket_value_is_minus_one_zero_and_one(make_table):
    table = make_table({"score": [0, 6, 7, 8, 9, 10]})
    found = table.select("score", s=bucket_value(table["score"])).order_by("score").to_pyarrow()
    assert found["s"].to_pylist() == [-1, -1, 0, 0, 1, 1]


def test_in_order_puts_nulls_last_in_each_column():
    assert in_order([(None, 1), ("a", None), ("a", 2)]) == [("a", 2), ("a", None), (None, 1)]
