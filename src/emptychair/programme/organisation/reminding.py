"""What the digest reminds of: huddles that were not held, and aims that were missed."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import PROGRAMME
from emptychair.programme.closedloop.models import Huddle
from emptychair.programme.lib.clock import today
from emptychair.programme.organisation.counting import monday_of
from emptychair.programme.organisation.models import UnitWeek
from emptychair.programme.organisation.queries import aim, week_of

HUDDLE_DAY, AIM_DAY = 2, 0  # Wednesday: the huddle is late; Monday: last week is over


def reminders_for(user: User) -> list[str]:
    """Return what a manager or whoever runs the programme should be reminded of today."""
    last_week, weekday = monday_of(today()) - timedelta(days=7), today().weekday()
    lines: list[str] = []
    if user.role == Role.MANAGER and user.unit:
        if weekday == HUDDLE_DAY:
            lines += _late_huddle(user.unit)
        if weekday == AIM_DAY:
            lines += _missed(UnitWeek.objects.filter(unit=user.unit, week_on=last_week).first())
    if user.role in PROGRAMME and weekday == HUDDLE_DAY:
        lines += _units_without()
    return lines


def _late_huddle(unit: Unit) -> list[str]:
    last_week = monday_of(today()) - timedelta(days=7)
    if Huddle.objects.filter(unit=unit, week_on=last_week).exists():
        return []
    return [_("%(unit)s has held no huddle about last week yet.") % {"unit": unit}]


def _missed(row: UnitWeek | None) -> list[str]:
    if row is None:
        return []
    part = week_of("", row.week_on, [row], aim()).in_time
    if part.is_reached:
        return []
    sentence = ngettext(
        "%(unit)s: %(done)s of %(n)s customer was contacted in time last week; the aim is"
        " %(aim)s %%.",
        "%(unit)s: %(done)s of %(n)s customers were contacted in time last week; the aim is"
        " %(aim)s %%.",
        part.of,
    )
    values = {"unit": row.unit, "done": part.done, "n": part.of, "aim": part.aim_percent}
    return [sentence % values]


def _units_without() -> list[str]:
    last_week = monday_of(today()) - timedelta(days=7)
    rows = UnitWeek.objects.filter(week_on=last_week, has_people=True, huddle_held=False)
    n = rows.count()
    if not n:
        return []
    sentence = ngettext(
        "%(n)s unit has held no huddle about last week yet.",
        "%(n)s units have held no huddle about last week yet.",
        n,
    )
    return [sentence % {"n": n}]
