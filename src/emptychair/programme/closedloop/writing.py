"""Write to the customer from a case; what the customer writes back is found by the same thread."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.capture.letters import BOUNCE, REPLY
from emptychair.programme.closedloop import services
from emptychair.programme.closedloop.guide import subject_of
from emptychair.programme.closedloop.models import Case, Note
from emptychair.programme.customers.consent import is_suppressed
from emptychair.programme.customers.models import Contact, Message
from emptychair.programme.lib import mail
from emptychair.programme.lib.errors import RefusedError

MOST_MESSAGES = 20


def address_of(case: Case) -> str:
    """Return where the customer may be written to; empty if nowhere."""
    customer = case.customer
    if customer is None or is_suppressed(customer):
        return ""
    contact = Contact.objects.filter(customer=customer).first()
    return contact.email if contact else ""


@transaction.atomic
def write(case: Case, *, text: str, by: User) -> None:
    """Write to the customer; it counts as the contact that was promised.

    Raises:
        RefusedError: there is nothing to send, no address, or the customer has said no.
    """
    if not address_of(case):
        sentence = _("There is no address, or the customer has said no to messages from us.")
        raise RefusedError("no_address", sentence)
    services.contact(case, said=text, by=by)
    note = case.notes.order_by("-pk")[0]
    Note.objects.filter(pk=note.pk).update(step="wrote")
    record("case.mail_due", case.public_id, actor=by.public_id, note=note.pk)


def send_letter(activity: Activity, _attempt: int) -> Callable[[], None]:
    """Send what was written; a repeat carries the same message id.

    Args:
        activity: `case.mail_due`, its subject the case, its detail `note` what was written.
        _attempt: how often it was tried.
    """
    case = Case.objects.select_related("customer__contact", "response__invitation").filter(
        public_id=activity.subject
    )
    note = Note.objects.select_related("by").filter(pk=activity.details["note"]).first()
    found = case.first()
    # Between writing and sending the customer may have said no, or been erased.
    if found is not None and note is not None and note.text and address_of(found):
        mail.send(_letter(found, note))
    return lambda: None


def messages_of(case: Case) -> list[Message]:
    """Return what the customer wrote back since the answer, the newest first."""
    thread = _thread(case)
    if not thread or case.customer_id is None:
        return []
    wrote = Message.objects.filter(contact=case.customer_id, about=thread)
    return list(wrote.order_by("-at")[:MOST_MESSAGES])


def _letter(case: Case, note: Note) -> mail.Letter:
    thread = _thread(case)
    language = case.customer.language if case.customer else ""
    subject = subject_of(language or settings.LANGUAGE_CODE, settings.ORGANISATION)
    own = note.by.email if note.by else ""
    signature = f"\n\n{note.by}\n{settings.ORGANISATION}\n" if note.by else "\n"
    first = {"In-Reply-To": mail.message_id_of(thread), "References": mail.message_id_of(thread)}
    return mail.Letter(
        key=f"case-{case.public_id}-{note.pk}",
        to=address_of(case),
        subject=subject,
        text=note.text + signature,
        bounce_to=mail.return_address(BOUNCE, thread) if thread else "",
        reply_to=(mail.return_address(REPLY, thread) if thread else "") or own,
        headers=first if thread else {},
    )


def _thread(case: Case) -> str:
    """Return the id of the ask that the conversation began with; empty if there was none."""
    invitation = case.response.invitation if case.response else None
    return invitation.public_id if invitation else ""
