"""When a message may reach a person: working days of the country, not at night."""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings

ZONES = {
    "SE": "Europe/Stockholm",
    "DK": "Europe/Copenhagen",
    "NO": "Europe/Oslo",
    "FI": "Europe/Helsinki",
    "DE": "Europe/Berlin",
}
OPENS, CLOSES = time(9), time(18)
# Eves on which the country rests although the law does not say so.
EVES = {"SE": ((12, 24), (12, 31)), "DK": ((12, 24),), "NO": ((12, 24),), "FI": ((12, 24),)}


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    days = holidays.country_holidays(country, years=year)
    eves = [date(year, month, day) for month, day in EVES.get(country, ())]
    return frozenset([*days, *eves])


def is_working_day(day: date, country: str) -> bool:
    """Say whether people in `country` (SE, DK, NO, FI, DE) work on `day`."""
    return day.weekday() < 5 and day not in _holidays(_known(country), day.year)


def next_working_day(day: date, country: str) -> date:
    """Return `day`, or the first working day after it."""
    while not is_working_day(day, country):
        day += timedelta(1)
    return day


@cache
def working_days(start: date, end: date, country: str) -> int:
    """Return how many working days `country` has from `start` up to, but without, `end`."""
    days = (start + timedelta(number) for number in range((end - start).days))
    return sum(is_working_day(day, country) for day in days)


def zone_of(country: str) -> ZoneInfo:
    """Return the time zone of `country`; Stockholm's for one we do not know."""
    return ZoneInfo(ZONES[_known(country)])


def home_country() -> str:
    """Return the country whose time the organisation keeps; empty if we do not know it."""
    return next((code for code, zone in ZONES.items() if zone == settings.TIME_ZONE), "")


def may_reach(moment: datetime, country: str) -> bool:
    """Say whether `moment` is a working day between nine and six where the person lives."""
    there = moment.astimezone(zone_of(country))
    return is_working_day(there.date(), country) and OPENS <= there.time() < CLOSES


def next_reachable(moment: datetime, country: str) -> datetime:
    """Return `moment`, or the next one at which a message may reach the person."""
    if may_reach(moment, country):
        return moment
    there = moment.astimezone(zone_of(country))
    day = there.date() + timedelta(1 if there.time() >= CLOSES else 0)
    return _opening(next_working_day(day, country), country, moment)


def moment_on(day: date, share: float, country: str) -> datetime:
    """Return the moment `share` (0 to 1) into the reachable hours of `day`."""
    opening = datetime.combine(day, OPENS, zone_of(country))
    return opening + share * timedelta(hours=CLOSES.hour - OPENS.hour)


def after_working_hours(moment: datetime, hours: float, country: str) -> datetime:
    """Return when `hours` of the country's working time have passed since `moment`.

    Working time is nine to six on working days, by the clock on the wall, so that a day on which
    the clocks change has its nine hours too.
    """
    here = next_reachable(moment, country)
    left = timedelta(hours=hours)
    while True:
        day = here.astimezone(zone_of(country)).date()
        closing = datetime.combine(day, CLOSES, zone_of(country))
        room = closing - here.astimezone(zone_of(country))
        if left <= room:
            return (here.astimezone(zone_of(country)) + left).astimezone(moment.tzinfo)
        left -= room
        here = _opening(next_working_day(day + timedelta(1), country), country, moment)


def _opening(day: date, country: str, moment: datetime) -> datetime:
    return max(datetime.combine(day, OPENS, zone_of(country)), moment)


def _known(country: str) -> str:
    return country if country in ZONES else "SE"
