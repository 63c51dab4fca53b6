"""The weekly huddle of a team: made by the product, minutes in two minutes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.accounts.policy import codes_below
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Response
from emptychair.programme.closedloop.models import Case, Huddle, Promise, Raised
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

SHOWN = 4
ANSWER_DAYS = 14
LONGEST_PROMISE_DAYS = 365


@dataclass(frozen=True)
class HuddlePage:
    """Everything a team needs for ten minutes together."""

    unit: Unit
    week_on: date
    last_on: date
    detractors: int
    passives: int
    promoters: int
    good: tuple[Response, ...]
    bad: tuple[Response, ...]
    lesson: Case | None
    promises: tuple[Promise, ...]
    huddle: Huddle | None
    raised: tuple[Raised, ...]

    @property
    def answers(self) -> int:
        """How many answered in the week."""
        return self.detractors + self.passives + self.promoters


def last_week() -> date:
    """Return the Monday of the week before this one."""
    return today() - timedelta(days=today().weekday() + 7)


def huddle_page(unit: Unit, week_on: date) -> HuddlePage:
    """Return the page of a unit and everything below it, for the week that begins on `week_on`."""
    units = codes_below(unit)
    last_on = _last_day(week_on)
    week = _answers_of(units, week_on)
    counts = week.aggregate(
        detractors=Count("pk", filter=Q(score__lte=6)),
        passives=Count("pk", filter=Q(score__in=(7, 8))),
        promoters=Count("pk", filter=Q(score__gte=9)),
    )
    said = week.exclude(comment="").order_by("-answered_at", "pk")
    closed = Case.objects.filter(unit__in=units, state=Case.State.CLOSED).exclude(root_cause="")
    return HuddlePage(
        unit=unit,
        week_on=week_on,
        last_on=last_on,
        **counts,
        good=tuple(said.filter(score__gte=9).prefetch_related("praise__user")[:SHOWN]),
        bad=tuple(said.filter(score__lte=6)[:SHOWN]),
        lesson=closed.exclude(response=None)
        .filter(closed_at__date__lte=last_on + timedelta(days=7))
        .select_related("response")
        .order_by("-closed_at")
        .first(),
        promises=tuple(
            Promise.objects.filter(case__unit__in=units, kept_at=None).select_related("case")[
                :SHOWN
            ]
        ),
        huddle=Huddle.objects.filter(unit=unit, week_on=week_on).first(),
        raised=tuple(_raised_in(units)[: 2 * SHOWN]),
    )


def most_commented(units: Sequence[Unit], week_on: date) -> Unit | None:
    """Return the unit whose customers wrote most comments in a week; the first where none did."""
    said = _answers_of([unit.code for unit in units], week_on).exclude(comment="")
    comments = dict(said.values_list("unit").annotate(Count("pk")))
    return max(units, key=lambda unit: comments.get(unit.code, 0), default=None)


def _answers_of(units: Collection[str], week_on: date) -> QuerySet[Response]:
    days = (week_on, _last_day(week_on))
    return Response.objects.filter(unit__in=units, answered_on__range=days, held_reason="")


def _last_day(week_on: date) -> date:
    return week_on + timedelta(days=6)


def _raised_in(units: frozenset[str]) -> QuerySet[Raised]:
    """Return what the units raised and what came of it, those waiting for an answer first."""
    mine = Raised.objects.filter(huddle__unit__code__in=units).select_related("huddle__unit")
    recent = now() - timedelta(days=60)
    is_recent = Q(answered_at=None) | Q(answered_at__gt=recent)
    return mine.filter(is_recent | Q(initiative_on__gt=recent.date())).order_by(
        "answered_at", "answer_by"
    )


def waiting_for_answer() -> QuerySet[Raised]:
    """Return what teams raised and nobody answered yet, the first due first."""
    return Raised.objects.filter(answered_at=None).select_related("huddle__unit")


@transaction.atomic
def hold_huddle(
    unit: Unit, week_on: date, *, learned: str, fix_here: str, raised: str, by: User
) -> Huddle:
    """Keep the minutes of a huddle; a second time in the week corrects them.

    Raises:
        RefusedError: nothing is written down, or the week has not begun.
    """
    texts = [text.strip() for text in (learned, fix_here, raised)]
    if not any(texts):
        raise RefusedError("minutes_empty", _("Write down at least one of the three."))
    if week_on.weekday() or week_on > today():
        raise RefusedError("week_unknown", _("A huddle is about a week that has begun."))
    huddle, is_new = Huddle.objects.update_or_create(
        unit=unit,
        week_on=week_on,
        defaults={"learned": texts[0], "fix_here": texts[1], "held_by": by},
    )
    if texts[2]:
        due = today() + timedelta(days=ANSWER_DAYS)
        Raised.objects.create(huddle=huddle, text=texts[2][:300], answer_by=due)
    record("huddle.held" if is_new else "huddle.corrected", unit.code, actor=by.public_id)
    return huddle


@transaction.atomic
def promise_answer(one: Raised, *, on: date, by: User) -> None:
    """Promise a team its answer by a date, since somebody has begun to work on it.

    Raises:
        RefusedError: the date is not within a year, or the team has its answer.
    """
    if not today() < on <= today() + timedelta(days=LONGEST_PROMISE_DAYS):
        raise RefusedError("promise_date", _("Promise the answer for a day within a year."))
    if not Raised.objects.filter(pk=one.pk, answered_at=None).update(answer_by=on):
        raise RefusedError("answered", _("A colleague answered it before you."))
    record("raised.promised", one.public_id, actor=by.public_id, on=on.isoformat())


def note_initiative(
    one: Raised, *, name: str, state: str, on: date, points: float | None, decided_by: User | None
) -> None:
    """Write down what became of what a team raised, for its next huddle.

    Args:
        one: what was raised.
        name: of the initiative.
        state: where it stands.
        on: since when.
        points: what it was measured to bring.
        decided_by: who decided on it, which is the answer; None before.
    """
    rows = Raised.objects.filter(pk=one.pk)
    rows.update(
        initiative_name=name, initiative_state=state, initiative_on=on, initiative_points=points
    )
    if decided_by is not None:
        rows.filter(answered_at=None).update(answered_at=now(), answered_by=decided_by)


@transaction.atomic
def answer_raised(one: Raised, *, answer: str, by: User) -> None:
    """Answer what a team raised.

    Raises:
        RefusedError: the answer is empty, or a colleague was quicker.
    """
    if not answer.strip():
        raise RefusedError("answer_empty", _("Write the answer the team will read."))
    changes = {"answer": answer.strip(), "answered_at": now(), "answered_by": by}
    if not Raised.objects.filter(pk=one.pk, answered_at=None).update(**changes):
        raise RefusedError("answered", _("A colleague answered it before you."))
    record("raised.answered", one.public_id, actor=by.public_id)
