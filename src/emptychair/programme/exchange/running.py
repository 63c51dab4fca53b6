"""The work behind an import: reading, writing and undoing, in steps that survive a kill.

A step is one transaction that writes a chunk and says so on the import. Whoever holds the lease
does the steps; a holder that dies is succeeded when the lease ends, at the chunk after the last
one that was committed.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
from django.db import close_old_connections, connection, transaction
from django.db.models import F

from emptychair.analysis.errors import AnalysisError
from emptychair.programme.activity.services import record
from emptychair.programme.exchange import undoing
from emptychair.programme.exchange.checking import CHUNK, check
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.writing import Row, Tally, write_customers, write_units
from emptychair.programme.exchange.writing_facts import write_events, write_values
from emptychair.programme.exchange.writing_responses import write_responses
from emptychair.programme.lib import config
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id

LEASE = timedelta(seconds=60)
BACK_OFF = timedelta(seconds=5)
MOST_ATTEMPTS = 5
WRITERS: Mapping[str, Callable[[Import, Sequence[Row]], Tally]] = {
    "responses": write_responses,
    "customers": write_customers,
    "values": write_values,
    "events": write_events,
    "units": write_units,
}
logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Somebody else has taken the work over; what this step wrote is rolled back."""


def work_off() -> int:
    """Do everything that imports wait for; return how many were worked on."""
    worked = 0
    while (imported := _claim()) is not None:
        worked += 1
        _work(imported)
    return worked


def _claim() -> Import | None:
    """Take the oldest import that waits for work and that nobody holds."""
    moment, name = now(), new_id()
    waiting = Import.objects.filter(state__in=Import.AT_WORK, lease_until__lte=moment)
    key = waiting.order_by("pk").values_list("pk", flat=True).first()
    if key is None:
        return None
    won = waiting.filter(pk=key).update(leased_by=name, lease_until=moment + LEASE)
    return Import.objects.select_related("survey__touchpoint").get(pk=key) if won else None


def _work(imported: Import) -> None:
    steps = {
        Import.State.CHECKING: _check,
        Import.State.RUNNING: _run,
        Import.State.UNDOING: _undo,
    }
    try:
        steps[Import.State(imported.state)](imported)
    except LeaseLostError:
        logger.warning("import %s was taken over by another worker", imported.public_id)
    except Exception:
        logger.exception("import %s: a step failed", imported.public_id)
        _after_failure(imported)


def _after_failure(imported: Import) -> None:
    attempts = imported.attempts + 1
    fields: dict[str, Any] = {
        "attempts": attempts,
        "lease_until": now() + BACK_OFF * 2**attempts,
        "leased_by": "",
    }
    if attempts >= MOST_ATTEMPTS:
        fields |= {"state": Import.State.FAILED, "problem": "interrupted"}
    Import.objects.filter(pk=imported.pk, leased_by=imported.leased_by).update(**fields)


def _advance(imported: Import, **changes: Any) -> None:
    """Say how far the work has come, in the transaction of the step itself.

    Raises:
        LeaseLostError: somebody else holds the import by now.
    """
    mine = Import.objects.filter(pk=imported.pk, leased_by=imported.leased_by, state=imported.state)
    if not mine.update(lease_until=now() + LEASE, attempts=0, **changes):
        raise LeaseLostError


def _finish(imported: Import, state: Import.State, action: str, **details: Any) -> None:
    with transaction.atomic():
        _advance(imported, state=state, leased_by="", finished_at=now())
        record(action, imported.public_id, kind=imported.kind, **details)


def _check(imported: Import) -> None:
    try:
        check(imported, beat=lambda: _advance(imported))
    except AnalysisError as error:
        problem = str(error).replace(imported.uploaded_path.name, imported.file_name)
        _advance(imported, state=Import.State.REFUSED, problem=problem, leased_by="")
        return
    _advance(
        imported,
        state=Import.State.READY,
        mapping=imported.mapping,
        preview=imported.preview,
        total_rows=imported.total_rows,
        refused_rows=imported.refused_rows,
        leased_by="",
    )


def _run(imported: Import) -> None:
    write = WRITERS[imported.kind]
    for rows, done in _chunks(imported):
        _write_chunk(imported, write, rows, done)
    imported.refresh_from_db()
    _finish(
        imported,
        Import.State.DONE,
        "import.done",
        added=imported.added_rows,
        changed=imported.changed_rows,
        repeated=imported.repeated_rows,
        refused=imported.refused_rows,
    )


def _chunks(imported: Import) -> Iterator[tuple[list[Row], int]]:
    """Yield the staged rows that are not written yet, with the row count each chunk leads up to."""
    with pq.ParquetFile(imported.accepted_path) as staged:
        start = 0
        for number in range(staged.num_row_groups):
            size = staged.metadata.row_group(number).num_rows
            if start + size > imported.done_rows:
                rows = staged.read_row_group(number).to_pylist()
                for first in range(max(0, imported.done_rows - start), size, CHUNK):
                    chunk = rows[first : first + CHUNK]
                    yield chunk, start + first + len(chunk)
            start += size


def _write_chunk(
    imported: Import,
    write: Callable[[Import, Sequence[Row]], Tally],
    rows: Sequence[Row],
    done: int,
) -> None:
    with transaction.atomic():
        tally = write(imported, rows)
        _advance(
            imported,
            done_rows=done,
            added_rows=F("added_rows") + tally.added,
            changed_rows=F("changed_rows") + tally.changed,
            repeated_rows=F("repeated_rows") + tally.repeated,
        )


def _undo(imported: Import) -> None:
    kept = Counter(imported.kept_rows)
    while _undo_responses(imported):
        pass
    for table in undoing.ORDER:
        while _undo_table(imported, table, kept):
            pass
    left = undoing.responses_kept(imported)
    if left:
        kept[undoing.CHANGED_SINCE] += left
    imported.refresh_from_db()
    with transaction.atomic():
        _advance(imported, kept_rows=dict(kept))
        _finish(
            imported,
            Import.State.UNDONE,
            "import.undone",
            undone=imported.undone_rows,
            kept=sum(kept.values()),
        )


@transaction.atomic
def _undo_responses(imported: Import) -> bool:
    undone, dealt_with = undoing.undo_responses(imported, CHUNK)
    _advance(imported, undone_rows=F("undone_rows") + undone)
    return dealt_with > 0


@transaction.atomic
def _undo_table(imported: Import, table: str, kept: Counter[str]) -> bool:
    undone, dealt_with, stay = undoing.undo_rows(imported, table, CHUNK)
    kept.update(stay)
    own = undone if table == imported.kind else 0
    _advance(imported, undone_rows=F("undone_rows") + own, kept_rows=dict(kept))
    return dealt_with > 0


def remove_old_files() -> None:
    """Remove uploaded files past their time; what they brought can no longer be undone."""
    days = int(config.setting("EMPTYCHAIR_IMPORT_DAYS"))
    old = Import.objects.filter(files_kept=True, uploaded_at__lt=now() - timedelta(days=days))
    for imported in old.exclude(state__in=Import.AT_WORK):
        shutil.rmtree(imported.folder, ignore_errors=True)
        with transaction.atomic():
            imported.rows.all().delete()
            Import.objects.filter(pk=imported.pk).update(files_kept=False, preview={}, mapping={})
            record("import.files_removed", imported.public_id)


class Background:
    """Runs `work_off` in a thread, so that the worker's other duties never wait for a big file."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread unless it is at work or there is nothing to do."""
        with self._starting:
            busy = self.thread is not None and self.thread.is_alive()
            waiting = Import.objects.filter(state__in=Import.AT_WORK, lease_until__lte=now())
            if not busy and waiting.exists():
                self.thread = threading.Thread(target=self._run, name="imports", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        close_old_connections()
        try:
            work_off()
        finally:
            connection.close()


continue_imports = Background().start
