import pytest

from emptychair.analysis.show.words import Words
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.customers.models import Customer, Segment
from emptychair.programme.insight import assessing
from emptychair.programme.insight.models import Assessment
from emptychair.programme.lib.clock import now
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
    answered([9], customer=customers[0])
    for i in range(1, 40):
        answered([10 if i % 4 else 3], customer=customers[i])
    for i in range(60, 80):
        answered([2 if i % 2 else 9], customer=customers[i])
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
    assert "E-mail 120 120 50.0% 60" in text


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
