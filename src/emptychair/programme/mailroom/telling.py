"""Telling the programme owners that a survey's sending was stopped."""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Role, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Survey
from emptychair.programme.lib import mail


def tell_owners(activity: Activity) -> None:
    """Owe each programme owner a letter about a paused survey.

    Args:
        activity: `survey.paused`, its subject the survey.
    """
    owners = User.objects.filter(Q(role=Role.OWNER) | Q(role=Role.ADMIN), is_active=True)
    for user in owners:
        record(
            "survey.pause_mail_due",
            activity.subject,
            user=user.public_id,
            key=str(activity.pk),
            said=activity.details.get("said", ""),
        )


def mail_pause(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Send the letter about a paused survey to one colleague.

    Args:
        activity: `survey.pause_mail_due`, its details `user`, `key` and `said`.
        _attempt: how often it was tried; every attempt sends the same letter.
    """
    survey = Survey.objects.filter(slug=activity.subject).first()
    user = User.objects.filter(public_id=activity.details["user"], is_active=True).first()
    if survey is not None and survey.paused_at is not None and user is not None:
        with translation.override(user.language or settings.LANGUAGE_CODE):
            mail.send(letter_of(survey, user, activity))
    return lambda: None


def letter_of(survey: Survey, user: User, activity: Activity) -> mail.Letter:
    """Return the letter about a paused survey, in the language that is active."""
    values = {"survey": survey.name, "said": activity.details["said"]}
    parts = (
        _("Nothing of %(survey)s is sent for now, because our messages were refused:") % values,
        activity.details["said"],
        _("Nobody is lost: what waits goes out when you let it. See to the reason first."),
        mail.link(reverse("mailroom:outbox")),
    )
    return mail.Letter(
        key=f"pause-{activity.details['key']}-{user.public_id}",
        to=user.email,
        subject=_("Sending of %(survey)s is stopped") % values,
        text="\n\n".join(parts) + "\n",
    )
