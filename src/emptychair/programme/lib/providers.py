"""Mail through a provider's own interface (django-anymail), and what the provider reports back."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from emptychair.programme.lib.handover import (
    DeferredError,
    RejectedError,
    UncertainError,
    UnreachableError,
)

# `config.PROVIDERS`, with what anymail's classes begin with.
PROVIDERS: Mapping[str, str] = {
    "brevo": "Brevo",
    "mailersend": "MailerSend",
    "mailgun": "Mailgun",
    "mailjet": "Mailjet",
    "mailtrap": "Mailtrap",
    "mandrill": "Mandrill",
    "postmark": "Postmark",
    "resend": "Resend",
    "sparkpost": "SparkPost",
}
LETTER = "letter"  # our name of a message in what the provider reports about it


def send(message: EmailMultiAlternatives, key: str) -> str:
    """Hand one message to the provider; return the provider's name for it.

    Raises:
        HandoverError: what the provider did instead of taking it; see `lib.handover`.
    """
    outgoing: Any = message
    outgoing.metadata = {LETTER: key}
    try:
        message.send()
    except AnymailRecipientsRefused as error:
        raise RejectedError("address", f"{settings.MAIL_PROVIDER}: {error}") from error
    except AnymailAPIError as error:
        raise _meaning(error) from error
    return _taken(outgoing.anymail_status)


def _taken(status: Any) -> str:
    """Return the provider's name for a message it took; some refuse in a friendly answer."""
    said = status.status or {"unknown"}
    words = f"{settings.MAIL_PROVIDER} answers: {', '.join(sorted(said))}"
    if said & {"invalid", "rejected"}:
        raise RejectedError("address", words)
    if "failed" in said or ("unknown" in said and not status.message_id):
        raise DeferredError(words)
    return str(status.message_id or "")


def _meaning(error: AnymailAPIError) -> Exception:
    text = f"{settings.MAIL_PROVIDER}: {error}"
    if isinstance(error, requests.ConnectionError):  # a timeout while connecting is one too
        return UnreachableError(text)
    if isinstance(error, requests.Timeout):
        return UncertainError(text)
    status = error.status_code or 0
    if status in (401, 402, 403, 429) or status >= 500:
        return UnreachableError(text)
    return DeferredError(text)


def webhook(kind: str) -> Any | None:
    """Return anymail's reader of the provider's reports: `kind` is Tracking or Inbound."""
    name = PROVIDERS.get(settings.MAIL_PROVIDER)
    if name is None:
        return None
    module = import_module(f"anymail.webhooks.{settings.MAIL_PROVIDER}")
    found = getattr(module, f"{name}{kind}WebhookView", None)
    return found or getattr(module, f"{name}CombinedWebhookView", None)
