"""One digest on a working morning tells a colleague what waits: by mail, in the chat, or both.

Slices above add lines of their own once, in the `ready` of their app:

    digests.add_lines("huddles", reminders_for)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.notices import (
    CHAT_WAYS,
    MAIL_WAYS,
    notices_of,
    wait_for_morning,
)
from emptychair.programme.accounts.policy import may
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.closedloop.by_mail import path_for
from emptychair.programme.closedloop.models import Case, Praise, Promise
from emptychair.programme.closedloop.praising import praise_for
from emptychair.programme.closedloop.reminding import cases_of, overdue
from emptychair.programme.lib import gateway, mail
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import is_working_day

IN_LETTER = 20
MAIL_DUE, CHAT_DUE = "cases.digest_due", "cases.chat_due"
# Gets a colleague and returns sentences to remind of, in the language that is active.
Lines = Callable[[User], list[str]]
_LINES: dict[str, Lines] = {}


@dataclass(frozen=True)
class Digest:
    """What waits for a colleague."""

    late: tuple[Case, ...]
    promised: tuple[Promise, ...]
    praise: tuple[Praise, ...]
    reminders: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.late or self.promised or self.praise or self.reminders)


def add_lines(name: str, lines: Lines) -> None:
    """Let a slice above remind colleagues in their digest; a second call replaces the first."""
    _LINES[name] = lines


def queue_digests() -> None:
    """Owe each colleague who has something waiting one digest on a working morning."""
    for user in User.objects.filter(is_active=True).select_related("unit"):
        country = user.unit.country if user.unit else ""
        way = notices_of(user).way
        if not is_working_day(today(), country) or digest_of(user).is_empty:
            continue
        if user.email and way in MAIL_WAYS:
            _owe(MAIL_DUE, user)
        if way in CHAT_WAYS:
            _owe(CHAT_DUE, user)


def _owe(action: str, user: User) -> None:
    subject = f"{user.public_id} {today()}"
    if not Activity.objects.filter(action=action, subject=subject).exists():
        record(action, subject, user=user.public_id, day=today().isoformat())


def digest_of(user: User) -> Digest:
    """Return what waits for a colleague now."""
    late = overdue(cases_of(user)).exclude(response=None, about=Case.About.ANSWER)
    reminds = notices_of(user).reminds
    return Digest(
        late=tuple(late.select_related("response").order_by("due_at")[:IN_LETTER]),
        promised=tuple(_promises(user).select_related("case")[:IN_LETTER]),
        praise=tuple(praise_for(user).filter(told_at=None)[:IN_LETTER]),
        reminders=tuple(line for lines in _LINES.values() for line in lines(user))
        if reminds
        else (),
    )


def _promises(user: User) -> QuerySet[Promise]:
    return Promise.objects.filter(kept_at=None, due_on__lte=today(), case__owner=user)


def mail_digest(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Mail one colleague what waits; nothing if that is done by now.

    Args:
        activity: `cases.digest_due` with `user` and `day`; a letter of an earlier day is not sent.
        _attempt: how often it was tried; every attempt has the same message id.

    Raises:
        LaterError: these are the colleague's quiet hours.
    """
    user = _reader(activity)
    if user is None:
        return _nothing
    wait_for_morning(user, now())
    with translation.override(user.language or settings.LANGUAGE_CODE):
        digest = digest_of(user)
        if digest.is_empty:
            return _nothing
        mail.send(letter_of(digest, user))
    return partial(_told, digest)


def chat_digest(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Tell one colleague in the chat what waits; its links ask to log in.

    Args:
        activity: `cases.chat_due` with `user` and `day`.
        _attempt: how often it was tried.

    Raises:
        LaterError: these are the colleague's quiet hours.
        HandoverError: the chat did not take it and may be tried again.
    """
    user = _reader(activity)
    if user is None or not notices_of(user).chat:
        return _nothing
    wait_for_morning(user, now())
    with translation.override(user.language or settings.LANGUAGE_CODE):
        digest = digest_of(user)
        if digest.is_empty:
            return _nothing
        text = "\n\n".join(_lines(digest, _page))
        gateway.hand_over(notices_of(user).chat, text, title_of(digest))
    return partial(_told, digest)


def letter_of(digest: Digest, user: User) -> mail.Letter:
    """Return the letter, in the language that is active; its links handle a case once."""
    by_link = may(user, "case.change")

    def link(case: Case) -> str:
        return mail.link(path_for(case, user)) if by_link else _page(case)

    return mail.Letter(
        key=f"cases-{user.public_id}-{today()}",
        to=user.email,
        subject=title_of(digest),
        text="\n\n".join(_lines(digest, link)) + "\n",
    )


def title_of(digest: Digest) -> str:
    """Return the most urgent thing in a few words."""
    n = len(digest.late) or len(digest.promised)
    if n:
        return ngettext("%(n)s customer waits", "%(n)s customers wait", n) % {"n": n}
    if digest.praise:
        n = len(digest.praise)
        return ngettext("%(n)s customer praises you", "%(n)s customers praise you", n) % {"n": n}
    return _("A reminder")


def _lines(digest: Digest, link: Callable[[Case], str]) -> list[str]:
    lines = [_("Contact was promised to these customers and is overdue:")] if digest.late else []
    lines += [f"{_score(one)}  {_snippet(one)}\n   {link(one)}" for one in digest.late]
    lines += [_("Promised for today or before:")] if digest.promised else []
    lines += [
        f"{date_format(one.due_on)}  {one.text}\n   {_page(one.case)}" for one in digest.promised
    ]
    lines += [_("Customers wrote about you:")] if digest.praise else []
    lines += [f"{one.response.score}  {one.response.comment}" for one in digest.praise]
    return [*lines, *digest.reminders]


def _told(digest: Digest) -> None:
    keys = [one.pk for one in digest.praise]
    Praise.objects.filter(pk__in=keys, told_at=None).update(told_at=now())


def _reader(activity: Activity) -> User | None:
    """Return whose digest it is; None for one of an earlier day or of who has left."""
    if activity.details["day"] != today().isoformat():
        return None
    found = User.objects.filter(public_id=activity.details["user"], is_active=True)
    return found.select_related("unit").first()


def _nothing() -> None:
    """Nothing is to be written down."""


def _score(case: Case) -> str:
    return str(case.response.score) if case.response else ""


def _snippet(case: Case) -> str:
    if case.about == Case.About.SILENCE:
        return _("A key contact says nothing.")
    words = case.response.comment.split() if case.response else []
    return " ".join(words[:12]) + (" …" if len(words) > 12 else "") if words else _("No comment.")


def _page(case: Case) -> str:
    return mail.link(reverse("closedloop:case", args=[case.public_id]))
