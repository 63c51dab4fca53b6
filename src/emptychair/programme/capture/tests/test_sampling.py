"""A wanted precision: as many asks as its answers take, and no more."""

from datetime import timedelta

import pytest

from emptychair.programme.capture.inviting import plan_events, plan_relationship
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.capture.sampling import quota, strata
from emptychair.programme.capture.whom import why_not_now
from emptychair.programme.customers.models import Customer, Event, Membership, Segment
from emptychair.programme.lib.clock import local_date, now, today


@pytest.fixture
def base(survey: Survey) -> Survey:
    """A thousand customers, 400 of them in gold; the survey asks everybody today."""
    survey.precision_points = 10
    survey.asks_from = today() - timedelta(days=400)
    survey.save()
    Customer.objects.bulk_create(Customer(code=f"C{n}", country="SE") for n in range(1_000))
    gold = Segment.objects.create(slug="gold", name="Gold")
    chosen = Customer.objects.order_by("pk")[:400]
    Membership.objects.bulk_create(Membership(customer=one, segment=gold) for one in chosen)
    return survey


def answer(survey: Survey, customers: list[Customer]) -> None:
    Response.objects.bulk_create(
        Response(
            survey=survey, customer=one, score=9, channel="email",
            answered_at=now(), answered_on=local_date(now()),
        )
        for one in customers
    )  # fmt: skip


def workday():
    day = today()
    while day.weekday() > 4 or (day.month, day.day) in ((12, 24), (12, 25), (1, 1)):
        day -= timedelta(1)
    return day


def test_it_says_what_each_segment_needs(base: Survey) -> None:
    gold, rest = sorted(strata(base, now()), key=lambda one: one.customers)
    # Cochran 4.4 by hand: 1.96^2 * 0.6 / 0.1^2 = 230.5; 230.5 * 400 / (230.5 + 399) = 146.5.
    assert (gold.name, gold.customers, gold.wanted) == ("Gold", 400, 147)
    assert rest.wanted == 167
    assert (gold.response_share, gold.to_ask) == (0.2, 400)  # 147 / 0.2 = 735, but only 400 live
    answer(base, list(Customer.objects.filter(segments__slug="gold")[:140]))
    assert next(one for one in strata(base, now()) if one.segment == "gold").to_ask == 35


def test_without_a_wanted_precision_there_is_no_limit(survey: Survey) -> None:
    assert strata(survey, now()) == []
    assert quota(survey, now()).take(["anything"])


def test_it_asks_no_more_than_needed_and_says_why_not(base: Survey) -> None:
    gold = list(Customer.objects.filter(segments__slug="gold"))
    answer(base, gold[:140])
    for field in ("answer", "any_answer", "any_ask", "ask"):
        setattr(base, f"quiet_after_{field}_days", 0)
    base.save()
    plan_relationship(base, workday())
    mine = Invitation.objects.filter(customer__in=gold)
    asked = mine.filter(outcome="planned").count()
    assert asked == 35  # 7 answers are missing; one in five answers
    left_out = mine.filter(outcome="suppressed", suppressed_reason="enough_answers").count()
    assert left_out == 400 - 140 - 35  # those who answered are in quarantine
    plan_relationship(base, workday())  # again the same day: nobody twice, no second row
    assert Invitation.objects.filter(customer__in=gold).count() == 400 - 140


def test_open_asks_are_counted_before_more_are_sent(base: Survey) -> None:
    gold = list(Customer.objects.filter(segments__slug="gold"))
    answer(base, gold[:140])
    Invitation.objects.bulk_create(
        Invitation(
            survey=base, customer=one, channel="email", outcome="sent", sent_at=now()
        )
        for one in gold[140:175]
    )  # fmt: skip
    found = next(one for one in strata(base, now()) if one.segment == "gold")
    assert (found.open_asks, found.to_ask) == (35, 0)
    assert why_not_now(base, gold[399], now()) == "enough_answers"
    other = Customer.objects.exclude(segments__slug="gold").first()
    assert other is not None
    assert why_not_now(base, other, now()) == ""


def test_events_of_a_segment_with_enough_answers_are_rows_with_the_reason(base: Survey) -> None:
    base.kind, base.event_kind, base.delay_hours = "transactional", "purchase", 0
    base.save()
    gold = list(Customer.objects.filter(segments__slug="gold"))
    answer(base, gold[:380])
    Response.objects.update(answered_at=now() - timedelta(days=60))
    Event.objects.create(customer=gold[399], kind="purchase", at=now() - timedelta(hours=1))
    plan_events(base, now())
    invitation = Invitation.objects.get()
    assert (invitation.outcome, invitation.suppressed_reason) == ("suppressed", "enough_answers")
