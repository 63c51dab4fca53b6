"""What the programme does all day, by the functions and pages that do it."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

import pyarrow as pa
from django.conf import settings
from django.db import connection
from django.test import Client
from tools.plans.base import HANDLER, MANAGER, OWNER
from tools.plans.watching import Watch

from emptychair.programme import dispatch
from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Change, Delivery
from emptychair.programme.activity.worker import Worker
from emptychair.programme.advocacy import asking, bringing, whom
from emptychair.programme.capture import answering, inviting, own_data, sampling, sending, stuffing
from emptychair.programme.capture import whom as widget_whom
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.capture.submission import Submission
from emptychair.programme.closedloop import asking_again, digests, opening, reminding
from emptychair.programme.closedloop.models import Case
from emptychair.programme.comments import reading
from emptychair.programme.customers import building
from emptychair.programme.customers.models import Customer, Segment
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import is_working_day
from emptychair.programme.organisation import counting
from emptychair.programme.relations import silence
from emptychair.programme.standing import following
from emptychair.programme.warehouse import copying

BATCH = 2_000  # of changes that are copied at once
Work = Callable[[], object]


def do_all(watch: Watch, only: str = "") -> Iterator[str]:
    """Do everything once while `watch` looks on; yield what was done."""
    settings.ALLOWED_HOSTS = ["*"]
    # Statements are looked at; nothing shall leave.
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with _copied_by_django(), patch.object(sending, "may_reach", lambda *_: True):
        for purpose, work in _everything():
            if only not in purpose:
                continue
            with watch.of(purpose):
                work()
            yield purpose


def _everything() -> Iterator[tuple[str, Work]]:
    yield from _answers()
    yield from _asks()
    yield from _worker()
    yield from _cases()
    yield from _customers()
    yield from _feedback()
    yield from _data()
    yield from _copies()
    yield from _rights()


def _answers() -> Iterator[tuple[str, Work]]:
    sent = Invitation.objects.filter(response=None).exclude(token_hash=None)
    last = sent.order_by("-pk").values_list("pk", flat=True)[:300]
    told = [f"token{key}" for key in last]
    there = Response.objects.exclude(customer=None).order_by("-pk")[0].public_id
    link = _link("link")
    yield "answer to an invitation", lambda: answering.answer(told[0], _said())
    yield "answer to an open link", lambda: answering.answer(link, _said())
    yield (
        "200 answers in one commit",
        lambda: answering.write_group(
            [answering._Waiting(_said(), token=token) for token in told[:200]]
        ),
    )
    yield "words added to an answer", lambda: answering.amend(_answer_token(there), _said(None))
    yield "an answer sent twice", lambda: _twice(told[0])
    yield "survey page", _page(f"/s/{told[0]}")
    yield "page after the score", _page(f"/r/{_answer_token(there)}")
    yield "stuffing judged", stuffing.hold_stuffing
    yield "origins forgotten", stuffing.forget_origins


def _asks() -> Iterator[tuple[str, Work]]:
    relationship = Survey.objects.get(slug="relationship")
    purchase = Survey.objects.get(slug="purchase")
    precise = Survey.objects.get(slug="relationship")
    precise.precision_points = 3
    someone = Customer.objects.filter(contactable=True, left_at=None).order_by("pk")[1_000]
    waiting = Delivery.objects.filter(handler=HANDLER).select_related("activity")[0].activity
    waiting.subject = Invitation.objects.filter(outcome="planned").order_by("pk")[0].public_id
    day = _working_day()
    relationship.asks_from = day - timedelta(days=2)
    # The first who is due; explained, the statement is carried out for everybody.
    yield "whom to ask: one day of a calendar", lambda: next(inviting._due(relationship, day), None)
    yield "whom to ask: after events", lambda: inviting.plan_events(purchase, now())
    yield "whom to remind", lambda: inviting.plan_reminders(purchase, now())
    yield "quarantines of one customer", lambda: inviting.quarantine(relationship, someone, now())
    yield (
        "may a page ask this customer",
        lambda: widget_whom.why_not_now(relationship, someone, now()),
    )
    yield "answers that a precision still needs", lambda: sampling.strata(precise, now())
    yield "asks that are due", sending.queue_due
    yield "one ask sent", lambda: sending.send_invitation(waiting, 1)()
    yield "page of all asks", _page("/surveys/asks/")
    yield "page of asks, refused ones", _page("/surveys/asks/?outcome=suppressed")
    yield "surveys", _page("/surveys/")


def _worker() -> Iterator[tuple[str, Work]]:
    worker = Worker(dispatch.HANDLERS, {}, dispatch.OUTWARD)
    yield "what follows: dispatch, claim, deliver", lambda: worker.follow_up("inside")
    yield "what leaves: claim", lambda: worker.claim("outward")
    yield "outbox", _page("/outbox/")
    yield "outbox, what was sent", _page("/outbox/?state=sent")
    yield "replies", _page("/outbox/replies/")
    yield "candidates for favours", whom.refresh_candidates
    yield "favours asked by themselves", asking.ask_by_itself
    yield "referrals followed", bringing.follow_referrals
    yield "weeks of units counted", counting.count_weeks
    yield (
        "segments: one batch",
        lambda: building._draft_batch(
            Segment.objects.all()[0],
            [{"field": "event:purchase", "days": 90, "at_least": 1}],
            1_000,
        ),
    )
    yield (
        "standings: one batch of the calendar",
        lambda: following.refresh(
            list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:BATCH])
        ),
    )
    yield "comments read again: one batch", _read_again


def _cases() -> Iterator[tuple[str, Work]]:
    case = Case.objects.exclude(state="closed").order_by("-pk")[0].public_id
    yield "inbox", _page("/actions/")
    yield "inbox, tenth page", _page("/actions/?page=10")
    yield "inbox, by score", _page("/actions/?sort=score")
    yield "inbox, overdue in a unit", _page("/actions/?state=overdue&unit=u33")
    yield "inbox, words in the comment", _page("/actions/?q=kassan")
    yield "inbox, closed", _page("/actions/?state=closed")
    yield "inbox of a manager", _page("/actions/?whose=mine", MANAGER)
    yield "inbox of a manager, all of the unit", _page("/actions/", MANAGER)
    yield "board", _page("/actions/board/")
    yield "one case", _page(f"/actions/cases/{case}/")
    yield "promises", _page("/actions/promises/")
    yield "results of follow-up", _page("/actions/results/")
    yield "promoters", _page("/actions/promoters/")
    yield "huddle", _page("/actions/huddle/", MANAGER)
    yield "cases escalated", reminding.escalate
    yield "held-out cases opened", opening.open_held_out
    yield "second asks", asking_again.plan_second_asks
    yield "digests", digests.queue_digests
    yield "cases of silent key contacts", silence.open_silence_cases


def _customers() -> Iterator[tuple[str, Work]]:
    someone = Customer.objects.filter(left_at=None).order_by("pk")[1_001]
    name = someone.contact.name
    yield "customers", _page("/customers/")
    yield "customers of a unit, to its manager", _page("/customers/", MANAGER)
    yield "customers, detractors", _page("/customers/?state=detractor")
    yield "customers, silent of a unit", _page("/customers/?state=silent&unit=u33")
    yield "customers by latest answer", _page("/customers/?sort=-answered_on")
    yield "customers of a segment", _page("/customers/?segment=s1")
    yield "customers, page 100", _page("/customers/?page=100")
    yield "customers, search by name", _page(f"/customers/?search={name}")
    yield "customers, search by part of a name", _page(f"/customers/?search={name[-6:]}")
    yield "customers, search by address", _page(f"/customers/?search={someone.contact.email}")
    yield "one customer", _page(f"/customers/{someone.pk}/")
    yield "accounts", _page("/customers/accounts/")
    yield "one account", _page("/customers/accounts/6/")
    yield "silent customers", _page("/customers/silent/")
    yield "segments", _page("/customers/segments/")


def _feedback() -> Iterator[tuple[str, Work]]:
    quarter = f"from={today() - timedelta(700)}&to={today() - timedelta(610)}"
    yield "today", _page("/")
    yield "today of a manager", _page("/", MANAGER)
    yield "responses, newest", _page("/delivery/responses/")
    yield "responses of a unit", _page("/delivery/responses/?unit=u33&period=all")
    yield "responses of a manager", _page("/delivery/responses/?period=all", MANAGER)
    yield "responses of a quarter long ago", _page(f"/delivery/responses/?{quarter}")
    yield "responses, detractors", _page("/delivery/responses/?period=all&bucket=detractor")
    yield "responses of a channel", _page("/delivery/responses/?period=all&channel=link")
    yield "responses of a segment", _page("/delivery/responses/?period=all&segment=s1")
    yield "responses by score", _page("/delivery/responses/?period=all&sort=score")
    yield "held answers", _page("/surveys/held/")
    yield "released answers", _page("/surveys/held/?state=released")
    yield "comments, newest", _page("/root-cause/comments/search/")
    yield "comments with a common word", _page("/root-cause/comments/search/?search=kassan")
    yield (
        "comments with a rare word",
        _page("/root-cause/comments/search/?search=ord1234&period=all"),
    )
    yield (
        "comments of a theme in a unit",
        _page("/root-cause/comments/search/?theme=price&unit=u33&period=all"),
    )
    yield (
        "comments that ask something",
        _page("/root-cause/comments/search/?triage=question&period=all"),
    )
    yield "comments of a segment", _page("/root-cause/comments/search/?segment=s1&period=all")


def _data() -> Iterator[tuple[str, Work]]:
    yield "what came in and went out", _page("/data/")
    yield "people", _page("/people/units/")
    yield "organisation", _page("/organisation/")
    yield "alerts", _page("/delivery/alerts/")


def _copies() -> Iterator[tuple[str, Work]]:
    first, last = _changes("responses")
    yield "comments read before copying", lambda: reading.read_changed(first, last)
    for name in copying.SOURCES:
        bounds = _changes(name)
        if bounds[1]:
            yield (
                f"copied to the warehouse: {name}",
                lambda n=name, b=bounds: copying.rows_now(n, *b),
            )
            yield f"standings after {name}", lambda n=name, b=bounds: following.follow(n, *b)
    yield (
        "changes looked for",
        lambda: list(Change.objects.filter(table="responses").order_by("pk")[:BATCH]),
    )


def _rights() -> Iterator[tuple[str, Work]]:
    asked = Invitation.objects.exclude(answered_at=None).order_by("-pk")[0]
    yield "my data", lambda: own_data.own_data(asked.customer)
    yield "a customer erased", lambda: erase(asked.customer)


@contextmanager
def _copied_by_django() -> Iterator[None]:
    """Let copying read over Django's connection, where it is seen."""

    def fetch(statement: str) -> pa.Table:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            names = [column.name for column in cursor.description]
            columns = zip(*cursor.fetchall(), strict=True)
            return pa.table(dict(zip(names, columns, strict=False)))

    with patch.object(copying, "_fetch", fetch):
        yield


def _page(address: str, reader: str = OWNER) -> Work:
    client = Client()
    client.force_login(User.objects.get(email=reader))

    def open_page() -> None:
        answer = client.get(address)
        for _chunk in answer if answer.streaming else ():
            pass
        assert answer.status_code == 200, (address, answer.status_code)

    return open_page


def _link(channel: str) -> str:
    from emptychair.programme.capture.models import Link

    return Link.objects.filter(channel=channel).order_by("pk")[0].public_id


def _said(score: int | None = 9) -> Submission:
    return Submission(secrets.token_urlsafe(18), score, comment="Tack", language="sv")


def _twice(token: str) -> None:
    said = _said()
    for _time in range(2):
        answering.answer(token, said)


def _answer_token(response: str) -> str:
    return tokens.sign(answering.ANSWER_PURPOSE, response, now() + timedelta(days=1))


def _changes(name: str) -> tuple[int, int]:
    keys = Change.objects.filter(table=name).order_by("pk").values_list("pk", flat=True)
    found = list(keys[:BATCH])
    return (found[0], found[-1]) if found else (0, 0)


def _working_day() -> date:
    day = today()
    while not is_working_day(day, "SE"):
        day += timedelta(days=1)
    return day


def _read_again() -> None:
    state = reading.install_themes()
    state.version, state.next_response = state.version, 1
    reading._next_batch(state, reading.active_themes())
