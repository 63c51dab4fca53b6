"""What cases add to a customer's story."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.closedloop.labels import STEPS
from emptychair.programme.closedloop.models import Note, Promise
from emptychair.programme.customers.holdings import Holding
from emptychair.programme.customers.models import Customer
from emptychair.programme.customers.timeline import Entry, Window

# Steps whose sentence is about the customer; others are about who does the work.
TOLD = ("contacted", "wrote", "note", "waiting", "promised", "kept")


def notes_of(customer: Customer, scope: Scope, window: Window) -> Iterator[Entry]:
    """Yield every step of the customer's cases; those of other units only to readers of all."""
    notes = Note.objects.filter(case__customer=customer).exclude(
        case__response=None, case__about="answer"
    )
    if scope.units is not None:
        notes = notes.filter(case__unit__in=scope.units)
    if window.before is not None:
        notes = notes.filter(at__lt=window.before)
    for note in notes.select_related("case", "by").order_by("-at", "-pk")[: window.most]:
        step = STEPS.get(note.step, note.step)
        text = note.text if note.step in TOLD else ""
        yield Entry(
            at=note.at,
            kind="case",
            title=_("Case: %(step)s") % {"step": step},
            details=tuple(filter(None, (str(note.by or ""), text))),
            url=reverse("closedloop:case", args=[note.case.public_id]),
        )


def held_about(customer: Customer) -> Iterator[Holding]:
    """Yield what was written and promised in the customer's cases, as the customer may see it."""
    notes = Note.objects.filter(case__customer=customer).exclude(text="")
    for note in notes.filter(step__in=TOLD):
        yield Holding(note.at, "follow_up", note.text)
    for promise in Promise.objects.filter(case__customer=customer):
        yield Holding(promise.made_at, "promise", promise.text)
