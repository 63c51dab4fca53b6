"""The one builder of mail. Links start with the configured address, headers take no line break."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from emptychair.programme.lib import providers, tokens


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
    bounce_to: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def link(path: str) -> str:
    """Return the full address of `path` on the configured host."""
    return settings.BASE_URL + path


def send(letter: Letter) -> str:
    """Hand `letter` to the mail service; return what the service calls it.

    Raises:
        BadHeaderError: a header would hold a line break.
        HandoverError: what the service did instead of taking it; see `lib.handover`.
    """
    message_id = message_id_of(letter.key)
    headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated", **letter.headers}
    if letter.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    shown_from = formataddr((settings.ORGANISATION, settings.DEFAULT_FROM_EMAIL))
    sender = shown_from
    if settings.MAIL_RETURN and not settings.MAIL_PROVIDER:
        sender, headers["From"] = letter.bounce_to or settings.MAIL_RETURN, shown_from
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        from_email=sender,
        to=[letter.to],
        headers=headers,
        reply_to=[letter.reply_to] if letter.reply_to else None,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    if settings.MAIL_PROVIDER:
        return providers.send(message, letter.key) or message_id
    message.send()
    return message_id


def message_id_of(key: str) -> str:
    """Return the Message-ID of the letter `key`."""
    return f"<{key}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"


def return_address(purpose: str, subject: str) -> str:
    """Return a signed address under the address that mail comes back to; empty without one."""
    if not settings.MAIL_RETURN:
        return ""
    local, _, domain = settings.MAIL_RETURN.rpartition("@")
    return f"{local}+{purpose}.{tokens.seal(f'mail-{purpose}', subject)}@{domain}"


def returned_to(address: str) -> tuple[str, str] | None:
    """Return purpose and subject of a signed address of ours, or None when it is not one."""
    local, _, domain = address.strip().rpartition("@")
    own_local, _, own_domain = settings.MAIL_RETURN.rpartition("@")
    base, plus, rest = local.partition("+")
    purpose, _, sealed = rest.partition(".")
    if not plus or (base.lower(), domain.lower()) != (own_local.lower(), own_domain.lower()):
        return None
    subject = tokens.unseal(f"mail-{purpose}", sealed)
    return (purpose, subject) if subject else None
