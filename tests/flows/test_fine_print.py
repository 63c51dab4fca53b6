"""The card behind a figure, in a real browser."""

import pytest
from playwright.sync_api import expect

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
