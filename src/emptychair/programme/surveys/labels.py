"""What codes of surveys and asks are called on pages."""

from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.capture.wordings import STANDARD

LANGUAGES = tuple(STANDARD)
KINDS = (
    (Survey.Kind.RELATIONSHIP, _("Relationship: asked on a calendar")),
    (Survey.Kind.TRANSACTIONAL, _("Transactional: asked after an event")),
)
KIND = {Survey.Kind.RELATIONSHIP: _("Relationship"), Survey.Kind.TRANSACTIONAL: _("Transactional")}
STATE = {
    Survey.State.DRAFT: _("Draft"),
    Survey.State.OPEN: _("Open"),
    Survey.State.CLOSED: _("Closed"),
}
CHANNEL = {
    "email": _("E-mail"),
    "sms": _("SMS"),
    "link": _("Link"),
    "kiosk": _("Kiosk"),
    "widget": _("In the app"),
    "api": _("API"),
}
OUTCOME = {
    Invitation.Outcome.PLANNED: _("Planned"),
    Invitation.Outcome.SENT: _("Sent"),
    Invitation.Outcome.DELIVERED: _("Delivered"),
    Invitation.Outcome.BOUNCED: _("Bounced"),
    Invitation.Outcome.ANSWERED: _("Answered"),
    Invitation.Outcome.DECLINED: _("Declined"),
    Invitation.Outcome.SUPPRESSED: _("Not sent"),
}
REASON = {
    "said_no": _("Said no to questions"),
    "left": _("Is no longer a customer"),
    "no_address": _("No address for the channel"),
    "survey_not_open": _("The survey was not open"),
    "answered": _("Had answered already"),
    "quarantine": _("Asked too recently"),
    "quarantine_asked_this": _("Asked in this survey too recently"),
    "quarantine_asked_any": _("Asked in another survey too recently"),
    "quarantine_answered_this": _("Answered this survey too recently"),
    "quarantine_answered_any": _("Answered another survey too recently"),
    "bounced": _("The address did not work before"),
    "enough_answers": _("Enough answers of the segment"),
    "mailbox_full": _("The mailbox was full for days"),
    "discarded": _("Discarded by a colleague"),
    "not_contactable": _("May not be contacted"),
}
HELD = {
    "test": _("Test: the survey was a draft"),
    "unconfirmed": _("Chosen in the message, not sent"),
    "machine": _("Sent by a machine"),
    "too_fast": _("Sent faster than the page can be read"),
    "too_soon": _("Sent seconds after the message left"),
    "many_scores": _("Many scores of one message opened"),
    "hidden_link": _("A link opened that no person sees"),
    "hidden_field": _("A field filled in that no person sees"),
    "one_source": _("Many alike from one source"),
    "one_network": _("Many alike from one network"),
    "burst": _("Sudden burst of the same answer"),
    "copies": _("The same comment again and again"),
    "kiosk_rapid": _("Faster than people change at the kiosk"),
    "staff": _("Held by a colleague"),
    "suspected_machine": _("Suspected machine"),
    "suspected_stuffing": _("Suspected stuffing"),
    "stuffing": _("Stuffing"),
}


def label(labels: object, code: str) -> str:
    """Return what `code` is called; a code without a name stands for itself, made readable."""
    assert isinstance(labels, dict)
    return str(labels.get(code) or code.replace("_", " ").capitalize())


def language_name(code: str) -> str:
    """Return the name of a language in itself."""
    return str(get_language_info(code)["name_local"]).capitalize()
