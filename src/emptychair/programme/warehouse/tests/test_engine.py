"""The engine of a process that runs for weeks."""

import ibis
import pyarrow as pa

from emptychair.programme.warehouse.engine import engine


def memory_tables() -> int:
    found = engine().con.execute(
        "SELECT count(*) FROM duckdb_views() WHERE view_name LIKE '%memtable%'"
    )
    return int(found.fetchall()[0][0])


def test_it_forgets_tables_in_memory_with_whatever_held_them() -> None:
    kept = ibis.memtable(pa.table({"a": ["kept"]}))
    assert engine().execute(kept.count()) == 1
    before = memory_tables()
    for number in range(20):
        rows = ibis.memtable(pa.table({"a": [str(number), "kept"]}))
        joined = rows.semi_join(kept, "a")
        assert engine().to_pyarrow(joined)["a"].to_pylist() == ["kept"]
        del rows, joined
    assert memory_tables() <= before + 1
    assert engine().execute(kept.count()) == 1
