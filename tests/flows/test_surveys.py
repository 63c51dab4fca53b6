"""Surveys are built, a kiosk answers, colleagues are added: in a real browser."""

import pytest
from playwright.sync_api import expect

from emptychair.programme.accounts.models import Unit
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Link, Response, Wording
from emptychair.programme.journeys.models import Driver

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HERE = "/surveys/survey/relationship/"


@pytest.fixture
def survey():
    made = services.create_survey(name="Relationship", kind="relationship", by="")
    made.drivers.add(Driver.objects.create(slug="wait", name="Wait", names={"sv": "Väntetid"}))
    services.set_state(made, "open", by="")
    return made


@pytest.fixture
def kiosk(survey):
    unit = Unit.objects.create(code="lund", name="Lund")
    return Link.objects.create(survey=survey, channel="kiosk", unit=unit)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_the_builder_is_accessible_and_never_wider_than_the_screen(
    context,
    alice,
    kiosk,
    faults,  # noqa: F811
    scheme,
    width,
):
    log_in(context, alice.email)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    poster = f"{HERE}links/{kiosk.public_id}/poster"
    for address in (
        *("/surveys/", "/surveys/new/", HERE, f"{HERE}words/sv/", f"{HERE}asking/"),
        *("/surveys/held/", f"{HERE}widgets/", "/people/keys/"),
        *(f"{HERE}links/", poster, "/surveys/asks/", "/people/units/", f"/k/{kiosk.public_id}"),
    ):
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert faults == []


def test_the_preview_follows_what_is_written(context, alice, survey, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto(f"{HERE}words/sv/")
    phone = page.frame_locator("iframe").first
    expect(phone.locator("h1")).to_contain_text("rekommendera Nordhem")
    page.locator("#id_question").fill("Vad tycker du om {x}?")
    expect(phone.locator("h1")).to_have_text("Vad tycker du om Nordhem?")
    # The style of customers' pages has arrived in the frame.
    assert phone.locator(".scores").evaluate("e => getComputedStyle(e).display") == "grid"
    page.get_by_label("After 0 to 6", exact=True).check()
    expect(phone.get_by_text("Väntetid")).to_be_visible()
    assert Wording.objects.filter(survey=survey, language="sv").count() == 1
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Saved as version 2")).to_be_visible()
    assert faults == []


def test_the_summary_follows_the_form(context, alice, survey):
    log_in(context, alice.email)
    page = context.new_page()
    page.goto(f"{HERE}asking/")
    page.locator("#id_cadence_days").fill("120")
    expect(page.locator("#ec-sentences")).to_contain_text("every 120 days")


def test_the_kiosk_answers_thanks_and_resets_itself(context, kiosk, faults):  # noqa: F811
    page = context.new_page()
    page.clock.install()
    page.goto(f"/k/{kiosk.public_id}?language=sv")
    section = page.locator("section[lang=sv]")
    section.get_by_role("button", name="9", exact=True).click()
    expect(section.get_by_text("Det gläder oss som jobbar här")).to_be_visible()
    assert axe(page) == []
    page.clock.run_for(9_000)
    expect(section.get_by_role("button", name="9", exact=True)).to_be_visible()
    page.get_by_role("link", name="Dansk").click()
    expect(page.locator("section[lang=da]")).to_be_visible()
    page.clock.run_for(31_000)
    expect(section).to_be_visible()
    response = Response.objects.get()
    assert (response.score, response.channel, response.unit) == (9, "kiosk", "lund")
    assert response.language == "sv"
    assert context.cookies() == []
    assert faults == []


def test_the_kiosk_keeps_answers_while_the_network_is_away(context, kiosk):
    page = context.new_page()
    page.goto(f"/k/{kiosk.public_id}?language=sv")
    section = page.locator("section[lang=sv]")
    context.set_offline(True)
    for score in ("3", "8"):
        section.get_by_role("button", name=score, exact=True).click()
        section.get_by_role("link", name="Nästa person").locator("visible=true").click()
    expect(section.locator(".waiting")).to_contain_text("2")
    assert not Response.objects.exists()
    context.set_offline(False)
    expect(section.locator(".waiting")).to_be_hidden(timeout=10_000)
    scores = Response.objects.order_by("pk").values_list("score", flat=True)
    assert list(scores) == [3, 8]


def test_the_kiosk_works_without_javascript(chromium, kiosk, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/k/{kiosk.public_id}?language=da")
    page.locator("section[lang=da]").get_by_role("button", name="10", exact=True).click()
    expect(page.get_by_text("Det glæder os, der arbejder her")).to_be_visible()
    page.locator("section[lang=da]").get_by_role("link").locator("visible=true").click()
    assert Response.objects.get().score == 10
    context.close()
