"""Every page customers see: pictures of it in three languages on a phone, and nothing axe minds.

The pictures are written to var/screenshots, to be looked at.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from emptychair.programme.capture import services
from emptychair.programme.capture.answering import Stored, answer
from emptychair.programme.capture.models import Invitation, Link
from emptychair.programme.capture.submission import Submission
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id, new_token, sign, token_hash

from .test_answering import host, survey  # noqa: F401  fixtures
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = Path(__file__).parents[2] / "var" / "screenshots"
PHONE = {"width": 390, "height": 844}
LANGUAGES = ("sv", "da", "en")
REST = ("nb", "fi", "de")
LATER = timedelta(days=1)


def customer(language: str) -> Customer:
    made = Customer.objects.create(code="C1", language=language, country="SE", traits={"tier": "A"})
    Contact.objects.create(customer=made, name="Åsa Østergård", email="asa@example.com")
    return made


def invited(survey, person: Customer) -> str:  # noqa: F811
    token = new_token()
    Invitation.objects.create(
        customer=person, survey=survey, channel="email", token_hash=token_hash(token)
    )
    return token


def answered(link: Link, score: int, language: str) -> str:
    stored = answer(link.public_id, Submission(new_id(), score, language=language))
    assert isinstance(stored, Stored)
    return stored.answer_token


def shoot(page, name: str, language: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{language}.png", full_page=True)
    assert axe(page) == [], (name, language)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
    assert page.evaluate("document.documentElement.lang") == language, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_page_on_a_phone(context, survey, faults, language, scheme):  # noqa: F811
    survey.drivers.add(Driver.objects.create(slug="price", name="Price", names={"sv": "Pris"}))
    link = Link.objects.create(survey=survey)
    kiosk = Link.objects.create(survey=survey, channel="kiosk")
    person = customer(language)
    token = invited(survey, person)
    page = context.new_page()
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    suffix = "" if scheme == "light" else "-dark"
    no = sign("unsubscribe", "C1", now() + LATER)
    me = sign("my-data", "C1", now() + LATER)
    for name, address in (
        ("question", f"/s/{token}"),
        ("question-chosen", f"/s/{token}?score=9"),
        *(
            (f"thanks-{bucket}", f"/r/{answered(link, score, language)}")
            for bucket, score in (("detractor", 3), ("passive", 8), ("promoter", 10))
        ),
        ("unsubscribe", f"/u/{no}"),
        ("my-data", f"/me/{me}"),
        ("kiosk", f"/k/{kiosk.public_id}?language={language}"),
    ):
        page.goto(address)
        shoot(page, f"{name}{suffix}", language)
    after_the_score(page, language, suffix)
    page.goto(f"/u/{no}")
    page.locator("button").click()
    shoot(page, f"unsubscribed{suffix}", language)
    assert faults == []


def after_the_score(page, language: str, suffix: str) -> None:
    page.locator(f"section[lang={language}]").get_by_role("button", name="2", exact=True).click()
    page.locator(f"section[lang={language}] [data-part=detractor]").wait_for()
    shoot(page, f"kiosk-thanks{suffix}", language)


@pytest.mark.parametrize("language", [*LANGUAGES, *REST])
def test_pages_that_say_what_is_wrong(chromium, survey, live_server, language):  # noqa: F811
    context = chromium.new_context(base_url=live_server.url, locale=language)
    draft = services.create_survey(name="Draft", kind="relationship", by="")
    closed = services.create_survey(name="Closed", kind="relationship", by="")
    page = context.new_page()
    page.set_viewport_size(PHONE)
    tried = Link.objects.create(survey=draft)
    shut = Link.objects.create(survey=closed)
    services.set_state(closed, "closed", by="")
    for name, address in (
        ("unknown-link", "/s/nonsense"),
        ("closed", f"/s/{shut.public_id}"),
        ("test-mode", f"/s/{tried.public_id}"),
    ):
        page.goto(address)
        shoot(page, name, language)
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_widget_on_a_phone(context, host, live_server, language):  # noqa: F811
    origin, snippet = host
    snippet[0] = snippet[0].replace(" async", f' data-language="{language}" async')
    page = context.new_page()
    page.set_viewport_size(PHONE)
    page.goto(origin)
    panel = page.get_by_role("dialog")
    panel.wait_for()
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"widget-{language}.png")
    panel.get_by_role("radio", name="9", exact=True).check()
    panel.locator("button[type=submit]").click()
    panel.locator("textarea").wait_for()
    page.screenshot(path=PICTURES / f"widget-thanks-{language}.png")
    assert axe(page) == []
