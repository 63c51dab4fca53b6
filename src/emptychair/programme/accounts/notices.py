"""How a colleague is told what waits: over which way, and never at night."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Notices, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.activity.worker import LaterError, Settle
from emptychair.programme.lib import gateway
from emptychair.programme.lib.chat import check_chat
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.worktime import zone_of

CHAT_WAYS = (Notices.Way.CHAT, Notices.Way.BOTH)
MAIL_WAYS = (Notices.Way.MAIL, Notices.Way.BOTH)


def notices_of(user: User) -> Notices:
    """Return what a colleague chose, or what holds as long as nothing was chosen."""
    return Notices.objects.filter(user=user).first() or Notices(user=user)


@transaction.atomic
def save_notices(
    user: User,
    *,
    way: str,
    chat: str,
    quiet_from: time,
    quiet_until: time,
    reminds: bool,
) -> None:
    """Keep how a colleague wants to be told.

    Args:
        user: who.
        way: a value of `Notices.Way`.
        chat: a new chat address; empty keeps the one that is there.
        quiet_from: nothing is sent from then on,
        quiet_until: until then, by the clock of the colleague's unit.
        reminds: whether huddles that were not held and goals are told too.

    Raises:
        RefusedError: the chat address is none, or there is none although the way needs it.
    """
    address = check_chat(chat) if chat.strip() else notices_of(user).chat
    if way in CHAT_WAYS and not address:
        raise RefusedError("chat_missing", _("Write the address of your chat first."))
    fields = {"way": Notices.Way(way), "chat": address, "reminds": reminds}
    fields |= {"quiet_from": quiet_from, "quiet_until": quiet_until}
    Notices.objects.update_or_create(user=user, defaults=fields)
    record("notices.saved", user.public_id, actor=user.public_id, way=way)


def wait_for_morning(user: User, moment: datetime) -> None:
    """Do nothing outside a colleague's quiet hours.

    Raises:
        LaterError: it is one of them; says when they end.
    """
    until = quiet_until(notices_of(user), user, moment)
    if until is not None:
        raise LaterError(until, "")


def quiet_until(chosen: Notices, user: User, moment: datetime) -> datetime | None:
    """Return when the quiet hours that `moment` is in end; None when it is in none.

    Hours that end before they begin run over midnight; equal ones are no hours.
    """
    here = moment.astimezone(zone_of(user.unit.country if user.unit else ""))
    first, last = chosen.quiet_from, chosen.quiet_until
    if first < last:
        is_quiet = first <= here.time() < last
    else:
        is_quiet = first != last and (here.time() >= first or here.time() < last)
    if not is_quiet:
        return None
    end = datetime.combine(here.date(), last, here.tzinfo)
    return end if end > here else datetime.combine(
        here.date() + timedelta(days=1), last, here.tzinfo
    )  # fmt: skip


@transaction.atomic
def ask_for_trial(user: User) -> None:
    """Owe a colleague one trial message in the chat.

    Raises:
        RefusedError: there is no chat address.
    """
    if not notices_of(user).chat:
        raise RefusedError("chat_missing", _("Write the address of your chat first."))
    record("notices.trial_due", user.public_id, at=now().isoformat())


def send_trial(activity: Activity, _attempt: int) -> Settle:
    """Send the trial message.

    Args:
        activity: `notices.trial_due`, its subject the colleague.
        _attempt: how often it was tried.
    """
    user = User.objects.filter(public_id=activity.subject, is_active=True).first()
    if user is not None and notices_of(user).chat:
        gateway.hand_over(notices_of(user).chat, "Empty Chair: ✓")
    return lambda: None
