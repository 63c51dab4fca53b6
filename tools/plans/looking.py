"""The run itself: fill if need be, watch the work, print what was seen."""

import argparse
import dataclasses
import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from tools.plans import partitions
from tools.plans.base import fill
from tools.plans.watching import Plan, Watch
from tools.plans.work import do_all

from emptychair.programme.capture.models import Response

SHOWN_LETTERS = 300


def look(said: argparse.Namespace) -> int:
    """Fill the database unless it is, watch the work, and print what was seen."""
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    call_command("migrate", verbosity=0, interactive=False)
    if not Response.objects.exists():
        for table, seconds in fill(said.responses, said.customers):
            print(f"filled {table}: {seconds:.1f} s", flush=True)
    if said.partitions:
        for line in partitions.measured():
            print(line, flush=True)
        return 0
    plans = watched(said.only).plans
    if said.json:
        said.json.write_text("".join(json.dumps(dataclasses.asdict(one)) + "\n" for one in plans))
    for lines in (summary(plans), wanting(plans), unused()):
        print("\n".join(["", *lines]))
    return 0


def watched(only: str = "") -> Watch:
    """Do the programme's work and return what was seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_reset()")
    watch = Watch()
    for purpose in do_all(watch, only):
        print(f"done: {purpose}", flush=True)
    return watch


def summary(plans: Iterable[Plan]) -> Iterator[str]:
    """Yield a table with a row for each purpose: its slowest statement tells the most."""
    yield "| what | statements | all, ms | slowest, ms | rows read | by | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for purpose, group in groupby(plans, key=lambda plan: plan.purpose):
        some = list(group)
        slowest = max(some, key=lambda plan: plan.ms)
        verdicts = dict.fromkeys(plan.verdict for plan in some if plan.verdict)
        yield (
            f"| {purpose} | {len(some)} | {sum(plan.ms for plan in some):,.1f} | {slowest.ms:,.1f}"
            f" | {sum(plan.read for plan in some):,} | {', '.join(slowest.indexes)}"
            f" | {' / '.join(verdicts) or 'good'} |"
        )


def wanting(plans: Iterable[Plan]) -> Iterator[str]:
    """Yield the statements with which something is wrong, the slowest first."""
    for plan in sorted(plans, key=lambda plan: -plan.ms):
        if plan.verdict:
            yield (
                f"{plan.ms:,.1f} ms, {plan.read:,} read, {plan.given:,} given,"
                f" {plan.blocks:,} pages (triggers {plan.triggers_ms:,.0f} ms,"
                f" compiling {plan.jit_ms:,.0f} ms)"
                f" {plan.purpose}: {plan.verdict}"
            )
            yield f"    {plan.statement[:SHOWN_LETTERS]}"


def unused() -> Iterator[str]:
    """Yield the indexes that nothing has read, the largest first; constraints need theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.indexrelname, s.relname, pg_relation_size(s.indexrelid)"
            " FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid"
            " WHERE s.idx_scan = 0 AND NOT i.indisunique AND i.indexrelid NOT IN"
            " (SELECT conindid FROM pg_constraint) ORDER BY 3 DESC, 1"
        )
        for name, table, size in cursor.fetchall():
            yield f"not used: {name} of {table}, {size / 1e6:,.1f} MB"
