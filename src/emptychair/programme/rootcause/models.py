"""What was found out about causes, stored as the worker computed it."""

from __future__ import annotations

from django.db import models

from emptychair.programme.lib.clock import now


class Finding(models.Model):
    """One result about everybody or one key segment, with what explains it."""

    class Kind(models.TextChoices):
        DRIVERS = "drivers"
        JOURNEY = "journey"

    kind = models.CharField(max_length=10, choices=Kind)
    segment = models.CharField(max_length=60, blank=True)  # blank: everyone
    result = models.JSONField(default=dict)  # fields of the library's records
    n = models.PositiveIntegerField()  # answers behind it
    why_empty = models.CharField(max_length=300, blank=True)  # as the library said it
    method = models.CharField(max_length=60)  # page in docs/methods
    data_version = models.CharField(max_length=40)
    inputs_digest = models.CharField(max_length=64)
    library_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "segment"], name="finding_once")]
