"""The silence of a key contact opens a case without an answer."""

import re
from datetime import timedelta

import pytest
from conftest import PASSWORD

from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.closedloop import services
from emptychair.programme.closedloop.conditions import check_condition, responses_meeting
from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.customers.consent import suppress
from emptychair.programme.customers.models import Account, Customer
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.relations.silence import open_silence_cases, silent_for
from emptychair.programme.standing.models import Standing


@pytest.fixture
def rule(db):
    return Rule.objects.create(name="Silent", is_on=True, condition={"silent_days": 180})


@pytest.fixture
def make_silent(malmo):
    def make(code="C1", answered_days_ago=400, is_key=True, state="too_old"):
        account, _ = Account.objects.get_or_create(code="A", name="Bolaget AB")
        customer = Customer.objects.create(
            code=code,
            account=account,
            unit=malmo,
            language="sv",
            country="SE",
            created_at=now() - timedelta(days=900),
        )
        at = now() - timedelta(days=answered_days_ago) if answered_days_ago else None
        Standing.objects.create(
            customer=customer,
            unit=malmo,
            account=account,
            role="decision maker",
            is_key=is_key,
            state=state,
            answered_at=at,
            score=8 if at else None,
        )
        return customer

    return make


def test_a_silent_key_contact_gets_one_case(rule, make_silent, bob):
    customer = make_silent()
    make_silent("N1", is_key=False)
    make_silent("N2", answered_days_ago=90)
    make_silent("N3", state="promoter")
    for _ in range(2):
        open_silence_cases()
    case = Case.objects.get()
    assert (case.customer, case.response, case.about) == (customer, None, "silence")
    assert (case.owner, case.unit, case.state) == (bob, "malmo", "new")


def test_who_never_answered_counts_from_becoming_a_customer(rule, make_silent, bob):
    make_silent(answered_days_ago=None, state="never_answered")
    open_silence_cases()
    assert Case.objects.count() == 1


def test_a_closed_case_of_silence_is_not_opened_again_at_once(rule, make_silent, bob):
    make_silent()
    open_silence_cases()
    case = Case.objects.get()
    services.close(case, outcome="unreachable", root_cause="No answer", said="", by=bob)
    case.refresh_from_db()
    assert case.ask_again_on is None
    open_silence_cases()
    assert Case.objects.count() == 1
    Case.objects.update(opened_at=now() - timedelta(days=181))
    open_silence_cases()
    assert Case.objects.filter(state="new").count() == 1


def test_whoever_said_no_or_has_a_case_is_left_alone(rule, make_silent, bob):
    suppress(make_silent(), "unsubscribed")
    busy = make_silent("C2")
    survey = Survey.objects.create(slug="s", name="S", state="open")
    response = Response.objects.create(
        survey=survey,
        customer=busy,
        score=2,
        channel="email",
        answered_at=now(),
        answered_on=local_date(now()),
    )
    Case.objects.create(customer=busy, response=response, due_at=now())
    open_silence_cases()
    assert not Case.objects.filter(about="silence").exists()


def test_a_rule_that_is_off_or_about_others_opens_none(rule, make_silent):
    make_silent()
    assert silent_for({"silent_days": 180, "units": ["lund"]}) == []
    assert silent_for({"silent_days": 180, "key_segment": True}) == []
    assert silent_for({"silent_days": 180, "value_from": "1"}) == []
    Rule.objects.update(is_on=False)
    open_silence_cases()
    assert not Case.objects.exists()


def test_silence_and_answers_are_different_rules(rule, make_silent):
    with pytest.raises(RefusedError) as error:
        check_condition({"silent_days": 90, "scores": [0, 6]})
    assert error.value.code == "condition_silence"
    assert not responses_meeting(rule.condition).exists()


def test_its_page_inbox_and_board_work_without_an_answer(client, rule, make_silent, bob):
    make_silent()
    open_silence_cases()
    case = Case.objects.get()
    assert client.login(email=bob.email, password=PASSWORD)
    page = client.get(f"/actions/cases/{case.public_id}/").content.decode()
    assert "This key contact was asked and says nothing" in page
    assert "vi inte har hört något från dig" in page
    for address in ("/actions/", "/actions/board/", "/", "/actions/results/"):
        found = client.get(address, follow=True)
        assert found.status_code == 200, address
    assert "Silence" in client.get("/actions/").content.decode()
    path = f"/actions/cases/{case.public_id}/"
    client.post(f"{path}contact", {"said": "She likes us"})
    client.post(f"{path}close", {"outcome": "recovered", "root_cause": "Nobody asked her"})
    case.refresh_from_db()
    assert case.outcome == "recovered"
    assert not Invitation.objects.exists()
    story = client.get(f"/customers/{case.customer_id}/").content.decode()
    assert "Case: Closed" in re.sub(r"\s+", " ", story)


def test_the_rule_page_makes_one(client, alice):
    assert client.login(email=alice.email, password=PASSWORD)
    form = {
        "name": "Silent",
        "kind": "unhappy",
        "silent_days": 200,
        "assign": "unit",
        "contact_hours": 8,
        "holdout_percent": 0,
        "ask_again_days": 0,
        "position": 5,
    }
    page = client.post("/actions/rules/new/", {**form, "what": "save"}, follow=True)
    assert Rule.objects.get().condition == {"silent_days": 200}
    assert "This rule is about silence" in page.content.decode()
    wrong = client.post("/actions/rules/new/", {**form, "lowest": 0, "what": "save"})
    assert "ask for the silence alone" in wrong.content.decode()
