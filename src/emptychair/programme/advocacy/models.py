"""What promoters were asked for, what they gave, and whom they brought."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id


class Favour(models.TextChoices):
    """What a customer may be asked for."""

    REVIEW = "review"
    REFERRAL = "referral"
    REFERENCE = "reference"
    TESTIMONIAL = "testimonial"
    COCREATION = "cocreation"


class Plan(models.Model):
    """How customers are asked for favours: one row, made when it is first changed."""

    key = models.PositiveSmallIntegerField(primary_key=True, default=1)
    quiet_days = models.PositiveSmallIntegerField(default=180)  # between two asks of one customer
    recent_days = models.PositiveSmallIntegerField(default=180)  # the answer is no older
    on_page = models.CharField(max_length=11, choices=Favour, blank=True)  # after the survey
    by_itself = models.CharField(max_length=11, choices=Favour, blank=True)  # by mail
    wait_days = models.PositiveSmallIntegerField(default=3)  # from the answer to that mail
    offer = models.CharField(max_length=300, blank=True)  # what who is recommended gets
    goals = models.JSONField(default=dict)  # favour, or `customers` -> how many a quarter

    class Meta:
        constraints = [models.CheckConstraint(name="one_advocacy_plan", condition=Q(key=1))]


class Platform(models.Model):
    """Where reviews are written, and whom its rules let us ask."""

    class Asks(models.TextChoices):
        EVERYONE = "everyone"  # most platforms forbid asking the satisfied alone
        PROMOTERS = "promoters"

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    name = models.CharField(max_length=60)
    url = models.URLField(max_length=300)
    asks = models.CharField(max_length=9, choices=Asks, default=Asks.EVERYONE)
    is_on = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Candidate(models.Model):
    """A customer who answered lately and may be asked; the worker keeps the list."""

    customer = models.OneToOneField(
        "customers.Customer", primary_key=True, on_delete=models.CASCADE
    )
    score = models.PositiveSmallIntegerField()  # of the latest answer
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    unit = models.CharField(max_length=60, blank=True)  # the customer's, else the answer's
    revenue = models.DecimalField(max_digits=16, decimal_places=2, null=True)  # twelve months
    response = models.ForeignKey("capture.Response", on_delete=models.CASCADE)

    class Meta:
        indexes = [
            # For the page of who could help, the newest first.
            models.Index(fields=["-answered_at"], name="candidate_newest"),
            models.Index(fields=["unit", "-answered_at"], name="candidate_of_unit"),
        ]


class Ask(models.Model):
    """One favour asked of one customer, also when it was not sent."""

    class Channel(models.TextChoices):
        EMAIL = "email"
        PAGE = "page"  # after the survey; it is stored when the customer takes it up
        PERSON = "person"

    class State(models.TextChoices):
        PLANNED = "planned"
        ASKED = "asked"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        SUPPRESSED = "suppressed"

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE)
    response = models.ForeignKey(
        "capture.Response", null=True, blank=True, on_delete=models.SET_NULL
    )
    favour = models.CharField(max_length=11, choices=Favour)
    platform = models.ForeignKey(Platform, null=True, blank=True, on_delete=models.PROTECT)
    channel = models.CharField(max_length=6, choices=Channel)
    unit = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    suppressed_reason = models.CharField(max_length=40, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    planned_at = models.DateTimeField(default=now)
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)  # what the customer said to it

    class Meta:
        indexes = [
            # For the quarantine and the customer's story.
            models.Index(fields=["customer", "-planned_at"], name="ask_of_customer"),
            # For the list of asks, newest first, and the goals of a quarter.
            models.Index(fields=["-planned_at"], name="ask_newest"),
            models.Index(fields=["favour", "answered_at"], name="ask_answered"),
        ]
        constraints = [
            # Two clicks after one survey are one ask.
            models.UniqueConstraint(
                fields=["response", "favour"], name="ask_once_after_survey",
                condition=Q(channel="page"),
            )
        ]  # fmt: skip


class ReferralLink(models.Model):
    """The link with which a customer passes us on."""

    code = models.CharField(max_length=12, unique=True)
    customer = models.OneToOneField("customers.Customer", on_delete=models.CASCADE)
    made_at = models.DateTimeField(default=now)
    is_open = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """Somebody who came by a customer's link, and the customer that became of it."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    link = models.ForeignKey(ReferralLink, null=True, on_delete=models.SET_NULL)
    unit = models.CharField(max_length=60, blank=True)  # of who passed us on
    at = models.DateTimeField(default=now)
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)
    consent = models.TextField(blank=True)  # the words that were agreed to
    language = models.CharField(max_length=2, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    customer = models.OneToOneField(
        "customers.Customer", null=True, blank=True, on_delete=models.SET_NULL
    )
    joined_at = models.DateTimeField(null=True, blank=True)
    revenue = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)  # so far

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="referral_newest"),
            # For finding the customer that became of it.
            models.Index(fields=["email"], name="referral_waiting", condition=Q(customer=None)),
        ]


class Testimonial(models.Model):
    """A customer's words that may be shown, as long as the customer agrees."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    ask = models.OneToOneField(Ask, on_delete=models.CASCADE)
    text = models.TextField()
    shown_name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, blank=True)
    consent = models.TextField()  # the words that were agreed to
    consented_at = models.DateTimeField(default=now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
