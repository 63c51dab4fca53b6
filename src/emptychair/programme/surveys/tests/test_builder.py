"""The programme owner builds a survey: what, in which words, whom and when."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Response, Survey, Wording
from emptychair.programme.capture.wordings import STANDARD
from emptychair.programme.customers.models import Customer, Event
from emptychair.programme.journeys.models import Driver, Journey, Stage, Touchpoint
from emptychair.programme.lib.clock import now, today
from emptychair.programme.surveys.forms import words_values
from emptychair.programme.surveys.queries import reach

pytestmark = pytest.mark.django_db
HERE = "/surveys/survey/relationship/"


def asking(**changes: object) -> dict[str, object]:
    start = {
        "asks_from": "2026-12-01",
        "channel": "email",
        "cadence_days": 180,
        "reminder_days": 7,
        "quiet_after_ask_days": 90,
        "quiet_after_answer_days": 90,
        "quiet_after_any_ask_days": 14,
        "quiet_after_any_answer_days": 30,
        "rule-TOTAL_FORMS": 2,
        "rule-INITIAL_FORMS": 0,
    }
    return {**start, **changes}


def condition(number: int, field: str, operator: str, value: str = "") -> dict[str, object]:
    names = {"field": field, "operator": operator, "value": value}
    return {f"rule-{number}-{name}": said for name, said in names.items()}


def test_it_makes_a_survey_in_draft(browser: Client, page: Callable[..., str]) -> None:
    reply = browser.post("/surveys/new/", {"name": "Köp", "kind": "transactional"})
    assert reply.headers["Location"] == "/surveys/survey/kop/"
    assert "answers are held as test" in page("/surveys/survey/kop/")
    assert "Köp" in page("/surveys/")
    assert browser.post("/surveys/new/", {"name": " "}).status_code == 400


def test_it_lists_what_each_survey_asked_and_got(
    browser: Client, page: Callable[..., str], survey: Survey
) -> None:
    for score in (9, 3):
        Response.objects.create(
            survey=survey, score=score, channel="link", answered_at=now(), answered_on=today()
        )
    Response.objects.update(held_reason="")
    assert re.search(r'<td class="ec-number">2\s*</td>', page("/surveys/?sort=-answered"))
    table = b"".join(browser.get("/surveys/?format=csv").streaming_content).decode("utf-8-sig")
    assert table.splitlines()[1].startswith("Relationship,")


def test_it_changes_what_a_survey_is_about(browser: Client, survey: Survey) -> None:
    journey = Journey.objects.create(slug="j", name="Buying")
    stage = Stage.objects.create(journey=journey, slug="s", name="Shop", position=1)
    till = Touchpoint.objects.create(stage=stage, slug="till", name="Till")
    names = {"name": "Väntetid", "name_sv": "Väntetid", "name_fi": "Odotusaika"}
    browser.post(f"{HERE}drivers", names)
    driver = Driver.objects.get()
    assert driver.names == {"sv": "Väntetid", "fi": "Odotusaika"}
    said = {
        "name": "About us",
        "kind": "transactional",
        "touchpoint": till.pk,
        "drivers": [driver.pk],
    }
    browser.post(HERE, said)
    survey.refresh_from_db()
    assert (survey.name, survey.kind, survey.touchpoint) == ("About us", "transactional", till)
    assert list(survey.drivers.all()) == [driver]
    assert browser.post(f"{HERE}drivers", {"name": ""}).status_code == 400


def test_it_takes_at_most_six_drivers(browser: Client, survey: Survey) -> None:
    keys = [Driver.objects.create(slug=f"d{n}", name=f"Driver {n}").pk for n in range(7)]
    said = {"name": "R", "kind": "relationship", "drivers": keys}
    reply = browser.post(HERE, said)
    assert reply.status_code == 400
    assert "at most 6 drivers, not 7" in reply.content.decode()
    assert not survey.drivers.exists()


def test_it_says_why_the_kind_cannot_change(browser: Client, survey: Survey) -> None:
    Response.objects.create(
        survey=survey, score=9, channel="link", answered_at=now(), answered_on=today()
    )
    reply = browser.post(HERE, {"name": "R", "kind": "transactional"})
    assert reply.status_code == 400
    assert "Make a new survey" in reply.content.decode()
    assert browser.post(f"{HERE}state", {"state": "draft"}).status_code == 409


@pytest.mark.parametrize("state", ["open", "closed", "draft"])
def test_it_opens_and_closes(browser: Client, survey: Survey, state: str) -> None:
    browser.post(f"{HERE}state", {"state": state})
    survey.refresh_from_db()
    assert survey.state == state
    assert browser.post(f"{HERE}state", {"state": "burnt"}).status_code == 404


def test_changed_words_become_a_version_that_is_listed(
    browser: Client, page: Callable[..., str], survey: Survey
) -> None:
    words = {**words_values(STANDARD["da"]), "question": "Vil du anbefale {x}?"}
    browser.post(f"{HERE}words/da/", words)
    browser.post(f"{HERE}words/da/", words)
    found = Wording.objects.filter(survey=survey, language="da").order_by("version")
    assert [one.question for one in found] == [STANDARD["da"].question, "Vil du anbefale {x}?"]
    text = page(f"{HERE}words/da/")
    assert STANDARD["da"].question in text
    assert 'value="Slet ikke sandsynligt"' in text
    assert f'hx-post="{HERE}words/da/preview"' in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"question": ""}, "This field is required"),
        ({"question": "Would you, {name}?"}, "Only {x} may stand in curly brackets"),
        ({"low_label": "x" * 81}, "at most 80 characters"),
        ({"thanks_promoter": ""}, "This field is required"),
    ],
)
def test_it_says_what_is_wrong_with_the_words(
    browser: Client, survey: Survey, change: dict[str, str], sentence: str
) -> None:
    reply = browser.post(f"{HERE}words/en/", {**words_values(STANDARD["en"]), **change})
    assert reply.status_code == 400
    assert sentence in reply.content.decode()
    assert Wording.objects.filter(language="en").count() == 1


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("question", "Skulle du rekommendera Nordhem?"),
        ("detractor", "Vad var det som inte fungerade"),
        ("promoter", "Vad är du mest nöjd med?"),
    ],
)
def test_the_preview_is_the_customers_page_with_unsaved_words(
    browser: Client, survey: Survey, step: str, shown: str
) -> None:
    survey.drivers.add(Driver.objects.create(slug="wait", name="Wait", names={"sv": "Väntetid"}))
    words = {**words_values(STANDARD["sv"]), "question": "Skulle du rekommendera {x}?"}
    reply = browser.post(f"{HERE}words/sv/preview", {**words, "step": step})
    frame = html.unescape(reply.content.decode())
    assert shown in frame
    assert '<html lang="sv">' in frame
    assert ("Väntetid" in frame) == (step != "question")
    assert frame.count("<iframe") == 2
    assert Wording.objects.filter(language="sv").count() == 1


def test_the_preview_shows_markup_as_text(browser: Client, survey: Survey) -> None:
    words = {**words_values(STANDARD["sv"]), "question": '"><script>alert(1)</script>'}
    reply = browser.post(f"{HERE}words/sv/preview", words).content.decode()
    assert "<script>" not in reply
    frames = reply.partition("ec-sms")[0]  # a frame's page is escaped once more
    assert "<script>" not in html.unescape(frames)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Kort?", "84 characters in GSM-7, sent in 1 part"),
        ("Zażółć?", "not in the phone's short alphabet, so fewer fit into a part: óćłż"),
        ("Lång fråga " * 27, "Write a shorter question"),
    ],
)
def test_the_preview_says_how_long_the_sms_is(
    browser: Client, survey: Survey, question: str, said: str
) -> None:
    words = {**words_values(STANDARD["en"]), "question": question}
    reply = html.unescape(browser.post(f"{HERE}words/en/preview", words).content.decode())
    assert said in " ".join(reply.split())


def test_the_mail_is_shown_with_its_style_and_can_do_nothing(
    browser: Client, survey: Survey
) -> None:
    reply = browser.get(f"{HERE}words/sv/mail")
    assert "rekommendera Nordhem" in reply.content.decode()
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_it_shows_unsaved_words_without_javascript(browser: Client, survey: Survey) -> None:
    words = {**words_values(STANDARD["en"]), "question": "Would you?", "show": "1"}
    reply = browser.post(f"{HERE}words/en/", words)
    assert reply.status_code == 200
    assert "Would you?" in html.unescape(reply.content.decode())
    assert Wording.objects.filter(language="en").count() == 1


def test_it_says_in_words_whom_it_asks_and_when(
    browser: Client, page: Callable[..., str], survey: Survey, malmo: Unit
) -> None:
    for number in range(1800):
        Customer.objects.create(
            code=f"C{number}", country="SE" if number % 2 else "DK", traits={"visits": number % 10}
        )
    rule = {**condition(0, "country", "is", "se"), **condition(1, "trait:visits", "at_least", "5")}
    browser.post(f"{HERE}asking/", asking(**rule))
    survey.refresh_from_db()
    assert survey.rule == [
        {"field": "country", "is": ["SE"]},
        {"field": "trait:visits", "at_least": 5},
    ]
    assert survey.reminder_days == 7
    assert str(survey.asks_from) == "2026-12-01"
    text = page(f"{HERE}asking/")
    assert "about 4 a working day" in text
    assert "about 540 of the 1,800 who may be asked" in text
    assert "reminded once, after 7 days" in text
    assert "It asks nobody yet: open it first." in text
    assert 'value="SE"' in text


def test_the_summary_follows_the_form_before_it_is_saved(browser: Client, survey: Survey) -> None:
    Customer.objects.bulk_create(Customer(code=f"C{n}") for n in range(100))
    reply = browser.post(f"{HERE}asking/summary", asking(cadence_days=14, quiet_after_ask_days=7))
    assert "every 14 days by e-mail: about 10 a working day" in reply.content.decode()
    wrong = browser.post(f"{HERE}asking/summary", asking(cadence_days=""))
    assert "not right yet" in wrong.content.decode()
    survey.refresh_from_db()
    assert survey.cadence_days == 180


def test_a_transactional_survey_asks_after_an_event(
    browser: Client, page: Callable[..., str], survey: Survey
) -> None:
    Survey.objects.update(kind="transactional", state="open")
    customer = Customer.objects.create(code="C1")
    Event.objects.bulk_create(
        Event(customer=customer, kind="purchase", at=now()) for _ in range(60)
    )
    said = asking(event_kind="", delay_hours=24)
    assert "Say after which event" in browser.post(f"{HERE}asking/", said).content.decode()
    browser.post(f"{HERE}asking/", {**said, "event_kind": "purchase"})
    text = page(f"{HERE}asking/")
    assert "24 hours after each purchase" in text
    assert "at most about 3 a working day" in text
    assert '<option value="purchase">' in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cadence_days": 3}, "greater than or equal to 7"),
        ({"asks_from": "soon"}, "Enter a valid date"),
        ({"quiet_after_ask_days": 200}, "cannot be left alone for 200"),
        ({"channel": "pigeon"}, "Select a valid choice"),
        (condition(0, "country", "is", "Sverige"), "no code of two letters"),
        (condition(0, "country", "is", ""), "at least one value"),
        (condition(0, "unit", "is", "atlantis"), "no unit with the code atlantis"),
        (condition(0, "language", "at_least", "many"), "Write a number here"),
        (condition(0, "shoe", "is", "1"), "Select a valid choice"),
    ],
)
def test_it_says_what_is_wrong_with_whom_and_when(
    browser: Client, survey: Survey, change: dict[str, object], sentence: str
) -> None:
    reply = browser.post(f"{HERE}asking/", asking(**change))
    assert reply.status_code == 400
    assert sentence in reply.content.decode()
    survey.refresh_from_db()
    assert survey.asks_from is None


def test_a_rule_survives_the_form_unchanged(browser: Client, survey: Survey, malmo: Unit) -> None:
    Customer.objects.create(code="C1", traits={"club": True, "tier": "gold", "visits": 2.5})
    rule = [
        {"field": "unit", "is_not": ["malmo"]},
        {"field": "trait:club", "is": [True]},
        {"field": "trait:visits", "at_most": 2.5},
        {"field": "trait:tier", "known": False},
    ]
    survey.rule = rule
    survey.save()
    form = browser.get(f"{HERE}asking/").context["conditions"]
    said = asking(**{"rule-TOTAL_FORMS": 6, "rule-INITIAL_FORMS": 4})
    for number, row in enumerate(form.forms):
        for name in ("field", "operator", "value"):
            said[f"rule-{number}-{name}"] = row[name].value() or ""
    assert browser.post(f"{HERE}asking/", said).status_code == 302
    survey.refresh_from_db()
    assert survey.rule == rule


def test_the_reach_of_many_customers_is_estimated(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emptychair.programme.surveys.queries._SAMPLE", 50)
    Customer.objects.bulk_create(
        Customer(code=f"C{n}", country="SE" if n % 4 else "DK") for n in range(1000)
    )
    assert reach([]).met == 1000
    assert 600 <= reach([{"field": "country", "is": ["SE"]}]).met <= 900


@pytest.mark.parametrize("role", list(Role))
def test_analysts_read_and_owners_change(
    role: Role, client: Client, make_user: Callable[..., User], survey: Survey, malmo: Unit
) -> None:
    link = services.add_link(survey, channel="link", unit="", by="")
    client.force_login(make_user(role, malmo))
    changes = role in (Role.ADMIN, Role.OWNER)
    reads = changes or role == Role.ANALYST
    pages = ("", "words/sv/", "asking/", "links/", f"links/{link.public_id}/poster")
    for address in pages:
        assert client.get(HERE + address).status_code == (200 if reads else 403), address
    assert client.get("/surveys/asks/").status_code == (200 if reads else 403)
    assert client.get("/surveys/new/").status_code == (200 if changes else 403)
    posts: dict[str, dict[str, Any]] = {
        "": {"name": "R", "kind": "relationship"},
        "state": {"state": "open"},
        "drivers": {"name": "Price"},
        "words/sv/": words_values(STANDARD["sv"]),
        "asking/": asking(),
        "links/": {"channel": "link"},
        f"links/{link.public_id}/state": {"open": "no"},
    }
    for address, said in posts.items():
        assert client.post(HERE + address, said).status_code == (302 if changes else 403), address


def test_what_a_reader_sees_cannot_be_filled_in(
    client: Client, make_user: Callable[..., User], survey: Survey
) -> None:
    client.force_login(make_user(Role.ANALYST))
    text = client.get(f"{HERE}words/sv/").content.decode()
    assert '<fieldset class="ec-form ec-plain" disabled>' in text
    assert "Save as a new version" not in text
    shown = client.post(f"{HERE}words/sv/preview", {"step": "question"}).content.decode()
    assert "rekommendera Nordhem" in shown


@pytest.mark.parametrize("language", ["sv", "da"])
def test_it_speaks_the_readers_language(browser: Client, survey: Survey, language: str) -> None:
    browser.cookies["django_language"] = language
    words = {"sv": "Vem och när", "da": "Hvem og hvornår"}
    assert words[language] in browser.get(f"{HERE}asking/").content.decode()


def test_it_knows_no_survey_or_language_that_is_not_there(browser: Client, survey: Survey) -> None:
    assert browser.get("/surveys/survey/nothing/").status_code == 404
    assert browser.get(f"{HERE}words/xx/").status_code == 404
