"""What waits to leave, what left, and what could not: reads, and the owner's decisions about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emptychair.programme.activity.models import Activity, Delivery
from emptychair.programme.activity.services import record, replay
from emptychair.programme.capture import outcomes
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.mailroom.models import Ignored

INVITATION = "capture.sending.send_invitation"
KINDS = {
    INVITATION: gettext_lazy("Invitation"),
    "insight.telling.mail_alert": gettext_lazy("Alert to a colleague"),
    "insight.telling.post_alert": gettext_lazy("Alert in the chat"),
    "mailroom.telling.mail_pause": gettext_lazy("Word of a stop to a colleague"),
}
STATES = {
    "waiting": gettext_lazy("Waiting"),
    "trying": gettext_lazy("Tried and due again"),
    "dead": gettext_lazy("Given up"),
    "sent": gettext_lazy("Sent, 30 days"),
}
SENT_ACTIONS = (outcomes.SENT, "alert.mailed")
SHOWN = timedelta(days=30)
ALARM_AFTER = timedelta(minutes=15)
IGNORED = {
    "forged": gettext_lazy("Signature missing or wrong"),
    "duplicate": gettext_lazy("Told before"),
    "unknown": gettext_lazy("About no message of ours"),
    "unsigned": gettext_lazy("Mail without a signed address"),
    "unclear": gettext_lazy("Says nothing about what happened"),
    "automatic": gettext_lazy("Automatic reply"),
    "unreadable": gettext_lazy("Not readable"),
}


@dataclass(frozen=True)
class Trouble:
    """Since when nothing gets through, and what the other side says."""

    since: datetime
    said: str


def deliveries(state: str) -> QuerySet[Delivery]:
    """Return what is owed to the outside, or to ourselves and given up, oldest first.

    Args:
        state: one of `STATES` but `sent`.
    """
    dead = Q(state=Delivery.State.DEAD)
    rows = {
        "waiting": Delivery.objects.filter(~dead, error=""),
        "trying": Delivery.objects.filter(~dead).exclude(error=""),
        "dead": Delivery.objects.filter(dead),
    }[state]
    about = Invitation.objects.filter(public_id=OuterRef("activity__subject"))
    return (
        rows.select_related("activity")
        .annotate(
            customer=Subquery(about.values("customer__code")[:1]),
            survey=Subquery(about.values("survey__name")[:1]),
            channel=Subquery(about.values("channel")[:1]),
        )
        .order_by("due_at", "pk")
    )


def sent() -> QuerySet[Activity]:
    """Return what left in the last days, newest first."""
    about = Invitation.objects.filter(public_id=OuterRef("subject"))
    return (
        Activity.objects.filter(action__in=SENT_ACTIONS, at__gt=now() - SHOWN)
        .annotate(
            customer=Subquery(about.values("customer__code")[:1]),
            survey=Subquery(about.values("survey__name")[:1]),
            channel=Subquery(about.values("channel")[:1]),
        )
        .order_by("-pk")
    )


def tallies() -> dict[str, int]:
    """Return how many there are of each state."""
    dead = Q(state=Delivery.State.DEAD)
    owed = Delivery.objects.aggregate(
        waiting=Count("pk", filter=~dead & Q(error="")),
        trying=Count("pk", filter=~dead & ~Q(error="")),
        dead=Count("pk", filter=dead),
    )
    gone = Activity.objects.filter(action__in=SENT_ACTIONS, at__gt=now() - SHOWN).count()
    return {**owed, "sent": gone}


def trouble() -> Trouble | None:
    """Return what keeps messages from leaving for longer than a quarter of an hour."""
    stuck = Delivery.objects.filter(
        ~Q(state=Delivery.State.DEAD), ~Q(error=""), activity__at__lt=now() - ALARM_AFTER
    ).filter(due_at__lt=now())
    oldest = stuck.select_related("activity").order_by("due_at").first()
    if oldest is None:
        return None
    return Trouble(oldest.due_at, last_line(oldest.error))


def paused() -> QuerySet[Survey]:
    """Return the surveys whose sending is stopped."""
    return Survey.objects.exclude(paused_at=None).order_by("paused_at")


def ignored() -> QuerySet[Ignored]:
    """Return what came in and changed nothing, by reason."""
    return Ignored.objects.order_by("-count")


def last_line(text: str) -> str:
    """Return the line of an error that says what went wrong."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


@transaction.atomic
def send_again(keys: Sequence[int], *, by: str) -> int:
    """Put given-up deliveries back in the queue, and let those that wait go now."""
    chosen = list(Delivery.objects.filter(pk__in=keys).select_related("activity"))
    number = replay([one.pk for one in chosen])
    number += Delivery.objects.filter(
        pk__in=keys, state=Delivery.State.DUE, due_at__gt=now()
    ).update(due_at=now())
    for one in chosen:
        record("delivery.replayed", one.activity.subject, actor=by, handler=one.handler)
    return number


@transaction.atomic
def discard(keys: Sequence[int], reason: str, *, by: str) -> int:
    """Give deliveries up for good; an invitation stays as a row with its reason.

    Raises:
        RefusedError: `reason` is blank.
    """
    if not reason.strip():
        raise RefusedError("reason_blank", _("Say why they should not be sent."))
    states = (Delivery.State.DUE, Delivery.State.DEAD)
    chosen = list(
        Delivery.objects.select_for_update()
        .filter(pk__in=keys, state__in=states)
        .select_related("activity")
    )
    for one in chosen:
        subject = one.activity.subject
        invitation = Invitation.objects.filter(public_id=subject).first()
        if one.handler == INVITATION and invitation is not None:
            outcomes.refused(invitation, "discarded")
        why = reason.strip()[:200]
        record("delivery.discarded", subject, actor=by, handler=one.handler, reason=why)
    Delivery.objects.filter(pk__in=[one.pk for one in chosen]).delete()
    return len(chosen)
