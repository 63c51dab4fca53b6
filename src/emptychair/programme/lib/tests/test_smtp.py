"""What mail servers may do, and what we make of it. Every server here is real."""

import socket
import time
from typing import Any

import pytest

from emptychair.programme.lib import mail, smtp
from emptychair.programme.lib.handover import (
    DeferredError,
    HandoverError,
    RejectedError,
    UncertainError,
    UnreachableError,
    refusal_of,
)
from emptychair.programme.lib.tests import relays
from emptychair.programme.lib.tests.relays import Relay, running

LETTER = mail.Letter(key="k" * 22, to="eva@example.com", subject="Hej", text="..\n.\nHej då\n")


@pytest.fixture
def use(settings: Any) -> Any:
    def configure(port: int, **changes: Any) -> None:
        for name, value in {**Relay(port=port).settings, **changes}.items():
            setattr(settings, name, value)

    return configure


def failure(letter: mail.Letter = LETTER) -> HandoverError:
    with pytest.raises(HandoverError) as caught:
        mail.send(letter)
    return caught.value


def test_a_mail_arrives_whole_with_our_id_and_its_signed_envelope(use: Any, settings: Any) -> None:
    settings.MAIL_RETURN = "nps@in.example.com"
    letter = mail.Letter(
        **{
            **vars(LETTER),
            "bounce_to": mail.return_address("b", "i" * 22),
            "reply_to": mail.return_address("r", "i" * 22),
        }
    )
    with running(Relay()) as relay:
        use(relay.port)
        assert mail.send(letter) == f"<{'k' * 22}@127.0.0.1>"
    (message,) = relay.taken
    assert message["Message-ID"] == f"<{'k' * 22}@127.0.0.1>"
    assert message.get_content().splitlines() == LETTER.text.splitlines()
    assert message["From"] == "Nordhem <nps@localhost>"
    assert mail.returned_to(relay.senders[0]) == ("b", "i" * 22)
    assert mail.returned_to(message["Reply-To"]) == ("r", "i" * 22)
    assert all(len(one.partition("@")[0]) <= 64 for one in (relay.senders[0], message["Reply-To"]))


def test_it_does_not_hold_the_dot_back_until_the_text_is_acknowledged(use: Any) -> None:
    with running(Relay()) as relay:
        use(relay.port)
        backend = smtp.Backend()
        backend.open()
        assert backend.connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        backend.close()


@pytest.mark.parametrize(
    ("replies", "error", "kind"),
    [
        ({"MAIL": "421 closing"}, UnreachableError, ""),
        ({"MAIL": "451 4.3.0 busy"}, UnreachableError, ""),
        ({"RCPT": "421 too many"}, UnreachableError, ""),
        ({"RCPT": "450 4.2.0 greylisted, come back in 300 s"}, DeferredError, ""),
        ({"DATA": "451 4.3.0 later"}, DeferredError, ""),
        ({"RCPT": "550 5.1.1 no such user"}, RejectedError, "address"),
        ({"RCPT": "550 unknown"}, RejectedError, "address"),
        ({"RCPT": "550 5.7.1 relaying denied"}, RejectedError, "policy"),
        ({"RCPT": "552 5.2.2 full"}, RejectedError, "mailbox"),
        ({"DATA": "552 quota"}, RejectedError, "mailbox"),
        ({"RCPT": "554 5.7.1 blocked"}, RejectedError, "policy"),
        ({"DATA": "554 looks like spam"}, RejectedError, "policy"),
        ({"DATA": "550 5.1.1 no such user"}, RejectedError, "address"),
        ({"MAIL": "550 you may not send"}, RejectedError, "policy"),
    ],
)
def test_each_reply_means_what_it_means(
    use: Any, replies: dict[str, str], error: type, kind: str
) -> None:
    with running(Relay(replies)) as relay:
        use(relay.port)
        caught = failure()
    assert type(caught) is error
    assert getattr(caught, "kind", "") == kind
    assert not relay.taken
    assert next(iter(replies.values())).split()[-1] in str(caught)


def test_a_cut_after_the_last_dot_is_uncertain_and_before_it_is_not(use: Any) -> None:
    with running(Relay(cut="DATA")) as relay:
        use(relay.port)
        assert type(failure()) is UncertainError
    with running(Relay(cut="RCPT")) as relay:
        use(relay.port)
        assert type(failure()) is DeferredError
    with running(Relay(cut="MAIL")) as relay:
        use(relay.port)
        assert type(failure()) is UnreachableError


def test_a_cut_after_the_reply_is_a_message_sent(use: Any) -> None:
    with running(Relay(cut="after DATA")) as relay:
        use(relay.port)
        mail.send(LETTER)
        time.sleep(0.1)
    assert len(relay.taken) == 1


def test_nobody_there_is_unreachable(use: Any) -> None:
    use(relays.free_port())
    assert type(failure()) is UnreachableError


@pytest.mark.parametrize("speak", [relays.silent, relays.dripping, relays.endless, relays.garbled])
def test_a_server_that_does_not_speak_is_left_in_time(
    use: Any, speak: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LONGEST_SECONDS", 2)
    with relays.raw(speak) as port:
        use(port)
        began = time.monotonic()
        assert type(failure()) is UnreachableError
    assert time.monotonic() - began < 4


def test_it_never_falls_back_to_plain_text(use: Any) -> None:
    with running(Relay()) as relay:
        use(relay.port, EMAIL_USE_TLS=True)
        caught = failure()
        assert type(caught) is UnreachableError
        assert "STARTTLS" in str(caught)
        use(relay.port, EMAIL_USE_SSL=True)
        assert type(failure()) is UnreachableError
    with running(Relay(), tls_context=relays.untrusted_tls()) as relay:
        use(relay.port, EMAIL_USE_TLS=True)
        assert type(failure()) is UnreachableError
    assert not relay.taken


def test_the_deadline_holds_within_tls_too(use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The greeting comes, then STARTTLS is agreed to and nothing follows."""
    monkeypatch.setattr(smtp, "LONGEST_SECONDS", 1)

    def speak(caller: socket.socket) -> None:
        caller.sendall(b"220 hi\r\n")
        caller.recv(1000)
        caller.sendall(b"250-hi\r\n250 STARTTLS\r\n")
        caller.recv(1000)
        caller.sendall(b"220 go\r\n")
        time.sleep(3)

    with relays.raw(speak) as port:
        use(port, EMAIL_USE_TLS=True, EMAIL_TIMEOUT=10)
        began = time.monotonic()
        assert type(failure()) is UnreachableError
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (550, "5.1.1 x", "address"),
        (550, "5.2.1 disabled", "address"),
        (550, "5.4.4 no route", "mailbox"),
        (553, "bad name", "address"),
        (0, "4.4.1 timed out", "deferred"),
        (0, "5.7.26 unauthenticated", "policy"),
        (571, "nothing known", "deferred"),
    ],
)
def test_refusal_of_reads_basic_and_enhanced_codes(code: int, text: str, kind: str) -> None:
    assert refusal_of(code, text) == kind


def test_returned_to_knows_its_own_addresses_alone(settings: Any) -> None:
    settings.MAIL_RETURN = "nps@in.example.com"
    good = mail.return_address("b", "i" * 22)
    assert mail.returned_to(good.replace("in.example", "IN.Example")) == ("b", "i" * 22)
    for wrong in (
        good.replace("+b.", "+r."),
        good.replace("i", "j", 1),
        good.replace("nps", "abc"),
        good.replace("example.com", "example.org"),
        "nps@in.example.com",
        "nps+b.@in.example.com",
        "nps+b.ö.ö@in.example.com",
        "",
    ):
        assert mail.returned_to(wrong) is None, wrong
