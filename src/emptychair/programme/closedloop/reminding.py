"""What nobody should overlook: overdue cases go up, and those put aside come back."""

from django.db import transaction
from django.db.models import Q, QuerySet

from emptychair.programme.accounts.models import Role, User
from emptychair.programme.accounts.policy import codes_below
from emptychair.programme.activity.services import record
from emptychair.programme.closedloop.models import Case, Note
from emptychair.programme.closedloop.opening import country_of
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import after_working_hours

ESCALATED_AFTER_HOURS = 9  # one working day past the promise
NOT_CONTACTED = (Case.State.NEW, Case.State.CLAIMED)


def overdue(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Return the cases whose customer should have been contacted by now."""
    return cases.filter(state__in=NOT_CONTACTED, due_at__lt=now())


def escalate() -> None:
    """Mark cases that are a working day overdue; wake those that waited until today."""
    for case in overdue(Case.objects.filter(escalated_at=None)).order_by("due_at")[:500]:
        if after_working_hours(case.due_at, ESCALATED_AFTER_HOURS, country_of(case.unit)) <= now():
            _mark(case, "escalated", state__in=NOT_CONTACTED, escalated_at=now())
    for case in Case.objects.filter(state=Case.State.WAITING, wait_until__lte=today())[:500]:
        _mark(case, "woken", state__in=(Case.State.WAITING,), state=Case.State.CONTACTED)


def _mark(case: Case, step: str, *, state__in: tuple[str, ...], **changes: object) -> None:
    with transaction.atomic():
        if Case.objects.filter(pk=case.pk, state__in=state__in).update(**changes):
            Note.objects.create(case=case, step=step)
            record(f"case.{step}", case.public_id)


def cases_of(user: User) -> QuerySet[Case]:
    """Return the cases a colleague answers for: their own, and those of the units they manage."""
    if user.role in (Role.OWNER, Role.ADMIN):
        return Case.objects.filter(Q(owner=user) | ~Q(escalated_at=None))
    if user.role == Role.MANAGER and user.unit:
        return Case.objects.filter(Q(owner=user) | Q(unit__in=codes_below(user.unit)))
    return Case.objects.filter(owner=user)
