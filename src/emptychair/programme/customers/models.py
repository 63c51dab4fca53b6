"""The people and companies we ask, what they are worth, what they do, and the groups they form."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id

CODE_TRAIT = "referral_code"  # a shop or a CRM may send the code with the customer


class Account(models.Model):
    """A company that is a customer (B2B)."""

    code = models.CharField(max_length=80, unique=True)  # the company's own id of it
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """A person who can answer: facts without a name. Who it is stands in `Contact`."""

    code = models.CharField(max_length=80, unique=True)  # the company's own id of the person
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT)
    unit = models.ForeignKey("accounts.Unit", null=True, blank=True, on_delete=models.PROTECT)
    language = models.CharField(max_length=2, blank=True)
    country = models.CharField(max_length=2, blank=True)
    contactable = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now)
    left_at = models.DateTimeField(null=True, blank=True)
    left_reason = models.CharField(max_length=60, blank=True)
    traits = models.JSONField(default=dict)
    source = models.CharField(max_length=22, blank=True)  # id of the import that brought the row

    segments: models.ManyToManyField[Segment, Membership] = models.ManyToManyField(
        "Segment", through="Membership", related_name="customers"
    )

    class Meta:
        indexes = [
            # For undoing an import.
            models.Index(fields=["source"], name="customer_source", condition=~Q(source="")),
            # For finding those who came by a referral's code.
            models.Index(
                fields=["-created_at"],
                name="customer_with_code",
                condition=Q(traits__has_key=CODE_TRAIT),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Contact(models.Model):
    """Who a customer is and how to reach the person. Erased on request; facts stay without it."""

    customer = models.OneToOneField(Customer, primary_key=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = [
            # For the import, which recognises a person by address when no id is given.
            models.Index(fields=["email"], name="contact_email", condition=~Q(email="")),
        ]


class Segment(models.Model):
    """A group of customers defined by a rule over their traits."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    priority = models.PositiveSmallIntegerField(default=100)  # key segments first: 1, 2, 3 ...
    is_key = models.BooleanField(default=False)
    # Every condition must hold: {"field": "country", "is": ["SE", "DK"]}; see `rules.py`.
    rule = models.JSONField(default=list)
    # A rule that is being built: the members served are still those of `rule`. Null: none is.
    next_rule = models.JSONField(null=True, blank=True)
    former = models.JSONField(null=True, blank=True)  # as it was before the last change
    built_on = models.DateField(null=True, blank=True)  # rules about behaviour age

    class Meta:
        ordering = ["priority", "name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A customer that meets a segment's rule now."""

    # `membership_once` begins with the customer.
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, db_index=False)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "segment"], name="membership_once")
        ]


class MembershipDraft(models.Model):
    """A customer that meets the rule a segment is being built with."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["segment", "customer"], name="membership_draft_once")
        ]


class Event(models.Model):
    """Something a customer did: purchase, renewal, complaint, login ..."""

    # `event_timeline` begins with the customer.
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # Made by the program that sent it, so that a repeat counts once; null: it came in a file.
    client_id = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001

    class Meta:
        indexes = [
            models.Index(fields=["customer", "at"], name="event_timeline"),  # customer page
            models.Index(fields=["kind", "at"], name="event_newest"),  # questions after an event
        ]


class Value(models.Model):
    """What a customer brought and cost in one month."""

    # `value_once_a_month` begins with the customer.
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, db_index=False)
    month = models.DateField()  # first of the month
    revenue = models.DecimalField(max_digits=14, decimal_places=2)
    margin = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    cost_to_serve = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "month"], name="value_once_a_month")
        ]


class Arrival(models.Model):
    """How a customer came to us, by a referral link or in the customer's own words."""

    class Origin(models.TextChoices):
        EARNED = "earned"  # somebody recommended us
        BOUGHT = "bought"  # advertising, a campaign, a search
        UNKNOWN = "unknown"  # in another way

    customer = models.OneToOneField(Customer, primary_key=True, on_delete=models.CASCADE)
    origin = models.CharField(max_length=7, choices=Origin)
    referrer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="brought"
    )
    at = models.DateTimeField(default=now)


class Suppression(models.Model):
    """Someone who said no. Holds keyed hashes only, so it may stay when the person is erased."""

    address_hash = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=20)  # unsubscribed, stop, bounced, complained, staff ...
    at = models.DateTimeField(default=now)
    # The import that said no, so that undoing it takes the no back; blank: it stays.
    source = models.CharField(max_length=22, blank=True, db_default="")


class Message(models.Model):
    """What a customer wrote to us outside a survey: a reply to a mail or an SMS.

    It hangs on the contact, so erasing the person erases it.
    """

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    channel = models.CharField(max_length=10)  # email, sms
    about = models.CharField(max_length=22, blank=True)  # public id of the invitation it answers
    text = models.TextField()
    at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.CharField(max_length=22, blank=True)  # public id of a user

    class Meta:
        indexes = [models.Index(fields=["-at"], name="message_newest")]
