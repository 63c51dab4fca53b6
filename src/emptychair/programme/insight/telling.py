"""Mail about an alert: one letter per alert and programme owner, in the reader's language."""

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.customers.models import Segment
from emptychair.programme.insight.models import Alert
from emptychair.programme.lib import mail


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
    return lambda: None


def letter_of(alert: Alert, user: User) -> mail.Letter:
    """Return the letter about an alert, in the language that is active."""
    url = mail.link(reverse("visibility:alert", args=[alert.public_id]))
    parts = [sentence_of(alert), _began(alert)]
    if alert.likely_segment and alert.likely_segment != alert.segment:
        parts.append(_("Most likely in the segment %(name)s.") % {"name": _segment(alert)})
    parts += [_("See it with the customers' comments since:"), url]
    return mail.Letter(
        key=f"alert-{alert.public_id}-{user.public_id}",
        to=user.email,
        subject=sentence_of(alert),
        text="\n\n".join(parts) + "\n",
    )


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
