"""Count what each unit did in a week; the worker does it, pages read it."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.closedloop.models import Case, Huddle
from emptychair.programme.lib.clock import now, today
from emptychair.programme.organisation.models import UnitWeek

COUNTED_WEEKS = 4  # late contacts and huddles still change them


def monday_of(day: date) -> date:
    """Return the Monday of the week that `day` is in."""
    return day - timedelta(days=day.weekday())


def count_weeks() -> None:
    """Count the running week and those before it that may still change."""
    this_week = monday_of(today())
    for back in range(COUNTED_WEEKS):
        count_week(this_week - timedelta(days=7 * back), is_running=back == 0)


@transaction.atomic
def count_week(week_on: date, *, is_running: bool) -> None:
    """Count one week of every unit.

    Args:
        week_on: its Monday.
        is_running: whether it is this week; who reads is counted only then, since of earlier
            weeks nobody knows who read.
    """
    start, end = (_midnight(week_on + timedelta(days=days)) for days in (0, 7))
    cases, people = _cases(start, end), _people(start)
    held = set(Huddle.objects.filter(week_on=week_on).values_list("unit", flat=True))
    for unit in Unit.objects.all():
        team = people.get(unit.pk, {})
        counted = {
            "due": cases.get(unit.code, {}).get("due", 0),
            "in_time": cases.get(unit.code, {}).get("in_time", 0),
            "has_people": bool(team.get("n")),
            "huddle_held": unit.pk in held,
            "counted_at": now(),
        }
        if is_running:
            counted |= {"managers": team.get("managers", 0), "reading": team.get("reading", 0)}
        UnitWeek.objects.update_or_create(unit=unit, week_on=week_on, defaults=counted)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def _cases(start: datetime, end: datetime) -> dict[str, dict[str, Any]]:
    """Return by unit the cases due in a week, and those contacted in time.

    As under "Does it work?", one that is not due yet counts once its customer was contacted.
    """
    due = Case.objects.filter(due_at__gte=start, due_at__lt=end, is_holdout=False).filter(
        Q(due_at__lt=now()) | Q(first_contact_at__isnull=False)
    )
    rows = due.order_by().values("unit").annotate(
        due=Count("pk"), in_time=Count("pk", filter=Q(first_contact_at__lte=F("due_at")))
    )  # fmt: skip
    return {row["unit"]: dict(row) for row in rows}


def _people(start: datetime) -> dict[int, dict[str, Any]]:
    """Return by unit how many work there, manage it, and have looked since `start`."""
    is_manager = Q(role=Role.MANAGER)
    rows = (
        User.objects.filter(is_active=True)
        .exclude(unit=None)
        .order_by()
        .values("unit")
        .annotate(
            n=Count("pk"),
            managers=Count("pk", filter=is_manager),
            reading=Count("pk", filter=is_manager & Q(seen_at__gte=start)),
        )
    )
    return {row["unit"]: dict(row) for row in rows}
