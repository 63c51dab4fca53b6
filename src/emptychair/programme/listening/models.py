"""What themes go along with, as the worker computed it."""

from __future__ import annotations

from django.db import models

from emptychair.programme.lib.clock import now


class ThemeStudy(models.Model):
    """Themes of one period, of everybody, of one key segment or of one unit."""

    class Period(models.TextChoices):
        QUARTER = "90d"
        YEAR = "12m"
        ALL = "all"

    class Among(models.TextChoices):
        ALL = "all"
        SEGMENT = "segment"
        UNIT = "unit"

    period = models.CharField(max_length=3, choices=Period)
    among = models.CharField(max_length=7, choices=Among, default=Among.ALL)
    value = models.CharField(max_length=60, blank=True)  # slug of the segment, code of the unit
    starts_on = models.DateField(null=True)  # null: from the first answer
    ends_on = models.DateField()
    effects = models.JSONField(default=list)  # fields of the library's records
    discoveries = models.JSONField(default=list)
    meanings = models.JSONField(default=list)  # groups of comments, where they have vectors
    n = models.PositiveIntegerField(default=0)  # comments that tell something
    is_withheld = models.BooleanField(default=False)
    why_empty = models.CharField(max_length=300, blank=True)  # as the library said it
    data_version = models.CharField(max_length=60)
    inputs_digest = models.CharField(max_length=64)
    library_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "among", "value"], name="theme_study_once")
        ]
