"""The pages a customer sees: GET shows and writes nothing, POST stores."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Invitation, LedgerEntry, Link, Response


def submit(client: Client, path: str, **fields: str) -> object:
    page = client.get(path).content.decode()
    given = re.search(r'name="submission_id" value="([^"]+)"', page)
    assert given
    body = "&".join(f"{k}={v}" for k, v in {"submission_id": given[1], **fields}.items())
    return client.post(path, body, content_type="application/x-www-form-urlencoded")


def test_it_shows_the_question_with_the_chosen_score_and_writes_nothing(
    client: Client, invited: str, django_assert_max_num_queries: object
) -> None:
    before = Invitation.objects.values().get()
    page = client.get(f"/s/{invited}?score=9&language=sv")
    assert "rekommendera Nordhem" in page.content.decode()
    assert 'value="9" required checked' in page.content.decode()
    client.head(f"/s/{invited}?score=0")
    assert Invitation.objects.values().get() == before
    assert not Response.objects.exists()
    assert not Activity.objects.exists()
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert not page.cookies


def test_it_stores_the_answer_then_asks_in_words_of_the_bucket(
    client: Client, invited: str
) -> None:
    answer = submit(client, f"/s/{invited}?language=da", score="3", language="da")
    assert answer.status_code == 302  # type: ignore[attr-defined]
    where = answer.headers["Location"]  # type: ignore[attr-defined]
    page = client.get(where).content.decode()
    assert "Hvad var det, der ikke fungerede for dig?" in page
    submit(client, where, comment="Lang+k%C3%B8", contact_wanted="1")
    response = Response.objects.get()
    assert (response.score, response.comment, response.contact_wanted) == (3, "Lang kø", True)
    assert LedgerEntry.objects.count() == 2


@pytest.mark.parametrize("language", ["sv", "da", "nb", "fi", "de", "en"])
def test_it_speaks_every_language_of_the_survey(client: Client, link: Link, language: str) -> None:
    page = client.get(f"/s/{link.public_id}?language={language}").content.decode()
    assert f'<html lang="{language}">' in page
    sends = {"sv": "Skicka", "fi": "Lähetä", "de": "Senden"}.get(language, "Send")
    assert f">{sends}</button>" in page


def test_it_answers_a_program_in_json(client: Client, link: Link) -> None:
    body = {"submission_id": "a" * 20, "score": 10}
    for _ in range(2):
        reply = client.post(
            f"/s/{link.public_id}",
            body,
            content_type="application/json",
            HTTP_ACCEPT="application/json",
        )
        assert reply.status_code == 201
    assert reply.json()["response"] == Response.objects.get().public_id


def test_it_shows_a_sentence_for_a_wrong_link_or_answer(client: Client, link: Link) -> None:
    assert client.get("/s/nonsense").status_code == 404
    assert client.get("/r/nonsense").status_code == 404
    reply = submit(client, f"/s/{link.public_id}", score="11")
    assert reply.status_code == 400  # type: ignore[attr-defined]
    assert "0 to 10" in reply.content.decode()  # type: ignore[attr-defined]


def test_its_page_and_style_stay_under_15_kilobytes(client: Client, link: Link) -> None:
    page = client.get(f"/s/{link.public_id}").content
    style = finders.find("capture/survey.css")
    assert isinstance(style, str)
    assert len(gzip.compress(page)) + len(gzip.compress(Path(style).read_bytes())) <= 15_000


def test_it_says_that_a_survey_is_closed(client: Client, link: Link) -> None:
    link.survey.state = "closed"
    link.survey.save()
    page = client.get(f"/s/{link.public_id}", headers={"Accept-Language": "fi"})
    assert page.status_code == 410
    assert "Kysely on suljettu" in page.content.decode() or 'lang="fi"' in page.content.decode()
