"""Computed numbers, kept with everything that explains them."""

from django.db import models

from emptychair.programme.lib.clock import now


class Reading(models.Model):
    """One number of one group and period, its interval, and how it came about."""

    metric = models.CharField(max_length=40)  # nps
    segment = models.CharField(max_length=60, blank=True)  # blank: everyone
    unit = models.CharField(max_length=60, blank=True)  # blank: all units
    starts_on = models.DateField()
    ends_on = models.DateField()
    n = models.PositiveIntegerField()
    value = models.FloatField(null=True)  # points; null where nobody answered
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    asked = models.PositiveIntegerField()  # invitations sent in the period, everyone's
    held = models.PositiveIntegerField()  # responses stored but not counted, everyone's
    method = models.CharField(max_length=60)  # page in docs/methods
    wordings = models.JSONField(default=list)
    inputs_digest = models.CharField(max_length=64)
    library_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "segment", "unit", "starts_on", "ends_on"], name="reading_once"
            )
        ]
