from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError, DataError
from emptychair.analysis.tables.contract import read_columns, read_table

TEXT = """customer_id;created_at;contactable;attr_age;segment_size;extra
 c1 ;2025-01-31 12:00:00;ja;41;small;
c2;never;nej;39,5;large;x
c3;;perhaps;;;
"""


def test_read_table_gives_the_contracts_columns_their_types(tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text(TEXT)
    rows = read_table(file, "customers").to_pyarrow().to_pylist()
    rows.sort(key=lambda row: row["customer_id"])
    assert [row["customer_id"] for row in rows] == ["c1", "c2", "c3"]
    assert rows[0]["created_at"] == datetime(2025, 1, 31, 12)
    assert rows[1]["created_at"] is None
    assert [row["contactable"] for row in rows] == [True, False, None]
    assert [row["attr_age"] for row in rows] == [41.0, 39.5, None]
    assert [row["segment_size"] for row in rows] == ["small", "large", None]
    assert [row["extra"] for row in rows] == [None, "x", None]


def test_read_table_reads_a_contract_without_other_columns(tmp_path):
    file = tmp_path / "values.csv"
    file.write_text("customer_id,month,revenue\nc1,2025-01-01,100.5\n")
    (row,) = read_table(file, "values").to_pyarrow().to_pylist()
    assert (row["revenue"], row["month"].isoformat()) == (100.5, "2025-01-01")


def test_read_table_takes_one_table_out_of_a_folder(tmp_path):
    pq.write_table(pa.table({"customer_id": [7, 8]}), tmp_path / "customers.parquet")
    table = read_table(tmp_path, "customers")
    assert sorted(table.to_pyarrow()["customer_id"].to_pylist()) == ["7", "8"]
    assert read_table(tmp_path / "customers.parquet", "customers").count().to_pyarrow().as_py() == 2


def test_read_table_leaves_typed_columns_alone(tmp_path, engine):
    moment = pa.array([datetime(2025, 1, 1)], pa.timestamp("us"))
    columns = {"customer_id": ["c1"], "created_at": moment, "attr_age": [41]}
    pq.write_table(pa.table(columns), tmp_path / "customers.parquet")
    (row,) = read_table(tmp_path, "customers", engine=engine).to_pyarrow().to_pylist()
    assert (row["customer_id"], row["attr_age"]) == ("c1", 41)


def test_read_table_casts_numbers_that_are_of_another_type(tmp_path):
    columns = {"customer_id": ["c1"], "month": ["2025-01-01"], "revenue": [100]}
    pq.write_table(pa.table(columns), tmp_path / "values.parquet")
    (row,) = read_table(tmp_path, "values").to_pyarrow().to_pylist()
    assert isinstance(row["revenue"], float)


def test_read_table_maps_foreign_headings(tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("Kund,segment_size\nc1,small\n")
    table = read_table(
        file, "customers", mapping={"customer_id": "Kund", "segment_size": "segment_size"}
    )
    assert table.to_pyarrow()["customer_id"].to_pylist() == ["c1"]
    with pytest.raises(ColumnNotFoundError, match="no column 'Kunde' to take 'customer_id'"):
        read_table(file, "customers", mapping={"customer_id": "Kunde"})


def test_read_table_names_the_missing_column(tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("kund,segment_size\nc1,small\n")
    with pytest.raises(ColumnNotFoundError, match="'customer_id', which a table of customers"):
        read_table(file, "customers")
    with pytest.raises(ArgumentError, match="name is one of"):
        read_table(file, "people")


def test_read_columns_of_a_small_table(tmp_path):
    file = tmp_path / "strata.csv"
    file.write_text("stratum;customers;deviation\na;4000;0,85\nb;2500;\n")
    rows = read_columns(
        file, texts=("stratum",), numbers=("customers",), maybe_numbers=("deviation", "cost")
    )
    assert rows == [
        {"stratum": "a", "customers": 4000.0, "deviation": 0.85, "cost": None},
        {"stratum": "b", "customers": 2500.0, "deviation": None, "cost": None},
    ]
    with pytest.raises(DataError, match="row 2: column 'deviation'"):
        read_columns(file, numbers=("deviation",))
    with pytest.raises(ColumnNotFoundError, match="weight"):
        read_columns(file, numbers=("weight",))
