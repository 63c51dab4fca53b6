from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from emptychair.analysis.tables import put

Maker = Callable[[Mapping[str, Sequence[Any]]], ir.Table]


@pytest.fixture
def make_table(engine: Any) -> Maker:
    """Return a function that puts columns into a table of the engine under test."""
    return lambda columns: put(engine, pa.table(dict(columns)))
