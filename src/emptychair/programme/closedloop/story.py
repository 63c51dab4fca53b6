"""What cases add to a customer's story."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.closedloop.labels import STEPS
from emptychair.programme.closedloop.models import Note
from emptychair.programme.customers.models import Customer
from emptychair.programme.customers.timeline import Entry, Window


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
        text = (
            note.text
            if note.step in ("contacted", "wrote", "note", "waiting", "promised", "kept")
            else ""
        )
        yield Entry(
            at=note.at,
            kind="case",
            title=_("Case: %(step)s") % {"step": step},
            details=tuple(filter(None, (str(note.by or ""), text))),
            url=reverse("closedloop:case", args=[note.case.public_id]),
        )
