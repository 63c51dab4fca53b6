"""What was found out about customers, stored as the worker computed it."""

from __future__ import annotations

from django.db import models

from emptychair.programme.lib.clock import now


class Study(models.Model):
    """One result about everybody or one key segment, with what explains it."""

    class Kind(models.TextChoices):
        ECONOMICS = "economics"
        RETENTION = "retention"
        BEHAVIOUR = "behaviour"
        MOVEMENT = "movement"
        GROWTH = "growth"
        SILENT = "silent"
        RECOVERY = "recovery"

    kind = models.CharField(max_length=10, choices=Kind)
    segment = models.CharField(max_length=60, blank=True)  # blank: everyone
    # Fields of the library's records; empty where there is too little to say anything.
    result = models.JSONField(default=dict)
    n = models.PositiveIntegerField()  # customers behind it
    why_empty = models.CharField(max_length=300, blank=True)  # as the library said it
    method = models.CharField(max_length=60)  # page in docs/methods
    data_version = models.CharField(max_length=40)  # of the sums it was computed beside
    inputs_digest = models.CharField(max_length=64)
    library_version = models.CharField(max_length=20)
    computed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "segment"], name="study_once")]


class Chance(models.Model):
    """What a silent customer may be, as a calibrated chance; never a measured bucket."""

    customer = models.OneToOneField(
        "customers.Customer", primary_key=True, on_delete=models.CASCADE, related_name="chance"
    )
    p_detractor = models.FloatField()
    p_passive = models.FloatField()
    p_promoter = models.FloatField()
    p_detractor_low = models.FloatField()
    p_detractor_high = models.FloatField()
    possible = models.CharField(max_length=40)  # buckets that cannot be ruled out, by "|"
    given_on = models.DateField()

    class Meta:
        indexes = [
            # For the list of silent customers, the likeliest detractors first.
            models.Index(fields=["-p_detractor"], name="chance_of_detractor"),
        ]


class Trial(models.Model):
    """Chances given on one day, scored against the answers that came later."""

    given_on = models.DateField(unique=True)
    predicted = models.PositiveIntegerField()  # silent customers who got a chance
    n = models.PositiveIntegerField(default=0)  # of them, those who have answered since
    log_loss = models.FloatField(null=True)
    base_log_loss = models.FloatField(null=True)
    brier = models.FloatField(null=True)
    calibration_error = models.FloatField(null=True)
    scored_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-given_on"]
