"""The warehouse as Ibis tables, in the shape of the table contract, on the chosen engine."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from emptychair.analysis.delivery.circumstances import CIRCUMSTANCE_KEYS
from emptychair.analysis.sums.layer import DIMENSIONS, SCORE_COLUMNS
from emptychair.programme.warehouse import store
from emptychair.programme.warehouse.copying import SOURCES
from emptychair.programme.warehouse.engine import engine, shown

_IBIS_TYPES = {"VARCHAR": "string", "TINYINT": "int8", "DECIMAL(14,2)": "decimal(14,2)"}
_LAYER_SCHEMA = {
    "grain": "string",
    "answered_on": "date",
    "segment": "string",
    **dict.fromkeys(DIMENSIONS, "string"),
    "hash_group": "int32",
    **dict.fromkeys(SCORE_COLUMNS, "int64"),
    "month": "string",
}
_CIRCUMSTANCES_SCHEMA = {
    **dict.fromkeys(CIRCUMSTANCE_KEYS, "string"),
    "day": "date",
    "n": "int64",
    "month": "string",
}


def responses() -> ir.Table:
    """Return the responses, held ones included."""
    return table("responses")


def layer() -> ir.Table:
    """Return the statistics layer."""
    return table("sums")


def circumstances() -> ir.Table:
    """Return who was asked, what was held and which wordings were used, as sums by day."""
    return table("circumstances")


def invitations() -> ir.Table:
    """Return the invitations as they are judged: what left and did not come back has arrived.

    Mail servers tell of mail that came back, not of mail that arrived, so `delivered_at` is
    known of few and would make the response rate look better than it is.
    """
    known = table("invitations")
    return known.drop("delivered_at") if "delivered_at" in known.columns else known


def table(name: str) -> ir.Table:
    """Return the newest version of a warehouse table; without rows before its first one."""
    backend, version = engine(), store.version(name)
    if version < 0:
        return empty(_schema(name))
    newest = (store.address(name), version)
    known = shown().get(name)
    if known is not None and known[0] == newest:
        return known[1]
    files = store.files(name)
    if not files:  # every row was deleted
        return empty(_schema(name))
    # A view per version would pile up; one name is replaced when the version moves.
    if store.is_remote():
        view = f"{name}_in_bucket"  # a dataset hides a view of the same name
        backend.con.register(view, store.dataset(name))
    else:
        view = name
        backend.read_parquet(files, table_name=view, hive_partitioning=True, union_by_name=True)
    found: ir.Table = backend.table(view)
    shown()[name] = newest, found
    return found


def empty(columns: Mapping[str, str]) -> ir.Table:
    """Return a table without rows, of these columns and Ibis types."""
    return ibis.memtable(ibis.schema(columns).to_pyarrow().empty_table())


def _schema(name: str) -> dict[str, str]:
    if name == "sums":
        return _LAYER_SCHEMA
    if name == "circumstances":
        return _CIRCUMSTANCES_SCHEMA
    types = SOURCES[name].types
    made = {"sent_on": "date"} if name == "invitations" else {}
    return made | {
        column: _IBIS_TYPES.get(kind, "timestamp('UTC')" if kind == "TIMESTAMPTZ" else kind.lower())
        for column, kind in types.items()
    }
