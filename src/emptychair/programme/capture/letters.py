"""The words of an invitation as it leaves: the mail and the SMS, with their links."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from emptychair.programme.capture.models import Invitation, Survey, Wording
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib import mail, tokens
from emptychair.programme.lib.addresses import normal_phone

SAY_NO_LIFE = timedelta(days=5 * 365)
SAY_NO, MY_DATA = "unsubscribe", "my-data"
INVITATION = "invitation"
BOUNCE, REPLY = "b", "r"  # purposes of the signed addresses that mail comes back to


@dataclass(frozen=True)
class Links:
    """Where the links of a message lead."""

    answer: str
    say_no: str
    my_data: str


def links_of(invitation: Invitation) -> Links:
    """Return the links of an invitation; a reminder carries the link of the first message."""
    token = tokens.derived_token(INVITATION, asked(invitation).public_id)
    return Links(
        mail.link(f"/s/{token}"),
        mail.link(f"/u/{_lasting(SAY_NO, invitation)}"),
        mail.link(f"/me/{_lasting(MY_DATA, invitation)}"),
    )


def asked(invitation: Invitation) -> Invitation:
    """Return the ask that is answered: that of the first message, also for a reminder."""
    return invitation.reminder_of or invitation


def letter_of(invitation: Invitation) -> mail.Letter:
    """Return the mail of an invitation: the question, the scores as links, and a way to say no."""
    wording = wording_for(invitation.survey, invitation.customer.language)
    links = links_of(invitation)
    subject, text, html = mail_parts(wording, links)
    return mail.Letter(
        key=invitation.public_id,
        to=address_of(invitation.customer, "email"),
        subject=subject,
        text=text,
        html=html,
        unsubscribe_url=links.say_no,
        bounce_to=mail.return_address(BOUNCE, invitation.public_id),
        reply_to=mail.return_address(REPLY, invitation.public_id),
    )


def mail_parts(wording: Wording, links: Links) -> tuple[str, str, str]:
    """Return subject, text and HTML of the mail with these words and links."""
    with translation.override(wording.language):
        context = {
            "organisation": settings.ORGANISATION,
            "language": wording.language,
            "question": wording.question.replace("{x}", settings.ORGANISATION),
            "wording": wording,
            "scores": [(score, f"{links.answer}?score={score}") for score in range(11)],
            "address": links.answer,
            "say_no": links.say_no,
            "my_data": links.my_data,
        }
        return (
            gettext("One question from %(organisation)s") % context,
            render_to_string("capture/mail/invitation.txt", context),
            render_to_string("capture/mail/invitation.html", context),
        )


def sms_of(invitation: Invitation) -> str:
    """Return the SMS of an invitation."""
    wording = wording_for(invitation.survey, invitation.customer.language)
    return sms_text(wording, links_of(invitation).answer)


def sms_text(wording: Wording, link: str) -> str:
    """Return the SMS with these words: the question, the link, and the way to say no."""
    with translation.override(wording.language):
        question = wording.question.replace("{x}", settings.ORGANISATION)
        text = gettext("%(question)s 0-10: %(link)s Reply STOP for no more.")
        return text % {"question": question, "link": link}


def wording_for(survey: Survey, language: str) -> Wording:
    """Return the newest words of a survey in `language`, or in the organisation's."""
    wordings = current_wordings(survey)
    wishes = [language, settings.LANGUAGE_CODE, *wordings]
    return next(wordings[wish] for wish in wishes if wish in wordings)


def address_of(customer: Customer, channel: str) -> str:
    """Return where messages over `channel` reach the customer; empty when nowhere."""
    contact = getattr(customer, "contact", None)
    if contact is None:
        return ""
    return str(contact.phone if channel == "sms" else contact.email)


def number_of(customer: Customer) -> str:
    """Return the customer's phone number as E.164.

    Raises:
        RefusedError: it is not a phone number.
    """
    return normal_phone(address_of(customer, "sms"), customer.country)


def channel_for(survey: Survey, customer: Customer) -> str:
    """Return how the customer is asked: as the survey says, or else where there is an address."""
    if survey.channel not in ("email", "sms"):
        return survey.channel
    other = "email" if survey.channel == "sms" else "sms"
    reached = address_of(customer, survey.channel) or not address_of(customer, other)
    return survey.channel if reached else other


def _lasting(purpose: str, invitation: Invitation) -> str:
    until = invitation.planned_at + SAY_NO_LIFE
    return tokens.sign(purpose, invitation.customer.code, until)
