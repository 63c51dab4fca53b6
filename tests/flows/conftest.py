"""A real browser against a real server."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PASSWORD, needs
from playwright.sync_api import Browser, BrowserContext, sync_playwright

# Chromium without a window says that it is a machine, and its answers would be held.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    needs("Chromium", bool(path), "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, live_server: Any, settings: Any) -> Iterator[BrowserContext]:
    """A fresh browser profile whose base address is the live server."""
    settings.BASE_URL = live_server.url
    opened = chromium.new_context(base_url=live_server.url, locale="en-GB", user_agent=AGENT)
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


def log_in(context: BrowserContext, email: str) -> None:
    """Log in as the user with that address."""
    page = context.new_page()
    page.goto("/login/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").first.click()
    page.wait_for_url("**/")
    page.close()
