"""The promise to one customer after one answer: cases, and the rules that open them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id


class Rule(models.Model):
    """Which answers open a case, who gets it, and how soon the customer is contacted."""

    class Kind(models.TextChoices):
        UNHAPPY = "unhappy"
        PRAISE = "praise"
        IDEA = "idea"

    class Assign(models.TextChoices):
        UNIT = "unit"  # the manager of the answer's unit, or of the nearest one above it
        ACCOUNT = "account"  # whoever had the account's last case
        LANGUAGE = "language"  # one of `people` who reads the customer's language
        ROUND_ROBIN = "round_robin"  # whoever of `people` waited longest

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.UNHAPPY)
    is_on = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=100)  # the first rule that fits opens
    condition = models.JSONField(default=dict)  # see `conditions.py`
    assign = models.CharField(max_length=11, choices=Assign, default=Assign.UNIT)
    people: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True
    )
    contact_hours = models.PositiveSmallIntegerField(
        default=8
    )  # working hours of the unit's country
    # Of the cases that may wait without harm, so many percent do, to tell what contacting does.
    holdout_percent = models.PositiveSmallIntegerField(default=0)
    ask_again_days = models.PositiveSmallIntegerField(default=21)  # after closing; 0: never

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Case(models.Model):
    """A promise to contact one customer: after one answer, or after a long silence."""

    class About(models.TextChoices):
        ANSWER = "answer"
        SILENCE = "silence"  # a key contact was asked and says nothing; there is no response

    class State(models.TextChoices):
        LATER = "later"  # held out: it opens by itself at `wait_until`
        NEW = "new"
        CLAIMED = "claimed"
        CONTACTED = "contacted"
        WAITING = "waiting"
        CLOSED = "closed"

    class Outcome(models.TextChoices):
        RECOVERED = "recovered"
        UNCHANGED = "unchanged"
        LOST = "lost"
        UNREACHABLE = "unreachable"
        THANKED = "thanked"  # of praise
        PASSED_ON = "passed_on"  # of an idea or of praise: those whom it concerns know
        MERGED = "merged"  # another case of the same customer goes on

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    about = models.CharField(max_length=7, choices=About, default=About.ANSWER)
    # Null after a silence, and once the answer was erased: that there was a case stays.
    response = models.OneToOneField("capture.Response", null=True, on_delete=models.SET_NULL)
    customer = models.ForeignKey(
        "customers.Customer", null=True, blank=True, on_delete=models.SET_NULL
    )
    rule = models.ForeignKey(Rule, null=True, blank=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=7, choices=Rule.Kind, default=Rule.Kind.UNHAPPY)
    unit = models.CharField(max_length=60, blank=True)
    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,  # `case_of_owner` begins with it
    )
    state = models.CharField(max_length=9, choices=State, default=State.NEW)
    opened_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()  # the customer is contacted by this moment
    claimed_at = models.DateTimeField(null=True, blank=True)
    first_contact_at = models.DateTimeField(null=True, blank=True)
    wait_until = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=11, choices=Outcome, blank=True)
    root_cause = models.CharField(max_length=200, blank=True)
    is_holdout = models.BooleanField(default=False)
    escalated_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    ask_again_on = models.DateField(null=True, blank=True)
    asked_again = models.OneToOneField(
        "capture.Invitation", null=True, blank=True, on_delete=models.SET_NULL, related_name="case"
    )

    class Meta:
        indexes = [
            # For the inbox: what is open, the most urgent first, however many were closed.
            models.Index(
                fields=["due_at", "id"],
                name="case_open",
                condition=Q(state__in=("new", "claimed", "contacted", "waiting")),
            ),
            # For the board, the overdue and the escalation.
            models.Index(fields=["state", "due_at"], name="case_state_due"),
            models.Index(fields=["owner", "state", "due_at"], name="case_of_owner"),
            # For whose turn it is: the last case that each colleague got.
            models.Index(fields=["owner", "-opened_at"], name="case_last_of_owner"),
            models.Index(fields=["unit", "state", "due_at"], name="case_of_unit"),
            # For the closed ones of the inbox, the last first.
            models.Index(
                fields=["-closed_at", "id"], name="case_closed", condition=Q(state="closed")
            ),
            # For asking again.
            models.Index(
                fields=["ask_again_on"],
                name="case_ask_again",
                condition=Q(asked_again=None) & ~Q(ask_again_on=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="case_closed_with_outcome",
                condition=~Q(state="closed") | (~Q(outcome="") & Q(closed_at__isnull=False)),
            ),
            # Several workers, or one twice, open one case for one silence.
            models.UniqueConstraint(
                fields=["customer"],
                name="one_open_case_of_silence",
                condition=Q(about="silence") & ~Q(state="closed"),
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state != self.State.CLOSED


class MailLink(models.Model):
    """A link in a letter to a colleague with which one step of one case is done, once."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    case = models.ForeignKey(Case, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    sent_on = models.DateField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=12, blank=True)  # what it was used for

    class Meta:
        constraints = [
            # A letter that is sent again carries the same link.
            models.UniqueConstraint(fields=["case", "user", "sent_on"], name="mail_link_a_day")
        ]


class Praise(models.Model):
    """A promoter's words that reach the colleague they are about."""

    class How(models.TextChoices):
        SERVED = "served"  # the answer says who served the customer
        NAMED = "named"  # the comment names the colleague

    response = models.ForeignKey(
        "capture.Response", on_delete=models.CASCADE, related_name="praise"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    how = models.CharField(max_length=6, choices=How)
    at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True, blank=True)  # in a letter

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["response", "user"], name="praise_reaches_once")
        ]
        indexes = [
            # For what a colleague was not told yet.
            models.Index(fields=["user"], name="praise_untold", condition=Q(told_at=None))
        ]


class Note(models.Model):
    """What happened in a case: a step with its sentence, or a remark."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField(default=now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    step = models.CharField(max_length=12)  # opened, claimed, contacted ... or note
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]


class Promise(models.Model):
    """What was promised to the customer, and by when."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="promises")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    made_at = models.DateTimeField(default=now)
    kept_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            # For the open promises on the inbox and in the digest.
            models.Index(fields=["due_on"], name="promise_open", condition=Q(kept_at=None))
        ]


class Absence(models.Model):
    """Days on which a colleague gets no new cases."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        ordering = ["first_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="absence_in_order", condition=Q(last_on__gte=models.F("first_on"))
            )
        ]


class Huddle(models.Model):
    """A team's minutes of one week: what it learnt, what it fixes itself, what it raises."""

    unit = models.ForeignKey("accounts.Unit", on_delete=models.CASCADE)
    week_on = models.DateField()  # the Monday of the week that was talked about
    held_at = models.DateTimeField(default=now)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    learned = models.TextField(blank=True)
    fix_here = models.TextField(blank=True)

    class Meta:
        ordering = ["-week_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "week_on"], name="huddle_once_a_week")
        ]


class Raised(models.Model):
    """What a team cannot fix itself; whoever runs the programme owes it an answer."""

    public_id = models.CharField(max_length=22, unique=True, default=new_id)
    huddle = models.ForeignKey(Huddle, on_delete=models.CASCADE, related_name="raised")
    text = models.CharField(max_length=300)
    answer_by = models.DateField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    # What became of it, once somebody made an initiative of it; told from there.
    initiative_name = models.CharField(max_length=120, blank=True)
    initiative_state = models.CharField(max_length=8, blank=True)
    initiative_on = models.DateField(null=True, blank=True)
    initiative_points = models.FloatField(null=True, blank=True)  # measured, once finished

    class Meta:
        ordering = ["answer_by", "pk"]
        indexes = [
            # For what still waits for its answer.
            models.Index(fields=["answered_at", "answer_by"], name="raised_waiting")
        ]
