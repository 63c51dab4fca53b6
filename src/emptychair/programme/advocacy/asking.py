"""Ask for a favour: planned by a colleague or by itself, sent by the worker, answered once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.activity.worker import LaterError
from emptychair.programme.advocacy import whom
from emptychair.programme.advocacy.labels import REASONS
from emptychair.programme.advocacy.models import Ask, Candidate, Favour, Plan, Platform
from emptychair.programme.advocacy.words import words_in
from emptychair.programme.capture.letters import MY_DATA, SAY_NO, SAY_NO_LIFE
from emptychair.programme.capture.models import Response
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib import mail, tokens
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.handover import RejectedError
from emptychair.programme.lib.worktime import may_reach, next_reachable

PURPOSE = "advocacy-ask"
LINK_LIFE = timedelta(days=365)  # a testimonial must be withdrawn by it
BY_ITSELF_AT_ONCE = 200


@transaction.atomic
def ask(
    customer: Customer,
    *,
    favour: str,
    channel: str,
    platform: Platform | None = None,
    response: Response | None = None,
    by: User | None = None,
) -> Ask:
    """Ask a customer for a favour; a mail is sent by the worker at a reachable hour.

    Raises:
        RefusedError: there is a reason not to (see `whom.why_not`).
    """
    # Of two colleagues asking the same customer at once one waits, and is told.
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    reason = whom.why_not(customer, favour, platform=platform, channel=channel)
    if reason:
        raise RefusedError(f"favour_{reason}", str(REASONS[reason]))
    is_mail = channel == Ask.Channel.EMAIL
    made = Ask.objects.create(
        customer=customer,
        response=response,
        favour=favour,
        platform=platform,
        channel=channel,
        unit=customer.unit.code if customer.unit else (response.unit if response else ""),
        state=Ask.State.PLANNED if is_mail else Ask.State.ASKED,
        sent_at=None if is_mail else now(),
        asked_by=by,
    )
    whom.forget_candidate(customer)
    actor = by.public_id if by else ""
    record("favour.due" if is_mail else "favour.asked", made.public_id, actor=actor, favour=favour)
    return made


def ask_by_itself() -> None:
    """Ask those whose answer has rested for the days of the plan, if the plan says so."""
    how = whom.plan()
    platform = Platform.objects.filter(is_on=True).first()
    if not how.by_itself or (how.by_itself == Favour.REVIEW and platform is None):
        return
    wanted = platform if how.by_itself == Favour.REVIEW else None
    for candidate in _rested(how, wanted)[:BY_ITSELF_AT_ONCE]:
        try:
            ask(
                candidate.customer, favour=how.by_itself, channel=Ask.Channel.EMAIL,
                platform=wanted, response=candidate.response,
            )  # fmt: skip
        except RefusedError:
            whom.forget_candidate(candidate.customer)  # something came between


def _rested(how: Plan, platform: Platform | None) -> list[Candidate]:
    rested = Candidate.objects.filter(answered_at__lte=now() - timedelta(days=how.wait_days))
    if not whom.asks_everyone(how.by_itself, platform):
        rested = rested.filter(score__gte=whom.PROMOTER_FROM)
    related = ("customer__unit", "response")
    return list(rested.select_related(*related).order_by("-answered_at")[:BY_ITSELF_AT_ONCE])


def send_ask(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Send one ask by mail; what has come between since it was planned keeps it from leaving.

    Args:
        activity: `favour.due`, its subject the ask.
        _attempt: how often it was tried; every attempt sends the same message id.

    Raises:
        LaterError: it is night or a holiday where the customer lives.
        HandoverError: it was not taken and may be tried again.
    """
    related = ("customer__contact", "customer__unit", "platform")
    found = Ask.objects.select_related(*related).filter(public_id=activity.subject).first()
    if found is None or found.state != Ask.State.PLANNED:
        return lambda: None
    reason = whom.why_not(found.customer, found.favour, platform=found.platform, besides=found)
    if reason:
        return partial(_suppress, found, reason)
    moment, country = now(), found.customer.country
    if not may_reach(moment, country):
        raise LaterError(next_reachable(moment, country), "")
    try:
        mail.send(letter_of(found))
    except RejectedError as error:
        return partial(_rejected, found, error)
    return partial(_sent, found)


def letter_of(one: Ask) -> mail.Letter:
    """Return the mail of an ask, in the customer's language."""
    words = words_in(
        one.customer.language, platform=one.platform.name if one.platform else ""
    )  # fmt: skip
    say_no, my_data = rights_of(one.customer)
    text = "\n\n".join(
        (
            words[f"{one.favour}_title"],
            words[f"{one.favour}_text"],
            f"{words['here']}\n{mail.link(path_of(one))}",
            f"--\n{words['why']}\n{words['no_more']}: {say_no}\n{words['my_data']}: {my_data}",
        )
    )
    return mail.Letter(
        key=f"favour-{one.public_id}",
        to=whom.address_of(one.customer),
        subject=words[f"{one.favour}_title"],
        text=text + "\n",
        unsubscribe_url=say_no,
    )


def rights_of(customer: Customer) -> tuple[str, str]:
    """Return the addresses at which a customer says no, and sees what we know."""
    until = now() + SAY_NO_LIFE
    no, data = (tokens.sign(purpose, customer.code, until) for purpose in (SAY_NO, MY_DATA))
    return mail.link(f"/u/{no}"), mail.link(f"/me/{data}")


def path_of(one: Ask) -> str:
    """Return the address of the page on which an ask is answered."""
    token = tokens.sign(PURPOSE, one.public_id, one.planned_at + LINK_LIFE)
    return reverse("favours:ask", args=[token])


def ask_of(token: str) -> Ask | None:
    """Return the ask that a signed link speaks for; None if it is none of ours, or no longer."""
    public_id = tokens.verify(PURPOSE, token, now())
    related = ("customer__contact", "customer__unit", "platform", "testimonial")
    return Ask.objects.select_related(*related).filter(public_id=public_id or "").first()


@transaction.atomic
def note_answer(one: Ask, *, is_yes: bool, said: str, by: User) -> None:
    """Note what a customer said to a colleague who asked in person.

    Raises:
        RefusedError: the ask has its answer already, or was never made.
    """
    state = Ask.State.ACCEPTED if is_yes else Ask.State.DECLINED
    won = Ask.objects.filter(pk=one.pk, state=Ask.State.ASKED).update(
        state=state, answered_at=now(), note=said.strip()[:2000]
    )
    if not won:
        raise RefusedError("favour_answered", _("The answer was noted before you."))
    record(f"favour.{state}", one.public_id, actor=by.public_id)


def _sent(one: Ask) -> None:
    Ask.objects.filter(pk=one.pk, state=Ask.State.PLANNED).update(
        state=Ask.State.ASKED, sent_at=now()
    )
    record("favour.asked", one.public_id, favour=one.favour)


def _suppress(one: Ask, reason: str) -> None:
    Ask.objects.filter(pk=one.pk, state=Ask.State.PLANNED).update(
        state=Ask.State.SUPPRESSED, suppressed_reason=reason
    )
    record("favour.suppressed", one.public_id, reason=reason)


def _rejected(one: Ask, error: RejectedError) -> None:
    if error.kind == "address":
        consent.suppress_address("email", whom.address_of(one.customer), "bounced")
    _suppress(one, "refused")
