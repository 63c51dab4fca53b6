"""Who may be asked for a favour, and what leaves the house."""

from datetime import timedelta

import pytest
from django.core import mail

from emptychair.programme.activity.models import Activity, Delivery
from emptychair.programme.activity.worker import LaterError, Worker
from emptychair.programme.advocacy import asking, whom
from emptychair.programme.advocacy.models import Ask, Candidate, Platform
from emptychair.programme.capture.models import Response
from emptychair.programme.customers import consent, sparing
from emptychair.programme.customers.models import Contact, Value
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.handover import RejectedError


def work() -> None:
    worker = Worker({}, {}, {"favour.due": (asking.send_ask,)})
    while worker.step():
        pass


def ask(customer, **fields):
    given = {"favour": "referral", "channel": "email"}
    return asking.ask(customer, **{**given, **fields})


def test_a_promoter_is_asked_by_mail_once(anna):
    one = ask(anna)
    assert (one.state, one.unit) == ("planned", "malmo")
    work()
    one.refresh_from_db()
    assert (one.state, one.sent_at is not None) == ("asked", True)
    (letter,) = mail.outbox
    assert letter.to == ["c1@example.com"]
    assert letter.subject == "Do you know somebody we could help?"
    assert asking.path_of(one) in letter.body
    assert "/u/" in letter.extra_headers["List-Unsubscribe"]
    work()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: setattr(c, "left_at", now()), "favour_left"),
        (lambda c: setattr(c, "contactable", False), "favour_said_no"),
        (lambda c: consent.suppress(c, "unsubscribed"), "favour_said_no"),
        (lambda c: Contact.objects.update(email=""), "favour_no_address"),
        (lambda c: Response.objects.update(score=8), "favour_not_promoter"),
        (lambda c: Response.objects.update(held_reason="machine"), "favour_not_recent"),
        (
            lambda c: Response.objects.update(answered_at=now() - timedelta(days=200)),
            "favour_not_recent",
        ),
    ],
)
def test_who_could_not_help_or_would_not_is_not_asked(anna, change, code):
    change(anna)
    anna.save()
    with pytest.raises(RefusedError) as error:
        ask(anna)
    assert error.value.code == code
    assert not Ask.objects.exists()


@pytest.fixture
def in_case(monkeypatch):
    """Spare the customers whose keys are in the set, as a slice beside this one would."""
    keys = set()
    monkeypatch.setattr(sparing, "_REASONS", {"in_case": lambda asked: keys & set(asked)})
    return keys


def test_one_favour_a_time_and_none_while_a_slice_spares_the_customer(anna, in_case):
    ask(anna, channel="person")
    with pytest.raises(RefusedError) as error:
        ask(anna, favour="reference")
    assert error.value.code == "favour_asked_lately"
    Ask.objects.update(planned_at=now() - timedelta(days=181))
    in_case.add(anna.pk)
    with pytest.raises(RefusedError) as error:
        ask(anna, favour="reference")
    assert error.value.code == "favour_in_case"
    in_case.clear()
    assert ask(anna, favour="reference").pk


def test_a_suppressed_ask_counts_for_no_quarantine(anna):
    one = ask(anna)
    Contact.objects.update(email="")
    work()
    one.refresh_from_db()
    assert (one.state, one.suppressed_reason) == ("suppressed", "no_address")
    Contact.objects.update(email="c1@example.com")
    assert ask(anna).pk


@pytest.mark.parametrize("between", ["unsubscribed", "case", "unhappy"])
def test_what_comes_between_keeps_the_mail_from_leaving(anna, between, in_case):
    one = ask(anna)
    if between == "unsubscribed":
        consent.suppress(anna, "unsubscribed")
    elif between == "case":
        in_case.add(anna.pk)
    else:
        Response.objects.update(score=2)
    work()
    one.refresh_from_db()
    assert one.state == "suppressed"
    assert mail.outbox == []


def test_mail_waits_for_the_morning(anna, monkeypatch):
    monkeypatch.setattr(asking, "may_reach", lambda moment, country: False)
    ask(anna)
    activity = Activity.objects.get(action="favour.due")
    with pytest.raises(LaterError):
        asking.send_ask(activity, 1)
    work()
    assert mail.outbox == []
    assert Delivery.objects.get().due_at > now()


def test_an_address_that_takes_no_mail_is_asked_no_more(anna, monkeypatch):
    def refuse(letter):
        raise RejectedError("address", "no such user")

    monkeypatch.setattr(asking.mail, "send", refuse)
    one = ask(anna)
    work()
    one.refresh_from_db()
    assert one.suppressed_reason == "refused"
    assert consent.is_suppressed(anna)


def test_reviews_follow_the_rules_of_their_platform(make_customer, platform):
    unhappy = make_customer("C2", score=3)
    with pytest.raises(RefusedError) as error:
        ask(unhappy, favour="review")
    assert error.value.code == "favour_no_platform"
    one = ask(unhappy, favour="review", platform=platform)
    assert platform.name in asking.letter_of(one).text
    Platform.objects.update(asks="promoters")
    platform.refresh_from_db()
    with pytest.raises(RefusedError) as error:
        ask(make_customer("C3", score=3), favour="review", platform=platform)
    assert error.value.code == "favour_not_promoter"


def test_the_list_of_who_could_help_leaves_out_who_could_not(make_customer, in_case):
    for code, score in (("happy", 10), ("passive", 8), ("no", 10), ("asked", 9), ("case", 9)):
        make_customer(code, score)
    make_customer("old", 10, days_ago=300)
    people = {c.customer.code: c.customer for c in _all()}
    consent.suppress(people["no"], "unsubscribed")
    ask(people["asked"], channel="person")
    in_case.add(people["case"].pk)
    Value.objects.create(customer=people["happy"], month=today().replace(day=1), revenue=1200)
    found = {one.customer.code: one.revenue for one in _all()}
    assert found == {"happy": 1200, "passive": None}


def _all():
    whom.refresh_candidates()
    return Candidate.objects.select_related("customer").order_by("pk")


def test_the_plan_asks_by_itself_after_some_days(make_customer, plan):
    make_customer("fresh", days_ago=1)
    rested = make_customer("rested", days_ago=6)
    make_customer("passive", score=8, days_ago=6)
    whom.refresh_candidates()
    asking.ask_by_itself()
    assert not Ask.objects.exists()
    plan(by_itself="reference")
    asking.ask_by_itself()
    asking.ask_by_itself()
    assert [one.customer for one in Ask.objects.all()] == [rested]


def test_reviews_by_themselves_go_to_everyone_where_the_platform_demands_it(
    make_customer, plan, platform
):
    make_customer("happy", days_ago=6)
    make_customer("unhappy", score=1, days_ago=6)
    whom.refresh_candidates()
    plan(by_itself="review")
    asking.ask_by_itself()
    assert Ask.objects.count() == 2
    assert {one.platform for one in Ask.objects.all()} == {platform}
