"""Taking in what a service says about a message: once, and only about messages of ours."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.db import transaction
from django.db.models import F

from emptychair.programme.capture import outcomes
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers import consent
from emptychair.programme.lib.clock import now
from emptychair.programme.mailroom.models import Ignored, Report

Kind = Literal[
    "delivered", "address", "mailbox", "policy", "complained", "unsubscribed", "reply", "stop"
]
# One recipient's server may dislike us; when several do, the survey is paused.
POLICY_LIMIT = 3
POLICY_SPAN = timedelta(hours=24)
_SAID = 300


@dataclass(frozen=True)
class Said:
    """One thing a service said.

    Attributes:
        key: names the event, the same whenever it is told again.
        kind: what happened to the message.
        text: the other side's own words.
    """

    key: str
    kind: Kind
    text: str = ""


def ignore(reason: str) -> None:
    """Count something that came in and changed nothing."""
    if not Ignored.objects.filter(reason=reason).update(count=F("count") + 1, last_at=now()):
        Ignored.objects.bulk_create([Ignored(reason=reason)], ignore_conflicts=True)
        Ignored.objects.filter(reason=reason).update(count=F("count") + 1, last_at=now())


def key_of(*parts: object) -> str:
    """Return the key of an event from what tells it apart from all others."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


@transaction.atomic
def take(public_id: str, said: Said) -> bool:
    """Take in one report; return whether it was new.

    Args:
        public_id: of the invitation it is about.
        said: what was said.
    """
    invitation = (
        Invitation.objects.select_related("survey", "customer__contact")
        .filter(public_id=public_id)
        .first()
    )
    if invitation is None:
        ignore("unknown")
        return False
    _, is_new = Report.objects.get_or_create(
        key=said.key,
        defaults={"invitation": invitation, "kind": said.kind, "said": said.text[:_SAID]},
    )
    if is_new:
        _follow(invitation, said)
    else:
        ignore("duplicate")
    return is_new


def _follow(invitation: Invitation, said: Said) -> None:
    if said.kind == "delivered":
        outcomes.delivered(invitation)
    elif said.kind == "policy":
        outcomes.rejected(
            invitation, "policy" if _several_refuse(invitation) else "mailbox", said.text
        )
    elif said.kind in ("address", "mailbox"):
        outcomes.rejected(invitation, "address" if said.kind == "address" else "mailbox", said.text)
    elif said.kind in ("complained", "unsubscribed", "stop"):
        reason = "replied" if said.kind == "stop" and invitation.channel == "email" else said.kind
        consent.suppress(invitation.customer, reason)
        outcomes.declined(invitation)


def _several_refuse(invitation: Invitation) -> bool:
    lately = Report.objects.filter(kind="policy", at__gt=now() - POLICY_SPAN)
    of_survey = lately.filter(invitation__survey=invitation.survey_id)
    return of_survey.values("invitation").distinct().count() >= POLICY_LIMIT
