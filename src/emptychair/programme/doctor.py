"""Is the installation well? Checks with a sentence each, for `emptychair doctor`."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from emptychair.programme.activity.models import Delivery
from emptychair.programme.capture.models import Response
from emptychair.programme.comments.vectors import vector_state
from emptychair.programme.mailroom.sorting import trouble
from emptychair.programme.warehouse import checking, services, tables
from emptychair.programme.warehouse.writing import sole_writer


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    is_well: bool
    sentence: str


def examine(what: str, *, rebuild: bool = False) -> list[Finding]:
    """Look at the `warehouse`, or at `all`; with `rebuild`, mend it and its sums first."""
    findings = [] if what == "warehouse" else [*_settings(), *_database(), _embeddings()]
    if rebuild:
        _rebuild()
    return [*findings, *_warehouse()]


def _rebuild() -> None:
    """Copy anew what differs, then make all sums anew; the worker waits, pages go on."""
    with sole_writer(wait=True):
        services.synchronise()
        for month in checking.months():
            if month.differing:
                checking.mend(month)
        for table in checking.others():
            checking.mend_whole(table)
        services.synchronise()
        services.rebuild_layer()


def _settings() -> Iterator[Finding]:
    problems = run_checks()
    for problem in problems:
        yield Finding(False, str(problem.msg))
    if not problems:
        yield Finding(True, "settings and page permissions are in order")


def _database() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    yield Finding(not missing, f"{len(missing)} migrations to apply (emptychair migrate)")
    dead = Delivery.objects.filter(state=Delivery.State.DEAD).count()
    yield Finding(not dead, f"{dead} deliveries were given up after many attempts")
    stuck = trouble()
    yield Finding(
        stuck is None,
        f"nothing leaves since {stuck.since:%Y-%m-%d %H:%M} UTC: {stuck.said}"
        if stuck
        else "messages leave",
    )
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            (verdict,) = cursor.fetchone()
        yield Finding(verdict == "ok", f"SQLite's integrity check says: {verdict}")


def _embeddings() -> Finding:
    """Look at whether comments can be compared by meaning, if that was asked for."""
    state = vector_state()
    if not state.asked:
        return Finding(True, "comments are read by words alone (EMPTYCHAIR_EMBEDDINGS is empty)")
    if state.trouble:
        return Finding(False, state.trouble)
    return Finding(True, f"{state.percent} % of the comments have a vector of {state.asked}")


def _months() -> Iterator[Finding]:
    """Compare counts and checksums of the responses of every month."""
    rows = number = 0
    is_well = True
    for month in checking.months():
        rows, number = rows + month.in_database, number + 1
        if month.differing:
            is_well = False
            yield Finding(
                False,
                f"responses of {month.month}: {month.in_database} in the database,"
                f" {month.in_warehouse} in the warehouse, {len(month.differing)} differ"
                f" (first {month.differing[0]}). `emptychair doctor warehouse --rebuild` copies"
                " them anew; pages go on meanwhile",
            )
    if is_well:
        yield Finding(True, f"responses: {rows} in {number} months, checksums agree")


def _others() -> Iterator[Finding]:
    """Compare counts and checksums of the tables other than the responses."""
    for found in checking.others():
        counts = f"{found.name}: database {found.in_database}, warehouse {found.in_warehouse}"
        if not found.differing:
            yield Finding(True, f"{counts}, checksums agree")
            continue
        yield Finding(
            False,
            f"{counts}, {len(found.differing)} differ (first {found.differing[0]})."
            " `emptychair doctor warehouse --rebuild` copies them anew; pages go on meanwhile",
        )


def _warehouse() -> Iterator[Finding]:
    """Compare database, facts and statistics layer."""
    behind = services.waiting()
    yield Finding(not behind["changes"], f"{behind['changes']} changes wait for the warehouse")
    yield from _months()
    counted = Response.objects.filter(held_reason="").count()
    yield from _others()
    layer = tables.layer()
    for grain in ("segment", "unit", "full", "hash_group"):
        rows = layer.filter((layer["grain"] == grain) & (layer["segment"] == ""))
        total = sum(rows[f"score_{score}"].sum() for score in range(11))
        summed = rows.aggregate(n=total).to_pyarrow().to_pylist()[0]["n"] or 0
        yield Finding(summed == counted, f"sums by {grain}: {summed} counted answers")
