"""The engines that every statistic is tested on: DuckDB, and Spark as a cluster of two workers."""

import importlib.util
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emptychair.analysis.tables import connect

SPARK = "spark:local-cluster[2,1,1024]"


@pytest.fixture(scope="session")
def duckdb() -> Iterator[Any]:
    backend = connect("duckdb")
    yield backend
    backend.disconnect()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two worker processes of one core each, started once for the whole run."""
    _needs("Java 17", shutil.which("java") is not None, "apt-get install openjdk-17-jre-headless")
    _needs("pyspark", importlib.util.find_spec("pyspark") is not None, "pip install pyspark")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    folder = tmp_path_factory.mktemp("spark")
    os.environ["SPARK_LOCAL_DIRS"] = str(folder)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    # The tables of tests are tiny: what pays on large ones would only delay them.
    os.environ["PYSPARK_SUBMIT_ARGS"] = (
        "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2"
        " --conf spark.sql.codegen.wholeStage=false"
        " --conf spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1"
        " --conf spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1 pyspark-shell"
    )
    previous = Path.cwd()
    # Spark's workers leave their folders where the driver was started.
    os.chdir(folder)
    backend = connect(SPARK)
    os.chdir(previous)
    yield backend
    backend._session.stop()


ON_SPARK = pytest.param("spark", marks=pytest.mark.spark)


@pytest.fixture(params=["duckdb", ON_SPARK])
def engine(request: pytest.FixtureRequest) -> Any:
    """Each engine in turn."""
    return request.getfixturevalue(request.param)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass what pyspark does and we cannot change: old pandas calls."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"))


def _needs(what: str, there: bool, how: str) -> None:
    if there:
        return
    message = f"needs {what}: {how}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
