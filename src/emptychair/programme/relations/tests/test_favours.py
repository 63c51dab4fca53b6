"""Where favours, cases and growth meet."""

from datetime import timedelta

import pytest

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.advocacy import whom
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.closedloop.models import Case
from emptychair.programme.customers.arriving import note_arrival
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.relations.studying import origins
from emptychair.programme.warehouse import tables
from emptychair.programme.warehouse.services import copy_changes


@pytest.fixture
def anna(db):
    customer = Customer.objects.create(code="C1", country="SE")
    Contact.objects.create(customer=customer, email="anna@example.com")
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    Response.objects.create(
        survey=survey, customer=customer, score=10, channel="email",
        answered_at=now(), answered_on=local_date(now()),
    )  # fmt: skip
    return customer


@pytest.mark.parametrize("state", ["later", "new", "claimed", "contacted", "waiting"])
def test_nobody_with_an_open_case_is_asked_for_a_favour(anna, state):
    assert whom.why_not(anna, "referral") == ""
    case = Case.objects.create(customer=anna, due_at=now(), state=state)
    assert whom.why_not(anna, "referral") == "in_case"
    Case.objects.filter(pk=case.pk).update(kind="praise")
    assert whom.why_not(anna, "referral") == ""
    Case.objects.filter(pk=case.pk).update(
        kind="unhappy", state="closed", outcome="recovered", closed_at=now()
    )
    assert whom.why_not(anna, "referral") == ""


@pytest.mark.django_db(transaction=True)
def test_growth_reads_links_and_answers_before_the_trait(anna):
    come = [
        Customer.objects.create(code=code, traits={"origin": "bought"}, created_at=now() - at)
        for code, at in (("N1", timedelta(0)), ("N2", timedelta(days=1)))
    ]
    note_arrival(come[0], origin="earned", referrer=anna)
    mark_changed("customers", ["N1", "N2", "C1"])
    for name in ("customers", "referrals"):
        while copy_changes(name):
            pass
    referrals = tables.table("referrals")
    assert referrals.to_pyarrow().to_pylist()[0]["referrer_id"] == "C1"
    found = origins(tables.table("customers"), referrals).to_pyarrow().to_pylist()
    assert {row["referred_id"]: row["origin"] for row in found} == {
        "N1": "earned", "N2": "bought", "C1": None,
    }  # fmt: skip
