"""The card behind a figure, in a real browser."""

import pytest
from playwright.sync_api import expect

from emptychair.programme.insight import assessing
from emptychair.programme.insight.models import Alert
from emptychair.programme.lib.clock import today

from .conftest import log_in
from .test_look import axe, company, faults  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_figure_opens_its_fine_print_in_a_dialogue(context, company, faults):  # noqa: F811
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/delivery/?by=unit")
    page.locator("a[data-ec-card]").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Answers that count")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Fine print: Lund").click()
    expect(page.get_by_role("dialog")).to_contain_text("Lund")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert faults == []


def test_without_javascript_the_card_is_a_page(chromium, live_server, company, settings):  # noqa: F811
    settings.BASE_URL = live_server.url
    context = chromium.new_context(
        base_url=live_server.url, locale="en-GB", java_script_enabled=False
    )
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/delivery/")
    page.get_by_role("link", name="Fine print").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fine print")
    expect(page.locator("main")).to_contain_text("Response rate")
    context.close()


def test_the_reliability_panel_and_an_alert_are_accessible(context, company, faults):  # noqa: F811
    assessing._last_assessed = ""
    assessing.refresh_assessments()
    alert = Alert.objects.create(
        unit="lund",
        direction="down",
        alarm_on=today(),
        began_on=today(),
        began_earliest_on=today(),
        began_latest_on=today(),
        baseline_from=today(),
        baseline_until=today(),
        baseline_points=30,
        baseline_n=400,
        since_points=10,
        since_n=100,
        difference_points=-20,
        low_points=-30,
        high_points=-10,
        evidence=9e4,
        threshold=7e4,
        watched=8,
    )
    log_in(context, company.email)
    page = context.new_page()
    for address in ("/", "/delivery/reliability/", f"/delivery/alerts/{alert.public_id}/"):
        page.goto(address)
        assert axe(page) == [], address
    page.get_by_label("What you know or do about it (optional)").fill("New till system")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("main")).to_contain_text("New till system")
    assert faults == []
