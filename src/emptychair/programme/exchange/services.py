"""What a person can do with a file: bring it, say how to read it, confirm, discard, undo."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Survey
from emptychair.programme.exchange import uploads
from emptychair.programme.exchange.mapping import chosen
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.reading import Choices
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError

AS_THE_FILE_SAYS = "file"
NEW_SURVEY = "new"


def upload(*, kind: str, name: str, chunks: Iterable[bytes], size: int, by: User) -> Import:
    """Take a file in and have it read; nothing else is written before somebody confirms.

    Raises:
        RefusedError: the file is too large, empty, or no table.
    """
    uploads.check_size(size)
    ending = uploads.ending_of(name)
    imported = Import(kind=kind, file_name=name[-200:], ending=ending, size_bytes=size, by=by)
    uploads.store(chunks, imported.uploaded_path)
    with transaction.atomic():
        imported.save()
        record("import.uploaded", imported.public_id, actor=by.public_id, kind=kind)
    return imported


@transaction.atomic
def read_again(
    imported: Import, *, mapping: Mapping[str, str], reading: Choices, unknown_units: str
) -> None:
    """Read the file anew with another mapping or other words about how it is written.

    Args:
        imported: an import that waits for confirmation.
        mapping: heading -> field, "" for left out.
        reading: what the person said about encoding, dates and decimals.
        unknown_units: `create` or `refuse`.

    Raises:
        RefusedError: a field is chosen twice, a date is none, or the import has moved on.
    """
    names = [name for name in mapping.values() if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        sentence = _("Two columns are both “%(field)s”. Choose one of them.")
        raise RefusedError("field_twice", sentence % {"field": twice})
    if reading.given_on:
        _check_date(reading.given_on)
    choices = {**imported.choices, "reading": asdict(reading), "unknown_units": unknown_units}
    _move(
        imported,
        (Import.State.READY, Import.State.REFUSED),
        Import.State.CHECKING,
        mapping=dict(mapping),
        choices=choices,
        problem="",
    )


def _check_date(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        sentence = _("“%(text)s” is no date. Write it as 2026-01-31.")
        raise RefusedError("date", sentence % {"text": text[:20]}) from error


@transaction.atomic
def confirm(imported: Import, *, survey: str, survey_name: str, survey_kind: str, by: User) -> None:
    """Have the staged rows written.

    Args:
        imported: an import whose preview somebody has seen.
        survey: for responses, the slug of a survey, `new`, or `file` for the file's own column.
        survey_name: the name of a new survey.
        survey_kind: relationship or transactional, for a new survey.
        by: who confirms.

    Raises:
        RefusedError: something must be answered first, or there is nothing to import.
    """
    _check_ready(imported)
    choices = dict(imported.choices)
    found: Survey | None = None
    if imported.kind == Import.Kind.RESPONSES:
        found = _survey(imported, survey, survey_name, survey_kind)
        name, kind = survey_name.strip()[:120], survey_kind
        choices |= {"survey": survey, "survey_name": name, "survey_kind": kind}
    _move(imported, (Import.State.READY,), Import.State.RUNNING, choices=choices, survey=found)
    record("import.confirmed", imported.public_id, actor=by.public_id, kind=imported.kind)


def _check_ready(imported: Import) -> None:
    preview = imported.preview
    if preview.get("missing") or preview.get("questions"):
        raise RefusedError(
            "import_questions", _("Answer the questions about the columns first, then import.")
        )
    if not imported.total_rows:
        raise RefusedError("import_nothing", _("No row of this file can be imported."))


def _survey(imported: Import, survey: str, name: str, kind: str) -> Survey | None:
    if survey == NEW_SURVEY:
        if not name.strip():
            raise RefusedError("survey_name", _("Give the new survey a name."))
        if kind not in Survey.Kind.values:
            raise RefusedError("survey_kind", _("Choose what kind of survey it is."))
        return None
    fields = {field.name for field, _ in chosen("responses", _headings(imported), imported.mapping)}
    if survey == AS_THE_FILE_SAYS and "survey" in fields:
        return None
    found = Survey.objects.filter(slug=survey).first()
    if found is None:
        raise RefusedError("survey", _("Choose which survey these answers belong to."))
    return found


def _headings(imported: Import) -> list[str]:
    return [column["heading"] for column in imported.preview.get("columns", [])]


@transaction.atomic
def discard(imported: Import, *, by: User) -> None:
    """Throw away a file that was not imported.

    Raises:
        RefusedError: it is being read or has been imported.
    """
    _move(imported, (Import.State.READY, Import.State.REFUSED), Import.State.DISCARDED)
    Import.objects.filter(pk=imported.pk).update(files_kept=False, preview={}, mapping={})
    record("import.discarded", imported.public_id, actor=by.public_id)
    transaction.on_commit(lambda: shutil.rmtree(imported.folder, ignore_errors=True))


@transaction.atomic
def undo(imported: Import, *, by: User) -> None:
    """Have everything taken back that an import brought and nobody has changed since.

    Raises:
        RefusedError: it was not imported, or its time for that is over.
    """
    _check_kept(imported)
    done = (Import.State.DONE, Import.State.FAILED)
    _move(imported, done, Import.State.UNDOING, undone_rows=0, kept_rows={}, problem="")
    record("import.undo_asked", imported.public_id, actor=by.public_id)


@transaction.atomic
def run_again(imported: Import, *, by: User) -> None:
    """Import an undone file anew, or go on with one that stopped.

    Raises:
        RefusedError: it was not undone, or its file is no longer kept.
    """
    _check_kept(imported)
    fresh: dict[str, Any] = {}
    if imported.state == Import.State.UNDONE or imported.undone_rows:
        fresh = dict.fromkeys(("done_rows", "added_rows", "changed_rows", "repeated_rows"), 0)
        fresh |= {"undone_rows": 0, "kept_rows": {}}
    states = (Import.State.UNDONE, Import.State.FAILED)
    state = Import.State.RUNNING if imported.total_rows else Import.State.CHECKING
    _move(imported, states, state, problem="", **fresh)
    record("import.confirmed", imported.public_id, actor=by.public_id, kind=imported.kind)


def _check_kept(imported: Import) -> None:
    if not imported.files_kept:
        raise RefusedError(
            "import_too_old", _("The file is no longer kept. Upload it again if you need it.")
        )


def _move(
    imported: Import, before: tuple[Import.State, ...], after: Import.State, **changes: Any
) -> None:
    """Change the state by compare-and-set: of two people at once one wins."""
    moved = Import.objects.filter(pk=imported.pk, state__in=before).update(
        state=after, lease_until=now(), leased_by="", attempts=0, finished_at=None, **changes
    )
    if not moved:
        raise RefusedError(
            "import_moved_on", _("The import has moved on. Look at its page, then try again.")
        )
