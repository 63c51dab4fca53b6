"""Word of an alert: a letter to each programme owner in their language, a line in the chat."""

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.customers.models import Segment
from emptychair.programme.insight.models import Alert
from emptychair.programme.lib import gateway, mail


def mail_alert(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Send one alert to one colleague; a repeat carries the same message id.

    Args:
        activity: `alert.mail_due`, its subject the alert, its detail `user` the reader.
        _attempt: how often it was tried; every attempt sends the same letter.
    """
    alert = Alert.objects.filter(public_id=activity.subject).first()
    user = User.objects.filter(public_id=activity.details["user"], is_active=True).first()
    if alert is not None and user is not None and alert.is_open:
        with translation.override(user.language or settings.LANGUAGE_CODE):
            mail.send(letter_of(alert, user))
        return lambda: _note(alert, user)
    return lambda: None


def _note(alert: Alert, user: User) -> None:
    record("alert.mailed", alert.public_id, user=user.public_id)


def post_alert(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Tell one alert in one chat channel, in the organisation's language.

    Args:
        activity: `alert.chat_due`, its subject the alert, its detail `channel` the place of the
            address in `EMPTYCHAIR_CHAT`; one that is no longer there is passed over.
        _attempt: how often it was tried.
    """
    alert = Alert.objects.filter(public_id=activity.subject).first()
    channel = activity.details["channel"]
    if alert is not None and alert.is_open and channel < len(settings.CHAT):
        with translation.override(settings.LANGUAGE_CODE):
            gateway.hand_over(settings.CHAT[channel], _told(alert), sentence_of(alert))
    return lambda: None


def letter_of(alert: Alert, user: User) -> mail.Letter:
    """Return the letter about an alert, in the language that is active."""
    return mail.Letter(
        key=f"alert-{alert.public_id}-{user.public_id}",
        to=user.email,
        subject=sentence_of(alert),
        text=f"{sentence_of(alert)}\n\n{_told(alert)}\n",
    )


def _told(alert: Alert) -> str:
    url = mail.link(reverse("visibility:alert", args=[alert.public_id]))
    parts = [_began(alert)]
    if alert.likely_segment and alert.likely_segment != alert.segment:
        parts.append(_("Most likely in the segment %(name)s.") % {"name": _segment(alert)})
    return "\n\n".join([*parts, _("See it with the customers' comments since:"), url])


def sentence_of(alert: Alert) -> str:
    """Return what changed in one sentence."""
    values = {
        "series": series_name(alert),
        "points": round(abs(alert.difference_points)),
        "low": _signed(alert.low_points),
        "high": _signed(alert.high_points),
    }
    if alert.direction == "down":
        return _("%(series)s: NPS has fallen %(points)s points (%(low)s to %(high)s).") % values
    return _("%(series)s: NPS has risen %(points)s points (%(low)s to %(high)s).") % values


def series_name(alert: Alert) -> str:
    """Return the name of the series an alert is about."""
    if alert.segment:
        return Segment.objects.filter(slug=alert.segment).values_list(
            "name", flat=True
        ).first() or (alert.segment)
    if alert.unit:
        return Unit.objects.filter(code=alert.unit).values_list("name", flat=True).first() or (
            alert.unit
        )
    return _("All customers")


def _began(alert: Alert) -> str:
    return _("It began around %(day)s (between %(first)s and %(last)s).") % {
        "day": date_format(alert.began_on),
        "first": date_format(alert.began_earliest_on),
        "last": date_format(alert.began_latest_on),
    }


def _segment(alert: Alert) -> str:
    found = Segment.objects.filter(slug=alert.likely_segment).values_list("name", flat=True)
    return found.first() or alert.likely_segment


def _signed(points: float) -> str:
    whole = round(points)
    return f"+{whole}" if whole > 0 else str(whole).replace("-", "\u2212")
