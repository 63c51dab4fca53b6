"""What each unit did in a week, and what was aimed at."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now


class Aim(models.Model):
    """What the organisation wants of itself: one row, made when it is first changed."""

    key = models.PositiveSmallIntegerField(primary_key=True, default=1)
    in_time_percent = models.PositiveSmallIntegerField(default=90)  # of the cases that were due
    reading_percent = models.PositiveSmallIntegerField(default=80)  # of the managers
    huddle_percent = models.PositiveSmallIntegerField(default=80)  # of the units

    class Meta:
        constraints = [models.CheckConstraint(name="one_aim", condition=Q(key=1))]


class UnitWeek(models.Model):
    """What one unit did in one week, as the worker counted it."""

    unit = models.ForeignKey("accounts.Unit", on_delete=models.CASCADE)
    week_on = models.DateField()  # its Monday
    due = models.PositiveIntegerField(default=0)  # cases to be contacted in the week
    in_time = models.PositiveIntegerField(default=0)
    managers = models.PositiveSmallIntegerField(default=0)
    # Counted while the week runs; null: nobody counted then.
    reading = models.PositiveSmallIntegerField(null=True)
    has_people = models.BooleanField(default=False)  # a team that could hold a huddle
    huddle_held = models.BooleanField(default=False)  # about this week
    counted_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-week_on", "unit__name"]
        constraints = [models.UniqueConstraint(fields=["unit", "week_on"], name="unit_week_once")]
        indexes = [models.Index(fields=["week_on"], name="unit_week_of")]
