"""Whether one customer may be asked now, and asks that a page makes by itself."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.capture.inviting import quarantine
from emptychair.programme.capture.letters import INVITATION
from emptychair.programme.capture.models import Invitation, Response, Survey, Widget
from emptychair.programme.capture.sampling import ENOUGH, quota, segments_of
from emptychair.programme.customers.consent import is_suppressed
from emptychair.programme.customers.models import Customer
from emptychair.programme.customers.rules import meets
from emptychair.programme.customers.services import facts_of
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now

SHORTEST = timedelta(days=1)  # no page asks the same person sooner, whatever the quarantines say


def why_not_now(survey: Survey, customer: Customer, moment: datetime) -> str:
    """Return why `customer` is not to be asked on a page now; an empty string: ask."""
    if customer.left_at is not None and customer.left_at <= moment:
        return "left"
    if not customer.contactable or is_suppressed(customer):
        return "said_no"
    if not meets(facts_of(customer), survey.rule):
        return "rule"
    lately = Invitation.objects.filter(
        customer=customer, channel="widget", planned_at__gt=moment - SHORTEST
    )
    reason = "quarantine" if lately.exists() else quarantine(survey, customer, moment)
    if reason or not survey.precision_points:
        return reason
    own = segments_of([customer.pk]).get(customer.pk, ())
    return "" if quota(survey, moment).take(own) else ENOUGH


@transaction.atomic
def ask_in_widget(widget: Widget, customer: Customer, expires_at: datetime) -> Invitation:
    """Note that a customer is asked on a page; the ask counts in every quarantine."""
    moment = now()
    unit = widget.link.unit or customer.unit
    invitation = Invitation(
        customer=customer,
        survey=widget.link.survey,
        channel="widget",
        unit=unit.code if unit else "",
        planned_at=moment,
        sent_at=moment,
        delivered_at=moment,
        expires_at=expires_at,
        outcome=Invitation.Outcome.DELIVERED,
    )
    token = tokens.derived_token(INVITATION, invitation.public_id)
    invitation.token_hash = tokens.token_hash(token)
    invitation.save()
    record("invitation.sent", invitation.public_id, channel="widget")
    mark_changed("invitations", [invitation.public_id])
    return invitation


@transaction.atomic
def decline(survey: Survey, token_hash: str) -> None:
    """Note that a customer closed the question; no answer is made of it."""
    answered = Response.objects.filter(invitation=OuterRef("pk"))
    asked = Invitation.objects.select_for_update().filter(
        ~Exists(answered), token_hash=token_hash, survey=survey, channel="widget"
    )
    for invitation in asked:
        invitation.outcome = Invitation.Outcome.DECLINED
        invitation.save(update_fields=["outcome"])
        record("invitation.declined", invitation.public_id)
        mark_changed("invitations", [invitation.public_id])
