"""Moments and local dates."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """Return the present moment in UTC."""
    return timezone.now()


def local_date(moment: datetime, zone: str = "") -> date:
    """Return the calendar date of `moment` in `zone`, or in the organisation's time zone."""
    return moment.astimezone(ZoneInfo(zone or settings.TIME_ZONE)).date()


def today() -> date:
    """Return the organisation's date of today."""
    return local_date(now())
