"""What becomes of an invitation when the mail server does what mail servers do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from emptychair.programme.activity import worker as worker_module
from emptychair.programme.activity.models import Activity, Delivery
from emptychair.programme.activity.worker import Worker
from emptychair.programme.capture import outcomes, sending
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.tests.relays import Relay, free_port, running
from emptychair.programme.mailroom.telling import mail_pause, tell_owners

HANDLERS = {"survey.paused": (tell_owners,)}
OUTWARD = {"invitation.due": (sending.send_invitation,), "survey.pause_mail_due": (mail_pause,)}
TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


class Clock:
    """The one clock of sending and of the worker."""

    def __init__(self) -> None:
        self.moment = TUESDAY

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (sending, outcomes, worker_module):
        monkeypatch.setattr(module, "now", clock)
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def relay(settings: Any) -> Relay:
    relay = Relay(port=free_port())
    for name, value in relay.settings.items():
        setattr(settings, name, value)
    return relay


@pytest.fixture
def ask(survey: Survey, clock: Clock) -> Callable[[str], Invitation]:
    def make(code: str, **fields: Any) -> Invitation:
        customer = Customer.objects.create(code=code, country="SE", language="sv")
        Contact.objects.create(customer=customer, email=f"{code}@example.com", phone="")
        fields = {"channel": "email", "planned_at": clock(), **fields}
        return Invitation.objects.create(survey=survey, customer=customer, **fields)

    return make


def work(some: Worker | None = None) -> None:
    sending.queue_due()
    some = some or Worker(HANDLERS, {}, OUTWARD)
    for _ in range(20):
        if not some.step():
            break


def states() -> list[str]:
    rows = Invitation.objects.order_by("pk")
    return [f"{row.outcome} {row.suppressed_reason}".strip() for row in rows]


def test_a_dead_address_is_never_written_to_again_and_others_are(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    dead, good = ask("C1"), ask("C2")
    relay.replies = {"RCPT C1@example.com": "550 5.1.1 no such user"}
    with running(relay):
        work()
    assert states() == ["bounced bounced", "sent"]
    assert consent.is_suppressed(dead.customer)
    assert not consent.is_suppressed(good.customer)
    again = Customer.objects.create(code="C9")
    Contact.objects.create(customer=again, email="C1@EXAMPLE.com")
    assert consent.is_suppressed(again)


def test_a_full_mailbox_is_tried_three_times_in_72_hours(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    someone = ask("C1").customer
    relay.replies = {"RCPT": "552 5.2.2 full"}
    with running(relay):
        work()
        for hours, tries in ((1, 1), (4, 2), (20, 3), (20, 3), (72, 4), (200, 4)):
            clock.forward(hours=hours)
            clock.moment = sending.next_reachable(clock.moment, "SE")
            work()
            tried = Activity.objects.filter(action="invitation.bounced_soft").count()
            assert tried == tries, (hours, clock.moment)
    assert states() == ["bounced mailbox_full"]
    assert not consent.is_suppressed(someone)


def test_a_full_mailbox_that_is_emptied_gets_the_question(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    ask("C1")
    relay.replies = {"RCPT": "552 5.2.2 full"}
    with running(relay):
        work()
        relay.replies = {}
        clock.forward(hours=4)
        work()
    assert states() == ["sent"]
    assert len(relay.taken) == 1


def test_a_policy_refusal_stops_the_survey_and_tells_its_owners(
    ask: Any, relay: Relay, clock: Clock, survey: Survey, alice: Any
) -> None:
    for number in range(3):
        ask(f"C{number}")
    relay.replies = {f"RCPT C{n}@example.com": "554 5.7.1 we do not like you" for n in range(3)}
    with running(relay):
        work()
        survey.refresh_from_db()
        assert survey.paused_at == clock()
        assert states() == ["planned"] * 3
        (letter,) = relay.taken
        assert letter["To"] == alice.email
        assert "554 5.7.1 we do not like you" in letter.get_content()
        clock.forward(hours=3)
        work()
        assert len(relay.taken) == 1
        relay.replies = {}
        outcomes.resume(survey, by=alice.public_id)
        clock.forward(minutes=10)
        work()
    assert states() == ["sent"] * 3
    assert len(relay.taken) == 4


def test_what_may_have_arrived_is_repeated_once_with_the_same_id(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    invitation = ask("C1")
    relay.cut = "DATA"
    with running(relay):
        work()
        assert states() == ["planned"]
        for _ in range(4):
            clock.forward(minutes=20)
            work()
    assert states() == ["sent"]
    ids = [message["Message-ID"] for message in relay.taken]
    assert ids == [f"<{invitation.public_id}@127.0.0.1>"] * 2
    sent = Activity.objects.get(action="invitation.sent")
    assert sent.details["uncertain"] is True


def test_what_may_have_arrived_is_not_repeated_once_it_is_answered(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    invitation = ask("C1")
    relay.cut = "DATA"
    with running(relay):
        work()
        Invitation.objects.update(answered_at=clock(), outcome="answered")
        clock.forward(minutes=20)
        work()
    assert len(relay.taken) == 1
    invitation.refresh_from_db()
    assert invitation.outcome == "answered"


def test_a_relay_that_is_away_for_hours_loses_nothing_and_keeps_the_order(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    asked = []
    for number in range(5):
        asked.append(ask(f"C{number}").public_id)
        sending.queue_due()
    one, other = (Worker(HANDLERS, {}, OUTWARD) for _ in range(2))
    for _ in range(40):
        work(one)
        work(other)
        clock.forward(minutes=9)
    assert states() == ["planned"] * 5
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
    clock.forward(hours=-2)
    with running(relay):
        clock.forward(minutes=125)
        work(one)
    assert [message["Message-ID"][1:23] for message in relay.taken] == asked
    assert states() == ["sent"] * 5


def test_a_relay_that_comes_back_at_night_waits_for_the_morning(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    ask("C1")
    work()
    clock.moment = TUESDAY.replace(hour=22)
    with running(relay):
        work()
        assert not relay.taken
        clock.moment = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
        work()
    assert len(relay.taken) == 1


def test_greylisting_delays_one_and_not_the_others(ask: Any, relay: Relay, clock: Clock) -> None:
    ask("C1")
    ask("C2")
    relay.replies = {"RCPT C1@example.com": "450 4.2.0 come back later"}
    with running(relay):
        work()
        assert states() == ["planned", "sent"]
        relay.replies = {}
        clock.forward(minutes=5)
        work()
    assert states() == ["sent", "sent"]


def test_a_slow_worker_does_not_send_what_another_has_taken_over(
    ask: Any, relay: Relay, clock: Clock
) -> None:
    ask("C1")
    sending.queue_due()
    slow, quick = (Worker(HANDLERS, {}, OUTWARD) for _ in range(2))
    slow.dispatch()
    (claimed,) = slow.claim("outward")
    clock.forward(seconds=61)
    with running(relay):
        slow.deliver(claimed)  # its lease is over
        assert not relay.taken
        work(quick)
        slow.deliver(claimed)
    assert len(relay.taken) == 1


def test_a_worker_that_dies_while_it_queues_leaves_the_ask_to_the_next(
    ask: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("C1")
    with monkeypatch.context() as patch:
        patch.setattr(sending, "record", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sending.queue_due()
    assert Invitation.objects.get().token_hash is None
    sending.queue_due()
    assert Activity.objects.filter(action="invitation.due").count() == 1
