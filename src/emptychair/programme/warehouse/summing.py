"""The sums of some days, made from the facts of those days.

The facts are put into tables of fixed columns first, so that the statements over them never change:
Ibis takes longer to write a statement than DuckDB takes to run it, so each is written once, and
those that fill these tables once for the columns and months there are.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, lru_cache

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.expr.operations import DatabaseTable

from emptychair.analysis.delivery.circumstances import circumstances_of
from emptychair.analysis.sums.layer import DIMENSIONS, layer_of
from emptychair.programme.warehouse import tables
from emptychair.programme.warehouse.engine import engine

_SEGMENT = "segment_"
_ANSWERED, _ASKED, _MEMBERS, _DAYS = "_answered", "_asked", "_members", "_days"
_DAY_OF = {_ANSWERED: "answered_on", _ASKED: "sent_on"}
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    _ANSWERED: {
        "answered_on": "date",
        "score": "int8",
        **dict.fromkeys(("customer_id", *DIMENSIONS, "wording", "held_reason"), "string"),
    },
    _ASKED: {
        "sent_on": "date",
        **dict.fromkeys(("customer_id", "unit", "channel", "outcome"), "string"),
        **dict.fromkeys(("sent_at", "answered_at"), "timestamp('UTC')"),
    },
    _MEMBERS: {"customer_id": "string", "segment": "string"},
}


def sums_of(days: Sequence[date]) -> tuple[pa.Table, pa.Table]:
    """Return the statistics layer and the circumstances of `days`."""
    database = engine().con
    database.register(_DAYS, pa.table({"day": pa.array(days, pa.date32())}))
    months = tuple(sorted({f"{day:%Y-%m}" for day in days}))
    _put(_ANSWERED, tables.responses(), months)
    _put(_ASKED, tables.table("invitations"), months)
    _put(_MEMBERS, tables.table("customers"))
    layer, circumstances = (_statement(name) for name in ("sums", "circumstances"))
    return database.sql(layer).to_arrow_table(), database.sql(circumstances).to_arrow_table()


def _put(name: str, rows: ir.Table, months: tuple[str, ...] = ()) -> None:
    """Store the columns that a statement reads of the rows that count; a missing one is null."""
    if isinstance(rows.op(), DatabaseTable):
        engine().con.execute(_filling(name, rows.get_name(), rows.schema(), months)).fetchall()
    else:  # the warehouse has no such row yet
        none = tables.empty(_COLUMNS[name])
        engine().create_table(name, none, temp=True, overwrite=True)


@lru_cache(128)
def _filling(name: str, view: str, schema: ibis.Schema, months: tuple[str, ...]) -> str:
    """Return the SQL that makes one of the fixed tables from a view with these columns."""
    rows = ibis.table(schema, name=view)
    chosen = _memberships(rows) if name == _MEMBERS else _on(rows, _DAY_OF[name], months)
    columns = {
        column: chosen[column].cast(kind) if column in chosen.columns else ibis.null(kind)
        for column, kind in _COLUMNS[name].items()
    }
    found = ibis.to_sql(chosen.select(**columns), dialect="duckdb")
    return f"CREATE OR REPLACE TEMP TABLE {name} AS {found}"


def _on(rows: ir.Table, column: str, months: tuple[str, ...]) -> ir.Table:
    if "month" in rows.columns:  # other partitions are not read
        rows = rows.filter(rows["month"].isin(months))
    wanted = ibis.table({"day": "date"}, name=_DAYS)
    return rows.semi_join(wanted, rows[column] == wanted["day"])


def _memberships(customers: ir.Table) -> ir.Table:
    """Return `customer_id` and `segment` of the customers of the facts, one row per membership."""
    columns = [name for name in customers.columns if name.startswith(_SEGMENT)]
    if not columns:
        return customers.filter(ibis.literal(value=False)).mutate(segment=ibis.null("string"))
    facts = (ibis.table(_COLUMNS[name], name=name) for name in (_ANSWERED, _ASKED))
    wanted = ibis.union(*(rows.select("customer_id") for rows in facts))
    tall = (
        customers.semi_join(wanted, "customer_id")
        .select("customer_id", *columns)
        .pivot_longer(columns, names_to="segment", values_to="member")
    )
    return tall.filter(tall["member"]).select(
        "customer_id", segment=tall["segment"].substr(len(_SEGMENT))
    )


@cache
def _statement(name: str) -> str:
    """Return the SQL of one of the two tables of sums, over what `_put` stored."""
    answered, asked, members = (ibis.table(kinds, name=n) for n, kinds in _COLUMNS.items())
    if name == "sums":
        sums, day = layer_of(answered, members), "answered_on"
    else:
        sums, day = circumstances_of(answered, asked, members), "day"
    return str(ibis.to_sql(sums.mutate(month=sums[day].strftime("%Y-%m")), dialect="duckdb"))
