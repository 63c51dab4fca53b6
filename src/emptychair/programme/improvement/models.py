"""What might be done about a driver, what was decided, and what it brought."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id


class Scenario(models.Model):
    """A supposed change of drivers with the range of outcomes, as it stood when it was saved."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    name = models.CharField(max_length=120)
    segment = models.CharField(max_length=60, blank=True)  # blank: all customers
    shifts = models.JSONField(default=dict)  # driver -> steps
    reach_share = models.FloatField(default=1.0)
    success_share = models.FloatField(default=1.0)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    associated_points = models.FloatField()  # before kappa, reach and success
    effect_points = models.FloatField()
    low_points = models.FloatField()
    high_points = models.FloatField()
    money = models.FloatField(null=True)
    money_low = models.FloatField(null=True)
    money_high = models.FloatField(null=True)
    kappa_mean = models.FloatField()
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    saved_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-saved_at"]

    def __str__(self) -> str:
        return self.name


class Initiative(models.Model):
    """Funded work on drivers; its expected effect is locked when it is decided."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        DECIDED = "decided"
        RUNNING = "running"
        FINISHED = "finished"

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="initiatives"
    )
    segments = models.JSONField(default=list)  # slugs; empty: all customers
    drivers = models.JSONField(default=list)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    # What goes along with the planned change; measured over expected is what kappa is learnt from.
    # Null where no scenario says what it may bring.
    associated_points = models.FloatField(null=True, blank=True)
    expected_points = models.FloatField(null=True, blank=True)
    expected_low = models.FloatField(null=True, blank=True)
    expected_high = models.FloatField(null=True, blank=True)
    # What a team raised in its huddle, if it began there.
    raised = models.OneToOneField(
        "closedloop.Raised", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    started_on = models.DateField(null=True, blank=True)
    finished_on = models.DateField(null=True, blank=True)
    measured_points = models.FloatField(null=True, blank=True)
    measured_error = models.FloatField(null=True, blank=True)  # standard error

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="initiative_finished_with_effect",
                condition=~Q(state="finished")
                | Q(measured_points__isnull=False, measured_error__gt=0),
            ),
            models.CheckConstraint(
                name="initiative_decided_at",
                condition=Q(state="proposed") | Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
