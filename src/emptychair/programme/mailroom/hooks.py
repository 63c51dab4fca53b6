"""What mail providers and SMS gateways tell us over the web: signed, once, or not at all."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emptychair.programme.accounts.policy import public
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers.models import Contact
from emptychair.programme.lib import providers
from emptychair.programme.lib.addresses import normal_phone
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.handover import refusal_of
from emptychair.programme.mailroom.receiving import keep_reply, receive
from emptychair.programme.mailroom.reports import Kind, Said, ignore, key_of, take
from emptychair.programme.mailroom.words import is_stop

# What gateways call the sender, the text, the message and its fate.
_FROM = ("from", "From", "msisdn", "sender", "originator", "number")
_TO = ("to", "To", "recipient", "destination")
_TEXT = ("message", "Body", "text", "body", "content")
_ID = ("id", "MessageSid", "SmsSid", "messageId", "message_id", "uuid")
_STATUS = ("status", "MessageStatus", "SmsStatus", "state")
_DELIVERED = ("delivered", "delivrd", "read")
_FAILED = ("failed", "undelivered", "undeliv", "rejected", "rejectd", "expired")
_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?=[ -])")


# A provider has no session; its signature is checked instead.
@csrf_exempt
@public
@require_http_methods(["HEAD", "POST"])
def mail_events(request: HttpRequest) -> HttpResponseBase:
    """Take in what the mail provider says became of messages."""
    return _from_provider(request, "Tracking")


@csrf_exempt
@public
@require_http_methods(["HEAD", "POST"])
def mail_inbound(request: HttpRequest) -> HttpResponseBase:
    """Take in mail that the provider received for us: replies and bounces."""
    return _from_provider(request, "Inbound")


@csrf_exempt
@public
@require_http_methods(["POST"])
def sms_inbound(request: HttpRequest) -> HttpResponseBase:
    """Take in a customer's SMS: STOP ends all messages, anything else is kept for staff."""
    fields = _gateway_fields(request)
    if isinstance(fields, HttpResponse):
        return fields
    number, text = _first(fields, _FROM), _first(fields, _TEXT)
    invitations = _asked_by_sms(number)
    name = _first(fields, _ID) or f"{_first(fields, ('created', 'timestamp'))} {text}"
    for invitation in invitations:
        key = key_of("sms", invitation.public_id, name)
        keep_reply(invitation.public_id, "sms", text, key, is_stop(text))
    if not invitations:
        _stop_unknown(number, text)
    return HttpResponse(status=204)


@csrf_exempt
@public
@require_http_methods(["POST"])
def sms_events(request: HttpRequest) -> HttpResponseBase:
    """Take in what the SMS gateway says became of a message."""
    fields = _gateway_fields(request)
    if isinstance(fields, HttpResponse):
        return fields
    status = _first(fields, _STATUS).lower()
    kind: Kind | None = (
        "delivered" if status in _DELIVERED else "mailbox" if status in _FAILED else None
    )
    invitations = _asked_by_sms(_first(fields, _TO)) if kind else []
    if kind is None or not invitations:
        ignore("unknown" if kind else "unclear")
        return HttpResponse(status=204)
    key = key_of("sms-status", _first(fields, _ID), status)
    take(invitations[0].public_id, Said(key, kind, status))
    return HttpResponse(status=204)


def _from_provider(request: HttpRequest, kind: str) -> HttpResponse:
    """Check and read a request as the provider's own rules say."""
    reader = providers.webhook(kind)
    if reader is None:
        return HttpResponse(status=404)
    if request.method == "HEAD":  # some providers look whether somebody is at home
        return HttpResponse()
    view = reader()
    try:
        view.run_validators(request)
    except AnymailWebhookValidationFailure:
        ignore("forged")
        return HttpResponse(status=403)
    try:
        events = view.parse_events(request)
    except (ValueError, KeyError, TypeError, AttributeError):
        ignore("unreadable")
        return HttpResponse(status=400)
    for event in events:
        _take_event(event)
    return HttpResponse()


def _take_event(event: Any) -> None:
    if getattr(event, "message", None) is not None:
        receive(event.message, event.message.envelope_recipient or "")
        return
    kind = _kind_of(event)
    public_id = _invitation_of(event)
    if kind is None:
        return
    if not public_id:
        ignore("unknown")
        return
    words = event.mta_response or event.description or event.reject_reason or ""
    # Providers number their events, and tell one again under its number.
    name = event.event_id or f"{event.message_id} {event.timestamp}"
    take(public_id, Said(key_of("provider", name, event.event_type, public_id), kind, str(words)))


def _invitation_of(event: Any) -> str:
    given = (event.metadata or {}).get(providers.LETTER)
    if given and Invitation.objects.filter(public_id=given).exists():
        return str(given)
    if not event.message_id:
        return ""
    found = Invitation.objects.filter(message_id=event.message_id).values_list("public_id")
    return str(found[0][0]) if found else ""


def _kind_of(event: Any) -> Kind | None:
    """Return what an event of any provider means to us; None when nothing."""
    plain: Mapping[str, Kind] = {
        "delivered": "delivered",
        "complained": "complained",
        "unsubscribed": "unsubscribed",
    }
    if event.event_type in plain:
        return plain[event.event_type]
    if event.event_type not in ("bounced", "rejected", "failed"):
        return None
    reasons: Mapping[str, Kind] = {
        "spam": "policy" if event.event_type == "bounced" else "complained",
        "unsubscribed": "unsubscribed",
        "blocked": "policy",
        "timed_out": "mailbox",
        "invalid": "address",
    }
    if event.reject_reason in reasons:
        return reasons[event.reject_reason]
    words = f"{event.mta_response or ''} {event.description or ''}"
    code = _CODE.search(words)
    refusal = refusal_of(int(code[1]) if code else 0, words)
    return "mailbox" if refusal == "deferred" else refusal


def _gateway_fields(request: HttpRequest) -> Mapping[str, Any] | HttpResponse:
    """Return what an SMS gateway sent, as form or JSON; a refusal when it may not."""
    if not _knows_the_word(request):
        ignore("forged")
        refused = HttpResponse(status=401)
        refused.headers["WWW-Authenticate"] = 'Basic realm="hooks"'
        return refused
    if not (request.content_type or "").startswith("application/json"):
        return request.POST.dict()
    try:
        fields = json.loads(request.body)
    except ValueError:
        fields = None
    if isinstance(fields, dict):
        return fields
    ignore("unreadable")
    return HttpResponse(status=400)


def _knows_the_word(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        said = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return False
    known = settings.HOOK_SECRET.encode()
    return scheme.lower() == "basic" and hmac.compare_digest(said, known)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(fields[name]) for name in names if fields.get(name)), "")


def _asked_by_sms(number: str) -> list[Invitation]:
    """Return the newest SMS invitation of each customer with that number."""
    try:
        wanted = normal_phone(number)
    except RefusedError:
        return []
    customers = [
        contact.customer_id
        for contact in Contact.objects.filter(phone__endswith=wanted[-7:]).select_related(
            "customer"
        )
        if _number_of(contact) == wanted
    ]
    asked = Invitation.objects.filter(customer__in=customers, channel="sms").order_by("-planned_at")
    newest: dict[int, Invitation] = {}
    for invitation in asked.exclude(outcome="suppressed"):
        newest.setdefault(invitation.customer_id, invitation)
    return list(newest.values())


def _number_of(contact: Contact) -> str:
    try:
        return normal_phone(contact.phone, contact.customer.country)
    except RefusedError:
        return ""


def _stop_unknown(number: str, text: str) -> None:
    """Hold the no of a number nobody was asked at: it may come in by a later import."""
    from emptychair.programme.customers import consent

    try:
        if is_stop(text):
            consent.suppress_address("sms", number, "stop")
            return
    except RefusedError:
        ignore("unreadable")
        return
    ignore("unknown")
