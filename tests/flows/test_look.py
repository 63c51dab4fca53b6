"""Pages of staff in a real browser: accessible, narrow, light, alive and under a strict CSP."""

import base64
import re
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.warehouse.services import synchronise

from .conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parent.parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
PAGES = (
    "/",
    "/delivery/?by=unit",
    "/delivery/fine-print/",
    "/delivery/reliability/",
    "/delivery/alerts/",
    "/delivery/benchmarks/",
    "/delivery/reports/",
    "/delivery/compare/?how=groups&by=unit",
    "/delivery/responses/",
    "/delivery/?unit=none",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_PAGE_BYTES = 250_000


def store(scores, days_ago=1.0, **fields):
    survey, _ = Survey.objects.get_or_create(slug="s", name="Relationship", state="open")
    at = now() - timedelta(days=days_ago)
    made = [
        Response.objects.create(
            survey=survey,
            score=score,
            answered_at=at,
            answered_on=local_date(at),
            **{"channel": "email", "language": "sv", **fields},
        )
        for score in scores
    ]
    mark_changed("responses", [response.public_id for response in made])


@pytest.fixture
def company(alice):
    """Half a year of answers from three units, one of them with few."""
    for code, name in (("lund", "Lund"), ("malmo", "Malmö"), ("ystad", "Ystad")):
        Unit.objects.create(code=code, name=name)
    for month in range(6):
        store([10] * 20 + [8] * 8 + [2] * 9, 30 * month + 1, unit="lund", comment="Snabbt och bra.")
        store(
            [9] * 9 + [7] * 12 + [5] * 9, 30 * month + 2, unit="malmo", comment="Lång kö i kassan."
        )
    store([9, 3, 10], 4, unit="ystad", channel="kiosk")
    synchronise()
    return alice


@pytest.fixture
def faults(context: BrowserContext) -> list[str]:
    """What the console and the CSP complained about."""
    found: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on(
            "console",
            lambda message: found.append(message.text) if message.type == "error" else None,
        )

    context.on("page", watch)
    return found


def axe(page: Page) -> list[str]:
    """Return what axe finds wrong on the page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_are_accessible_and_never_wider_than_the_screen(
    context, company, faults, scheme, width
):
    log_in(context, company.email)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for address in PAGES:
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert faults == []


def test_axe_finds_what_is_wrong(context, company):
    page = context.new_page()
    page.goto("/login/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<main><img src=x></main>')")
    assert any(found.startswith("image-alt") for found in axe(page))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_page_is_accessible(context, faults, scheme):
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto("/login/login/")
    assert axe(page) == []
    assert faults == []


def test_a_new_answer_appears_by_itself_and_nothing_the_reader_opened_is_lost(context, company):
    log_in(context, company.email)
    page = context.new_page()
    page.set_viewport_size({"width": 900, "height": 500})
    page.goto("/delivery/")
    page.locator("#table-trend summary").click()
    page.locator("#ec-preferences summary").click()
    link = page.locator("#table-trend a").last
    link.focus()
    name = link.inner_text()
    page.evaluate("scrollTo(0, 700)")
    before = page.evaluate("scrollY")
    store([10] * 40, 0.1, comment="Helt nytt svar")
    synchronise()
    expect(page.get_by_text("Helt nytt svar").first).to_be_attached(timeout=20_000)
    assert page.locator("#table-trend").get_attribute("open") is not None
    assert page.locator("#ec-preferences").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.innerText") == name
    assert page.evaluate("scrollY") == before


def test_a_poll_waits_while_text_is_selected(context, company):
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/delivery/")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.ec-comment'))")
    store([10], 0.1, comment="Kom under tiden")
    synchronise()
    with page.expect_response(lambda answer: "seen=" in answer.url and answer.status == 200):
        pass
    assert page.get_by_text("Kom under tiden").count() == 0
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.get_by_text("Kom under tiden").first).to_be_attached(timeout=20_000)


def test_a_choice_in_a_picker_changes_the_address_and_the_page(context, company):
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/delivery/")
    page.locator("#ec-unit").select_option("lund")
    page.wait_for_url(re.compile("unit=lund"))
    assert "segment" not in page.url
    expect(page.locator(".ec-figure-value").first).to_contain_text("+30")
    page.locator("#ec-period").select_option("custom")
    page.wait_for_url(re.compile("period=custom"))
    expect(page.locator("#ec-from")).to_be_visible()


def test_a_mark_of_a_chart_opens_the_responses_behind_it(context, company):
    log_in(context, company.email)
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/delivery/")
    page.locator(".ec-chart-wide svg a[href*='bucket=promoter']").first.click()
    page.wait_for_url(re.compile("responses/.*bucket=promoter"))
    expect(page.locator("tbody tr").first).to_be_visible()


def test_pages_work_without_javascript(chromium, company, live_server):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/delivery/")
    page.locator("#ec-unit").select_option("malmo")
    page.get_by_role("button", name="Show").click()
    assert "unit=malmo" in page.url
    page.locator("#ec-preferences summary").click()
    page.get_by_role("button", name="Svenska").click()
    expect(page.locator("h1")).to_have_text("Leverans")
    context.close()


def test_colours_follow_the_choice_of_the_reader_and_paper_is_white(context, company):
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/")
    page.locator("#ec-preferences summary").click()
    page.get_by_role("button", name="Dark").click()
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(21, 24, 27)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_the_first_staff_page_is_light(context, company, chromium, live_server):
    log_in(context, company.email)
    state = context.storage_state()
    fresh = chromium.new_context(base_url=live_server.url, storage_state=state)  # an empty cache
    page = fresh.new_page()
    sizes = {}

    def weigh(response):
        body = response.body()
        is_squeezed = response.url.endswith(".woff2")
        sizes[response.url] = len(body if is_squeezed else zlib.compress(body, 9))

    page.on("response", lambda response: weigh(response) if response.ok else None)
    page.goto("/delivery/")
    page.wait_for_timeout(1_000)
    fresh.close()
    assert any("inter-latin" in url for url in sizes)
    assert any(url.endswith("/delivery/") for url in sizes)
    assert sum(sizes.values()) <= FIRST_PAGE_BYTES, sizes


def test_a_chart_can_be_taken_along_as_an_image(context, company):
    log_in(context, company.email)
    page = context.new_page()
    page.goto("/delivery/")
    with page.expect_download() as download:
        page.locator("a[href*='trend.png']").click()
    content = Path(download.value.path()).read_bytes()
    assert base64.b64encode(content).startswith(b"iVBORw0KGgo")
