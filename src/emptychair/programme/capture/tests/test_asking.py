"""Whom we ask, when, and how the question leaves the house."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from emptychair.programme.activity.worker import Worker
from emptychair.programme.capture import inviting, queries, sending
from emptychair.programme.capture.models import Invitation, LedgerEntry, Response, Survey
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Contact, Customer, Event, Message, Suppression
from emptychair.programme.lib.tokens import sign

TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@pytest.fixture
def customer(db: None) -> Callable[..., Customer]:
    def make(code: str, **fields: Any) -> Customer:
        email = fields.pop("email", f"{code.lower()}@example.com")
        made = Customer.objects.create(code=code, **{"country": "SE", "language": "sv", **fields})
        Contact.objects.create(customer=made, name=code, email=email)
        return made

    return make


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Return a function that sets the clock of asking and answering."""

    def set_clock(moment: datetime) -> None:
        for module in (sending, inviting, queries):
            monkeypatch.setattr(module, "now", lambda: moment)

    set_clock(TUESDAY)
    return set_clock


def ask(survey: Survey, someone: Customer, at: datetime = TUESDAY) -> Invitation:
    return Invitation.objects.create(
        survey=survey, customer=someone, channel="email", planned_at=at
    )


def work() -> None:
    worker = Worker({}, {}, {"invitation.due": [sending.send_invitation]})
    while worker.step():
        pass


def test_it_sends_the_question_with_a_link_per_score_and_a_way_to_say_no(
    survey: Survey, customer: Callable[..., Customer], at: Any, client: Client
) -> None:
    invitation = ask(survey, customer("Åsa1"))
    sending.queue_due()
    work()
    (message,) = mail.outbox
    assert message.subject == "En fråga från Nordhem"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert invitation.public_id in message.extra_headers["Message-ID"]
    invitation.refresh_from_db()
    assert invitation.outcome == "sent"
    html = message.alternatives[0].content
    path = html.partition('href="http://127.0.0.1:8000')[2].partition("?score")[0]
    assert html.count(f"{path}?score=") == 12  # eleven, and the one that no person sees
    assert html.count("?score=none") == 1
    assert "rekommendera Nordhem" in client.get(path).content.decode()
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("said_no", lambda c, s: consent.suppress(c, "staff")),
        ("said_no", lambda c, s: Customer.objects.update(contactable=False)),
        ("left", lambda c, s: Customer.objects.update(left_at=TUESDAY)),
        ("no_address", lambda c, s: Contact.objects.update(email="")),
        ("survey_not_open", lambda c, s: Survey.objects.update(state="closed")),
    ],
)
@pytest.mark.parametrize("when", ["before it is queued", "after it is queued"])
def test_it_keeps_what_is_not_sent_as_a_row_with_its_reason(
    survey: Survey,
    customer: Callable[..., Customer],
    at: Any,
    reason: str,
    change: Callable[[Customer, Survey], None],
    when: str,
) -> None:
    someone = customer("C1")
    ask(survey, someone)
    if when == "after it is queued":
        sending.queue_due()
    change(someone, survey)
    sending.queue_due()
    work()
    assert not mail.outbox
    row = Invitation.objects.get()
    assert (row.outcome, row.suppressed_reason) == ("suppressed", reason)


def test_it_waits_for_the_next_working_morning(
    survey: Survey, customer: Callable[..., Customer], at: Callable[[datetime], None]
) -> None:
    christmas_eve = datetime(2026, 12, 24, 11, 0, tzinfo=UTC)
    at(christmas_eve)
    invitation = ask(survey, customer("C1"), christmas_eve)
    sending.queue_due()
    invitation.refresh_from_db()
    # Christmas, Saint Stephen's and a week-end lie between.
    assert invitation.planned_at == datetime(2026, 12, 28, 8, 0, tzinfo=UTC)


def test_a_failing_mail_service_loses_nothing_and_repeats_the_message_id(
    survey: Survey, customer: Callable[..., Customer], at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(survey, customer("C1"))
    sending.queue_due()
    sent: list[str] = []

    def refuse(letter: Any) -> str:
        sent.append(letter.key)
        if len(sent) == 1:
            raise OSError("421 try later")
        return letter.key

    monkeypatch.setattr(sending.mail, "send", refuse)
    work()
    assert Invitation.objects.get().outcome == "planned"
    from emptychair.programme.activity.models import Delivery

    Delivery.objects.update(due_at=TUESDAY)
    work()
    assert Invitation.objects.get().outcome == "sent"
    assert sent == [sent[0]] * 2


def test_one_no_holds_for_every_spelling_and_for_whoever_has_the_address(
    customer: Callable[..., Customer],
) -> None:
    consent.suppress(customer("C1", email="Eva+shop@Exämple.com"), "unsubscribed")
    again = customer("C2", email="eva@xn--exmple-cua.com")
    assert consent.is_suppressed(again)
    assert not consent.is_suppressed(customer("C3"))
    assert not Suppression.objects.filter(address_hash__contains="eva").exists()


def test_the_no_page_asks_on_get_and_acts_on_post(
    customer: Callable[..., Customer], client: Client
) -> None:
    someone = customer("C1")
    path = f"/u/{sign('unsubscribe', 'C1', datetime.now(UTC) + timedelta(1))}"
    assert "Vill du inte ha fler frågor?" in client.get(path).content.decode()
    assert not consent.is_suppressed(someone)
    reply = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert reply.status_code == 200
    assert consent.is_suppressed(someone)
    for wrong in ("nonsense", sign("my-data", "C1", datetime.now(UTC) + timedelta(1)), path[3:-1]):
        assert client.post(f"/u/{wrong}").status_code == 404


def test_a_person_sees_corrects_downloads_and_erases_own_data(
    survey: Survey, customer: Callable[..., Customer], client: Client
) -> None:
    someone = customer("C1", traits={"tier": "gold"})
    moment = datetime.now(UTC)
    response = Response.objects.create(
        survey=survey,
        customer=someone,
        score=2,
        comment="Kanariefågel",
        channel="email",
        answered_at=moment,
        answered_on=moment.date(),
    )
    LedgerEntry.objects.create(
        submission_id="a" * 20, response=response, kind="answer", body={}, digest=""
    )
    Message.objects.create(
        contact=Contact.objects.get(customer=someone), channel="email", text="Papegoja <b>"
    )
    path = f"/me/{sign('my-data', 'C1', moment + timedelta(1))}"
    page = client.get(path).content.decode()
    assert "Kanariefågel" in page
    assert "Papegoja &lt;b&gt;" in page
    assert client.get(f"{path}?download=json").json()["messages"][0]["text"] == "Papegoja <b>"
    assert "gold" in page
    assert client.get(f"{path}?download=json").json()["answers"][0]["comment"] == "Kanariefågel"
    client.post(path, {"wish": "correct", "name": "Eva", "email": "eva@example.com", "phone": ""})
    assert Contact.objects.get().email == "eva@example.com"
    reply = client.post(path, {"wish": "correct", "name": "Eva", "email": "eva", "phone": ""})
    assert "eva" in reply.content.decode()
    assert Contact.objects.get().email == "eva@example.com"
    client.post(path, {"wish": "erase"})
    assert Contact.objects.exists()
    client.post(path, {"wish": "erase", "sure": "1"})
    assert not Contact.objects.exists()
    assert not Response.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert client.get(path).status_code == 404
    assert consent.is_suppressed(customer("C9", email="eva@example.com"))


def test_each_working_day_has_its_share_of_the_base(
    survey: Survey, customer: Callable[..., Customer]
) -> None:
    Customer.objects.bulk_create(Customer(code=f"C{n}", country="SE") for n in range(400))
    survey.asks_from, survey.cadence_days = date(2026, 2, 2), 28
    survey.save()
    asked = Counter[date]()
    for offset in range(28):
        day = date(2026, 2, 2) + timedelta(offset)
        asked[day] = inviting.plan_relationship(survey, day)
        assert inviting.plan_relationship(survey, day) == 0
    working = [n for day, n in asked.items() if day.weekday() < 5]
    assert sum(asked.values()) == sum(working)
    assert 380 <= sum(working) <= 400
    assert max(working) <= 40
    again = inviting.plan_relationship(survey, date(2026, 3, 2))
    assert 5 <= again <= 40


@pytest.mark.skipif(connection.vendor != "sqlite", reason="looks at the plan of SQLite")
def test_it_looks_at_each_customers_own_asks_when_planning(survey: Survey) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(inviting._due(survey, TUESDAY.date()))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        plan = [row[3] for row in cursor.fetchall()]
    asks = [step for step in plan if "U0 USING INDEX invitation_history (customer_id=?" in step]
    assert len(asks) == 4
    assert not [step for step in plan if "survey_id=?" in step]


def test_a_quarantine_longer_than_the_cadence_holds(
    survey: Survey, customer: Callable[..., Customer]
) -> None:
    survey.asks_from, survey.cadence_days = date(2026, 1, 1), 30
    survey.quiet_after_ask_days = 90
    survey.save()
    ask(survey, customer("C1"), TUESDAY - timedelta(60))
    assert inviting.plan_relationship(survey, TUESDAY.date()) == 0
    assert inviting.plan_relationship(survey, TUESDAY.date() + timedelta(36)) == 1


def test_it_asks_by_sms_who_has_a_phone_alone_and_by_mail_who_has_an_address(
    survey: Survey, customer: Callable[..., Customer], at: Any
) -> None:
    survey.asks_from, survey.cadence_days = date(2025, 1, 1), 30
    survey.save()
    customer("C1")
    Contact.objects.filter(pk=customer("C2", email="").pk).update(phone="+46701234567")
    customer("C3", email="")
    assert inviting.plan_relationship(survey, TUESDAY.date()) == 3
    rows = Invitation.objects.order_by("customer__code")
    assert [row.channel for row in rows] == ["email", "sms", "email"]


def test_it_asks_once_after_an_event_and_respects_quarantine(
    survey: Survey, customer: Callable[..., Customer], at: Any
) -> None:
    survey.kind, survey.event_kind, survey.delay_hours = "transactional", "purchase", 24
    survey.save()
    first, second = customer("C1"), customer("C2")
    ask(survey, second, TUESDAY - timedelta(5))
    for someone in (first, second):
        Event.objects.create(customer=someone, kind="purchase", at=TUESDAY - timedelta(hours=30))
    Event.objects.create(customer=first, kind="purchase", at=TUESDAY - timedelta(hours=29))
    Event.objects.create(customer=first, kind="purchase", at=TUESDAY - timedelta(hours=1))
    Event.objects.create(customer=first, kind="login", at=TUESDAY - timedelta(hours=30))
    assert inviting.plan_events(survey, TUESDAY) == 3
    assert inviting.plan_events(survey, TUESDAY) == 0
    rows = Invitation.objects.filter(event__isnull=False).order_by("customer", "pk")
    assert [(r.customer.code, r.suppressed_reason) for r in rows] == [
        ("C1", ""),
        ("C1", "quarantine"),
        ("C2", "quarantine_asked_this"),
    ]


def test_it_reminds_once_with_the_same_link_and_not_who_answered(
    survey: Survey, customer: Callable[..., Customer], at: Callable[[datetime], None]
) -> None:
    survey.reminder_days = 7
    survey.save()
    ask(survey, customer("C1"))
    answered = ask(survey, customer("C2"))
    sending.queue_due()
    work()
    Invitation.objects.filter(pk=answered.pk).update(answered_at=TUESDAY)
    Invitation.objects.update(sent_at=TUESDAY)
    later = TUESDAY + timedelta(8)
    at(later)
    assert inviting.plan_reminders(survey, later) == 1
    assert inviting.plan_reminders(survey, later) == 0
    sending.queue_due()
    work()
    first, _, reminder = mail.outbox
    link = first.body.partition("/s/")[2].split()[0]
    assert first.to == reminder.to
    assert f"/s/{link}" in reminder.body
