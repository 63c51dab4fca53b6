"""The sources of a customer's story that exist so far: asks, answers, events, choices, messages."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Invitation, LedgerEntry, Response
from emptychair.programme.customers.models import Customer, Event, Message
from emptychair.programme.customers.timeline import Entry, Window, add_source
from emptychair.programme.lib.templatetags.look import moment
from emptychair.programme.relations import naming
from emptychair.programme.surveys import labels
from emptychair.programme.visibility import names

CHOICES = ("customer.suppressed", "customer.allowed_again", "customer.corrected")


def register() -> None:
    """Add the sources of this slice."""
    add_source("asks", asks_of)
    add_source("answers", answers_of)
    add_source("events", events_of)
    add_source("choices", choices_of)
    add_source("messages", messages_of)


def asks_of(customer: Customer, scope: Scope, window: Window) -> Iterator[Entry]:
    """Yield every ask, sent or not; those of other units only to readers of all."""
    asks = Invitation.objects.filter(customer=customer).select_related("survey")
    if scope.units is not None:
        asks = asks.filter(Q(unit__in=scope.units) | Q(unit=""))
    channels = names.names_of("channel")
    for ask in _newest(asks, "planned_at", window):
        details = [ask.survey.name, channels.get(ask.channel, ask.channel)]
        if ask.sent_at is None and ask.suppressed_reason:
            title = _("Not asked")
            details.append(labels.label(labels.REASON, ask.suppressed_reason))
        elif ask.sent_at is None:
            title = _("To be asked")
        else:
            title = _("Reminded") if ask.reminder_of_id else _("Asked")
            if ask.outcome not in (Invitation.Outcome.SENT, Invitation.Outcome.ANSWERED):
                details.append(labels.label(labels.OUTCOME, ask.outcome))
        yield Entry(ask.planned_at, "ask", title, tuple(details))


def answers_of(customer: Customer, scope: Scope, window: Window) -> Iterator[Entry]:
    """Yield every answer with what was changed later, held ones marked."""
    amended = LedgerEntry.objects.filter(kind="amend").order_by("pk")
    answers = Response.objects.filter(customer=customer).select_related("survey")
    answers = answers.prefetch_related(Prefetch("entries", amended, to_attr="amendments"))
    if scope.units is not None:
        answers = answers.filter(Q(unit__in=scope.units) | Q(unit=""))
    units = names.names_of("unit")
    for one in _newest(answers, "answered_at", window):
        details = [one.survey.name, units.get(one.unit, one.unit)]
        details += [_rated(driver, value) for driver, value in sorted(one.ratings.items())]
        details += list(_changes(one))
        if one.contact_wanted:
            details.append(_("May be contacted about it"))
        if one.held_reason:
            reason = labels.label(labels.HELD, one.held_reason)
            details.append(_("Does not count: %(reason)s") % {"reason": reason})
        yield Entry(
            at=one.answered_at,
            kind="answer",
            title=_("Answered %(score)d") % {"score": one.score},
            details=tuple(filter(None, details)),
            text=one.comment,
            language=one.language,
            score=one.score,
            is_counted=not one.held_reason,
        )


def _changes(response: Any) -> Iterator[str]:
    """Yield in words which later submissions changed the score of an answer."""
    for entry in response.amendments:
        score = entry.body.get("score")
        if score is not None:
            said = {"score": score, "at": moment(entry.at)}
            yield _("Corrected to %(score)d on %(at)s") % said


def _rated(driver: str, value: int) -> str:
    return f"{driver.replace('_', ' ').capitalize()} {value}/5"


def events_of(customer: Customer, scope: Scope, window: Window) -> Iterator[Entry]:  # noqa: ARG001
    """Yield what the customer did."""
    for event in _newest(Event.objects.filter(customer=customer), "at", window):
        amount = () if event.amount is None else (naming.money(event.amount),)
        yield Entry(event.at, "event", naming.event_name(event.kind), amount)


def choices_of(customer: Customer, scope: Scope, window: Window) -> Iterator[Entry]:
    """Yield what was decided about contact, and by whom."""
    noted = Activity.objects.filter(subject=customer.code, action__in=CHOICES)
    found = list(_newest(noted, "at", window))
    people = dict(
        User.objects.filter(public_id__in={one.actor for one in found}).values_list(
            "public_id", "name"
        )
    )
    for one in found:
        details = [people.get(one.actor, "") if scope.pii else ""]
        yield Entry(one.at, "choice", naming.choice_name(one.action), tuple(filter(None, details)))


def messages_of(customer: Customer, scope: Scope, window: Window) -> Iterable[Entry]:
    """Return what the customer wrote outside surveys, to those who may know who wrote it."""
    if not scope.pii:
        return ()
    found = _newest(Message.objects.filter(contact=customer.pk), "at", window)
    return [Entry(one.at, "message", _("Wrote to us"), text=one.text) for one in found]


def _newest(rows: QuerySet[Any], field: str, window: Window) -> Iterable[Any]:
    if window.before is not None:
        rows = rows.filter(**{f"{field}__lt": window.before})
    return rows.order_by(f"-{field}")[: window.most]
