"""From a detractor's answer to the closed case and the second answer, in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.worker import Worker
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.closedloop.asking_again import plan_second_asks
from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.dispatch import HANDLERS, OUTWARD
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.tokens import token_hash

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOKEN = "b" * 22


@pytest.fixture
def anna(malmo: Unit) -> Customer:
    customer = Customer.objects.create(code="C1", unit=malmo, language="en", country="SE")
    Contact.objects.create(customer=customer, name="Anna Berg", email="anna@example.com")
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    add_standard_wordings(survey)
    Invitation.objects.create(
        customer=customer,
        survey=survey,
        channel="email",
        unit="malmo",
        token_hash=token_hash(TOKEN),
        outcome="sent",
        sent_at=now() - timedelta(hours=5),
    )
    Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})
    return customer


def work() -> None:
    worker = Worker(HANDLERS, {}, OUTWARD)
    while worker.step():
        pass


def answer(context, address: str, score: int) -> None:
    page = context.new_page()
    page.goto(address)
    page.locator(f"input[name=score][value='{score}']").check(force=True)
    page.locator("form button[type=submit]").first.click()
    expect(page.locator("textarea[name=comment]")).to_be_visible()
    page.close()


def test_from_the_answer_to_the_second_answer(context, anna, bob, faults):  # noqa: F811
    answer(context, f"/s/{TOKEN}", 2)
    work()
    case = Case.objects.get()
    assert case.owner == bob

    log_in(context, bob.email)
    page = context.new_page()
    page.goto("/actions/")
    assert axe(page) == []
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Anna Berg")
    expect(page.locator("main")).to_contain_text("You gave us 2 out of 10")
    assert axe(page) == []
    page.get_by_role("button", name="Claim").click()
    page.get_by_label("What was said").fill("She waited an hour; I listened.")
    page.get_by_label("What was promised").fill("A time of her own")
    page.get_by_label("By", exact=True).fill((today() + timedelta(2)).isoformat())
    page.get_by_role("button", name="Contacted").click()
    expect(page.locator("main")).to_contain_text("A time of her own")
    page.get_by_label("What lay behind the score").fill("Waiting time")
    page.get_by_role("button", name="Close the case").click()
    expect(page.locator("main")).to_contain_text("Recovered. Waiting time")
    page.goto("/actions/board/")
    assert axe(page) == []

    Case.objects.update(ask_again_on=today())
    plan_second_asks()
    second = Invitation.objects.get(case=case)
    Invitation.objects.filter(pk=second.pk).update(
        token_hash=token_hash("c" * 22), outcome="sent", sent_at=now() - timedelta(hours=1)
    )
    answer(context, "/s/" + "c" * 22, 9)
    work()
    assert list(Response.objects.order_by("pk").values_list("score", flat=True)) == [2, 9]
    assert second.response.score == 9
    assert Case.objects.count() == 1
    assert faults == []


def test_rules_are_made_on_a_phone(chromium, live_server, settings, anna, alice, faults):  # noqa: F811
    settings.BASE_URL = live_server.url
    context = chromium.new_context(
        base_url=live_server.url, locale="en-GB", viewport={"width": 390, "height": 844}
    )
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/actions/rules/new/")
    assert axe(page) == []
    page.get_by_label("Name").fill("Praise")
    page.get_by_label("Score from").fill("9")
    page.get_by_role("button", name="Try on past answers").click()
    expect(page.locator("main")).to_contain_text("0 answers fit")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Praise")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
