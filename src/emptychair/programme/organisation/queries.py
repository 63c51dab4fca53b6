"""Reads of what the organisation did: one week by unit, and the weeks before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.lib.clock import today
from emptychair.programme.organisation.counting import monday_of
from emptychair.programme.organisation.models import Aim, UnitWeek

WEEKS = 8


@dataclass(frozen=True)
class Part:
    """So many of so many, against an aim."""

    done: int
    of: int
    aim_percent: int

    @property
    def percent(self) -> int | None:
        """The share in percent; None of nothing."""
        return round(100 * self.done / self.of) if self.of else None

    @property
    def is_reached(self) -> bool:
        """Whether the aim is reached; nothing to do reaches it too."""
        return 100 * self.done >= self.aim_percent * self.of


@dataclass(frozen=True)
class Week:
    """What one unit, or all of them, did in a week; reading is None where nobody counted."""

    name: str
    week_on: date
    in_time: Part
    reading: Part | None
    huddles: Part

    @property
    def reached_everything(self) -> bool:
        """Whether every aim is reached, with something to do for at least one of them."""
        parts = [part for part in (self.in_time, self.reading, self.huddles) if part is not None]
        return any(part.of for part in parts) and all(part.is_reached for part in parts)


@dataclass(frozen=True)
class OrganisationPage:
    """Everything the page shows."""

    week_on: date
    last_on: date
    is_running: bool
    total: Week
    units: tuple[Week, ...]
    weeks: tuple[Week, ...]
    aim: Aim
    counted_at: datetime | None
    before_on: date
    after_on: date | None

    @property
    def reached(self) -> tuple[Week, ...]:
        """The units that reached every aim, in the order of their names."""
        return tuple(unit for unit in self.units if unit.reached_everything)


def aim() -> Aim:
    """Return what is aimed at, or what holds as long as nobody has said."""
    return Aim.objects.first() or Aim()


def organisation_page(scope: Scope, week_on: date) -> OrganisationPage:
    """Return one week: the reader's units one by one, and everybody together.

    Args:
        scope: which units are told one by one; the whole is told to everyone.
        week_on: a Monday.
    """
    wanted, this_week = aim(), monday_of(today())
    whole = list(UnitWeek.objects.filter(week_on=week_on).select_related("unit"))
    own = [row for row in whole if _is_alive(row) and _sees(scope, row)]
    return OrganisationPage(
        week_on=week_on,
        last_on=week_on + timedelta(days=6),
        is_running=week_on == this_week,
        total=week_of("", week_on, whole, wanted),
        units=tuple(week_of(row.unit.name, week_on, [row], wanted) for row in own),
        weeks=_weeks_before(week_on, wanted),
        aim=wanted,
        counted_at=max((row.counted_at for row in whole), default=None),
        before_on=week_on - timedelta(days=7),
        after_on=week_on + timedelta(days=7) if week_on < this_week else None,
    )


def week_of(name: str, week_on: date, rows: Iterable[UnitWeek], wanted: Aim) -> Week:
    """Return several units' week as one."""
    rows = list(rows)
    read = [row for row in rows if row.reading is not None]
    teams = [row for row in rows if row.has_people]
    return Week(
        name=name,
        week_on=week_on,
        in_time=Part(
            sum(row.in_time for row in rows), sum(row.due for row in rows), wanted.in_time_percent
        ),
        reading=Part(
            sum(row.reading or 0 for row in read),
            sum(row.managers for row in read),
            wanted.reading_percent,
        )
        if read
        else None,
        huddles=Part(sum(row.huddle_held for row in teams), len(teams), wanted.huddle_percent),
    )


def visible_weeks(scope: Scope) -> QuerySet[UnitWeek]:
    """Return the weeks of the units a reader sees, for the export."""
    found = UnitWeek.objects.select_related("unit")
    return found if scope.units is None else found.filter(unit__code__in=scope.units)


def _weeks_before(week_on: date, wanted: Aim) -> tuple[Week, ...]:
    first = week_on - timedelta(days=7 * (WEEKS - 1))
    rows: dict[date, list[UnitWeek]] = {}
    for row in UnitWeek.objects.filter(week_on__range=(first, week_on)):
        rows.setdefault(row.week_on, []).append(row)
    return tuple(week_of("", day, rows[day], wanted) for day in sorted(rows, reverse=True))


def _sees(scope: Scope, row: UnitWeek) -> bool:
    return scope.units is None or row.unit.code in scope.units


def _is_alive(row: UnitWeek) -> bool:
    """Leave out units in which nobody works and no case was due."""
    return row.has_people or row.due > 0
