"""Promoters and the people they bring, cases from the mail, and the organisation's page."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from emptychair.programme.activity.worker import Worker
from emptychair.programme.advocacy import asking, giving, whom
from emptychair.programme.advocacy.models import Ask, Plan, Platform, Referral, ReferralLink
from emptychair.programme.advocacy.words import words_in
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.closedloop.by_mail import path_for
from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.closedloop.opening import open_case
from emptychair.programme.customers.models import Arrival, Contact, Customer
from emptychair.programme.dispatch import HANDLERS, OUTWARD
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.tokens import token_hash
from emptychair.programme.organisation.counting import count_weeks

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOKEN = "d" * 22
PHONE = {"width": 390, "height": 844}
STAFF = (
    "/actions/promoters/",
    "/actions/promoters/?who=everyone",
    "/actions/promoters/asks/",
    "/actions/promoters/referrals/",
    "/actions/promoters/testimonials/",
    "/actions/promoters/plan/",
    "/actions/promoters/plan/platforms/new/",
    "/actions/praise/",
    "/organisation/",
    "/account/notices/",
)


@pytest.fixture
def survey(db):
    made = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    add_standard_wordings(made)
    return made


@pytest.fixture
def anna(malmo, survey):
    customer = Customer.objects.create(code="C1", unit=malmo, language="en", country="SE")
    Contact.objects.create(customer=customer, name="Anna Berg", email="anna@example.com")
    Invitation.objects.create(
        customer=customer,
        survey=survey,
        channel="email",
        unit="malmo",
        token_hash=token_hash(TOKEN),
        outcome="sent",
        sent_at=now() - timedelta(hours=5),
    )
    return customer


@pytest.fixture
def promoter(anna, survey):
    Response.objects.create(
        survey=survey,
        customer=anna,
        score=10,
        comment="They answer at once.",
        unit="malmo",
        channel="email",
        language="en",
        answered_at=now(),
        answered_on=local_date(now()),
    )
    return anna


def work() -> None:
    worker = Worker(HANDLERS, {}, OUTWARD)
    while worker.step():
        pass


def looks_right(page) -> None:
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_the_score_to_the_friend_who_wants_to_be_called(context, anna, faults):  # noqa: F811
    Plan.objects.create(key=1, on_page="referral", offer="A first hour without charge")
    page = context.new_page()
    page.set_viewport_size(PHONE)
    page.goto(f"/s/{TOKEN}")
    page.locator("input[name=score][value='10']").check(force=True)
    page.locator("form button[type=submit]").first.click()
    page.get_by_label("Somebody recommended you").check()
    looks_right(page)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Give me my link").click()
    link = ReferralLink.objects.get(customer=anna)
    expect(page.locator(".own-link")).to_contain_text(f"/b/{link.code}")
    looks_right(page)
    work()
    assert Arrival.objects.get(customer=anna).origin == "earned"

    friend = context.new_page()
    friend.set_viewport_size(PHONE)
    friend.goto(f"/b/{link.code}")
    expect(friend.locator("main")).to_contain_text("A first hour without charge")
    looks_right(friend)
    friend.get_by_label("E-mail").fill("olle@example.com")
    friend.get_by_label("Name").fill("Olle Ek")
    friend.get_by_role("checkbox").check()
    friend.get_by_role("button").click()
    expect(friend.get_by_role("heading", level=1)).to_contain_text("within a few days")
    assert Referral.objects.get().email == "olle@example.com"
    assert faults == []


def test_words_are_given_approved_and_taken_back(context, promoter, alice, faults):  # noqa: F811
    one = asking.ask(promoter, favour="testimonial", channel="person", by=alice)
    page = context.new_page()
    page.set_viewport_size(PHONE)
    page.goto(asking.path_of(one))
    looks_right(page)
    page.get_by_label("Your words").fill("They answer at once, every time.")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Yes, you may quote me").click()
    expect(page.locator("blockquote")).to_have_text("They answer at once, every time.")
    looks_right(page)

    log_in(context, alice.email)
    staff = context.new_page()
    staff.goto("/actions/promoters/testimonials/")
    staff.get_by_role("button", name="It may be shown").click()
    expect(staff.locator("main")).to_contain_text("approved")
    looks_right(staff)

    page.get_by_role("button", name="Withdraw my words").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("withdrawn")
    staff.goto("/actions/promoters/testimonials/")
    expect(staff.locator("main")).not_to_contain_text("They answer at once")
    expect(staff.locator("main")).to_contain_text("Taken back")
    assert faults == []


@pytest.mark.parametrize("language", ["sv", "da", "en", "nb", "fi", "de"])
def test_public_pages_of_favours_in_every_language(context, promoter, language):
    Customer.objects.update(language=language)
    platform = Platform.objects.create(name="Omdöme", url="https://reviews.example/x")
    page = context.new_page()
    page.set_viewport_size(PHONE)
    words = words_in(language)
    for favour in ("review", "referral", "reference", "testimonial", "cocreation"):
        one = Ask.objects.create(
            customer=promoter,
            favour=favour,
            channel="person",
            state="asked",
            platform=platform if favour == "review" else None,
        )
        page.goto(asking.path_of(one))
        expect(page.get_by_role("heading", level=1)).to_have_text(words[f"{favour}_title"])
        looks_right(page)
        assert page.evaluate("document.documentElement.lang") == language
    page.emulate_media(color_scheme="dark")
    page.goto(f"/b/{giving.link_of(promoter).code}?language={language}")
    expect(page.get_by_role("button")).to_have_text(words["landing_send"])
    looks_right(page)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_of_staff_look_right(context, promoter, alice, scheme, width, faults):  # noqa: F811
    whom.refresh_candidates()
    giving.be_referred(
        giving.link_of(promoter), name="Olle", email="o@example.com", phone="", consent="yes",
        language="sv",
    )  # fmt: skip
    count_weeks()
    log_in(context, alice.email)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for address in STAFF:
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.goto("/actions/promoters/")
    page.get_by_role("checkbox").first.check()
    page.get_by_label("For", exact=True).select_option("reference")
    page.get_by_role("button", name="I ask myself").click()
    expect(page.locator("main")).to_contain_text("To be asked in person")
    assert axe(page) == []
    assert faults == []


def test_a_case_is_closed_from_the_mail_on_a_phone(context, survey, anna, bob, faults):  # noqa: F811
    rule = Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})
    response = Response.objects.create(
        survey=survey,
        customer=anna,
        score=2,
        comment="An hour in line.",
        unit="malmo",
        channel="email",
        language="en",
        answered_at=now(),
        answered_on=local_date(now()),
    )
    case = open_case(rule, response)
    page = context.new_page()
    page.set_viewport_size(PHONE)
    page.goto(path_for(case, bob))
    expect(page.locator("main")).to_contain_text("An hour in line.")
    looks_right(page)
    page.get_by_label("What lay behind the score").fill("Waiting time")
    page.get_by_label("What was said").fill("She comes back on Monday.")
    page.get_by_role("button", name="Close the case").click()
    expect(page.locator("main")).to_contain_text("Done. The link works once.")
    looks_right(page)
    kept = Case.objects.get()
    assert (kept.state, kept.outcome, kept.owner) == ("closed", "recovered", bob)
    page.reload()
    assert faults == []


def test_the_inbox_is_worked_from_the_keyboard(context, survey, anna, bob, make_user, malmo):
    rule = Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})
    for score in (1, 2, 3):
        response = Response.objects.create(
            survey=survey,
            customer=anna,
            score=score,
            unit="malmo",
            channel="email",
            language="en",
            answered_at=now(),
            answered_on=local_date(now()),
        )
        open_case(rule, response)
    log_in(context, bob.email)
    page = context.new_page()
    page.goto("/actions/")
    for box in page.locator("tbody input[name=row]").all():
        box.focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Claim").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ec-toasts")).to_contain_text("3 cases changed.")
    page.locator("tbody a").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("What was said").focus()
    page.keyboard.type("She is glad.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Contacted").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("She is glad.")
    others = page.get_by_role("button", name="Merge this case into that one")
    others.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ec-toasts")).to_contain_text("The cases are one now.")
    assert Case.objects.filter(outcome="merged").count() == 1
