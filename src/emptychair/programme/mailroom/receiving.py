"""Mail that comes back: bounces, complaints, and replies.

Whom a mail is about stands in the signed address it came to (`lib.mail.return_address`) or in
the headers of ours that it quotes. Mail without a valid signature changes nothing.
"""

import re
from collections.abc import Iterator
from email.message import Message as Mail
from email.utils import getaddresses

from django.conf import settings
from django.db import transaction

from emptychair.programme.activity.services import record
from emptychair.programme.capture.letters import BOUNCE, REPLY
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers.models import Message
from emptychair.programme.lib import mail
from emptychair.programme.lib.handover import refusal_of
from emptychair.programme.mailroom.reports import Kind, Said, ignore, key_of, take
from emptychair.programme.mailroom.words import is_stop, new_text

_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "To", "Cc")
_OURS = ("Return-Path", "Reply-To", "X-Original-To", "Errors-To")
_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?=[ -])|\b([245]\.\d{1,3}\.\d{1,3})\b")
_TEXT_KEPT = 10_000


def receive(received: Mail, recipient: str = "") -> str:
    """Take in one mail; return what it was: a kind of report, `reply`, or why it was ignored.

    Args:
        received: the mail.
        recipient: the address it was delivered to, where the mail service tells.
    """
    found = _about(received, recipient)
    if found is None:
        return _ignored("forged" if _claims_to_be_ours(received, recipient) else "unsigned")
    purpose, public_id = found
    if purpose == REPLY and received.get_content_type() != "multipart/report":
        return _reply(received, public_id)
    kind, text = _report(received)
    if not kind:
        return _ignored("unclear")
    take(public_id, Said(key_of("mail", public_id, kind, _name(received)), kind, text))
    return kind


def _about(received: Mail, recipient: str) -> tuple[str, str] | None:
    """Return purpose and invitation of the first valid address of ours."""
    for address in _addresses(received, recipient):
        found = mail.returned_to(address)
        if found and found[0] in (BOUNCE, REPLY):
            return found
    return _answered_letter(received)


def _addresses(received: Mail, recipient: str) -> Iterator[str]:
    yield recipient
    for name in _TO:
        yield from _in(received, name)
    if received.get_content_type() == "multipart/report":
        for part in received.walk():
            if part is not received:
                for name in _OURS:
                    yield from _in(part, name)
    for part in received.walk():
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            yield from re.findall(r"[\w.+-]+@[\w.-]+", _text_of(part))


def _in(part: Mail, name: str) -> list[str]:
    return [address for _, address in getaddresses([str(v) for v in part.get_all(name, [])])]


def _answered_letter(received: Mail) -> tuple[str, str] | None:
    """Return the invitation a reply quotes by its Message-ID, if its addressee writes."""
    said = f"{received.get('In-Reply-To', '')} {received.get('References', '')}"
    for key in re.findall(r"<([\w-]{22})@[^>]+>", said):
        invitation = Invitation.objects.filter(public_id=key).select_related("customer__contact")
        contact = getattr(getattr(invitation.first(), "customer", None), "contact", None)
        if contact and contact.email.lower() in [one.lower() for one in _in(received, "From")]:
            return REPLY, key
    return None


def _claims_to_be_ours(received: Mail, recipient: str) -> bool:
    local, _, domain = settings.MAIL_RETURN.partition("@")
    pattern = re.compile(rf"{re.escape(local)}\+[br]\..*@{re.escape(domain)}", re.IGNORECASE)
    return any(pattern.fullmatch(address) for address in _addresses(received, recipient))


def _report(received: Mail) -> tuple[Kind | None, str]:
    """Return what a bounce or complaint says, and its words."""
    for part in received.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            return _status(part)
        if kind == "message/feedback-report":
            fields = _text_of(part)
            is_opt_out = "opt-out" in fields.lower()
            return ("unsubscribed" if is_opt_out else "complained"), "feedback report"
    if _is_automatic(received, bounces_too=False):
        return None, ""
    return _kind_of(_body(received)), _body(received)[:300]


def _status(part: Mail) -> tuple[Kind | None, str]:
    """Return what the first recipient's fields of a delivery status (RFC 3464) say."""
    text = _text_of(part)
    fields = dict(re.findall(r"(?im)^(action|status|diagnostic-code):\s*(.*(?:\n[ \t]+.*)*)", text))
    known = {name.lower(): " ".join(value.split()) for name, value in fields.items()}
    action = known.get("action", "").lower()
    said = known.get("diagnostic-code", "").partition(";")[2].strip()
    words = f"{said} {known.get('status', '')}".strip()
    if action in ("delivered", "relayed", "expanded"):
        return "delivered", words
    return (_kind_of(words) if action == "failed" else None), words


def _kind_of(text: str) -> Kind | None:
    codes = [code or enhanced for code, enhanced in _CODE.findall(text)]
    basic = next((int(code) for code in codes if "." not in code), 0)
    enhanced = next((code for code in codes if "." in code), "")
    if not codes:
        return None
    refusal = refusal_of(basic, enhanced or text)
    # A report of failure says that nobody tries again: what was temporary is a full mailbox to us.
    return "mailbox" if refusal == "deferred" else refusal


def _reply(received: Mail, public_id: str) -> str:
    if _is_automatic(received, bounces_too=True):
        return _ignored("automatic")
    text = new_text(_body(received))
    stop = is_stop(text) or is_stop(str(received.get("Subject", "")))
    return keep_reply(public_id, "email", text, key_of("reply", public_id, _name(received)), stop)


@transaction.atomic
def keep_reply(public_id: str, channel: str, text: str, key: str, stop: bool) -> str:
    """Put the person on the suppression list, or keep what was written for staff."""
    kind: Kind = "stop" if stop else "reply"
    if not take(public_id, Said(key, kind)) or stop:
        return kind
    invitation = Invitation.objects.select_related("customer__contact").get(public_id=public_id)
    contact = getattr(invitation.customer, "contact", None)
    if contact is not None and text.strip():
        kept = Message.objects.create(
            contact=contact, channel=channel, about=public_id, text=text[:_TEXT_KEPT]
        )
        record("message.received", kept.public_id, about=public_id)
    return kind


def _is_automatic(received: Mail, *, bounces_too: bool) -> bool:
    said = str(received.get("Auto-Submitted", "no")).lower()
    automatic = said.startswith("auto-replied") or (bounces_too and said != "no")
    return automatic or bool(received.get("X-Autoreply") or received.get("X-Autorespond"))


def _name(received: Mail) -> str:
    return str(received.get("Message-ID") or received.get("Date") or _body(received)[:500])


def _body(received: Mail) -> str:
    for part in received.walk():
        if part.get_content_type() == "text/plain" and not part.get_filename():
            return _text_of(part)
    html = next((p for p in received.walk() if p.get_content_type() == "text/html"), None)
    return re.sub(r"<[^>]*>", " ", _text_of(html)) if html is not None else ""


def _text_of(part: Mail) -> str:
    """Return a part as text; what is no text is read as far as it goes."""
    if part.is_multipart():
        return "\n".join(str(inner) for inner in part.get_payload())
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return str(content or "")
    try:
        return content.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _ignored(reason: str) -> str:
    ignore(reason)
    return reason
