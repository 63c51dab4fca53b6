"""What nobody should overlook: overdue cases go up, and one letter a morning tells the rest."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emptychair.programme.accounts.models import Role, User
from emptychair.programme.accounts.policy import codes_below
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.closedloop.models import Case, Note, Promise
from emptychair.programme.closedloop.opening import country_of
from emptychair.programme.lib import mail
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import after_working_hours, is_working_day

ESCALATED_AFTER_HOURS = 9  # one working day past the promise
NOT_CONTACTED = (Case.State.NEW, Case.State.CLAIMED)
IN_LETTER = 20


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


def queue_digests() -> None:
    """Owe each colleague who has something waiting one letter on a working morning."""
    for user in User.objects.filter(is_active=True).exclude(email=""):
        country = user.unit.country if user.unit else ""
        if not is_working_day(today(), country):
            continue
        subject = f"{user.public_id} {today()}"
        is_owed = Activity.objects.filter(action="cases.digest_due", subject=subject).exists()
        if not is_owed and (overdue(cases_of(user)).exists() or _promises(user).exists()):
            record("cases.digest_due", subject, user=user.public_id, day=today().isoformat())


def cases_of(user: User) -> QuerySet[Case]:
    """Return the cases a colleague answers for: their own, and those of the units they manage."""
    if user.role in (Role.OWNER, Role.ADMIN):
        return Case.objects.filter(Q(owner=user) | ~Q(escalated_at=None))
    if user.role == Role.MANAGER and user.unit:
        return Case.objects.filter(Q(owner=user) | Q(unit__in=codes_below(user.unit)))
    return Case.objects.filter(owner=user)


def _promises(user: User) -> QuerySet[Promise]:
    return Promise.objects.filter(kept_at=None, due_on__lte=today(), case__owner=user)


def mail_digest(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Send one colleague what is overdue and promised for today; nothing if that is done by now.

    Args:
        activity: `cases.digest_due` with `user` and `day`; a letter of an earlier day is not sent.
        _attempt: how often it was tried; every attempt has the same message id.
    """
    user = User.objects.filter(public_id=activity.details["user"], is_active=True).first()
    if user is not None and activity.details["day"] == today().isoformat():
        with translation.override(user.language or settings.LANGUAGE_CODE):
            letter = _letter(user)
        if letter is not None:
            mail.send(letter)
    return lambda: None


def _letter(user: User) -> mail.Letter | None:
    late = list(overdue(cases_of(user)).select_related("response").order_by("due_at")[:IN_LETTER])
    promised = list(_promises(user).select_related("case")[:IN_LETTER])
    if not late and not promised:
        return None
    subject = ngettext("%(n)s customer waits", "%(n)s customers wait", len(late) or len(promised))
    lines = [_("Contact was promised to these customers and is overdue:")] if late else []
    lines += [f"{_score(one)}  {_snippet(one)}\n   {_link(one)}" for one in late]
    lines += [_("Promised for today or before:")] if promised else []
    lines += [f"{date_format(one.due_on)}  {one.text}\n   {_link(one.case)}" for one in promised]
    return mail.Letter(
        key=f"cases-{user.public_id}-{today()}",
        to=user.email,
        subject=subject % {"n": len(late) or len(promised)},
        text="\n\n".join(lines) + "\n",
    )


def _score(case: Case) -> str:
    return str(case.response.score) if case.response else ""


def _snippet(case: Case) -> str:
    words = case.response.comment.split() if case.response else []
    return " ".join(words[:12]) + (" …" if len(words) > 12 else "") if words else _("No comment.")


def _link(case: Case) -> str:
    return mail.link(reverse("closedloop:case", args=[case.public_id]))
