"""Where the sums are made: DuckDB embedded, Spark, or a company's own database, through Ibis."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from emptychair.analysis.errors import EngineError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends import BaseBackend

_SPARK = ("spark", "sc", "databricks")
_REMOTE = ("postgres", "postgresql", "snowflake", "bigquery", "clickhouse", "trino")
_OPERATIONS = (
    "CountStar",
    "CountDistinct",
    "DateTruncate",
    "Quantile",
    "RegexSearch",
    "RowNumber",
    "TryCast",
    "Lag",
)


def connect(address: str = "duckdb") -> BaseBackend:
    """Return a connection to the engine at `address`, ready to run every statistic.

    Args:
        address: `duckdb` (in memory), `duckdb:///path/to/file.duckdb`, `spark` (local, all
            cores), `spark://host:7077`, `spark:local-cluster[2,1,1024]`, `sc://host:15002`
            (Spark Connect), or an address Ibis knows: `postgres://`, `snowflake://`,
            `bigquery://`, `clickhouse://`, `trino://`.

    Returns:
        An Ibis backend.

    Raises:
        EngineError: nobody knows that address, the engine cannot be reached, or it lacks an
            operation that the statistics need.

    Examples:
        >>> connect("duckdb").name
        'duckdb'
    """
    scheme = address.partition(":")[0].lower()
    if scheme == "duckdb":
        return _duckdb(address)
    if scheme in _SPARK:
        backend = _spark(address)
    elif scheme in _REMOTE:
        backend = _remote(address)
    else:
        raise EngineError(
            f"No engine is known by {without_password(address)!r}. Known are: duckdb, spark, "
            f"spark://host:port, sc://host:port, {', '.join(f'{name}://' for name in _REMOTE)}."
        )
    check_engine(backend)
    return backend


def put(backend: BaseBackend, table: pa.Table) -> ir.Table:
    """Return an Arrow table as a temporary table of any engine.

    Args:
        backend: the engine.
        table: what it shall hold; rows keep no order.
    """
    name = f"put_{uuid4().hex}"
    if backend.name != "pyspark":
        return backend.create_table(name, table, temp=True)
    # Ibis has no temporary tables on Spark; a view over the rows is one.
    backend._session.createDataFrame(table).createOrReplaceTempView(name)
    return backend.table(name)


def read_parquet(backend: BaseBackend, files: Sequence[str]) -> ir.Table:
    """Return Parquet files as one table; a column that some of them lack is null there."""
    if backend.name == "duckdb":
        return backend.read_parquet(list(files), union_by_name=True)
    if backend.name != "pyspark":
        import pyarrow as pa
        from pyarrow import parquet

        parts = [parquet.read_table(file) for file in files]
        return put(backend, pa.concat_tables(parts, promote_options="default"))
    # Ibis passes one path on, Spark takes several.
    name = f"files_{uuid4().hex}"
    rows = backend._session.read.option("mergeSchema", "true").parquet(*files)
    rows.createOrReplaceTempView(name)
    return backend.table(name)


def check_engine(backend: BaseBackend) -> None:
    """Check that `backend` can do what the statistics ask of an engine.

    Raises:
        EngineError: it cannot; the message names what it lacks.
    """
    import ibis.expr.operations as ops

    lacking = [name for name in _OPERATIONS if not backend.has_operation(getattr(ops, name))]
    if lacking:
        raise EngineError(
            f"The engine {backend.name} cannot do {', '.join(lacking)}, which the statistics "
            "need. Use duckdb or Spark, or export the tables to Parquet and read those."
        )


def without_password(address: str) -> str:
    """Return `address` with its password, if any, replaced by three stars."""
    parts = urlsplit(address)
    if not parts.password:
        return address
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))


def _duckdb(address: str) -> BaseBackend:
    import ibis

    path = address.removeprefix("duckdb").removeprefix(":").removeprefix("//") or ":memory:"
    try:
        return ibis.duckdb.connect(path)
    except Exception as error:
        raise EngineError(f"DuckDB cannot open {path!r}: {_first_line(error)}") from error


def _spark(address: str) -> BaseBackend:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError("Spark is not installed. Run: pip install 'emptychair[spark]'") from error
    builder: Any = SparkSession.builder.appName("emptychair")
    if address.startswith("sc:"):
        builder = builder.remote(address)
    elif not address.startswith("databricks:"):
        _check_java()
        builder = builder.master(_spark_master(address))
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.showConsoleProgress": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    import ibis

    try:
        return ibis.pyspark.connect(builder.getOrCreate())
    except Exception as error:
        raise EngineError(
            f"Spark at {without_password(address)!r} cannot be reached: {_first_line(error)}"
        ) from error


def _spark_master(address: str) -> str:
    if address == "spark":
        return "local[*]"
    return address if address.startswith("spark://") else address.removeprefix("spark:")


def _check_java() -> None:
    home = Path(os.environ.get("JAVA_HOME", "")) / "bin"
    if not shutil.which("java") and not shutil.which("java", path=str(home)):
        raise EngineError(
            "Spark needs Java 17 or later, and there is none here. On Debian: "
            "apt-get install openjdk-17-jre-headless"
        )


def _remote(address: str) -> BaseBackend:
    import ibis

    scheme = address.partition(":")[0].lower()
    module = "postgres" if scheme == "postgresql" else scheme
    try:
        return ibis.connect(address)
    except ImportError as error:
        raise EngineError(
            f"The driver for {scheme} is not installed. Run: pip install 'ibis-framework[{module}]'"
        ) from error
    except Exception as error:
        raise EngineError(
            f"{without_password(address)!r} cannot be reached: {_first_line(error)}"
        ) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
