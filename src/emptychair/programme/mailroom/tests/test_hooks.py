"""What providers and gateways post, in their own formats, signed and forged."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Message
from emptychair.programme.lib import config, mail
from emptychair.programme.mailroom.models import Ignored, Report

Sent = Callable[..., Invitation]
SECRET = "hooks:a long word"
EVENTS = "/hooks/mail/events"


def basic(word: str = SECRET) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(word.encode()).decode()}


@pytest.fixture
def provider(settings: Any, tmp_path: Any) -> Callable[[str, str], None]:
    """Return a function that sets the installation up for a provider."""

    def use(name: str, keys: str) -> None:
        settings.HOOK_SECRET = SECRET
        for setting, value in config.mail(f"{name}:", keys, SECRET, tmp_path).items():
            setattr(settings, setting, value)

    return use


def postmark_bounce(
    invitation: Invitation, kind: str = "HardBounce", number: int = 1
) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": number,
        "Type": kind,
        "TypeCode": 1,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {"letter": invitation.public_id},
        "Description": "The server was unable to deliver your message.",
        "Details": "smtp;550 5.1.1 unknown",
        "Email": "c1@example.com",
        "BouncedAt": "2026-03-03T10:00:00Z",
    }


def post(client: Client, said: Any, path: str = EVENTS, **headers: str) -> int:
    return client.post(
        path, json.dumps(said), content_type="application/json", **headers
    ).status_code


def ignored() -> dict[str, int]:
    return dict(Ignored.objects.values_list("reason", "count"))


def test_a_bounce_at_the_provider_suppresses_once(
    sent: Sent, provider: Any, client: Client
) -> None:
    provider("postmark", "server_token=x")
    invitation = sent()
    for _ in range(3):
        assert post(client, postmark_bounce(invitation), **basic()) == 200
    invitation.refresh_from_db()
    assert invitation.outcome == "bounced"
    assert consent.is_suppressed(invitation.customer)
    assert Report.objects.count() == 1
    assert ignored() == {"duplicate": 2}


def test_a_forged_event_changes_nothing_and_is_counted(
    sent: Sent, provider: Any, client: Client
) -> None:
    provider("postmark", "server_token=x")
    invitation = sent()
    for headers in ({}, basic("hooks:a wrong word"), basic(""), {"HTTP_AUTHORIZATION": "Basic ~"}):
        assert post(client, postmark_bounce(invitation), **headers) == 403
    assert post(client, [1, 2], **basic()) == 400
    unknown = {**postmark_bounce(invitation), "Metadata": {"letter": "x" * 22}}
    assert post(client, unknown, **basic()) == 200
    assert ignored() == {"forged": 4, "unreadable": 1, "unknown": 1}
    assert not Report.objects.exists()
    assert not consent.is_suppressed(invitation.customer)


def test_without_a_provider_there_is_no_such_page(db: None, client: Client) -> None:
    assert post(client, {}) == 404
    assert client.get(EVENTS).status_code == 405


def test_a_complaint_and_an_unsubscription_end_all_messages(
    sent: Sent, provider: Any, client: Client
) -> None:
    provider("postmark", "server_token=x")
    complains, leaves = sent("C1"), sent("C2")
    spam = {**postmark_bounce(complains, "SpamComplaint"), "RecordType": "SpamComplaint"}
    assert post(client, spam, **basic()) == 200
    change = {
        "RecordType": "SubscriptionChange",
        "MessageID": "m",
        "Metadata": {"letter": leaves.public_id},
        "ChangedAt": "2026-03-03T10:00:00Z",
        "Recipient": "c2@example.com",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
        "Origin": "Recipient",
    }
    assert post(client, change, **basic()) == 200
    assert consent.is_suppressed(complains.customer)
    assert consent.is_suppressed(leaves.customer)


def test_a_delivery_is_noted_and_an_open_is_not(sent: Sent, provider: Any, client: Client) -> None:
    provider("postmark", "server_token=x")
    invitation = sent(message_id="m-1")
    told = {"MessageID": "m-1", "Recipient": "c1@example.com", "Metadata": {}}
    opened = {**told, "RecordType": "Open", "ReceivedAt": "2026-03-03T10:00:00Z"}
    assert post(client, opened, **basic()) == 200
    delivered = {**told, "RecordType": "Delivery", "DeliveredAt": "2026-03-03T10:00:00Z"}
    assert post(client, delivered, **basic()) == 200
    invitation.refresh_from_db()
    assert invitation.outcome == "delivered"
    assert invitation.delivered_at is not None


def mailgun(invitation: Invitation, key: str, **event: Any) -> dict[str, Any]:
    stamp, token = "1772532000", "t" * 50
    signed = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": stamp, "token": token, "signature": signed},
        "event-data": {
            "id": "e1",
            "timestamp": 1772532000.5,
            "recipient": "c1@example.com",
            "user-variables": {"letter": invitation.public_id},
            "message": {"headers": {"message-id": "m"}},
            **event,
        },
    }


def test_a_provider_that_signs_is_checked_by_its_signature(
    sent: Sent, provider: Any, client: Client
) -> None:
    provider("mailgun", "api_key=k,sender_domain=example.com,webhook_signing_key=signing")
    invitation = sent()
    failed = {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "delivery-status": {"code": 552, "message": "5.2.2 mailbox full", "description": ""},
    }
    assert post(client, mailgun(invitation, "wrong", **failed), **basic()) == 403
    assert post(client, mailgun(invitation, "signing", **failed)) == 403
    assert post(client, mailgun(invitation, "signing", **failed), **basic()) == 200
    invitation.refresh_from_db()
    assert invitation.outcome == "planned"  # a full mailbox: again in four hours
    assert ignored() == {"forged": 2}


def test_a_reply_that_the_provider_received_is_kept(
    sent: Sent, provider: Any, client: Client
) -> None:
    provider("postmark", "server_token=x")
    invitation = sent()
    address = mail.return_address("r", invitation.public_id)
    said = {
        "FromFull": {"Email": "c1@example.com", "Name": "Eva"},
        "ToFull": [{"Email": address, "Name": ""}],
        "OriginalRecipient": address,
        "Subject": "SV: En fråga",
        "MessageID": "in-1",
        "Date": "Tue, 3 Mar 2026 10:00:00 +0000",
        "TextBody": "Ring mig gärna.",
        "HtmlBody": "",
        "Headers": [{"Name": "Message-ID", "Value": "<in1@home>"}],
        "Attachments": [],
    }
    for _ in range(2):
        assert post(client, said, "/hooks/mail/inbound", **basic()) == 200
    assert Message.objects.get().text == "Ring mig gärna."
    assert post(client, said, "/hooks/mail/inbound") == 403


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"from": "+46701234561", "to": "+46766861004", "message": "STOPP", "id": "s1"}, "form"),
        (
            {"From": "+46701234561", "To": "+46766861004", "Body": "Stop.", "MessageSid": "S"},
            "form",
        ),
        ({"msisdn": "46701234561", "text": "afmeld", "messageId": "1"}, "json"),
    ],
)
def test_stop_by_sms_ends_all_channels(
    sent: Sent, settings: Any, client: Client, fields: dict[str, str], kind: str
) -> None:
    settings.HOOK_SECRET = SECRET
    invitation = sent(channel="sms")
    if fields.get("msisdn"):
        fields = {**fields, "msisdn": f"+{fields['msisdn']}"}
    body: Any = json.dumps(fields) if kind == "json" else fields
    more = {"content_type": "application/json"} if kind == "json" else {}
    assert client.post("/hooks/sms/inbound", body, **more).status_code == 401
    assert not consent.is_suppressed(invitation.customer)
    assert client.post("/hooks/sms/inbound", body, **more, **basic()).status_code == 204
    assert consent.is_suppressed(invitation.customer)
    invitation.refresh_from_db()
    assert invitation.outcome == "declined"


def test_other_words_by_sms_are_kept_once_and_stop_from_a_stranger_holds(
    sent: Sent, settings: Any, client: Client
) -> None:
    settings.HOOK_SECRET = SECRET
    sent(channel="sms")
    words = {"from": "+46701234561", "message": "Bra jobbat, tack!", "id": "s1"}
    for _ in range(2):
        assert client.post("/hooks/sms/inbound", words, **basic()).status_code == 204
    assert Message.objects.get().channel == "sms"
    stranger = {"from": "+46731234567", "message": "stop", "id": "s2"}
    assert client.post("/hooks/sms/inbound", stranger, **basic()).status_code == 204
    from emptychair.programme.customers.models import Contact, Customer

    later = Customer.objects.create(code="later", country="SE")
    Contact.objects.create(customer=later, phone="073-123 45 67", email="l@example.com")
    assert consent.is_suppressed(later)


def test_a_gateways_report_is_taken_once(sent: Sent, settings: Any, client: Client) -> None:
    settings.HOOK_SECRET = SECRET
    invitation = sent(channel="sms")
    report = {"id": "s1", "to": "+46701234561", "status": "delivered"}
    for _ in range(3):
        assert client.post("/hooks/sms/events", report, **basic()).status_code == 204
    invitation.refresh_from_db()
    assert invitation.outcome == "delivered"
    assert ignored() == {"duplicate": 2}
    for wrong in ({"status": "odd"}, {"status": "delivered", "to": "nonsense"}):
        assert client.post("/hooks/sms/events", wrong, **basic()).status_code == 204
    assert client.post("/hooks/sms/events", report).status_code == 401
