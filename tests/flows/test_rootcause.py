"""Drivers, journeys, what if and initiatives: in a real browser."""

import pytest
from playwright.sync_api import expect

from emptychair.programme.closedloop.huddles import hold_huddle, last_week
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.journeys.models import Touchpoint
from emptychair.programme.rootcause.tests.made import store_findings

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def findings(malmo):
    """A journey of three touchpoints, one unmeasured, and findings as the worker leaves them."""
    store_findings()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_every_page_is_accessible_and_never_wider_than_the_screen(
    context,
    alice,
    findings,
    faults,  # noqa: F811
    scheme,
    width,
):
    log_in(context, alice.email)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for address in (
        *("", "?segment=families", "drivers/waiting/answers/", "journeys/", "journeys/visit/"),
        *("what-if/", "what-if/?shift-waiting=0.5&cost=100&reach=80", "initiatives/"),
    ):
        page.goto(f"/root-cause/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert faults == []


def test_a_map_is_drawn_and_its_gap_is_seen(context, alice, findings, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/root-cause/journeys/")
    expect(page.get_by_text("1 touchpoint is not measured.")).to_be_visible()
    expect(page.get_by_text("Met by Shop staff")).to_be_visible()
    page.get_by_role("link", name="Draw the map").click()
    page.locator("#ec-new-stage").fill("Stay")
    page.locator("#ec-new-stage").press("Enter")
    expect(page.locator("input[name=name][value=Stay]")).to_be_visible()
    page.get_by_role("button", name="Move Stay earlier").click()
    names = [
        one.input_value()
        for one in page.locator(".ec-drawn > form:first-child input[name=name]").all()
    ]
    assert names == ["Shop", "Stay", "Afterwards"]
    page.get_by_label("A new touchpoint").nth(1).fill("The app")
    page.get_by_label("A new touchpoint").nth(1).press("Enter")
    page.wait_for_load_state()
    expect(page.locator("input[value='The app']")).to_be_visible()
    assert Touchpoint.objects.filter(name="The app", stage__name="Stay").exists()
    assert faults == []


def test_sliders_tell_the_range_and_become_an_initiative(context, alice, findings, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/root-cause/what-if/")
    expect(page.get_by_role("heading", name="Move a slider")).to_be_visible()
    page.get_by_label("Waiting time").fill("0.5")
    outcome = page.locator("#ec-outcome")
    expect(outcome.get_by_text("80 % of outcomes lie within")).to_be_visible()
    expect(outcome.get_by_text("steps were asked")).to_be_visible()
    outcome.get_by_label("Save it as").fill("Shorter queues")
    outcome.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Propose Shorter queues").click()
    page.get_by_role("button", name="Decide", exact=True).click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_label("Measured effect, points").fill("2")
    page.get_by_label("Its standard error").fill("1")
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.get_by_text("Learnt from 1 finished initiative")).to_be_visible()
    assert Initiative.objects.get().expected_points == Scenario.objects.get().effect_points
    assert faults == []


def test_what_if_works_without_scripts(chromium, live_server, alice, findings, settings):
    settings.BASE_URL = live_server.url
    context = chromium.new_context(
        base_url=live_server.url, java_script_enabled=False, locale="en-GB"
    )
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/root-cause/what-if/?segment=families")
    page.get_by_label("Waiting time").press("ArrowRight")
    page.get_by_role("button", name="Show the outcome").click()
    expect(page.get_by_role("heading", name="What it may bring, Families")).to_be_visible()
    context.close()


def test_a_segment_gets_its_own_map(context, alice, findings, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/root-cause/journeys/?segment=families")
    assert axe(page) == []
    page.get_by_role("button", name="Give the segment its own map").click()
    expect(page.get_by_text("The map of Families alone")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first = page.locator("input[name=name][id^=ec-t-]").first
    first.fill("The family desk")
    first.press("Enter")
    page.goto("/root-cause/journeys/?segment=families")
    expect(page.get_by_text("The family desk")).to_be_visible()
    page.goto("/root-cause/journeys/")
    expect(page.get_by_text("The family desk")).to_have_count(0)
    assert faults == []


def test_what_a_team_raises_becomes_an_initiative(context, alice, bob, faults):  # noqa: F811
    minutes = {"learned": "", "fix_here": "", "raised": "A second till"}
    hold_huddle(bob.unit, last_week(), **minutes, by=bob)
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/actions/huddle/")
    page.get_by_role("link", name="Make it an initiative").click()
    assert axe(page) == []
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Raised by Malmö")).to_be_visible()
    assert axe(page) == []
    assert faults == []
