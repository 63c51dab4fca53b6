"""Bounces, complaints and replies as they come from real mail servers."""

import email
import io
import sys
from collections.abc import Callable
from email.message import Message as Mail
from typing import Any

import pytest
from django.db import OperationalError

from emptychair.cli import run
from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Message
from emptychair.programme.lib import mail
from emptychair.programme.mailroom import receiving
from emptychair.programme.mailroom.models import Ignored, Report
from emptychair.programme.mailroom.receiving import receive

Sent = Callable[..., Invitation]


def dsn(
    to: str, action: str = "failed", status: str = "5.1.1", said: str = "", mid: str = "1"
) -> Mail:
    return email.message_from_string(
        f"From: MAILER-DAEMON@mx.example.com\nTo: {to}\nMessage-ID: <{mid}@mx>\n"
        "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nI'm sorry.\n"
        "--B\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.com\n\n"
        f"Final-Recipient: rfc822; c1@example.com\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {said}\n"
        "--B--\n"
    )


def arf(original: str, kind: str = "abuse") -> Mail:
    return email.message_from_string(
        "From: feedback@provider.example\nTo: abuse@nordhem.example\nMessage-ID: <arf1@provider>\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nThis is a complaint.\n"
        f"--B\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nVersion: 1\n"
        f"--B\nContent-Type: message/rfc822\n\n{original}\n\nHej\n--B--\n"
    )


def reply(
    to: str, text: str, subject: str = "SV: En fråga", mid: str = "r1", **headers: str
) -> Mail:
    further = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    sender = "" if "From" in headers else "From: Eva <c1@example.com>\n"
    return email.message_from_bytes(
        f"{sender}To: {to}\nSubject: {subject}\nMessage-ID: <{mid}@home>\n{further}"
        "Content-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{text}".encode()
    )


def ignored() -> dict[str, int]:
    return dict(Ignored.objects.values_list("reason", "count"))


def outcome(invitation: Invitation) -> tuple[str, str]:
    invitation.refresh_from_db()
    return invitation.outcome, invitation.suppressed_reason


def test_a_hard_bounce_suppresses_the_address_once(sent: Sent) -> None:
    invitation = sent()
    bounce_to = mail.return_address("b", invitation.public_id)
    said = "550 5.1.1 <c1@example.com>: unknown"
    assert receive(dsn(bounce_to, said=said)) == "address"
    assert outcome(invitation) == ("bounced", "bounced")
    assert consent.is_suppressed(invitation.customer)
    receive(dsn(bounce_to, said=said))
    assert ignored() == {"duplicate": 1}
    assert Report.objects.get().said.startswith("550 5.1.1")


@pytest.mark.parametrize(
    ("action", "status", "said", "kind", "after"),
    [
        ("failed", "5.2.2", "552 5.2.2 mailbox full", "mailbox", "planned"),
        ("failed", "4.4.7", "", "mailbox", "planned"),
        ("failed", "5.7.1", "554 5.7.1 refused", "policy", "planned"),
        ("delayed", "4.4.1", "421 later", "unclear", "sent"),
        ("delivered", "2.0.0", "250 2.0.0 ok", "delivered", "delivered"),
    ],
)
def test_other_reports_do_not_suppress(
    sent: Sent, action: str, status: str, said: str, kind: str, after: str
) -> None:
    invitation = sent()
    address = mail.return_address("b", invitation.public_id)
    assert receive(dsn(address, action, status, said)) == kind
    assert outcome(invitation)[0] == after
    assert not consent.is_suppressed(invitation.customer)


def test_policy_refusals_of_several_recipients_stop_the_survey(sent: Sent) -> None:
    invitations = [sent(f"C{number}") for number in range(3)]
    for number, invitation in enumerate(invitations):
        address = mail.return_address("b", invitation.public_id)
        receive(dsn(address, status="5.7.1", said="554 5.7.1 no", mid=str(number)))
        invitation.survey.refresh_from_db()
        assert bool(invitation.survey.paused_at) is (number == 2)


def test_a_forged_bounce_changes_nothing_and_is_counted(sent: Sent) -> None:
    invitation = sent()
    good = mail.return_address("b", invitation.public_id)
    forged = [
        f"nps+b.{invitation.public_id}.AAAAAAAAAAAAAAAA@in.example.com",
        good.replace(invitation.public_id, "x" * 22),
        good.replace("+b.", "+r."),
    ]
    for address in forged:
        assert receive(dsn(address, said="550 5.1.1 unknown")) == "forged"
    assert receive(dsn("nps@in.example.com", said="550 5.1.1 unknown")) == "unsigned"
    assert outcome(invitation) == ("sent", "")
    assert ignored() == {"forged": 3, "unsigned": 1}


def test_a_bounce_of_an_erased_persons_mail_changes_nothing(sent: Sent) -> None:
    invitation = sent()
    address = mail.return_address("b", invitation.public_id)
    receive(dsn(address, said="552 5.2.2 full"))
    erase(invitation.customer)
    assert not Report.objects.exists()
    receive(dsn(address, said="550 5.1.1 unknown"))
    assert ignored() == {"unknown": 1}


def test_a_complaint_is_known_by_the_mail_it_quotes(sent: Sent) -> None:
    invitation = sent()
    original = (
        f"Reply-To: {mail.return_address('r', invitation.public_id)}\n"
        "From: Nordhem <nps@localhost>\nSubject: En fråga"
    )
    assert receive(arf(original)) == "complained"
    assert consent.is_suppressed(invitation.customer)
    assert outcome(invitation)[0] == "declined"
    assert receive(arf("From: x@example.com\nSubject: other")) == "unsigned"


@pytest.mark.parametrize(
    "text",
    [
        *("stop", "STOP!", "Stopp", "unsubscribe", "Avregistrera mig tack", "afmeld", "Avmeld"),
        *("Lopeta", "Abmelden bitte", "Please remove me"),
        "Sluta\n\nDen tis 3 mars 2026 kl 10:00 skrev Nordhem <nps@localhost>:\n> Hur sannolikt ...",
        "avregistrera\r\n\r\n-----Ursprungligt meddelande-----\r\nFrån: Nordhem",
    ],
)
def test_who_replies_stop_is_never_asked_again(sent: Sent, text: str) -> None:
    invitation = sent()
    assert receive(reply(mail.return_address("r", invitation.public_id), text)) == "stop"
    assert consent.is_suppressed(invitation.customer)
    assert Activity.objects.get(action="customer.suppressed").details["reason"] == "replied"
    assert not Message.objects.exists()


def test_any_other_reply_is_kept_once_and_erased_with_the_person(sent: Sent) -> None:
    invitation = sent()
    address = mail.return_address("r", invitation.public_id)
    text = "Jag väntar fortfarande på min soffa. Stoppa inte leveransen, snälla!\n\n> citat"
    assert receive(reply(address, text)) == "reply"
    assert receive(reply(address, text)) == "reply"
    kept = Message.objects.get()
    assert kept.text == "Jag väntar fortfarande på min soffa. Stoppa inte leveransen, snälla!"
    assert (kept.about, kept.channel) == (invitation.public_id, "email")
    assert not consent.is_suppressed(invitation.customer)
    erase(invitation.customer)
    assert not Message.objects.exists()


def test_an_automatic_reply_is_nobodys_word(sent: Sent) -> None:
    invitation = sent()
    address = mail.return_address("r", invitation.public_id)
    away = reply(address, "Jag är på semester, stop", Auto_Submitted="auto-replied")
    assert receive(away) == "automatic"
    assert not Message.objects.exists()


def test_a_reply_to_the_plain_address_is_known_by_what_it_answers(sent: Sent) -> None:
    invitation = sent()
    answers = mail.message_id_of(invitation.public_id)
    assert receive(reply("nps@localhost", "stop", In_Reply_To=answers)) == "stop"
    other = sent("C2")
    forged = reply(
        "nps@localhost",
        "stop",
        In_Reply_To=mail.message_id_of(other.public_id),
        From="Mallory <mallory@example.com>",
    )
    assert receive(forged) == "unsigned"
    assert not consent.is_suppressed(other.customer)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: multipart/report; boundary=\n\n--\n",
        b"Content-Type: text/plain; charset=nonsense\nTo: x\n\n\xff",
        b"To: " + b"a" * 50_000 + b"\n\nx",
    ],
)
def test_the_pipe_takes_any_bytes(
    db: None, content: bytes, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run(["receive"]) == 0
    assert capsys.readouterr().out.strip() == "unsigned"


def test_the_pipe_takes_a_bounce_by_its_recipient_and_asks_to_try_later(
    sent: Sent, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    invitation = sent()
    address = mail.return_address("b", invitation.public_id)
    content = dsn("undisclosed", said="550 5.1.1 unknown").as_bytes()

    def pipe() -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    def away(*_: Any) -> None:
        raise OperationalError("locked")

    pipe()
    with monkeypatch.context() as patch:
        patch.setattr(receiving, "take", away)
        with pytest.raises(SystemExit) as ended:
            run(["receive", "--recipient", address])
    assert ended.value.code == 75
    pipe()
    assert run(["receive", "--recipient", address]) == 0
    assert outcome(invitation)[0] == "bounced"
