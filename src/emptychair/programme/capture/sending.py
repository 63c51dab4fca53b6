"""Sending invitations: checked at the last moment, handed over outside any transaction.

Every ask that is not sent stays a row with its reason.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.customers.consent import is_suppressed
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib import mail, tokens
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.worktime import may_reach, next_reachable

BATCH = 500
LINK_LIFE = timedelta(days=60)
SAY_NO_LIFE = timedelta(days=5 * 365)
SAY_NO, MY_DATA = "unsubscribe", "my-data"
INVITATION = "invitation"
Settle = Callable[[], None]


def queue_due() -> None:
    """Queue the invitations whose time has come; refuse those that may not be sent."""
    moment = now()
    due = Invitation.objects.filter(
        outcome=Invitation.Outcome.PLANNED, token_hash=None, planned_at__lte=moment
    )
    for invitation in due.select_related("survey", "customer__contact", "reminder_of")[:BATCH]:
        reason = why_not(invitation, moment)
        if reason:
            _refuse(invitation, reason)
            continue
        if not may_reach(moment, invitation.customer.country):
            Invitation.objects.filter(pk=invitation.pk).update(
                planned_at=next_reachable(moment, invitation.customer.country)
            )
            continue
        token = tokens.derived_token(INVITATION, invitation.public_id)
        # Compare-and-set: of two workers one queues it.
        won = Invitation.objects.filter(pk=invitation.pk, token_hash=None).update(
            token_hash=tokens.token_hash(token), expires_at=moment + LINK_LIFE
        )
        if won:
            record("invitation.due", invitation.public_id)


def why_not(invitation: Invitation, moment: datetime) -> str:
    """Return why an invitation must not be sent now, or an empty string."""
    customer, survey = invitation.customer, invitation.survey
    if customer.left_at is not None and customer.left_at <= moment:
        return "left"
    if not customer.contactable or is_suppressed(customer):
        return "said_no"
    if survey.state != Survey.State.OPEN:
        return "survey_not_open"
    if _asked(invitation).answered_at is not None:
        return "answered"
    if not _address(customer, invitation.channel):
        return "no_address"
    return ""


def send_invitation(activity: Activity, attempt: int) -> Settle:
    """Send one queued invitation; return what to write down.

    Args:
        activity: `invitation.due`, its subject the invitation's public id.
        attempt: 1 the first time; more when an earlier attempt failed or never settled.
    """
    invitation = Invitation.objects.select_related(
        "survey", "customer__contact", "reminder_of"
    ).get(public_id=activity.subject)
    reason = why_not(invitation, now())
    if reason:
        return lambda: _refuse(invitation, reason)
    mail.send(letter_of(invitation))

    def settle() -> None:
        invitation.sent_at = now()
        invitation.outcome = Invitation.Outcome.SENT
        invitation.save(update_fields=["sent_at", "outcome"])
        record("invitation.sent", invitation.public_id, attempt=attempt)
        mark_changed("invitations", [invitation.public_id])

    return settle


def letter_of(invitation: Invitation) -> mail.Letter:
    """Return the mail of an invitation: the question, the scores as links, and a way to say no."""
    customer = invitation.customer
    wordings = current_wordings(invitation.survey)
    wording = wordings.get(customer.language) or next(iter(wordings.values()))
    token = tokens.derived_token(INVITATION, _asked(invitation).public_id)
    address = mail.link(f"/s/{token}")
    say_no = mail.link(f"/u/{_lasting(SAY_NO, customer, invitation)}")
    with translation.override(wording.language):
        context = {
            "organisation": settings.ORGANISATION,
            "language": wording.language,
            "question": wording.question.replace("{x}", settings.ORGANISATION),
            "wording": wording,
            "scores": [(score, f"{address}?score={score}") for score in range(11)],
            "address": address,
            "say_no": say_no,
            "my_data": mail.link(f"/me/{_lasting(MY_DATA, customer, invitation)}"),
        }
        return mail.Letter(
            key=invitation.public_id,
            to=_address(customer, "email"),
            subject=gettext("One question from %(organisation)s") % context,
            text=render_to_string("capture/mail/invitation.txt", context),
            html=render_to_string("capture/mail/invitation.html", context),
            unsubscribe_url=say_no,
        )


def _asked(invitation: Invitation) -> Invitation:
    """Return the ask that is answered: a reminder carries the link of the first message."""
    return invitation.reminder_of or invitation


def _lasting(purpose: str, customer: Customer, invitation: Invitation) -> str:
    return tokens.sign(purpose, customer.code, invitation.planned_at + SAY_NO_LIFE)


def _refuse(invitation: Invitation, reason: str) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(
        outcome=Invitation.Outcome.SUPPRESSED, suppressed_reason=reason
    )
    mark_changed("invitations", [invitation.public_id])


def _address(customer: Customer, channel: str) -> str:
    contact = getattr(customer, "contact", None)
    if contact is None:
        return ""
    return str(contact.email if channel == "email" else contact.phone)
