"""The kiosk: a plain form underneath, one answer per touch."""

import re

import pytest
from django.test import Client

from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import LedgerEntry, Link, Response, Survey


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
