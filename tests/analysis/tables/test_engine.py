import sys

import ibis
import pyarrow as pa
import pytest
from pyarrow import parquet

from emptychair.analysis.errors import EngineError
from emptychair.analysis.tables import connect, put
from emptychair.analysis.tables import engine as engines


def test_the_installed_sqlglot_lets_ibis_create_a_table_from_arrow():
    # From sqlglot 30.18 on, Ibis 12.0 writes DROP VIEW without a name and this fails.
    backend = ibis.duckdb.connect()
    table = backend.create_table("answers", pa.table({"score": [9, 10]}))
    assert table.score.sum().to_pyarrow().as_py() == 19


def test_put_brings_an_arrow_table_to_any_engine(engine):
    table = put(engine, pa.table({"score": [9, 10, None], "unit": ["A", "B", "A"]}))
    assert table.score.sum().to_pyarrow().as_py() == 19
    assert table.filter(table.unit == "A").count().to_pyarrow().as_py() == 2


def test_read_parquet_joins_files_on_every_engine(engine, tmp_path):
    for name in ("unit", "journey"):
        parquet.write_table(pa.table({"score": [9], name: ["x"]}), tmp_path / f"{name}.parquet")
    files = [str(tmp_path / "unit.parquet"), str(tmp_path / "journey.parquet")]
    rows = engines.read_parquet(engine, files).order_by("unit").to_pyarrow().to_pylist()
    assert sorted(map(str, (row["journey"] for row in rows))) == ["None", "x"]
    assert [row["score"] for row in rows] == [9, 9]


def test_read_parquet_brings_files_to_a_database(monkeypatch, tmp_path):
    backend = connect()
    monkeypatch.setattr(type(backend), "name", "postgres")
    for name in ("unit", "journey"):
        parquet.write_table(pa.table({"score": [9], name: ["x"]}), tmp_path / f"{name}.parquet")
    files = [str(tmp_path / "unit.parquet"), str(tmp_path / "journey.parquet")]
    table = engines.read_parquet(backend, files)
    assert set(table.columns) == {"score", "unit", "journey"}
    assert table.count().to_pyarrow().as_py() == 2


def test_every_tested_engine_can_do_what_is_needed(engine):
    engines.check_engine(engine)


def test_connect_opens_a_database_file(tmp_path):
    path = tmp_path / "answers.duckdb"
    backend = connect(f"duckdb://{path}")
    backend.create_table("answers", pa.table({"score": [9]}))
    backend.disconnect()
    assert connect(f"duckdb://{path}").table("answers").count().to_pyarrow().as_py() == 1


def test_connect_says_which_database_file_cannot_be_opened(tmp_path):
    with pytest.raises(EngineError, match=r"DuckDB cannot open '.*answers\.duckdb'"):
        connect(f"duckdb://{tmp_path}/no/such/folder/answers.duckdb")


def test_connect_refuses_an_engine_that_nobody_knows_without_showing_the_password():
    with pytest.raises(EngineError) as caught:
        connect("oracle://ann:secret@db.example:1521/nps")
    assert "oracle://ann:***@db.example:1521/nps" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "duckdb, spark" in str(caught.value)


def test_check_engine_names_what_an_engine_lacks():
    class Poor:
        name = "poor"

        def has_operation(self, operation):
            return operation.__name__ != "Quantile"

    with pytest.raises(EngineError, match="The engine poor cannot do Quantile"):
        engines.check_engine(Poor())


def test_connect_says_how_to_get_spark(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EngineError, match=r"pip install 'emptychair\[spark\]'"):
        connect("spark")


def test_connect_says_how_to_get_java(monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineError, match="apt-get install openjdk-17"):
        connect("spark://nowhere.example:7077")


@pytest.mark.parametrize(
    ("address", "master"),
    [
        ("spark", "local[*]"),
        ("spark://host:7077", "spark://host:7077"),
        ("spark:local-cluster[2,1,1024]", "local-cluster[2,1,1024]"),
    ],
)
def test_addresses_of_spark(address, master):
    assert engines._spark_master(address) == master


class FakeBuilder:
    """What pyspark's builder is asked for, without a cluster."""

    def __init__(self):
        self.asked = {}

    def appName(self, name):  # noqa: N802
        return self

    def remote(self, address):
        self.asked["remote"] = address
        return self

    def master(self, address):
        self.asked["master"] = address
        return self

    def config(self, name, value):
        self.asked[name] = value
        return self

    def getOrCreate(self):  # noqa: N802
        raise ConnectionError("no route to host\nand a long trace")


@pytest.mark.parametrize("address", ["sc://host:15002", "databricks://"])
def test_connect_says_that_a_cluster_cannot_be_reached(monkeypatch, address):
    pyspark = pytest.importorskip("pyspark.sql")
    builder = FakeBuilder()
    monkeypatch.setattr(pyspark.SparkSession, "builder", builder)
    with pytest.raises(EngineError, match=r"cannot be reached: no route to host$"):
        connect(address)
    assert builder.asked["spark.sql.session.timeZone"] == "UTC"
    assert builder.asked.get("remote") == (address if address.startswith("sc") else None)
    assert "master" not in builder.asked


def test_connect_says_which_driver_is_missing():
    with pytest.raises(EngineError, match=r"pip install 'ibis-framework\[clickhouse\]'"):
        connect("clickhouse://host/nps")


def test_connect_says_that_a_database_cannot_be_reached(monkeypatch):
    def refuse(address):
        raise OSError

    monkeypatch.setattr(ibis, "connect", refuse)
    with pytest.raises(EngineError, match=r"'postgres://ann:\*\*\*@db/nps' cannot be reached: OSE"):
        connect("postgres://ann:secret@db/nps")


def test_connect_checks_what_a_database_can_do(monkeypatch):
    asked = []

    class Able:
        name = "postgres"

        def has_operation(self, operation):
            asked.append(operation.__name__)
            return True

    monkeypatch.setattr(ibis, "connect", lambda address: Able())
    assert connect("postgresql://db/nps").name == "postgres"
    assert "DateTruncate" in asked
