import re
from datetime import timedelta

import pytest

from emptychair.programme.accounts.models import User
from emptychair.programme.lib.clock import now
from emptychair.programme.visibility.today import since_last_visit


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def text_of(response):
    plain = re.sub(r"<(style|svg).*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


def test_it_welcomes_a_company_without_answers(owner):
    text = text_of(owner.get("/"))
    assert "The chair is still empty" in text


def test_a_first_visit_shows_the_last_seven_days(owner, answered):
    answered([10] * 4, at=now() - timedelta(days=6))
    answered([10] * 9, at=now() - timedelta(days=8))
    page = owner.get("/").context["page"]
    assert (page.is_first_visit, page.answers) == (True, 4)


def test_a_later_visit_shows_what_came_since_the_one_before(owner, alice, answered):
    User.objects.update(seen_at=now() - timedelta(days=2))
    answered([10, 9], comment="lovely", at=now() - timedelta(days=1))
    answered([1], comment="slow", at=now() - timedelta(days=3))
    page = owner.get("/").context["page"]
    assert (page.is_first_visit, page.answers, page.comments) == (False, 2, 2)
    assert [comment.is_new for comment in page.wins] == [True, True]
    assert [(comment.text, comment.is_new) for comment in page.worries] == [("slow", False)]
    assert [part.n for part in page.buckets] == [0, 0, 2]


def test_reading_again_within_the_hour_shows_the_same_news(owner, answered):
    answered([10] * 3)
    assert owner.get("/").context["page"].answers == 3
    assert owner.get("/").context["page"].answers == 3


def test_an_hour_later_it_is_a_new_visit(alice):
    session = {}
    moment = now()
    alice.seen_at = moment - timedelta(days=3)
    assert since_last_visit(session, alice, moment) == (alice.seen_at, False)
    alice.seen_at = moment
    later = moment + timedelta(minutes=50)
    assert since_last_visit(session, alice, later)[0] == moment - timedelta(days=3)
    much_later = moment + timedelta(minutes=61)
    assert since_last_visit(session, alice, much_later) == (moment, False)


def test_the_headline_says_whether_it_changed(owner, answered):
    answered([10] * 60)
    answered([10] * 60, at=now() - timedelta(days=40))
    text = text_of(owner.get("/"))
    assert "+100" in text
    assert "No real change" in text


def test_a_poll_does_not_count_as_a_visit(owner, alice):
    owner.get("/?seen=old", headers={"HX-Request": "true"})
    alice.refresh_from_db()
    assert alice.seen_at is None
