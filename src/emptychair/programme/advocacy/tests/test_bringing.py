"""Referrals followed to customers and money, and what growth makes of them."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from emptychair.programme.activity.models import Activity
from emptychair.programme.advocacy import bringing, giving
from emptychair.programme.advocacy.models import Referral
from emptychair.programme.capture.answering import Stored, amend, answer
from emptychair.programme.capture.arriving import note_origin
from emptychair.programme.capture.models import Invitation, Response
from emptychair.programme.capture.submission import Problem, Submission, submission_of
from emptychair.programme.customers.arriving import note_arrival
from emptychair.programme.customers.models import Arrival, Contact, Customer, Value
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.tokens import new_id, new_token, token_hash


@pytest.fixture
def link(anna):
    return giving.link_of(anna)


def refer(link, email="olle@example.com", phone=""):
    return giving.be_referred(
        link, name="Olle", email=email, phone=phone, consent="yes", language="sv"
    )


def newcomer(code="N1", email="OLLE@example.com", **fields):
    made = Customer.objects.create(code=code, **fields)
    Contact.objects.create(customer=made, email=email)
    return made


def test_the_customer_that_became_of_a_referral_is_found_by_address(link, anna):
    refer(link)
    bringing.follow_referrals()
    assert Referral.objects.get().customer is None
    olle = newcomer()
    Value.objects.create(customer=olle, month=today().replace(day=1), revenue=700)
    bringing.follow_referrals()
    bringing.follow_referrals()
    came = Referral.objects.get()
    assert (came.customer, came.revenue, came.joined_at) == (olle, 700, olle.created_at)
    arrival = Arrival.objects.get(customer=olle)
    assert (arrival.origin, arrival.referrer) == ("earned", anna)
    assert Activity.objects.filter(action="referral.joined").count() == 1


def test_who_was_a_customer_before_was_not_brought(link):
    newcomer(created_at=now() - timedelta(days=40))
    refer(link)
    bringing.follow_referrals()
    assert Referral.objects.get().customer is None


def test_two_referrals_of_one_person_bring_one_customer(link, make_customer):
    refer(link)
    refer(giving.link_of(make_customer("C2")))
    olle = newcomer()
    bringing.follow_referrals()
    assert [one.customer for one in Referral.objects.order_by("at")] == [olle, None]


def test_a_code_that_comes_with_the_customer_is_enough(link, anna):
    newcomer(email="", traits={"referral_code": f" {link.code.upper()} "})
    newcomer("N2", "x@example.com", traits={"referral_code": "nonsense"})
    bringing.follow_referrals()
    bringing.follow_referrals()
    assert Referral.objects.get().customer.code == "N1"
    anna.traits = {"referral_code": link.code}
    anna.save()
    bringing.follow_referrals()
    assert Referral.objects.count() == 1


def test_old_addresses_are_forgotten(link):
    refer(link)
    Referral.objects.update(at=now() - timedelta(days=366))
    bringing.follow_referrals()
    came = Referral.objects.get()
    assert (came.name, came.email, came.consent) == ("", "", "")


def test_a_referral_is_contacted_by_one_colleague(link, alice, bob):
    came = refer(link)
    bringing.note_contact(came, by=alice)
    with pytest.raises(RefusedError):
        bringing.note_contact(came, by=bob)
    assert Referral.objects.get().handled_by == alice


def arrive(survey, customer, **said):
    token = new_token()
    Invitation.objects.create(
        customer=customer, survey=survey, channel="email", token_hash=token_hash(token)
    )
    stored = answer(token, Submission(new_id(), 9, language="en"))
    assert isinstance(stored, Stored)
    if said:
        assert isinstance(amend(stored.answer_token, Submission(new_id(), **said)), Stored)
    return f"/r/{stored.answer_token}"


def say(client, path, origin):
    form = urlencode({"submission_id": new_id(), "comment": "", "origin": origin})
    answered = client.post(path, form, content_type="application/x-www-form-urlencoded")
    assert answered.status_code == 302


def follow():
    for activity in Activity.objects.filter(action__startswith="response."):
        note_origin(activity)


def test_a_new_customer_is_asked_how_they_came(client, survey, anna):
    olle = newcomer()
    path = arrive(survey, olle)
    assert "How did you come to us?" in client.get(path).content.decode()
    say(client, path, "earned")
    follow()
    assert Arrival.objects.get().origin == "earned"
    assert 'value="earned" checked' in client.get(path).content.decode()
    say(client, path, "bought")
    follow()
    assert Arrival.objects.get().origin == "bought"
    assert "How did you come to us?" not in client.get(arrive(survey, anna)).content.decode()


@pytest.mark.parametrize("known", ["trait", "link", "never"])
def test_nobody_is_asked_what_is_known(client, survey, anna, known):
    olle = newcomer(traits={"origin": "earned"} if known == "trait" else {})
    if known == "link":
        note_arrival(olle, origin="earned", referrer=anna)
    if known == "never":
        survey.origin_days = 0
        survey.save()
        olle.created_at = now() - timedelta(days=1)
        olle.save()
    assert "How did you come to us?" not in client.get(arrive(survey, olle)).content.decode()


def test_an_answer_does_not_override_a_link(survey, anna):
    olle = newcomer()
    arrive(survey, olle, origin="bought")
    note_arrival(olle, origin="earned", referrer=anna)
    follow()
    assert Arrival.objects.get().origin == "earned"


def test_what_a_machine_said_counts_when_it_is_released_only(survey):
    olle = newcomer()
    arrive(survey, olle, origin="earned")
    Response.objects.update(held_reason="machine")
    follow()
    assert not Arrival.objects.exists()
    Response.objects.update(held_reason="")
    public_id = Response.objects.get().public_id
    note_origin(Activity(action="response.released", subject=public_id))
    assert Arrival.objects.get().origin == "earned"


def test_another_origin_than_those_known_is_refused(db):
    said = {"submission_id": new_id(), "score": 9, "origin": "moon"}
    problem = submission_of(said)
    assert isinstance(problem, Problem)
    assert "earned, bought, unknown" in problem.sentence
