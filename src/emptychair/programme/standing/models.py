"""Where each customer and account stands today: a projection of answers, asks, values and facts."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from emptychair.programme.lib.indexes import EmptyLastIndex

OLDEST_ANSWER_DAYS = 365


def usual_key_roles() -> list[str]:
    """Return the roles whose silence is told, until the programme says otherwise."""
    return ["decision maker"]


class State(models.TextChoices):
    """A bucket, a kind of silence, or gone."""

    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"
    TOO_OLD = "too_old"
    NEVER_ANSWERED = "never_answered"
    NEVER_ASKED = "never_asked"
    LEFT = "left"


BUCKETS = (State.DETRACTOR, State.PASSIVE, State.PROMOTER)
SILENT = (State.TOO_OLD, State.NEVER_ANSWERED, State.NEVER_ASKED)


class Standing(models.Model):
    """Where one customer stands. Unit and account are repeated here so that lists need no join."""

    customer = models.OneToOneField(
        "customers.Customer", primary_key=True, on_delete=models.CASCADE, related_name="standing"
    )
    unit: models.ForeignKey[Any, Any] = models.ForeignKey(
        "accounts.Unit", null=True, on_delete=models.SET_NULL, db_index=False
    )
    account: models.ForeignKey[Any, Any] = models.ForeignKey(
        "customers.Account",
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="contact_standings",
    )
    role = models.CharField(max_length=60, blank=True)  # in the account, in small letters
    is_key = models.BooleanField(default=False)  # of an account, in one of the key roles
    state = models.CharField(max_length=14, choices=State)
    # Of the latest counted answer, however old; null before the first.
    score = models.PositiveSmallIntegerField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_on = models.DateField(null=True)
    response = models.CharField(max_length=22, blank=True)  # its public id
    revenue = models.DecimalField(max_digits=14, decimal_places=2, default=0)  # twelve whole months

    class Meta:
        indexes = [
            # For the list of everybody, the most valuable first, and of one bucket or silence;
            # also read without the table for the picture of the base.
            models.Index(fields=["-revenue"], name="standing_by_revenue"),
            models.Index(fields=["state", "-revenue"], name="standing_of_state"),
            # The same for unit managers and for the filter by unit.
            models.Index(fields=["unit", "state", "-revenue"], name="standing_of_unit"),
            # For the list by the day of the latest answer, those without one at the end.
            EmptyLastIndex(fields=["-answered_on", "customer"], name="standing_by_last_answer"),
            # For an account's contacts and its sums.
            models.Index(
                fields=["account", "is_key"],
                name="standing_of_account",
                condition=Q(account__isnull=False),
            ),
            # For the key contacts who say nothing.
            models.Index(
                fields=["state", "-revenue"], name="standing_key", condition=Q(is_key=True)
            ),
            # For finding whose standing rests on a response that is gone.
            models.Index(
                fields=["response"], name="standing_of_response", condition=~Q(response="")
            ),
        ]


class Health(models.TextChoices):
    SAFE = "safe"
    RISK = "risk"
    UNKNOWN = "unknown"


class AccountStanding(models.Model):
    """Where one account stands, by its present contacts; see `following.HEALTH_SQL`."""

    account = models.OneToOneField(
        "customers.Account", primary_key=True, on_delete=models.CASCADE, related_name="standing"
    )
    health = models.CharField(max_length=7, choices=Health)
    contacts = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    detractors = models.PositiveIntegerField()
    promoters = models.PositiveIntegerField()
    key_contacts = models.PositiveIntegerField()
    key_silent = models.PositiveIntegerField()
    key_detractors = models.PositiveIntegerField()
    revenue = models.DecimalField(max_digits=16, decimal_places=2, default=0)

    class Meta:
        indexes = [
            # For the list of accounts, the most valuable first, and of one health.
            models.Index(fields=["-revenue"], name="account_by_revenue"),
            models.Index(fields=["health", "-revenue"], name="account_of_health"),
        ]


class Rule(models.Model):
    """What the programme has agreed on; one row, made when somebody first changes it."""

    oldest_answer_days = models.PositiveSmallIntegerField(default=OLDEST_ANSWER_DAYS)
    role_trait = models.CharField(max_length=60, default="role")
    key_roles = models.JSONField(default=usual_key_roles)
    # What every row was last brought in line with: rule and date.
    followed = models.CharField(max_length=200, blank=True)
