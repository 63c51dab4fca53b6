"""Bring the warehouse up to date. Only the worker calls these.

The order makes a kill harmless at any point: days are marked stale before facts change; changes
are struck off after the facts are in; stale days are struck off after their sums are in.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min

from emptychair.programme.activity.models import Change
from emptychair.programme.comments.reading import read_changed
from emptychair.programme.customers.models import Segment
from emptychair.programme.lib.bulk import delete_numbered
from emptychair.programme.standing.following import follow
from emptychair.programme.warehouse import store, tables
from emptychair.programme.warehouse.copying import SOURCES, rows_now
from emptychair.programme.warehouse.models import StaleDay
from emptychair.programme.warehouse.summing import sums_of
from emptychair.programme.warehouse.writing import sole_writer

BATCH = 200_000
DAYS_AT_ONCE = 400
MANY = 20_000  # from here on a change of customers makes every day stale


def synchronise() -> None:
    """Copy what changed in the database, then make the sums of the days it touches."""
    with sole_writer(wait=True):
        _synchronise()


def synchronise_unless_another_does() -> None:
    """Do so unless another process is at it, which will take what has changed meanwhile."""
    with sole_writer(wait=False) as is_mine:
        if is_mine:
            _synchronise()


def _synchronise() -> None:
    for name in SOURCES:
        # Not until none is left: where answers come without a pause that never is.
        while copy_changes(name) == BATCH:
            pass
    refresh_layer()


def copy_changes(name: str) -> int:
    """Copy one batch of changed rows of a table; return how many changes it settled."""
    changes = Change.objects.filter(table=name).order_by("pk")
    noted = dict(changes.values_list("pk", "key")[:BATCH])
    if not noted:
        return 0
    if name == "responses":
        read_changed(min(noted), max(noted))
    rows = rows_now(name, min(noted), max(noted))
    keys = list(dict.fromkeys(noted.values()))
    if name == "customers":
        rows = _with_segments(rows)
        _customers_changed(keys)
        _put(name, rows, keys)
    elif name == "responses":
        _put_responses(rows, keys)
    elif name == "invitations":
        _put_invitations(rows, keys)
    else:
        _put(name, rows, keys)
    store.join_small(name)
    with transaction.atomic():  # one turn at the database's lock, not two
        follow(name, min(noted), max(noted))
        delete_numbered(Change, "id", list(noted))
    return len(noted)


def refresh_layer() -> None:
    """Make anew the sums of the days that are marked stale."""
    while days := list(
        StaleDay.objects.order_by("day").values_list("day", flat=True)[:DAYS_AT_ONCE]
    ):
        _replace_sums(days)
        StaleDay.objects.filter(day__in=days).delete()


def rebuild_layer() -> None:
    """Mark every day stale and make all sums anew."""
    with sole_writer(wait=True):
        mark_every_day_stale()
        refresh_layer()


def mark_every_day_stale() -> None:
    """Note that no day's sums may be trusted, as after a segment was redefined."""
    for there, column in ((tables.responses(), "answered_on"), (_invitations(), "sent_on")):
        days = there.select(column).distinct().to_pyarrow()[column].to_pylist()
        _mark_stale([day for day in days if day is not None])


def mark_month_stale(first: date) -> None:
    """Note that no sums of the month that begins on `first` may be trusted."""
    _mark_stale([first + timedelta(n) for n in range(monthrange(first.year, first.month)[1])])


def maintain() -> None:
    """Join small files and remove outdated ones."""
    with sole_writer(wait=True):
        for name in (*SOURCES, "sums", "circumstances"):
            store.tidy(name)


def _put_responses(rows: pa.Table, keys: Sequence[str]) -> None:
    rows = rows.append_column("month", _months(rows["answered_on"]))
    old = _already_there(rows, keys)
    _mark_stale([*_values(rows["answered_on"]), *_values(old["answered_on"])])
    gone = old["response_id"].filter(
        pc.invert(pc.is_in(old["response_id"], value_set=rows["response_id"]))
    )
    if len(gone):
        store.delete("responses", "response_id", sorted(gone.to_pylist()))
    if not rows.num_rows:
        return
    if old.num_rows:
        where = ", ".join(store.quote(month) for month in _values(rows["month"]))
        store.merge("responses", rows, "response_id", f"t.month IN ({where})")
    else:
        store.append("responses", rows, ["month"])


def _months(days: pa.ChunkedArray) -> pa.Array:
    """Return the month of each day as text; every day is written once, however many rows it has."""
    encoded = days.combine_chunks().dictionary_encode()
    written = pc.strftime(encoded.dictionary, format="%Y-%m").cast(pa.string())
    return written.take(encoded.indices)


def _put_invitations(rows: pa.Table, keys: Sequence[str]) -> None:
    local = pc.cast(rows["sent_at"], pa.timestamp("us", settings.TIME_ZONE))
    sent_on = pc.cast(pc.local_timestamp(local), pa.date32())
    rows = rows.append_column("sent_on", sent_on)
    wanted = ibis.memtable(pa.table({"invitation_id": list(keys)}))
    old = _invitations().semi_join(wanted, "invitation_id").select("sent_on").distinct()
    _mark_stale([*_values(sent_on), *_values(old.to_pyarrow()["sent_on"])])
    _put("invitations", rows, keys)


def _invitations() -> ibis.expr.types.Table:
    return tables.table("invitations")


def _already_there(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Return id and day of the rows of `keys` the warehouse has; other months only if needed."""
    there = tables.responses()
    wanted = pa.table({"response_id": pa.array(keys, pa.string())})
    if rows.num_rows == len(keys) and "month" in there.columns:
        # Each key still has a row, and a response does not change its day.
        there = there.filter(there["month"].isin(_values(rows["month"])))
    found = there.semi_join(ibis.memtable(wanted), "response_id")
    found = found.select("response_id", "answered_on")
    return found.to_pyarrow()


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return the different values of a column in order, without null."""
    return sorted(pc.unique(column).drop_null().to_pylist())


def _put(name: str, rows: pa.Table, keys: Sequence[str]) -> None:
    """Replace all rows of `keys` in a table that is not partitioned."""
    source = SOURCES[name]
    there = tables.table(name)
    old = (
        there.semi_join(ibis.memtable(pa.table({source.key: list(keys)})), source.key)
        .count()
        .to_pyarrow()
    )
    if old.as_py():
        store.delete(name, source.key, keys)
    if rows.num_rows:
        store.append(name, rows)


def _with_segments(rows: pa.Table) -> pa.Table:
    """Add one truth column per segment: whether the customer belongs to it now."""
    codes = rows["customer_id"].to_pylist()
    for segment in Segment.objects.order_by("slug"):
        members = list(
            segment.customers.values_list("code", flat=True)
            if len(codes) > MANY
            else segment.customers.filter(code__in=codes).values_list("code", flat=True)
        )
        flags = pc.is_in(rows["customer_id"], value_set=pa.array(members, pa.string()))
        rows = rows.append_column(f"segment_{segment.slug}", flags)
    return rows


def _customers_changed(keys: Sequence[str]) -> None:
    if len(keys) > MANY:
        mark_every_day_stale()
        return
    wanted = ibis.memtable(pa.table({"customer_id": list(keys)}))
    for there, column in ((tables.responses(), "answered_on"), (_invitations(), "sent_on")):
        found = there.semi_join(wanted, "customer_id").select(column).distinct().to_pyarrow()
        _mark_stale([day for day in found[column].to_pylist() if day is not None])


def _mark_stale(days: Sequence[date]) -> None:
    marked = StaleDay.objects.values_list("day", flat=True)
    new = sorted(set(days) - set(marked))
    if new:  # looking costs no write lock
        StaleDay.objects.bulk_create([StaleDay(day=day) for day in new], ignore_conflicts=True)


def _replace_sums(days: Sequence[date]) -> None:
    layer, circumstances = sums_of(days)
    # The sums come last: their version tells that everything else of the day is there too.
    _replace_days("circumstances", circumstances, "day", days, ["month"])
    _replace_days("sums", layer, "answered_on", days, ["grain", "month"])


def _replace_days(
    name: str, rows: pa.Table, column: str, days: Sequence[date], partition_by: Sequence[str]
) -> None:
    in_months = ", ".join(store.quote(month) for month in sorted({f"{day:%Y-%m}" for day in days}))
    in_days = ", ".join(store.quote(f"{day:%Y-%m-%d}") for day in days)
    store.replace(name, rows, f"month IN ({in_months}) AND {column} IN ({in_days})", partition_by)


def waiting() -> dict[str, object]:
    """Return how far the warehouse is behind: changes not copied, days not summed."""
    stale = StaleDay.objects.aggregate(first=Min("day"), last=Max("day"))
    return {"changes": Change.objects.count(), **stale}
