"""Whom to ask, and when.

A relationship survey asks every customer once a cadence, each working day its share. A
transactional survey asks after an event. What forbids an ask for good is a row with its reason;
what forbids it for now (a quarantine) leaves the customer due.
"""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.letters import channel_for
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.capture.sampling import ENOUGH, quota, segments_of
from emptychair.programme.customers.models import Customer, Event
from emptychair.programme.customers.rules import meets
from emptychair.programme.customers.services import facts_of
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import (
    is_working_day,
    moment_on,
    next_reachable,
    working_days,
)

BATCH = 2_000
ENOUGH_FOR = timedelta(days=30)  # who was not needed is looked at again after so long
LOOK_BACK = timedelta(days=7)  # an event older than this when it arrives is not asked about


def plan() -> None:
    """Plan what is due today and after recent events, for every survey that asks."""
    asking = Survey.objects.filter(state=Survey.State.OPEN, asks_from__lte=today())
    for survey in asking:
        if survey.kind == Survey.Kind.RELATIONSHIP:
            plan_relationship(survey, today())
        elif survey.event_kind:
            plan_events(survey, now())
        if survey.reminder_days:
            plan_reminders(survey, now())


def plan_relationship(survey: Survey, day: date) -> int:
    """Plan the invitations that are due on `day`; return how many."""
    assert survey.asks_from is not None
    cadence = survey.cadence_days * 5 / 7  # in working days, so that each has its share
    planned = []
    for customer, last_ask in _due(survey, day):
        if not is_working_day(day, customer.country):
            continue
        elapsed = working_days(survey.asks_from, day, customer.country)
        if last_ask is None and _share_of(survey, customer.code) * cadence > elapsed:
            continue
        if meets(facts_of(customer), survey.rule):
            at = moment_on(day, _share_of(survey, f"{customer.code} {day}"), customer.country)
            planned.append(_invitation(survey, customer, at))
    _leave_out(survey, planned, moment_on(day, 0, ""))
    return _store(planned)


def plan_events(survey: Survey, moment: datetime) -> int:
    """Plan a question after each recent event of the survey's kind; return how many."""
    latest = moment - timedelta(hours=survey.delay_hours)
    asked = Invitation.objects.filter(survey=survey, event=OuterRef("pk"))
    events = Event.objects.filter(
        ~Exists(asked), kind=survey.event_kind, at__lte=latest, at__gt=latest - LOOK_BACK
    ).select_related("customer__unit", "customer__account", "customer__contact")
    planned, seen = [], set()
    for event in events.order_by("at")[:BATCH]:
        customer = event.customer
        if not meets(facts_of(customer), survey.rule):
            continue
        invitation = _invitation(survey, customer, next_reachable(moment, customer.country))
        invitation.event = event
        reason = "quarantine" if customer.pk in seen else quarantine(survey, customer, moment)
        if reason:
            invitation.outcome = Invitation.Outcome.SUPPRESSED
            invitation.suppressed_reason = reason
        else:
            seen.add(customer.pk)
        planned.append(invitation)
    _leave_out(survey, planned, moment)
    return _store(planned)


def plan_reminders(survey: Survey, moment: datetime) -> int:
    """Plan one reminder for each ask that went unanswered; return how many."""
    unanswered = Invitation.objects.filter(
        survey=survey,
        reminder_of=None,
        answered_at=None,
        outcome__in=(Invitation.Outcome.SENT, Invitation.Outcome.DELIVERED),
        sent_at__lte=moment - timedelta(days=survey.reminder_days),
        sent_at__gt=moment - timedelta(days=survey.reminder_days) - LOOK_BACK,
    ).filter(~Exists(Invitation.objects.filter(reminder_of=OuterRef("pk"))))
    planned = []
    for invitation in unanswered.select_related("customer__unit", "customer__contact")[:BATCH]:
        at = next_reachable(moment, invitation.customer.country)
        reminder = _invitation(survey, invitation.customer, at)
        reminder.reminder_of, reminder.unit = invitation, invitation.unit
        reminder.employee = invitation.employee
        planned.append(reminder)
    return _store(planned)


def _leave_out(survey: Survey, planned: list[Invitation], moment: datetime) -> None:
    """Mark the asks that bring no answer the wanted precision needs; they stay as rows."""
    left = quota(survey, moment)
    asks = [one for one in planned if one.outcome == Invitation.Outcome.PLANNED]
    segments = segments_of(one.customer_id for one in asks) if survey.precision_points else {}
    for invitation in asks:
        if not left.take(segments.get(invitation.customer_id, ())):
            invitation.outcome = Invitation.Outcome.SUPPRESSED
            invitation.suppressed_reason = ENOUGH


def quarantine(survey: Survey, customer: Customer, moment: datetime) -> str:
    """Return why `customer` may not be asked yet: one of four quarantines, or nothing."""
    asks = Invitation.objects.filter(customer=customer).filter(_counts_as_ask())
    answers = Response.objects.filter(customer=customer, held_reason="")
    for name, times, days in (
        ("asked_this", asks.filter(survey=survey), survey.quiet_after_ask_days),
        ("asked_any", asks, survey.quiet_after_any_ask_days),
        ("answered_this", answers.filter(survey=survey), survey.quiet_after_answer_days),
        ("answered_any", answers, survey.quiet_after_any_answer_days),
    ):
        field = "planned_at" if name.startswith("asked") else "answered_at"
        if days and times.filter(**{f"{field}__gt": moment - timedelta(days=days)}).exists():
            return f"quarantine_{name}"
    return ""


def _due(survey: Survey, day: date) -> Iterator[tuple[Customer, datetime | None]]:
    """Yield who is outside every quarantine with a last ask a cadence back, and that ask."""
    moment = moment_on(day, 0, "")
    asks = Invitation.objects.filter(_counts_as_ask(), customer=OuterRef("pk"))
    answers = Response.objects.filter(customer=OuterRef("pk"), held_reason="")
    not_needed = Invitation.objects.filter(
        customer=OuterRef("pk"), survey=survey, suppressed_reason=ENOUGH
    )

    def ago(days: int) -> datetime:
        return moment - timedelta(days=days)

    chosen = (
        Customer.objects.filter(contactable=True)
        .filter(Q(left_at=None) | Q(left_at__gt=moment))
        .select_related("unit", "account", "contact")
        .annotate(last_ask=Subquery(_newest_first(asks.filter(survey=survey))[:1]))
        .exclude(Exists(asks.filter(survey=survey, planned_at__gt=ago(_shortest_gap_days(survey)))))
        .exclude(Exists(asks.filter(planned_at__gt=ago(survey.quiet_after_any_ask_days))))
        .exclude(Exists(not_needed.filter(planned_at__gt=moment - ENOUGH_FOR)))
        .exclude(Exists(answers.filter(answered_at__gt=ago(survey.quiet_after_any_answer_days))))
        .exclude(
            Exists(
                answers.filter(survey=survey, answered_at__gt=ago(survey.quiet_after_answer_days))
            )
        )
    )
    for customer in chosen.iterator(chunk_size=BATCH):
        yield customer, customer.last_ask


def _shortest_gap_days(survey: Survey) -> int:
    """Return the days between two asks: the cadence, unless the quarantine is longer."""
    return max(survey.cadence_days, survey.quiet_after_ask_days)


def _newest_first(asks: QuerySet[Invitation]) -> QuerySet[Invitation, datetime]:
    """Return moments of asks in the order of `invitation_history`.

    Asked for the greatest instead, SQLite goes through every ask of the survey for each customer.
    """
    return asks.order_by("-planned_at").values_list("planned_at", flat=True)


def _counts_as_ask() -> Q:
    return ~Q(outcome=Invitation.Outcome.SUPPRESSED)


def _share_of(survey: Survey, name: str) -> float:
    """Return a number from 0 to 1 that depends on the names alone: everyone's own place."""
    digest = hashlib.sha256(f"{survey.slug} {name}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _invitation(survey: Survey, customer: Customer, at: datetime) -> Invitation:
    return Invitation(
        survey=survey,
        customer=customer,
        channel=channel_for(survey, customer),
        unit=customer.unit.code if customer.unit else "",
        planned_at=at,
    )


@transaction.atomic
def _store(planned: list[Invitation]) -> int:
    Invitation.objects.bulk_create(planned, batch_size=BATCH, ignore_conflicts=True)
    mark_changed("invitations", [invitation.public_id for invitation in planned])
    return len(planned)
