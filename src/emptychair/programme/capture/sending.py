"""Sending invitations: checked at the last moment, handed over outside any transaction.

Every ask that is not sent stays a row with its reason.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.activity.worker import LaterError
from emptychair.programme.capture import letters, outcomes
from emptychair.programme.capture.letters import asked
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.customers.consent import is_suppressed
from emptychair.programme.lib import mail, sms, tokens
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.handover import RejectedError, UncertainError
from emptychair.programme.lib.worktime import may_reach, next_reachable

BATCH = 500
LINK_LIFE = timedelta(days=60)
LOOK_AGAIN = timedelta(minutes=5)  # whether staff have taken up a survey's sending again
Settle = Callable[[], None]


def queue_due() -> None:
    """Queue the invitations whose time has come; refuse those that may not be sent."""
    moment = now()
    due = Invitation.objects.filter(
        outcome=Invitation.Outcome.PLANNED,
        token_hash=None,
        planned_at__lte=moment,
        survey__paused_at=None,
    ).order_by("planned_at")
    for invitation in due.select_related("survey", "customer__contact", "reminder_of")[:BATCH]:
        _queue(invitation, moment)


@transaction.atomic
def _queue(invitation: Invitation, moment: datetime) -> None:
    """Queue one invitation: its link and what is owed because of it are written together."""
    reason = why_not(invitation, moment)
    if reason:
        outcomes.refused(invitation, reason)
        return
    waiting = Invitation.objects.filter(pk=invitation.pk, token_hash=None)
    country = invitation.customer.country
    if not may_reach(moment, country):
        waiting.update(planned_at=next_reachable(moment, country))
        return
    token = tokens.derived_token(letters.INVITATION, invitation.public_id)
    # Compare-and-set: of two workers one queues it.
    if waiting.update(token_hash=tokens.token_hash(token), expires_at=moment + LINK_LIFE):
        record(outcomes.DUE, invitation.public_id)


def why_not(invitation: Invitation, moment: datetime) -> str:
    """Return why an invitation must not be sent now, or an empty string."""
    customer, survey = invitation.customer, invitation.survey
    if customer.left_at is not None and customer.left_at <= moment:
        return "left"
    if not customer.contactable or is_suppressed(customer):
        return "said_no"
    if survey.state != Survey.State.OPEN:
        return "survey_not_open"
    if asked(invitation).answered_at is not None:
        return "answered"
    if not letters.address_of(customer, invitation.channel):
        return "no_address"
    return ""


def send_invitation(activity: Activity, attempt: int) -> Settle:
    """Send one queued invitation; return what to write down.

    Args:
        activity: `invitation.due`, its subject the invitation's public id.
        attempt: 1 the first time; more when an earlier attempt failed or never settled.

    Raises:
        LaterError: it waits for an hour, for the morning, or for staff.
        HandoverError: it was not taken and may be tried again.
    """
    invitation = Invitation.objects.select_related(
        "survey", "customer__contact", "reminder_of"
    ).get(public_id=activity.subject)
    if invitation.outcome != Invitation.Outcome.PLANNED:
        return _nothing  # sent, refused or answered meanwhile
    moment = now()
    reason = why_not(invitation, moment)
    if reason:
        return partial(outcomes.refused, invitation, reason)
    _wait_for_its_time(activity, invitation, moment)
    try:
        message_id = _hand_over(invitation)
    except RejectedError as error:
        return partial(outcomes.rejected, invitation, error.kind, str(error))
    except UncertainError as error:
        return partial(outcomes.uncertain, invitation, str(error))
    except RefusedError:  # a phone number that is none
        return partial(outcomes.refused, invitation, "no_address")
    return partial(outcomes.sent, invitation, message_id, attempt)


def _wait_for_its_time(activity: Activity, invitation: Invitation, moment: datetime) -> None:
    not_before = activity.details.get("not_before")
    if not_before and moment < datetime.fromisoformat(not_before):
        raise LaterError(datetime.fromisoformat(not_before), "")
    if invitation.survey.paused_at is not None:
        raise LaterError(moment + LOOK_AGAIN, invitation.survey.paused_reason)
    country = invitation.customer.country
    if not may_reach(moment, country):
        raise LaterError(next_reachable(moment, country), "")


def _hand_over(invitation: Invitation) -> str:
    """Hand the message over; return a name of it that we could not make ourselves."""
    if invitation.channel == "sms":
        number = letters.number_of(invitation.customer)
        sms.send(number, letters.sms_of(invitation), invitation.public_id)
        return ""
    message_id = mail.send(letters.letter_of(invitation))
    return "" if message_id == mail.message_id_of(invitation.public_id) else message_id


def _nothing() -> None:
    """Nothing is to be written down."""
