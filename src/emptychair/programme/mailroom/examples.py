"""Messages for a demo: written to the data folder now, at whatever hour somebody looks."""

from django.db import transaction

from emptychair.programme.capture import letters, outcomes
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib import mail, sms, tokens
from emptychair.programme.lib.clock import now

# Numbers that the Swedish authority keeps free for films and books.
_NUMBERS = ("+46701740605", "+46701740606")
LANGUAGES = ("sv", "da", "nb", "en")


@transaction.atomic
def write_examples() -> int:
    """Ask a customer per language by mail and two by SMS; return how many were written."""
    survey = Survey.objects.filter(state=Survey.State.OPEN).order_by("-kind", "pk").first()
    if survey is None:
        return 0
    reachable = Customer.objects.filter(contactable=True, left_at=None, contact__isnull=False)
    asked = [reachable.filter(language=language).order_by("pk").first() for language in LANGUAGES]
    by_phone = list(reachable.filter(language="sv").order_by("-pk")[: len(_NUMBERS)])
    for customer, number in zip(by_phone, _NUMBERS, strict=False):
        Contact.objects.filter(pk=customer.pk).update(phone=number)
    _write(survey, [one for one in asked if one is not None], "email")
    _write(survey, by_phone, "sms")
    return Invitation.objects.filter(token_hash__isnull=False).count()


def _write(survey: Survey, customers: list[Customer], channel: str) -> None:
    for customer in customers:
        invitation = Invitation(survey=survey, customer=customer, channel=channel)
        token = tokens.derived_token(letters.INVITATION, invitation.public_id)
        invitation.token_hash = tokens.token_hash(token)
        invitation.planned_at = now()
        invitation.save()
        if channel == "sms":
            text = letters.sms_of(invitation)
            sms.send(letters.number_of(customer), text, invitation.public_id)
        else:
            mail.send(letters.letter_of(invitation))
        outcomes.sent(invitation, "", 1)
