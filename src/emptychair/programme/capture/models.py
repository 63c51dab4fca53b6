"""Surveys, whom they were sent to, and what was answered."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id

MOST_DRIVERS = 6  # a customer rates at most so many


class Survey(models.Model):
    """One question programme: about the whole relationship, or about one touchpoint."""

    class Kind(models.TextChoices):
        RELATIONSHIP = "relationship"
        TRANSACTIONAL = "transactional"

    class State(models.TextChoices):
        DRAFT = "draft"  # answers are held as test
        OPEN = "open"
        CLOSED = "closed"

    class Unconfirmed(models.TextChoices):
        """What becomes of a score that was chosen in the message and touched, but never sent."""

        OFF = "off"  # it is not stored
        HOLD = "hold"
        COUNT = "count"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=13, choices=Kind, default=Kind.RELATIONSHIP)
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    touchpoint = models.ForeignKey(
        "journeys.Touchpoint", null=True, blank=True, on_delete=models.PROTECT
    )
    drivers: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        "journeys.Driver", blank=True
    )
    # Whom and when. A survey asks by itself only while `asks_from` is set.
    asks_from = models.DateField(null=True, blank=True)
    channel = models.CharField(max_length=10, default="email")
    rule = models.JSONField(default=list, blank=True)  # who may be asked, as in segments
    cadence_days = models.PositiveSmallIntegerField(default=180)  # relationship: ask again after
    event_kind = models.CharField(max_length=40, blank=True)  # transactional: asked after this
    delay_hours = models.PositiveSmallIntegerField(default=24)
    reminder_days = models.PositiveSmallIntegerField(default=0)  # 0: none
    # Days without a question, after an ask or an answer, of this survey or of any.
    quiet_after_ask_days = models.PositiveSmallIntegerField(default=90)
    quiet_after_answer_days = models.PositiveSmallIntegerField(default=90)
    quiet_after_any_ask_days = models.PositiveSmallIntegerField(default=14)
    quiet_after_any_answer_days = models.PositiveSmallIntegerField(default=30)
    # Asks no more people than an interval of plus or minus so many points needs; 0: all.
    precision_points = models.PositiveSmallIntegerField(default=0)
    # Customers no older than so many days are asked how they came to us; 0: nobody is.
    origin_days = models.PositiveSmallIntegerField(default=90, db_default=90)
    unconfirmed = models.CharField(max_length=5, choices=Unconfirmed, default=Unconfirmed.HOLD)
    # Set when whoever carries our messages refuses us: nothing is sent until staff say so.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=320, blank=True, db_default="")

    def __str__(self) -> str:
        return self.name


class Wording(models.Model):
    """The words of a survey in one language. A new version is a new row; none is ever edited."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="wordings")
    language = models.CharField(max_length=2)
    version = models.PositiveSmallIntegerField()
    question = models.CharField(max_length=300)
    low_label = models.CharField(max_length=80)
    high_label = models.CharField(max_length=80)
    follow_up = models.JSONField()  # bucket -> question
    thanks = models.JSONField()  # bucket -> sentence

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "language", "version"], name="wording_once")
        ]

    def __str__(self) -> str:
        return f"{self.survey_id}.{self.language}.{self.version}"


class Link(models.Model):
    """An address anyone may answer at: a public link, a QR code, a kiosk, a widget."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT)
    channel = models.CharField(max_length=10, default="link")
    unit = models.ForeignKey("accounts.Unit", null=True, blank=True, on_delete=models.PROTECT)
    is_open = models.BooleanField(default=True)


class Widget(models.Model):
    """How a survey looks and whom it asks inside a company's own pages; the link is its key."""

    link = models.OneToOneField(Link, primary_key=True, on_delete=models.CASCADE)
    origins = models.JSONField(default=list)  # pages of these may show it: "https://shop.example"
    share_percent = models.PositiveSmallIntegerField(default=100)  # of the visitors, to be asked
    asks_anonymous = models.BooleanField(default=True)  # visitors whose page names no customer
    delay_seconds = models.PositiveSmallIntegerField(default=5)
    colour = models.CharField(max_length=7, default="#1f5c99")
    generation = models.PositiveSmallIntegerField(default=1)  # a new one makes old secrets void


class Invitation(models.Model):
    """One ask of one customer over one channel, also when it was not sent."""

    class Outcome(models.TextChoices):
        PLANNED = "planned"
        SENT = "sent"
        DELIVERED = "delivered"
        BOUNCED = "bounced"
        ANSWERED = "answered"
        DECLINED = "declined"
        SUPPRESSED = "suppressed"

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    # Null until it is queued, for many wait and a hash belongs to one.
    token_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    # `invitation_history` begins with the customer, `invitation_once_an_event` with the survey.
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, db_index=False)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=10)
    unit = models.CharField(max_length=60, blank=True)  # frozen when the ask is planned
    employee = models.CharField(max_length=60, blank=True)
    event: models.ForeignKey[Any, Any] = models.ForeignKey(
        "customers.Event", null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    # `one_reminder` holds it.
    reminder_of: models.ForeignKey[Any, Any] = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, db_index=False
    )
    planned_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PLANNED)
    suppressed_reason = models.CharField(max_length=40, blank=True)
    # What the mail provider calls the message, to know it in its reports.
    message_id = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        indexes = [
            # For quarantines and the customer's history.
            models.Index(fields=["customer", "planned_at"], name="invitation_history"),
            # For the page of all asks, newest first.
            models.Index(fields=["-planned_at"], name="invitation_newest"),
            # For the worker, which asks what is to be sent.
            models.Index(
                fields=["planned_at"],
                name="invitation_due",
                condition=Q(outcome="planned", token_hash=None),
            ),
            # For erasing a customer's events; few asks come after one.
            models.Index(
                fields=["event"], name="invitation_of_event", condition=Q(event__isnull=False)
            ),
            # For what a mail provider reports.
            models.Index(
                fields=["message_id"], name="invitation_message", condition=~Q(message_id="")
            ),
        ]
        constraints = [
            # Several workers, or one twice, plan an event's question once.
            models.UniqueConstraint(fields=["survey", "event"], name="invitation_once_an_event"),
            models.UniqueConstraint(fields=["reminder_of"], name="one_reminder"),
        ]


class Response(models.Model):
    """One person's answer as it stands now: the projection of its ledger entries."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT)
    invitation = models.OneToOneField(
        Invitation, null=True, blank=True, on_delete=models.SET_NULL, related_name="response"
    )
    customer = models.ForeignKey(
        "customers.Customer",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,  # `response_of_customer` begins with it
    )
    wording = models.ForeignKey(Wording, null=True, blank=True, on_delete=models.PROTECT)
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    ratings = models.JSONField(default=dict)  # driver slug -> 1..5
    contact_wanted = models.BooleanField(default=False)
    language = models.CharField(max_length=2, blank=True)
    channel = models.CharField(max_length=10)
    # Frozen at answer time:
    unit = models.CharField(max_length=60, blank=True)
    employee = models.CharField(max_length=60, blank=True)
    touchpoint = models.CharField(max_length=60, blank=True)
    traits = models.JSONField(default=dict)
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField()
    answered_on = models.DateField()  # local date of the programme
    changed_at = models.DateTimeField(default=now)
    held_reason = models.CharField(max_length=40, blank=True)  # blank: counted
    source = models.CharField(max_length=22, blank=True)  # id of the import it came with
    # A score chosen in the message and never sent; see `Survey.unconfirmed`.
    is_unconfirmed = models.BooleanField(default=False, db_default=False)
    # Whose clock gave `answered_at`: blank, ours; device; bounded, a device's beyond its limits.
    clock = models.CharField(max_length=7, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="response_score_0_to_10", condition=Q(score__gte=0) & Q(score__lte=10)
            ),
        ]
        indexes = [
            # For what came of late: candidates for favours, news since a visit.
            models.Index(fields=["-answered_at", "id"], name="response_newest"),
            # For the newest comments and the responses behind a figure, of any days; the day
            # comes first, so that a quarter long ago is found without what came since.
            models.Index(fields=["-answered_on", "-answered_at", "id"], name="response_of_day"),
            models.Index(
                fields=["unit", "-answered_on", "-answered_at", "id"], name="response_of_unit"
            ),
            models.Index(fields=["customer", "-answered_at"], name="response_of_customer"),
            # For undoing an import.
            models.Index(fields=["source"], name="response_source", condition=~Q(source="")),
            # For the page of held answers.
            models.Index(
                fields=["-answered_at"], name="response_held", condition=~Q(held_reason="")
            ),
        ]


class Origin(models.Model):
    """Where an answer to an open link came from, as keyed hashes; kept for a week."""

    response = models.CharField(max_length=22)  # public id
    link = models.CharField(max_length=22)  # public id
    source = models.CharField(max_length=16)  # of the address, or of an IPv6 network of 64 bits
    network = models.CharField(max_length=16)  # of the network around it
    at = models.DateTimeField()
    is_judged = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # For counting what one source, one network, one link brought lately.
            models.Index(fields=["source", "at"], name="origin_source"),
            models.Index(fields=["network", "at"], name="origin_network"),
            models.Index(fields=["link", "at"], name="origin_link"),
            # For the worker, which asks what is new.
            models.Index(fields=["id"], name="origin_unjudged", condition=Q(is_judged=False)),
        ]


class LedgerEntry(models.Model):
    """What was submitted, as it came. Appended only; triggers refuse UPDATE and DELETE."""

    submission_id = models.CharField(
        max_length=64, unique=True
    )  # made by the client, before it tries
    response = models.ForeignKey(
        Response,
        to_field="public_id",
        on_delete=models.CASCADE,
        related_name="entries",
        db_index=False,  # `ledger_of_response` begins with it
    )
    kind = models.CharField(max_length=10)  # answer, amend, hold, release, import
    body = models.JSONField()
    digest = models.CharField(max_length=64)  # of the body: a repeat must be equal
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            # For what came in for one answer.
            models.Index(fields=["response", "id"], name="ledger_of_response"),
            # For the page of released answers: one in many thousand entries is a release.
            models.Index(fields=["response"], name="ledger_release", condition=Q(kind="release")),
        ]


class ErasurePermit(models.Model):
    """While a row stands here the ledger may be deleted from.

    Only the eraser writes it, and takes it away in the same transaction.
    """
