"""The sums of some days, made from the facts of those days.

The facts are put into tables of fixed columns first, so that the statements over them never change:
Ibis takes longer to write them than DuckDB takes to run them, so each is written once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from emptychair.analysis.delivery.circumstances import circumstances_of
from emptychair.analysis.sums.layer import DIMENSIONS, layer_of
from emptychair.programme.warehouse import tables

_SEGMENT = "segment_"
_ANSWERED, _ASKED, _MEMBERS = "_answered", "_asked", "_members"
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
    months = sorted({f"{day:%Y-%m}" for day in days})
    responses = tables.responses()
    if "month" in responses.columns:
        responses = responses.filter(responses["month"].isin(months))
    answered = _put(_ANSWERED, _on(responses, "answered_on", days))
    asked = _put(_ASKED, _on(tables.invitations(), "sent_on", days))
    _put(_MEMBERS, _memberships(answered, asked))
    layer, circumstances = (_statement(name) for name in ("sums", "circumstances"))
    connection = tables.engine().con
    return connection.sql(layer).to_arrow_table(), connection.sql(circumstances).to_arrow_table()


def _on(rows: ir.Table, column: str, days: Sequence[date]) -> ir.Table:
    wanted = ibis.memtable(pa.table({column: pa.array(days, pa.date32())}))
    return rows.semi_join(wanted, column)


def _put(name: str, rows: ir.Table) -> ir.Table:
    """Store the columns that a statement reads of `rows`; one that is missing is null."""
    columns = {
        column: rows[column].cast(kind) if column in rows.columns else ibis.null(kind)
        for column, kind in _COLUMNS[name].items()
    }
    stored: ir.Table = tables.engine().create_table(
        name, rows.select(**columns), temp=True, overwrite=True
    )
    return stored


def _memberships(*facts: ir.Table) -> ir.Table:
    """Return `customer_id` and `segment` of the customers of `facts`, one row per membership."""
    customers = tables.table("customers")
    columns = [name for name in customers.columns if name.startswith(_SEGMENT)]
    if not columns:
        return tables.empty({"customer_id": "string", "segment": "string"})
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
