"""Who waits today, and what following up did."""

from datetime import timedelta

import pytest

from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.closedloop.opening import open_case
from emptychair.programme.closedloop.services import close, contact
from emptychair.programme.customers.models import Customer
from emptychair.programme.insight import assessing
from emptychair.programme.insight.models import Assessment
from emptychair.programme.lib.clock import now
from emptychair.programme.warehouse import tables
from emptychair.programme.warehouse.services import synchronise

from .test_delivery import text_of


@pytest.fixture(autouse=True)
def nothing_assessed(monkeypatch):
    monkeypatch.setattr(assessing, "_last_assessed", "")


@pytest.fixture
def rule(db):
    return Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})


def test_today_tells_who_waits(client, bob, malmo, answered, rule):
    (response,) = answered([2], unit="malmo", comment="Long queue")
    case = open_case(rule, response)
    client.force_login(bob)
    assert "1 case is yours." in text_of(client.get("/"))
    Case.objects.filter(pk=case.pk).update(due_at=now() - timedelta(days=4))
    page = client.get("/")
    assert "1 customer should have been contacted by now." in text_of(page)
    assert f"/actions/cases/{case.public_id}/" in page.content.decode()


def test_it_shows_how_the_promise_was_kept_and_why(client, alice, bob, malmo, answered, rule):
    late, timely, fresh = (
        open_case(rule, one) for one in answered([2, 3, 4], unit="malmo", comment="x")
    )
    contact(timely, said="Hello", by=bob)
    close(timely, outcome="recovered", root_cause="Waiting time", said="", by=bob)
    contact(late, said="Hello", by=bob)
    Case.objects.filter(pk=late.pk).update(due_at=now() - timedelta(hours=1))
    client.force_login(alice)
    text = text_of(client.get("/actions/results/"))
    assert "Malmö 3 50%" in text
    assert "Waiting time 1 100%" in text
    assert fresh.first_contact_at is None


def test_an_empty_page_says_so_and_other_units_are_not_shown(client, bob, answered, rule):
    client.force_login(bob)
    assert "No cases yet" in text_of(client.get("/actions/results/"))
    (response,) = answered([2], unit="lund")
    open_case(rule, response)
    assert "No cases yet" in text_of(client.get("/actions/results/"))


def test_the_contacted_are_compared_with_those_left_to_chance(client, alice, bob, answered, rule):
    customers = [Customer.objects.create(code=f"C{i}") for i in range(80)]
    before = now() - timedelta(days=40)
    for i, customer in enumerate(customers):
        (first,) = answered([2], at=before, customer=customer, copied=False)
        case = open_case(rule, first)
        Case.objects.filter(pk=case.pk).update(
            opened_at=before + timedelta(hours=1),
            is_holdout=i % 2 == 0,
            first_contact_at=None if i % 2 == 0 else before + timedelta(hours=3),
        )
        answered([9 if i % 2 else 5], at=now() - timedelta(days=2), customer=customer, copied=False)
    synchronise()
    assert tables.table("cases").count().to_pyarrow().as_py() == 80
    assessing.refresh_assessments()
    found = Assessment.objects.get(kind="followup").result
    assert found["compared_with"] == "held_out"
    assert found["difference_points"] == 200
    client.force_login(alice)
    text = text_of(client.get("/actions/results/"))
    assert "Following up caused +200 points" in text
    assert "so much happens by itself" in text
