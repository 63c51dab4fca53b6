from datetime import timedelta

import pytest

from emptychair.analysis.show.words import Words
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.customers.models import Account, Customer, Segment, Value
from emptychair.programme.insight import assessing
from emptychair.programme.insight.models import Assessment
from emptychair.programme.lib.clock import now, today
from emptychair.programme.visibility.advice import _ADVICE, advice_of, grade_meaning
from emptychair.programme.warehouse.services import synchronise

from .test_delivery import text_of


@pytest.fixture(autouse=True)
def nothing_assessed(monkeypatch):
    monkeypatch.setattr(assessing, "_last_assessed", "")


@pytest.fixture
def base(answered):
    """120 customers of two segments; firms answer twice as often and are happier."""
    firms = Segment.objects.create(slug="firms", name="Firms", rule=[])
    few = Segment.objects.create(slug="few", name="Few", rule=[])
    customers = [Customer.objects.create(code=f"C{i}", contactable=i % 4 != 0) for i in range(120)]
    firms.customers.add(*customers[:60])
    few.customers.add(customers[0])
    mark_changed("customers", [customer.code for customer in customers])
    answered([9], customer=customers[0], copied=False)
    for i in range(1, 40):
        answered([10 if i % 4 else 3], customer=customers[i], copied=False)
    for i in range(60, 80):
        answered([2 if i % 2 else 9], customer=customers[i], copied=False)
    survey = Survey.objects.get(slug="relationship")
    asked = [
        Invitation.objects.create(
            survey=survey, customer=one, channel="email", sent_at=now(), outcome=outcome
        )
        for one, outcome in zip(customers, ["answered"] * 60 + ["sent"] * 60, strict=True)
    ]
    mark_changed("invitations", [one.public_id for one in asked])
    synchronise()


def test_before_the_first_judgement_it_says_so(client, alice):
    client.force_login(alice)
    assert "Not judged yet" in text_of(client.get("/delivery/reliability/"))


def test_it_shows_grade_reasons_and_what_to_do(client, alice, base):
    assessing.refresh_assessments()
    client.force_login(alice)
    text = text_of(client.get("/delivery/reliability/"))
    stored = Assessment.objects.get(kind="all").result
    assert f"Grade {stored['grade']}" in text
    assert grade_meaning(stored["grade"]) in text
    assert "Collect the answers still needed" in text
    assert "Asked 120" in text
    assert "Response rate 50.0%" in text
    assert "Coverage 75.0%" in text
    assert "As answered" in text
    assert "R-indicator" in text
    assert "E-mail 120 120 50.0% 100.0% 60" in text
    assert "Per customer +" in text
    assert "The latest answer of each customer counts. " in text
    assert "Per account" not in text, "nobody belongs to a company"


def test_segments_stand_beside_each_other_and_small_ones_are_withheld(client, alice, base):
    assessing.refresh_assessments()
    firms = Assessment.objects.get(kind="segment", group="firms").result
    assert firms["customers"] == 60
    assert firms["answered"] == 40
    client.force_login(alice)
    text = text_of(client.get("/delivery/reliability/"))
    assert "Few Too few answers" in text
    assert f"Firms {firms['grade']}" in text


def test_it_judges_again_only_after_a_change(base, answered):
    assessing.refresh_assessments()
    first = Assessment.objects.get(kind="all").pk
    assessing.refresh_assessments()
    assert Assessment.objects.get(kind="all").pk == first
    answered([10])
    assessing.refresh_assessments()
    assert Assessment.objects.get(kind="all").pk != first


def test_a_company_is_counted_per_account_and_by_revenue(client, alice, answered):
    sizes = {"big": 900, "small": 100}
    for code, revenue in sizes.items():
        account = Account.objects.create(code=code, name=code)
        people = [Customer.objects.create(code=f"{code}{i}", account=account) for i in range(12)]
        for i, customer in enumerate(people):
            score = 10 if code == "big" else 0
            answered([score], at=now() - timedelta(days=i), customer=customer, copied=False)
            Value.objects.create(customer=customer, month=today().replace(day=1), revenue=revenue)
        mark_changed("customers", [one.code for one in people])
        mark_changed("values", [one.code for one in people])
    synchronise()
    assessing.refresh_assessments()
    found = Assessment.objects.get(kind="all").result["definitions"]
    points = {name: round(one["nps_points"]) for name, one in found.items()}
    assert points == {"response": 0, "customer": 0, "account": 0, "revenue": 80}
    client.force_login(alice)
    text = text_of(client.get("/delivery/reliability/"))
    assert "By revenue" in text
    assert "Companies count by what they brought in the period." in text


def test_late_answers_stand_beside_early_ones(client, alice, answered):
    customers = [Customer.objects.create(code=f"C{i}") for i in range(80)]
    mark_changed("customers", [one.code for one in customers])
    for i, customer in enumerate(customers):
        at = now() - timedelta(hours=2)
        waited = timedelta(hours=3) if i % 2 else timedelta(days=5)
        score = 10 if i % 2 else i % 4 + 5
        answered([score], at=at, asked_at=at - waited, customer=customer, copied=False)
    synchronise()
    assessing.refresh_assessments()
    client.force_login(alice)
    text = text_of(client.get("/delivery/reliability/"))
    assert "Within a day of the ask 40 +100" in text
    assert "those who never answer are probably less happy" in text
    assert "s first answer 80" in text


def test_answers_of_nobody_known_are_said_to_be_so(client, alice, answered):
    answered([10] * 30, customer=None)
    assessing.refresh_assessments()
    client.force_login(alice)
    assert "No answer belongs to a known customer" in text_of(client.get("/delivery/reliability/"))


def test_a_unit_manager_does_not_see_the_whole_company(client, bob):
    client.force_login(bob)
    assert client.get("/delivery/reliability/").status_code == 403
    assert "Reliability" not in client.get("/delivery/").content.decode()


@pytest.mark.parametrize("code", sorted(_ADVICE))
def test_every_reason_has_words_and_advice(code):
    text, advice = advice_of(code, None if "unknown" in code else 0.25, Words("en"))
    assert "%(" not in text or code == "cells_without_answers"
    assert advice.endswith(".")
