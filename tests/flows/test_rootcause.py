"""Drivers, journeys, what if and initiatives: in a real browser."""

import pytest
from playwright.sync_api import expect

from emptychair.programme.capture.models import Survey
from emptychair.programme.customers.services import save_segment
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.journeys.models import Driver, Journey, Touchpoint
from emptychair.programme.rootcause.models import Finding

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def driver(name, effect, share, mean, **more):
    return {
        "driver": name, "members": [f"rating_{name}"], "n": 400, "missing_share": 0.1,
        "performance_mean": mean, "performance_low": mean - 0.1, "performance_high": mean + 0.1,
        "importance_share": share, "importance_low": share - 0.1, "importance_high": share + 0.1,
        "rank_low": 1, "rank_high": 2, "effect_points": effect, "effect_low": effect - 3,
        "effect_high": effect + 3, "own_points": effect, "promoter_points": effect / 2,
        "promoter_low": effect / 2 - 2, "promoter_high": effect / 2 + 2,
        "detractor_points": -effect / 2, "detractor_low": -effect / 2 - 2,
        "detractor_high": 2 - effect / 2, "acts_on": "detractors", "p_value": 0.001,
        "robustness_share": 0.2, "verdict": "improve", **more,
    }  # fmt: skip


def moment(touchpoint, n, share):
    limits = (None, None) if share is None else (share - 0.1, share + 0.1)
    return {
        "group": [], "stage": "", "touchpoint": touchpoint, "n": n,
        "nps_points": 30.0 if n else None, "low_points": 20.0 if n else None,
        "high_points": 40.0 if n else None, "importance_share": share,
        "importance_low": limits[0], "importance_high": limits[1], "n_both": 90,
        "measured": bool(n), "why": "" if share else "not_measured",
    }  # fmt: skip


@pytest.fixture
def findings(malmo):
    """A journey of three touchpoints, one unmeasured, and findings as the worker leaves them."""
    for slug, name in (("waiting", "Waiting time"), ("staff", "Staff")):
        Driver.objects.create(slug=slug, name=name)
    path = Journey.objects.create(slug="visit", name="A visit")
    shop = path.stages.create(slug="shop", name="Shop", position=1)
    after = path.stages.create(slug="after", name="Afterwards", position=2)
    desk = shop.touchpoints.create(slug="checkout", name="Checkout", met_by="Shop staff")
    after.touchpoints.create(slug="support", name="Support")
    after.touchpoints.create(slug="returns", name="Returns desk")
    Survey.objects.create(slug="checkout", name="After checkout", state="open", touchpoint=desk)
    for slug in ("families", "seniors"):
        save_segment(
            slug=slug, name=slug.capitalize(), rule=[{"field": "country", "is": ["SE"]}],
            priority=1, is_key=True, actor="",
        )  # fmt: skip
    for segment, against in (("", None), ("families", "stronger"), ("seniors", "same")):
        drivers = [
            driver("waiting", 18.0, 0.6, 3.2, against_company=against),
            driver("staff", 9.0, 0.4, 4.1, verdict="keep", against_company=against),
        ]
        group = {
            "group": [segment] if segment else [], "n": 500, "nps_points": 31.0,
            "explained_share": 0.4, "is_filled": True, "is_borrowed": False, "drivers": drivers,
            "covariance": [[2.0, 0.0], [0.0, 2.0]],
        }  # fmt: skip
        histograms = {"rating_waiting": [5, 10, 30, 40, 15], "rating_staff": [1, 2, 10, 40, 47]}
        found = {"group": group, "overlaps": [], "histograms": histograms, "customers": 400}
        moments = [
            moment("support", 90, 0.7),
            moment("checkout", 400, 0.3),
            moment("returns", 0, None),
        ]
        for kind, result in (("drivers", found), ("journey", {"moments": moments})):
            Finding.objects.create(
                kind=kind, segment=segment, result=result, n=500, method=kind, data_version="1",
                inputs_digest="a" * 64, library_version="0.1.0",
            )  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
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
