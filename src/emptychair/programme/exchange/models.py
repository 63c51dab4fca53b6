"""Files that were brought in, and what each of them brought."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id


class Import(models.Model):
    """One file on its way in: read and shown first, written once a person has confirmed."""

    class Kind(models.TextChoices):
        RESPONSES = "responses", _("Responses")
        CUSTOMERS = "customers", _("Customers")
        VALUES = "values", _("Values per customer and month")
        EVENTS = "events", _("Events")
        UNITS = "units", _("Units")

    class State(models.TextChoices):
        CHECKING = "checking", _("Being read")
        READY = "ready", _("Waits for your word")
        REFUSED = "refused", _("Could not be read")
        RUNNING = "running", _("Being imported")
        FAILED = "failed", _("Stopped")
        DONE = "done", _("Imported")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Discarded")

    # States in which the worker has something to do.
    AT_WORK = (State.CHECKING, State.RUNNING, State.UNDOING)

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    file_name = models.CharField(max_length=200)  # as the person's computer calls it
    ending = models.CharField(max_length=8)  # .csv, .xlsx, .parquet
    size_bytes = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True, blank=True)
    files_kept = models.BooleanField(default=True)  # until the retention routine removes them

    # What the person chose: column -> heading, "" for left out; encoding, date order ...
    mapping = models.JSONField(default=dict)
    choices = models.JSONField(default=dict)
    survey = models.ForeignKey("capture.Survey", null=True, blank=True, on_delete=models.SET_NULL)
    preview = models.JSONField(default=dict)
    problem = models.TextField(blank=True)

    total_rows = models.PositiveIntegerField(default=0)  # rows that can be imported
    refused_rows = models.PositiveIntegerField(default=0)
    done_rows = models.PositiveIntegerField(default=0)
    added_rows = models.PositiveIntegerField(default=0)
    changed_rows = models.PositiveIntegerField(default=0)
    repeated_rows = models.PositiveIntegerField(default=0)  # there already, left as they were
    undone_rows = models.PositiveIntegerField(default=0)
    kept_rows = models.JSONField(default=dict)  # what an undo had to leave: reason -> rows

    leased_by = models.CharField(max_length=22, blank=True)
    lease_until = models.DateTimeField(default=now)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # For the worker, which asks every second whether there is work.
            models.Index(
                fields=["lease_until"],
                name="import_at_work",
                condition=Q(state__in=("checking", "running", "undoing")),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def folder(self) -> Path:
        """Where the file and what was read from it lie, under a name nobody can guess."""
        return Path(settings.MEDIA_ROOT) / "imports" / self.public_id

    @property
    def uploaded_path(self) -> Path:
        """The file as it came."""
        return self.folder / f"upload{self.ending}"

    @property
    def accepted_path(self) -> Path:
        """The rows that can be imported, typed."""
        return self.folder / "accepted.parquet"

    @property
    def refused_path(self) -> Path:
        """The rows that cannot, with column, cell and reason."""
        return self.folder / "refused.parquet"

    @property
    def is_at_work(self) -> bool:
        """Whether the worker has something to do for it."""
        return self.state in self.AT_WORK


class ImportedRow(models.Model):
    """One row an import made or changed, apart from responses, which carry its id themselves.

    An undo takes the row back only while it still is what the import made of it.
    """

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    table = models.CharField(max_length=12)
    key = models.BigIntegerField()
    before = models.JSONField(null=True)  # null: the import made the row
    after = models.CharField(max_length=32)  # digest of the row as the import left it

    class Meta:
        indexes = [
            # For the undo, table by table.
            models.Index(fields=["imported", "table", "id"], name="imported_row_undo"),
        ]
