"""What happened, what must follow from it, and which rows the warehouse has not copied yet."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now

OFTEN = ("response.recorded", "response.amended", "invitation.due")


class Activity(models.Model):
    """One dotted, append-only line: `response.recorded`, `import.undone`."""

    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=60)  # public id of what it happened to
    actor = models.CharField(max_length=60, blank=True)  # public id of a user; blank: the system
    at = models.DateTimeField(default=now)
    details = models.JSONField(default=dict)
    dispatched = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # For the worker, which asks several times a second what is new.
            models.Index(
                fields=["id"], name="activity_undispatched", condition=Q(dispatched=False)
            ),
            # For what left, and what was taken out, of late. It leaves out what comes with every
            # answer and every ask: nobody looks for these by name.
            models.Index(
                fields=["action", "-at"], name="activity_lately", condition=~Q(action__in=OFTEN)
            ),
            # For the history of one thing.
            models.Index(fields=["subject", "id"], name="activity_subject"),
        ]


class Delivery(models.Model):
    """One consequence of an activity, owed to one handler until it succeeds or is given up."""

    class State(models.TextChoices):
        DUE = "due"
        LEASED = "leased"
        DEAD = "dead"

    # `delivery_once` begins with it.
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, db_index=False)
    handler = models.CharField(max_length=120)
    state = models.CharField(max_length=6, choices=State, default=State.DUE)
    due_at = models.DateTimeField(default=now)
    leased_by = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            # A repeated dispatch makes no second delivery.
            models.UniqueConstraint(fields=["activity", "handler"], name="delivery_once"),
        ]
        indexes = [
            # For the worker's claim: what is due of one handler, however much waits for others.
            models.Index(
                fields=["handler", "due_at", "id"],
                name="delivery_due_of_handler",
                condition=~Q(state="dead"),
            ),
        ]


class Change(models.Model):
    """A row that was written and has not reached the warehouse yet.

    It is inserted by the transaction that writes the row and deleted once the row's present
    state is in the warehouse. A set of waiting rows, unlike a high-water mark, cannot skip a row
    whose transaction commits late.
    """

    table = models.CharField(max_length=30)
    key = models.CharField(max_length=80)  # the row's id in the warehouse


class Routine(models.Model):
    """Periodic work of the worker; `next_at` is moved by whoever takes the turn."""

    name = models.CharField(max_length=60, primary_key=True)
    next_at = models.DateTimeField(default=now)
