"""What customers see and do with an ask, and who was recommended with a link."""

import re

import pytest

from emptychair.programme.activity.models import Activity
from emptychair.programme.advocacy import asking, giving, models
from emptychair.programme.advocacy.models import Ask, Plan, Referral, ReferralLink
from emptychair.programme.advocacy.words import LANGUAGES, words_in
from emptychair.programme.capture.answering import Stored, answer
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Invitation, Response
from emptychair.programme.capture.submission import Submission
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id, new_token, sign, token_hash

PLACE = {"name": "Olle", "email": "Olle@Example.com", "phone": "", "consent": "1"}


@pytest.fixture
def asked(anna):
    def make(favour, **fields):
        return asking.ask(anna, favour=favour, channel="person", **fields)

    return make


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_get_writes_nothing(client, asked, django_assert_num_queries):
    one = asked("referral")
    before = Activity.objects.count()
    for method in (client.get, client.head):
        response = method(asking.path_of(one))
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
    assert Activity.objects.count() == before
    assert not ReferralLink.objects.exists()


def test_a_yes_to_a_referral_gives_a_link_of_ones_own(client, asked, anna):
    path = asking.path_of(asked("referral"))
    assert client.post(path, {"wish": "yes"}).status_code == 302
    link = ReferralLink.objects.get(customer=anna)
    assert f"/b/{link.code}" in client.get(path).content.decode()
    client.post(path, {"wish": "yes"})
    assert ReferralLink.objects.count() == 1


def test_a_no_is_kept_and_may_be_changed(client, asked):
    one = asked("reference")
    path = asking.path_of(one)
    client.post(path, {"wish": "no"})
    assert Ask.objects.get().state == "declined"
    assert "Thank you for answering" in text_of(client.get(path))
    client.post(path, {"wish": "yes", "note": "Mondays, by phone"})
    kept = Ask.objects.get()
    assert (kept.state, kept.note) == ("accepted", "Mondays, by phone")


def test_a_testimonial_keeps_the_words_of_the_consent_and_is_withdrawn_for_good(client, asked):
    path = asking.path_of(asked("testimonial"))
    assert "Words of C1" in client.get(path).content.decode()
    said = {"wish": "yes", "note": "They answer at once.", "name": "Anna B."}
    refused = client.post(path, said)
    assert refused.status_code == 400
    assert "Tick the box" in text_of(refused)
    assert client.post(path, {**said, "note": " ", "consent": "1"}).status_code == 400
    client.post(path, {**said, "consent": "1"})
    kept = models.Testimonial.objects.get()
    assert (kept.text, kept.shown_name) == ("They answer at once.", "Anna B.")
    assert kept.consent == words_in("en")["testimonial_consent"]
    assert "Nordhem may show my words" in kept.consent
    client.post(path, {"wish": "withdraw"})
    kept.refresh_from_db()
    assert (kept.text, kept.shown_name, kept.withdrawn_at is not None) == ("", "", True)
    assert "withdrawn" in text_of(client.get(path))


def test_saying_no_after_yes_takes_the_words_back(client, asked):
    path = asking.path_of(asked("testimonial"))
    client.post(path, {"wish": "yes", "note": "Good.", "name": "A", "consent": "1"})
    client.post(path, {"wish": "no"})
    assert models.Testimonial.objects.get().withdrawn_at is not None
    assert Ask.objects.get().state == "declined"


def test_links_that_are_none_of_ours_are_told_from_nothing(client, asked, anna):
    one = asked("reference")
    token = asking.path_of(one).removeprefix("/p/")
    other = sign("unsubscribe", one.public_id, now().replace(year=now().year + 1))
    for wrong in (token[:-2] + "AA", token.swapcase(), other, "nonsense"):
        for method in (client.get, client.post):
            response = method(f"/p/{wrong}", {"wish": "yes"})
            assert response.status_code == 404
    assert Ask.objects.get().state == "asked"


def test_an_ask_that_was_not_sent_cannot_be_answered(client, anna):
    one = asking.ask(anna, favour="reference", channel="email")
    assert client.get(asking.path_of(one)).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(client, asked, anna, language):
    assert set(words_in(language)) == set(words_in("en"))
    Customer.objects.update(language=language)
    page = client.get(asking.path_of(asked("cocreation")))
    assert f'<html lang="{language}">' in page.content.decode()
    assert words_in(language)["cocreation_yes"] in page.content.decode()
    assert "{" not in text_of(page)


@pytest.fixture
def link(anna):
    return giving.link_of(anna)


def test_who_was_recommended_leaves_an_address_once(client, link):
    page = client.get(f"/b/{link.code}")
    assert "Nordhem was recommended to you" in text_of(page)
    for name in ("Olle", "Olle Ek"):
        assert client.post(f"/b/{link.code.upper()}", {**PLACE, "name": name}).status_code == 302
    came = Referral.objects.get()
    assert (came.email, came.name, came.unit) == ("olle@example.com", "Olle Ek", "malmo")
    assert came.consent == words_in("en")["landing_consent"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "nobody"}, "Write an e-mail address"),
        ({"phone": "12"}, "Write a phone number"),
        ({"consent": ""}, "Tick the box"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_keeps_the_rest(client, link, change, sentence):
    page = client.post(f"/b/{link.code}", {**PLACE, **change})
    assert page.status_code == 400
    assert sentence in text_of(page)
    assert 'value="Olle"' in page.content.decode()
    assert not Referral.objects.exists()


def test_machines_and_floods_leave_nothing(client, link):
    assert client.post(f"/b/{link.code}", {**PLACE, "leave_empty": "x"}).status_code == 302
    assert not Referral.objects.exists()
    for number in range(25):
        last = client.post(f"/b/{link.code}", {**PLACE, "email": f"o{number}@example.com"})
    assert last.status_code == 429
    assert Referral.objects.count() == 20


def test_a_closed_or_invented_code_is_told_from_nothing(client, link):
    ReferralLink.objects.update(is_open=False)
    for code in (link.code, "nonsense", "x" * 300):
        assert client.get(f"/b/{code}").status_code == 404
        assert client.post(f"/b/{code}", PLACE).status_code == 404


def answered(survey, anna, score: int) -> str:
    Response.objects.all().delete()
    token = new_token()
    Invitation.objects.create(
        customer=anna, survey=survey, channel="email", token_hash=token_hash(token)
    )
    stored = answer(token, Submission(new_id(), score, language="en"))
    assert isinstance(stored, Stored)
    return f"/r/{stored.answer_token}"


def test_a_promoter_is_offered_one_thing_after_the_survey(client, survey, anna, plan):
    path = answered(survey, anna, 10)
    assert "Give me my link" not in text_of(client.get(path))
    plan(on_page="referral")
    page = client.get(path).content.decode()
    assert "Give me my link" in page
    assert not Ask.objects.exists()
    target = re.search(r'action="(/p/after/[^"]+)"', page)[1]
    first = client.post(target)
    assert client.post(target).headers["Location"] == first.headers["Location"]
    one = Ask.objects.get()
    assert (one.state, one.channel, one.favour) == ("accepted", "page", "referral")
    assert "This is your link" in text_of(client.get(first.headers["Location"]))
    assert "Give me my link" in text_of(client.get(path))


@pytest.mark.parametrize(("score", "favour"), [(3, "referral"), (8, "reference")])
def test_others_are_offered_nothing(client, survey, anna, plan, score, favour):
    plan(on_page=favour)
    page = client.get(answered(survey, anna, score)).content.decode()
    assert "/p/after/" not in page


def test_a_review_for_everyone_is_offered_to_everyone(client, survey, anna, plan, platform):
    plan(on_page="review")
    path = answered(survey, anna, 2)
    page = client.get(path).content.decode()
    assert "Omdöme" in page
    target = re.search(r'action="(/p/after/[^"]+)"', page)[1]
    shown = client.get(client.post(target).headers["Location"]).content.decode()
    assert 'href="https://reviews.example/nordhem"' in shown
    platform.asks = "promoters"
    platform.save()
    Ask.objects.all().delete()
    assert "/p/after/" not in client.get(path).content.decode()
    assert client.post(target).status_code == 404


def test_an_offer_is_void_when_the_plan_has_changed(client, survey, anna, plan):
    plan(on_page="referral")
    page = client.get(answered(survey, anna, 10)).content.decode()
    target = re.search(r'action="(/p/after/[^"]+)"', page)[1]
    Plan.objects.update(on_page="")
    assert client.post(target).status_code == 404
    assert client.get(target).status_code == 405


def test_erasing_a_customer_takes_words_and_links_along(client, asked, anna, link):
    client.post(
        asking.path_of(asked("testimonial")),
        {"wish": "yes", "note": "Good.", "name": "A", "consent": "1"},
    )
    client.post(f"/b/{link.code}", PLACE)
    erase(anna)
    activity = Activity.objects.get(action="customer.erased")
    giving.forget_advocate(activity)
    assert not models.Testimonial.objects.exists()
    assert not ReferralLink.objects.exists()
    assert Referral.objects.get().link is None
