"""What follows from the fate of a message: sent, refused, bounced, or nobody knows.

Every function runs in the transaction that ends the delivery or takes in the report.
"""

import re
from datetime import timedelta

from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.capture.letters import address_of
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.customers import consent
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.handover import Refusal

# A full mailbox is tried again after each of these: three times in 72 hours.
SOFT_WAITS = (timedelta(hours=4), timedelta(hours=20), timedelta(hours=48))
UNCERTAIN_WAIT = timedelta(minutes=15)
DUE, SENT, SOFT, UNCERTAIN = (
    "invitation.due",
    "invitation.sent",
    "invitation.bounced_soft",
    "invitation.uncertain",
)
State = Invitation.Outcome
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")


def sent(invitation: Invitation, message_id: str, attempt: int, *, uncertain: bool = False) -> None:
    """Note that a message left; one that was answered meanwhile stays answered."""
    values = {"sent_at": now(), "outcome": State.SENT, "message_id": message_id[:200]}
    if _change(invitation, [State.PLANNED], **values):
        record(SENT, invitation.public_id, attempt=attempt, uncertain=uncertain)


def refused(invitation: Invitation, reason: str) -> None:
    """Note why a message was not sent."""
    _change(invitation, [State.PLANNED], outcome=State.SUPPRESSED, suppressed_reason=reason)


def uncertain(invitation: Invitation, said: str) -> None:
    """Repeat once a message that may have been taken; the second time, count it as sent."""
    if _happened(UNCERTAIN, invitation):
        record(UNCERTAIN, invitation.public_id, said=said)
        sent(invitation, "", 2, uncertain=True)
        return
    record(UNCERTAIN, invitation.public_id, said=said)
    _again(invitation, UNCERTAIN_WAIT)


def rejected(invitation: Invitation, kind: Refusal, said: str) -> None:
    """Draw the consequence of a refusal, at once or by a report that came later."""
    if kind == "address":
        bounced(invitation, said)
    elif kind == "mailbox":
        _bounced_softly(invitation, said)
    elif kind == "policy":
        pause(invitation.survey, said)
        _change(invitation, [State.SENT], outcome=State.PLANNED)
        _again(invitation, timedelta())


def bounced(invitation: Invitation, said: str) -> None:
    """Note that the address takes no mail, and never write to it again."""
    address = address_of(invitation.customer, invitation.channel)
    if address:
        consent.suppress_address(
            invitation.channel, address, "bounced", invitation.customer.country
        )
    states = [State.PLANNED, State.SENT, State.DELIVERED]
    _change(invitation, states, outcome=State.BOUNCED, suppressed_reason="bounced")
    record("invitation.bounced", invitation.public_id, said=said)


def delivered(invitation: Invitation) -> None:
    """Note that the other side's server took the message."""
    _change(invitation, [State.SENT], outcome=State.DELIVERED, delivered_at=now())


def declined(invitation: Invitation) -> None:
    """Note that the person answered with a no to all questions."""
    _change(invitation, [State.PLANNED, State.SENT, State.DELIVERED], outcome=State.DECLINED)


def pause(survey: Survey, said: str) -> None:
    """Send nothing of a survey until staff say so; the first refusal tells them."""
    said = _ADDRESS.sub("...", said)  # what is kept with the survey outlives the person
    won = Survey.objects.filter(pk=survey.pk, paused_at=None).update(
        paused_at=now(), paused_reason=said[:320]
    )
    if won:
        record("survey.paused", survey.slug, said=said)


def resume(survey: Survey, *, by: str) -> None:
    """Send again what waits because of a refusal."""
    Survey.objects.filter(pk=survey.pk).update(paused_at=None, paused_reason="")
    record("survey.resumed", survey.slug, actor=by)


def _bounced_softly(invitation: Invitation, said: str) -> None:
    earlier = _happened(SOFT, invitation)
    record(SOFT, invitation.public_id, said=said)
    if earlier < len(SOFT_WAITS):
        states = [State.SENT, State.DELIVERED]
        _change(invitation, states, outcome=State.PLANNED)
        _again(invitation, SOFT_WAITS[earlier])
    else:
        states = [State.PLANNED, State.SENT, State.DELIVERED]
        _change(invitation, states, outcome=State.BOUNCED, suppressed_reason="mailbox_full")


def _again(invitation: Invitation, wait: timedelta) -> None:
    not_before = now() + wait
    record(DUE, invitation.public_id, not_before=not_before.isoformat())


def _happened(action: str, invitation: Invitation) -> int:
    return Activity.objects.filter(subject=invitation.public_id, action=action).count()


def _change(invitation: Invitation, states: list[State], **values: object) -> bool:
    """Change an invitation that is in one of `states`; of two who try, one does."""
    rows = Invitation.objects.filter(pk=invitation.pk, outcome__in=states)
    won = rows.filter(answered_at=None).update(**values)
    if won:
        mark_changed("invitations", [invitation.public_id])
    return bool(won)
