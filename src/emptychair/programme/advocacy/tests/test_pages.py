"""Pages of colleagues: who could help, what was asked, what came of it."""

import pytest
from conftest import PASSWORD

from emptychair.programme.accounts.models import Role, Unit
from emptychair.programme.advocacy import asking, giving, models, whom
from emptychair.programme.advocacy.models import Ask, Plan, Platform

PLAN = {
    "quiet_days": 90, "recent_days": 60, "on_page": "referral", "by_itself": "", "wait_days": 3,
    "offer": "Ten per cent off", "goal_referral": 20, "goal_customers": 5,
}  # fmt: skip


def log_in(client, user):
    assert client.login(email=user.email, password=PASSWORD)


@pytest.fixture
def people(make_customer):
    found = [make_customer("C1"), make_customer("C2", score=9), make_customer("C3", score=2)]
    whom.refresh_candidates()
    return found


def test_it_shows_promoters_and_everyone_where_wanted(client, alice, people):
    log_in(client, alice)
    page = client.get("/actions/promoters/").content.decode()
    assert "Name C1" in page
    assert "Name C3" not in page
    assert "Name C3" in client.get("/actions/promoters/?who=everyone").content.decode()


def test_it_asks_those_that_are_ticked_and_says_why_others_are_not(client, alice, people):
    log_in(client, alice)
    rows = [str(one.pk) for one in people]
    said = {"row": rows, "favour": "reference", "channel": "email"}
    page = client.post("/actions/promoters/ask", said, follow=True).content.decode()
    assert "2 customers are asked." in page
    assert "this favour is for promoters" in page
    assert {one.asked_by for one in Ask.objects.all()} == {alice}
    nobody = client.post("/actions/promoters/ask", {**said, "row": []}, follow=True)
    assert "tick their boxes" in nobody.content.decode()
    for wrong in ({"favour": "money"}, {"channel": "page"}):
        assert client.post("/actions/promoters/ask", {**said, **wrong}).status_code == 404


def test_a_manager_asks_customers_of_the_own_unit_alone(client, make_user, people, bob):
    lund = Unit.objects.create(code="lund", name="Lund")
    stranger = make_user(Role.MANAGER, lund, name="Lisa")
    log_in(client, stranger)
    assert "Name C1" not in client.get("/actions/promoters/").content.decode()
    said = {"row": [str(people[0].pk)], "favour": "reference", "channel": "email"}
    client.post("/actions/promoters/ask", said)
    assert not Ask.objects.exists()
    log_in(client, bob)
    client.post("/actions/promoters/ask", said)
    assert Ask.objects.count() == 1
    assert client.get("/actions/promoters/plan/").status_code == 403


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.ANALYST, Role.LEADER])
def test_others_see_none_of_it(client, make_user, malmo, role):
    log_in(client, make_user(role, malmo))
    for address in ("", "asks/", "referrals/", "testimonials/", "plan/"):
        assert client.get(f"/actions/promoters/{address}").status_code == 403


def test_an_answer_given_in_person_is_noted_once(client, bob, people):
    one = asking.ask(people[0], favour="reference", channel="person", by=bob)
    log_in(client, bob)
    assert "To be asked in person" in client.get("/actions/promoters/asks/").content.decode()
    path = f"/actions/promoters/asks/{one.public_id}/answer"
    client.post(path, {"answer": "yes", "said": "On Mondays"})
    assert client.post(path, {"answer": "no"}).status_code == 409
    one.refresh_from_db()
    assert (one.state, one.note) == ("accepted", "On Mondays")


def test_referrals_are_listed_and_contacted(client, alice, people):
    link = giving.link_of(people[0])
    came = giving.be_referred(
        link, name="Olle", email="o@example.com", phone="", consent="yes", language="sv"
    )
    log_in(client, alice)
    page = client.get("/actions/promoters/referrals/").content.decode()
    assert "Olle" in page
    assert "Name C1" in page
    path = f"/actions/promoters/referrals/{came.public_id}/contacted"
    assert client.post(path).status_code == 302
    assert client.post(path).status_code == 409


def test_a_testimonial_is_approved_unless_it_was_taken_back(client, alice, people):
    one = asking.ask(people[0], favour="testimonial", channel="person")
    kept = giving.give_words(one, text="Good.", name="A", consent="I agree", language="en")
    log_in(client, alice)
    page = client.get("/actions/promoters/testimonials/").content.decode()
    assert "Good." in page
    assert "I agree" in page
    path = f"/actions/promoters/testimonials/{kept.public_id}/approve"
    assert client.post(path).status_code == 302
    assert models.Testimonial.objects.get().approved_by == alice
    giving.withdraw_words(one)
    assert client.post(path).status_code == 409
    page = client.get("/actions/promoters/testimonials/").content.decode()
    assert "Good." not in page
    assert "Taken back" in page


def test_the_plan_is_kept_with_its_goals(client, alice, people):
    log_in(client, alice)
    assert client.post("/actions/promoters/plan/", PLAN).status_code == 302
    kept = Plan.objects.get()
    assert (kept.quiet_days, kept.goals) == (90, {"referral": 20, "customers": 5})
    page = client.get("/actions/promoters/").content.decode()
    assert "0 of 20" in page
    assert 'value="Ten per cent off"' in client.get("/actions/promoters/plan/").content.decode()
    assert client.post("/actions/promoters/plan/", {**PLAN, "quiet_days": 1}).status_code == 400


def test_platforms_are_kept_and_must_be_safe(client, alice):
    log_in(client, alice)
    said = {"name": "Omdöme", "url": "http://reviews.example", "asks": "everyone", "is_on": "on"}
    refused = client.post("/actions/promoters/plan/platforms/new/", said)
    assert refused.status_code == 400
    assert "https://" in refused.content.decode()
    said["url"] = "https://reviews.example"
    assert client.post("/actions/promoters/plan/platforms/new/", said).status_code == 302
    one = Platform.objects.get()
    path = f"/actions/promoters/plan/platforms/{one.public_id}/"
    client.post(path, {**said, "is_on": "", "asks": "promoters"})
    one.refresh_from_db()
    assert (one.is_on, one.asks) == (False, "promoters")


def test_lists_are_exported_by_who_may(client, alice, bob, people):
    asking.ask(people[0], favour="reference", channel="person")
    giving.link_of(people[0])
    log_in(client, alice)
    for address in ("", "asks/", "referrals/"):
        answer = client.get(f"/actions/promoters/{address}?format=csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
    log_in(client, bob)
    assert "html" in client.get("/actions/promoters/?format=csv").headers["Content-Type"]


def test_a_customers_story_tells_of_favours(client, alice, people):
    asking.ask(people[0], favour="reference", channel="person")
    log_in(client, alice)
    assert "Favour: Reference" in client.get(f"/customers/{people[0].pk}/").content.decode()
