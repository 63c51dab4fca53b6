"""B14: the same expressions on Spark, as a cluster of two worker processes, and on DuckDB."""

import contextlib
import dataclasses
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import ibis

from benchmarks.b4_movement import CUSTOMERS, RESPONSES
from benchmarks.harness import Figure, in_turn
from emptychair.analysis.delivery.score import net_promoter_score
from emptychair.analysis.sums.crossproducts import pattern_sums
from emptychair.analysis.sums.moves import move_counts, periods_between
from emptychair.analysis.tables import connect

ROWS = {"small": 5_000, "medium": 1_000_000, "full": 10_000_000}
ROUNDS = {"small": 1, "medium": 3, "full": 3}
CLUSTER = "spark:local-cluster[2,1,2048]"
SPARK = "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=4"
# For tiny tables, making code for each question takes far longer than answering it.
SPARK_SMALL = (
    "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2"
    " --conf spark.sql.codegen.wholeStage=false"
    " --conf spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1"
    " --conf spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"
)
RATINGS = ("rating_price", "rating_speed", "rating_help", "rating_range")
RATED = """
SELECT *, 's' || hash(response_id) % 20 AS segment, CAST(answered_at AS DATE) AS answered_on,
       {ratings}
FROM responses
"""
Tables = tuple[ibis.Table, ibis.Table]


def run(size: str) -> Iterator[Figure]:
    """Measure both engines in turn; give overhead and difference of each expression.

    One after another: on a small machine the last takes minutes.
    """
    with tempfile.TemporaryDirectory() as folder, _spark(folder, size) as spark:
        facts, people = _made(ROWS[size], Path(folder))
        here = ibis.duckdb.connect(threads=2)
        there = {"DuckDB": _read(here, facts, people), "Spark": _read(spark, facts, people)}
        for name, work in WORK.items():
            yield from _compared(name, work, there, size)


def _compared(
    name: str, work: Callable[..., object], there: dict[str, Tables], size: str
) -> Iterator[Figure]:
    one, other = (_numbers(work(*tables)) for tables in there.values())
    assert len(one) == len(other), (name, len(one), len(other))
    difference = max(abs(a - b) / max(1.0, abs(a)) for a, b in zip(one, other, strict=True))
    taken = in_turn({key: lambda t=tables: work(*t) for key, tables in there.items()}, ROUNDS[size])
    note = f"Spark {taken['Spark']:.2f} s, DuckDB {taken['DuckDB']:.2f} s; {len(one):,} numbers"
    rows = f"{ROWS[size]:,} rows"
    yield Figure(
        "B14", f"{name}: Spark / DuckDB, {rows}", taken["Spark"] / taken["DuckDB"], "x", note
    )
    yield Figure("B14", f"{name}: largest difference, {rows}", difference, "", at_most=1e-9)


def _nps(responses: ibis.Table, _customers: ibis.Table) -> object:
    dated = responses.mutate(month=responses["answered_on"].truncate("M"))
    return net_promoter_score(dated.drop("customer_id"), by=["segment", "month"])


def _drivers(responses: ibis.Table, _customers: ibis.Table) -> object:
    return pattern_sums(responses, list(RATINGS), ["segment"])


def _movement(responses: ibis.Table, customers: ibis.Table) -> object:
    periods = periods_between(date(2024, 1, 1), date(2025, 12, 31), "quarter")
    return move_counts(responses, customers, periods, "quarter")


WORK = {"NPS by segment and month": _nps, "sums of drivers": _drivers, "moves": _movement}


def _made(rows: int, folder: Path) -> tuple[Path, Path]:
    facts, people = folder / "facts.parquet", folder / "people.parquet"
    engine = duckdb.connect()
    engine.execute(RESPONSES.format(rows=rows, customers=rows // 5))
    engine.execute(CUSTOMERS.format(customers=rows // 5))
    ratings = ", ".join(
        f"CAST(1 + hash(response_id || '{name}') % 5 AS TINYINT) AS {name}" for name in RATINGS
    )
    engine.execute(f"COPY ({RATED.format(ratings=ratings)}) TO '{facts}'")
    engine.execute(f"COPY customers TO '{people}'")
    return facts, people


def _read(engine: ibis.BaseBackend, facts: Path, people: Path) -> Tables:
    responses = engine.read_parquet(facts, table_name="responses")
    return responses, engine.read_parquet(people, table_name="customers")


@contextlib.contextmanager
def _spark(folder: str, size: str) -> Iterator[ibis.BaseBackend]:
    os.environ["SPARK_LOCAL_DIRS"] = folder
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = SPARK_SMALL if size == "small" else SPARK
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"{settings} pyspark-shell"
    # Spark's workers leave their folders where the driver was started.
    with contextlib.chdir(folder):
        engine = connect(CLUSTER)
    try:
        yield engine
    finally:
        engine._session.stop()


def _numbers(found: object) -> list[float]:
    """Return every number of a result, however deep, in an order that no engine decides."""
    if dataclasses.is_dataclass(found):
        found = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    if isinstance(found, dict):
        keys = sorted(found, key=repr)
        return [number for key in keys for number in _numbers(found[key])]
    if hasattr(found, "tolist"):
        return _numbers(found.tolist())
    if isinstance(found, list | tuple):
        return [number for one in found for number in _numbers(one)]
    if isinstance(found, bool | int | float) and math.isfinite(found):
        return [float(found)]
    return []
