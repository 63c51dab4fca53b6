"""The one builder of mail. Links start with the configured address, headers take no line break."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives


@dataclass(frozen=True)
class Letter:
    """One message to one person.

    `key` names the message for ever: sent twice, it has the same Message-ID.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str = ""
    unsubscribe_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def link(path: str) -> str:
    """Return the full address of `path` on the configured host."""
    return settings.BASE_URL + path


def send(letter: Letter) -> str:
    """Hand `letter` to the mail service and return its Message-ID.

    Raises:
        BadHeaderError: a header would hold a line break.
        SMTPException, OSError: the service did not take it; it may be tried again.
    """
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    message_id = f"<{letter.key}@{host}>"
    headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated", **letter.headers}
    if letter.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        from_email=formataddr((settings.ORGANISATION, settings.DEFAULT_FROM_EMAIL)),
        to=[letter.to],
        headers=headers,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    message.send()
    return message_id
