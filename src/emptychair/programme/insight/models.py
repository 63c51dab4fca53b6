"""Computed numbers, kept with everything that explains them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id


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
    asked = models.PositiveIntegerField()  # invitations sent in the period
    delivered = models.PositiveIntegerField(default=0)  # of them
    answered = models.PositiveIntegerField(default=0)  # of the delivered, whenever
    held = models.PositiveIntegerField()  # responses stored but not counted
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


class Assessment(models.Model):
    """How far the NPS of a group may be trusted: the reliability panel, stored as computed."""

    class Kind(models.TextChoices):
        ALL = "all"
        SEGMENT = "segment"
        CHANNEL = "channel"
        FOLLOWUP = "followup"  # fields of analysis.customers.recovery.Recovery

    kind = models.CharField(max_length=8, choices=Kind)
    group = models.CharField(max_length=60, blank=True)  # slug or channel; blank: everyone
    starts_on = models.DateField()
    ends_on = models.DateField()
    # Fields of analysis.delivery.reliability.Reliability; empty where no customer answered.
    result = models.JSONField(default=dict)
    inputs_digest = models.CharField(max_length=64)
    library_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "group"], name="assessment_once")]


class Watch(models.Model):
    """A series under watch and its baseline, locked before anyone looks."""

    segment = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    baseline_from = models.DateField()
    baseline_until = models.DateField()
    locked_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "unit"], name="watch_once")]

    @property
    def group(self) -> tuple[str, str]:
        """The series: segment and unit, blank where it is everyone."""
        return self.segment, self.unit


class Alert(models.Model):
    """A real change of one series: when it began, how large it is, and who has seen to it."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    segment = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    direction = models.CharField(max_length=4)  # down or up
    raised_at = models.DateTimeField(default=now)
    alarm_on = models.DateField()  # first day on which the evidence was enough
    began_on = models.DateField()
    began_earliest_on = models.DateField()
    began_latest_on = models.DateField()
    baseline_from = models.DateField()
    baseline_until = models.DateField()
    baseline_points = models.FloatField()
    baseline_n = models.PositiveIntegerField()
    since_points = models.FloatField()
    since_n = models.PositiveIntegerField()
    difference_points = models.FloatField()
    low_points = models.FloatField()
    high_points = models.FloatField()
    evidence = models.FloatField()
    threshold = models.FloatField()
    watched = models.PositiveIntegerField()  # series watched at once when it was raised
    likely_segment = models.CharField(max_length=60, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-raised_at", "pk"]
        constraints = [
            # A change is told once, however often the worker finds it.
            models.UniqueConstraint(
                fields=["segment", "unit", "direction"],
                condition=Q(acknowledged_at=None),
                name="alert_open_once",
            )
        ]

    @property
    def is_open(self) -> bool:
        """Whether nobody has seen to it yet."""
        return self.acknowledged_at is None


class Benchmark(models.Model):
    """The NPS of others, as a source states it: for comparison, not for aiming at."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    name = models.CharField(max_length=120)
    industry = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, blank=True)
    nps_points = models.FloatField()
    source = models.CharField(max_length=300)
    published_on = models.DateField()
    changed_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="benchmark_in_range", condition=Q(nps_points__gte=-100, nps_points__lte=100)
            )
        ]


class PeriodReport(models.Model):
    """A month as it was published. Its figures never change; corrections stand beside them."""

    starts_on = models.DateField(unique=True)
    ends_on = models.DateField()
    # One object per group: segment, unit, scores, points and circumstances.
    figures = models.JSONField(default=list)
    inputs_digest = models.CharField(max_length=64)
    library_version = models.CharField(max_length=20)
    published_at = models.DateTimeField(default=now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )  # null: the worker, on the third working day

    class Meta:
        ordering = ["-starts_on"]
