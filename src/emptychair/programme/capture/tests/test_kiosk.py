"""The kiosk: a plain form underneath, one answer per touch."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.answering import Stored, answer
from emptychair.programme.capture.models import LedgerEntry, Link, Response, Survey
from emptychair.programme.capture.submission import Problem, Submission
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.tokens import new_id


@pytest.fixture
def kiosk(link: Link) -> Link:
    link.channel = "kiosk"
    link.save()
    return link


def touch(client: Client, kiosk: Link, score: str, language: str = "sv") -> object:
    page = client.get(f"/k/{kiosk.public_id}?language={language}").content.decode()
    given = re.search(r'name="submission_id" value="([^"]+)"', page)
    assert given
    body = f"submission_id={given[1]}&language={language}&score={score}"
    return client.post(
        f"/k/{kiosk.public_id}", body, content_type="application/x-www-form-urlencoded"
    )


def test_it_shows_every_language_at_once_and_writes_nothing(client: Client, kiosk: Link) -> None:
    page = client.get(f"/k/{kiosk.public_id}?language=fi")
    text = page.content.decode()
    assert '<html lang="fi">' in text
    for question in ("suosittelisit yritystä Nordhem", "rekommendera Nordhem", "vil anbefale"):
        assert question in text
    assert text.count("<section") == 6
    assert text.count(' hidden>\n<div data-part="question"') == 5
    assert not page.cookies
    assert not Response.objects.exists()
    assert not Activity.objects.exists()


def test_one_touch_is_one_answer_with_the_kiosks_unit(client: Client, kiosk: Link) -> None:
    reply = touch(client, kiosk, "10")
    assert reply.status_code == 302  # type: ignore[attr-defined]
    response = Response.objects.get()
    assert (response.score, response.channel, response.unit) == (10, "kiosk", "malmo")
    thanks = client.get(reply.headers["Location"])  # type: ignore[attr-defined]
    text = thanks.content.decode()
    assert "Det gläder oss" in text
    assert 'http-equiv="refresh"' in text
    assert not thanks.cookies
    touch(client, kiosk, "0")
    assert Response.objects.count() == 2


def test_the_same_touch_sent_twice_counts_once(client: Client, kiosk: Link) -> None:
    body = {"submission_id": "k" * 20, "score": 3, "language": "sv"}
    for _ in range(2):
        reply = client.post(
            f"/s/{kiosk.public_id}",
            body,
            content_type="application/json",
            HTTP_ACCEPT="application/json",
        )
        assert reply.status_code == 201
    assert LedgerEntry.objects.count() == 1


def test_it_is_there_only_for_open_kiosk_links(client: Client, kiosk: Link) -> None:
    assert client.get("/k/nonsense").status_code == 404
    Survey.objects.update(state="closed")
    assert client.get(f"/k/{kiosk.public_id}").status_code == 404
    Survey.objects.update(state="draft")
    assert "Det här är ett test" in client.get(f"/k/{kiosk.public_id}?language=sv").content.decode()
    Link.objects.update(is_open=False)
    assert client.get(f"/k/{kiosk.public_id}").status_code == 404
    Link.objects.update(is_open=True, channel="link")
    assert client.get(f"/k/{kiosk.public_id}").status_code == 404


def test_it_says_what_is_wrong_with_a_touch(client: Client, kiosk: Link) -> None:
    reply = touch(client, kiosk, "11")
    assert reply.status_code == 400  # type: ignore[attr-defined]
    reply = client.post(
        f"/k/{kiosk.public_id}",
        f"submission_id={'a' * 20}&language=sv",
        content_type="application/x-www-form-urlencoded",
    )
    assert reply.status_code == 400
    assert not Response.objects.exists()


def told(link: Link, **said: object) -> Response:
    submission = Submission(new_id(), 9, **said)  # type: ignore[arg-type]
    outcome = answer(link.public_id, submission)
    assert isinstance(outcome, Stored), outcome
    return Response.objects.get(public_id=outcome.response)


def test_it_keeps_the_moment_of_the_device_within_limits(kiosk: Link) -> None:
    moment = now()
    hours_ago = told(kiosk, answered_at=(moment - timedelta(hours=30)).isoformat())
    assert (hours_ago.clock, hours_ago.answered_on) == (
        "device",
        local_date(moment - timedelta(hours=30)),
    )
    ahead = told(kiosk, answered_at=(moment + timedelta(days=2)).isoformat())
    assert (ahead.clock, ahead.answered_at >= moment) == ("bounded", True)
    assert ahead.answered_at < now()
    long_ago = told(kiosk, answered_at="1999-12-31T23:59:59Z")
    assert long_ago.clock == "bounded"
    assert moment - timedelta(days=31) < long_ago.answered_at < moment - timedelta(days=29)
    slightly = told(kiosk, answered_at=(moment + timedelta(seconds=40)).isoformat())
    assert (slightly.clock, slightly.answered_at <= now()) == ("device", True)


def test_only_devices_say_when_an_answer_was_given(kiosk: Link) -> None:
    link = Link.objects.create(survey=kiosk.survey)
    outcome = answer(link.public_id, Submission(new_id(), 9, answered_at="2026-01-01T00:00:00Z"))
    assert isinstance(outcome, Problem)
    assert outcome.code == "answered_at"


def test_a_device_adds_to_its_own_answer_and_to_no_other(kiosk: Link) -> None:
    first = new_id()
    answer(kiosk.public_id, Submission(first, 3))
    answer(kiosk.public_id, Submission(new_id(), comment="Kö", amends=first))
    assert Response.objects.get().comment == "Kö"
    other = Link.objects.create(survey=kiosk.survey)
    for link, amends in ((other, first), (kiosk, new_id())):
        outcome = answer(link.public_id, Submission(new_id(), comment="No", amends=amends))
        assert isinstance(outcome, Problem)
        assert outcome.status == 404
    assert Response.objects.get().comment == "Kö"
