from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from emptychair.analysis.errors import ColumnNotFoundError
from emptychair.analysis.sums.frame import FrameCell, frame_cells, usable_traits, with_parts
from emptychair.analysis.sums.groups import hash_group_of


def test_frame_cells_count_the_silent_too(make_table):
    customers = make_table({"customer_id": ["x", "y", "z"], "segment_size": ["s", "s", None]})
    answers = make_table({"customer_id": ["x", "stranger"], "score": [10, 0]})
    cells = frame_cells(customers, answers, ["segment_size"], folds=1)
    assert cells == [
        FrameCell(("s",), 0, customers=2, detractors=0, passives=0, promoters=1),
        FrameCell((None,), 0, customers=1, detractors=0, passives=0, promoters=0),
    ]
    assert cells[0].n == 1


def test_frame_cells_fold_by_hash_of_the_customer(make_table):
    names = [f"c{i}" for i in range(40)]
    customers = make_table({"customer_id": names})
    answers = make_table({"customer_id": names[:10], "score": [8] * 10})
    cells = frame_cells(customers, answers, [])
    assert {cell.fold: cell.customers for cell in cells} == {
        fold: sum(hash_group_of(name, 5) == fold for name in names) for fold in range(5)
    }
    assert sum(cell.passives for cell in cells) == 10


def test_frame_cells_name_the_missing_trait(make_table):
    customers = make_table({"customer_id": ["x"]})
    with pytest.raises(ColumnNotFoundError, match="segment_size"):
        frame_cells(customers, make_table({"customer_id": ["x"], "score": [1]}), ["segment_size"])


def test_usable_traits_have_few_values_or_are_numbers(make_table):
    customers = make_table(
        {
            "customer_id": [f"c{i}" for i in range(60)],
            "country": ["SE", "DK"] * 30,
            "language": ["sv"] * 60,
            "segment_name": [f"s{i}" for i in range(60)],
            "attr_age": [float(i) for i in range(60)],
            "created_at": [datetime(2024, 1, 1) + timedelta(days=i) for i in range(60)],
            "notes": ["a", "b"] * 30,
        }
    )
    assert usable_traits(customers) == ["country", "attr_age", "created_at"]
    assert usable_traits(customers.select("customer_id")) == []


def test_with_parts_cuts_numbers_and_dates_at_their_quintiles(make_table):
    customers = make_table(
        {
            "attr_age": pa.array([*range(100), None], pa.float64()),
            "created_at": [datetime(2024, 1, 1) + timedelta(days=i) for i in range(101)],
            "attr_stars": [i % 3 for i in range(101)],
            "country": ["SE"] * 101,
        }
    )
    cut = with_parts(customers, ["attr_age", "created_at", "attr_stars", "country"])
    rows = cut.to_pyarrow().to_pylist()
    sizes = [sum(row["attr_age"] == part for row in rows) for part in range(1, 6)]
    assert sizes == [20] * 5
    assert {row["created_at"] for row in rows} == {1, 2, 3, 4, 5}
    assert {row["attr_stars"] for row in rows} == {0, 1, 2}
    assert sum(row["attr_age"] is None for row in rows) == 1


def test_with_parts_leaves_a_table_without_numbers_alone(make_table):
    customers = make_table({"country": ["SE", "DK"]})
    assert with_parts(customers, ["country"]) is customers
