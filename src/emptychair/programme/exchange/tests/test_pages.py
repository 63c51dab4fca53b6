"""The page Data and the pages of an import, as a person with a browser meets them."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.capture.models import Response
from emptychair.programme.exchange import running
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tests.conftest import RESPONSES

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def send(client: Client, content: str = RESPONSES, name: str = "answers.csv", **data: str) -> Any:
    file = SimpleUploadedFile(name, content.encode())
    return client.post("/data/imports/", {"kind": "responses", "file": file, **data})


def page_of(client: Client, imported: Import) -> str:
    response = client.get(f"/data/imports/{imported.public_id}/")
    assert response.status_code == 200
    return response.content.decode()


def test_it_leads_from_the_upload_to_the_rows_and_back(in_browser: Client, malmo: Unit) -> None:
    response = send(in_browser)
    imported = Import.objects.get()
    assert response.headers["Location"] == f"/data/imports/{imported.public_id}/"
    assert "Reading the file" in page_of(in_browser, imported)
    running.work_off()
    page = page_of(in_browser, imported)
    assert "3 rows can be imported" in page
    assert "Snabb hjälp på Möllan" in page
    assert "The score is not between 0 and 10." in page
    assert "lund" in page
    confirm = {"survey": "new", "survey_name": "NPS", "survey_kind": "relationship"}
    in_browser.post(f"/data/imports/{imported.public_id}/confirm", confirm)
    assert "0 of 3 rows" in page_of(in_browser, imported)
    running.work_off()
    assert "What came in" in page_of(in_browser, imported)
    assert Response.objects.count() == 3
    in_browser.post(f"/data/imports/{imported.public_id}/undo")
    assert "Taking it back" in page_of(in_browser, imported)
    running.work_off()
    assert "Import it again" in page_of(in_browser, imported)
    assert not Response.objects.exists()
    listed = in_browser.get("/data/").content.decode()
    assert "answers.csv" in listed
    assert "Undone" in listed


def test_it_reads_again_as_the_person_says(in_browser: Client, malmo: Unit) -> None:
    send(in_browser)
    running.work_off()
    imported = Import.objects.get()
    columns = ["response_id", "customer_id", "answered_on", "score", "", "unit"]
    said = {f"column-{number}": name for number, name in enumerate(columns)}
    address = f"/data/imports/{imported.public_id}/read"
    in_browser.post(address, {**said, "unknown_units": "refuse"})
    running.work_off()
    imported.refresh_from_db()
    assert imported.mapping["Kommentar"] == ""
    assert imported.total_rows == 2
    twice = in_browser.post(address, {**said, "column-4": "score"})
    assert twice.status_code == 409
    assert "Two columns are both" in twice.content.decode()
    assert in_browser.post(address, {**said, "dates": "sideways"}).status_code == 409


def test_it_stops_asking_once_the_work_is_done(in_browser: Client) -> None:
    send(in_browser)
    address = f"/data/imports/{Import.objects.get().public_id}/"
    polled = in_browser.get(address, headers={"HX-Request": "true"})
    assert 'hx-trigger="every 1s"' in polled.content.decode()
    running.work_off()
    assert in_browser.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_it_gives_the_refused_rows_as_a_file(in_browser: Client, malmo: Unit) -> None:
    send(in_browser)
    running.work_off()
    response = in_browser.get(f"/data/imports/{Import.objects.get().public_id}/refused.csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Row", "Column", "Cell", "What to do"]
    assert rows[1][:3] == ["4", "Betyg", "11"]


def test_it_throws_a_file_away(in_browser: Client, django_capture_on_commit_callbacks: Any) -> None:
    send(in_browser)
    running.work_off()
    imported = Import.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        in_browser.post(f"/data/imports/{imported.public_id}/discard")
    imported.refresh_from_db()
    assert imported.state == Import.State.DISCARDED
    assert not imported.folder.exists()
    assert "thrown away" in page_of(in_browser, imported)


def test_it_says_at_the_field_what_is_wrong_with_a_file(in_browser: Client) -> None:
    response = send(in_browser, "%PDF-1.7", "table.csv")
    assert response.status_code == 409
    assert "The file is a PDF." in response.content.decode()
    assert in_browser.post("/data/imports/", {"kind": "responses"}).status_code == 400
    assert not Import.objects.exists()


def test_it_refuses_a_large_body_before_reading_it(
    in_browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPTYCHAIR_IMPORT_MEGABYTES", "1")
    response = send(in_browser, "x" * 1_200_000)
    assert response.status_code == 409
    assert "at most 1 MB" in response.content.decode()


def test_it_shows_markup_of_a_file_as_text(in_browser: Client) -> None:
    send(in_browser, "date,score,<script>alert(1)</script>\n2026-01-01,9,<img src=x onerror=a>\n")
    running.work_off()
    page = page_of(in_browser, Import.objects.get())
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=a&gt;" in page


@pytest.mark.parametrize("action", ["read", "confirm", "discard", "undo", "again"])
def test_it_changes_nothing_by_get_or_without_a_csrf_token(
    action: str, alice: User, bring: Callable[..., Import]
) -> None:
    imported = bring("date,score\n2026-01-01,9\n")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    address = f"/data/imports/{imported.public_id}/{action}"
    assert strict.get(address).status_code == 405
    assert strict.post(address).status_code == 403
    imported.refresh_from_db()
    assert imported.state == Import.State.DONE


def test_it_takes_no_upload_without_a_csrf_token(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert send(strict).status_code == 403
    assert not Import.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_it_lets_only_the_programmes_owners_import(
    role: Role, client: Client, make_user: Callable[..., User], malmo: Unit, bring: Any
) -> None:
    imported = bring("date,score\n2026-01-01,9\n")
    client.force_login(make_user(role, malmo))
    may = role in (Role.ADMIN, Role.OWNER)
    there = may or role in (Role.ANALYST, Role.MANAGER)
    page = client.get("/data/")
    assert page.status_code == (200 if there else 403)
    assert ("Bring a file in" in page.content.decode()) == may
    assert ("file.csv" in page.content.decode()) == may
    address = f"/data/imports/{imported.public_id}/"
    assert client.get(address).status_code == (200 if may else 403)
    assert client.get(address + "refused.csv").status_code == (200 if may else 403)
    for action in ("read", "confirm", "discard", "undo", "again"):
        status = client.post(address + action).status_code
        assert (status != 403) == may, action
    assert (send(client).status_code != 403) == may


def test_it_sends_strangers_to_the_log_in(client: Client) -> None:
    assert client.get("/data/").status_code == 302
    assert send(client).status_code == 302
    assert not Import.objects.exists()


def test_it_knows_no_import_that_is_not_there(in_browser: Client) -> None:
    assert in_browser.get("/data/imports/nothing/").status_code == 404


@pytest.mark.parametrize("language", ["sv", "da"])
def test_it_speaks_the_readers_language(in_browser: Client, language: str, malmo: Unit) -> None:
    send(in_browser)
    running.work_off()
    in_browser.cookies["django_language"] = language
    words = {
        "sv": ("Vad varje kolumn är", "rader kan importeras"),
        "da": ("Hvad hver kolonne er", "rækker kan importeres"),
    }
    page = page_of(in_browser, Import.objects.get())
    for word in words[language]:
        assert word in page
