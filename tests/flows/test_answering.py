"""People answer in a real browser: a touched score, a widget elsewhere, a device offline."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
import pytest
from playwright.sync_api import expect

from emptychair.programme.capture import services, widgets
from emptychair.programme.capture.models import Invitation, Link, Response
from emptychair.programme.capture.widget import script_file
from emptychair.programme.customers.models import Customer
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_token, token_hash

from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SURVEY_PAGE_BYTES = 15_000


@pytest.fixture
def survey():
    made = services.create_survey(name="Relationship", kind="relationship", by="")
    made.drivers.add(Driver.objects.create(slug="wait", name="Wait", names={"sv": "Väntetid"}))
    services.set_state(made, "open", by="")
    return made


@pytest.fixture
def token(survey):
    made = new_token()
    Invitation.objects.create(
        customer=Customer.objects.create(code="C1", language="sv"),
        survey=survey,
        channel="email",
        token_hash=token_hash(made),
        sent_at=now(),
    )
    return made


def until(condition) -> None:
    """Wait until the server has stored what the page sent."""
    waiting = threading.Event()
    for _ in range(100):
        if condition():
            return
        waiting.wait(0.05)
    pytest.fail("it was not stored within five seconds")


def test_a_touched_score_is_unconfirmed_until_it_is_sent(context, token, faults):  # noqa: F811
    page = context.new_page()
    page.goto(f"/s/{token}?score=9")
    page.wait_for_timeout(2_000)  # scripts run, nobody touches anything
    page.evaluate("document.body.dispatchEvent(new Event('pointerdown', {bubbles: true}))")
    page.wait_for_timeout(300)
    assert not Response.objects.exists()
    page.mouse.click(5, 5)
    expect(page.locator("[data-kept]")).to_be_visible()
    response = Response.objects.get()
    assert (response.score, response.held_reason) == (9, "unconfirmed")
    assert axe(page) == []
    page.get_by_role("radio", name="8", exact=True).check()
    until(lambda: Response.objects.get().score == 8)
    assert Response.objects.get().held_reason == "unconfirmed"
    page.get_by_role("button", name="Skicka").click()
    page.wait_for_url("**/r/*")
    response = Response.objects.get()
    assert (response.score, response.held_reason, response.is_unconfirmed) == (8, "", False)
    assert context.cookies() == []
    assert faults == []


def test_the_first_key_counts_as_a_touch(context, token):
    page = context.new_page()
    page.goto(f"/s/{token}?score=7")
    page.keyboard.press("Tab")
    until(Response.objects.exists)
    assert Response.objects.get().held_reason == "unconfirmed"


def test_an_open_link_keeps_nothing_unconfirmed(context, survey, faults):  # noqa: F811
    link = Link.objects.create(survey=survey)
    page = context.new_page()
    page.goto(f"/s/{link.public_id}?score=9")
    page.mouse.click(5, 5)
    page.wait_for_timeout(300)
    assert not Response.objects.exists()
    assert faults == []


def test_the_whole_survey_page_is_small(context, token):
    bodies = []
    page = context.new_page()
    page.on("response", lambda reply: bodies.append(reply.body()) if reply.ok else None)
    page.goto(f"/s/{token}?score=9", wait_until="networkidle")
    size = sum(len(brotli.compress(body)) for body in bodies)
    assert 1_000 < size <= SURVEY_PAGE_BYTES


@pytest.fixture
def host(survey, live_server) -> Iterator[tuple[str, list[str]]]:
    """A company's own page on another origin, with a strict policy and styles that clash."""
    version, _ = script_file()
    snippet: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (
                '<!doctype html><html lang="sv"><head><meta charset="utf-8"><title>Butik</title>'
                f'<link rel="icon" href="data:,"></head><body><main><h1>Butik</h1>'
                f"<button>Köp</button></main>{snippet[0] if snippet else ''}</body></html>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header(
                "Content-Security-Policy",
                f"default-src 'none'; img-src data:; script-src {live_server.url};"
                f" connect-src {live_server.url}; require-trusted-types-for 'script'",
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    widget = widgets.save_widget(
        survey, origins=[origin], unit="", share_percent=100, asks_anonymous=True,
        delay_seconds=0, colour="#7a1f5c", by="",
    )  # fmt: skip
    tag = f'<script src="{live_server.url}/w/{version}.js" data-key="{widget.link.public_id}"'
    snippet.append(f"{tag} async></script>")
    yield origin, snippet
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_widget_answers_from_another_origin_under_a_strict_policy(
    context,
    host,
    faults,  # noqa: F811
    scheme,
):
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto(host[0])
    before = set(page.evaluate("Object.keys(window)"))
    expect(page.get_by_role("dialog", name="Hur sannolikt")).to_be_visible()
    panel = page.get_by_role("dialog")  # its name changes with what it says
    assert set(page.evaluate("Object.keys(window)")) <= before
    assert axe(page) == []
    panel.get_by_role("radio", name="9", exact=True).check()
    panel.get_by_role("button", name="Skicka").click()
    expect(panel.get_by_text("Vad är du mest nöjd med?")).to_be_visible()
    assert axe(page) == []
    panel.locator("textarea").fill("<img src=x onerror=alert(1)> Bra")
    panel.get_by_role("group", name="Väntetid").get_by_role("radio", name="4").check()
    panel.get_by_role("button", name="Skicka").click()
    expect(panel.get_by_role("status")).to_be_visible()
    response = Response.objects.get()
    assert (response.score, response.channel, response.language) == (9, "widget", "sv")
    assert (response.comment, response.ratings) == ("<img src=x onerror=alert(1)> Bra", {"wait": 4})
    assert context.cookies() == []
    page.reload()
    page.wait_for_timeout(800)
    expect(page.get_by_role("dialog")).to_have_count(0)  # asked once
    assert faults == []


def test_the_widget_is_used_by_keyboard_and_closed_by_escape(context, host):
    page = context.new_page()
    page.goto(host[0])
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    page.get_by_role("button", name="Köp").focus()
    for _ in range(2):
        page.keyboard.press("Tab")  # its close button, then the scores
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel.locator("textarea")).to_be_visible()
    assert Response.objects.get().score == 1
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_page_that_is_not_listed_shows_no_widget(context, host, survey):
    origin, snippet = host
    widget = widgets.Widget.objects.get()
    widget.origins = ["https://shop.example"]
    widget.save()
    page = context.new_page()
    page.goto(origin)
    page.wait_for_timeout(800)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert snippet


def test_a_widget_fits_a_phone(context, host):
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(host[0])
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.fixture
def kiosk(survey):
    return Link.objects.create(survey=survey, channel="kiosk")


def press(page, score: int) -> None:
    page.locator("section[lang=sv]").get_by_role("button", name=str(score), exact=True).click()


def add(page, comment: str, rating: int) -> None:
    part = page.locator("section[lang=sv] [data-part]:visible")
    part.locator("textarea").fill(comment)
    part.get_by_role("radio", name=str(rating), exact=True).check()
    part.get_by_role("button", name="Skicka").click()


def test_a_kiosk_loses_and_doubles_nothing_while_the_network_is_away(context, kiosk):
    page = context.new_page()
    page.goto(f"/k/{kiosk.public_id}?language=sv")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()  # now the worker has the page and its files
    context.set_offline(True)
    for score in (3, 8, 10):
        press(page, score)
        add(page, f"Kommentar {score}", 4)
        page.locator("section[lang=sv] [data-part=done]").get_by_role("link").click()
    assert not Response.objects.exists()
    page.reload()  # without the network
    press(page, 9)
    page.close()  # and the tab is closed
    page = context.new_page()
    page.goto(f"/k/{kiosk.public_id}?language=sv")
    press(page, 6)
    page.wait_for_timeout(1_200)
    context.set_offline(False)
    until(lambda: Response.objects.count() == 5)
    until(lambda: page.evaluate(f"localStorage.getItem('ec-kiosk-{kiosk.public_id}')") == "[]")
    page.reload()  # nothing is sent again
    page.wait_for_timeout(500)
    found = Response.objects.order_by("answered_at").values_list("score", "comment")
    assert list(found) == [
        *((score, f"Kommentar {score}") for score in (3, 8, 10)),
        (9, ""),
        (6, ""),
    ]
    assert set(Response.objects.values_list("clock", flat=True)) == {"device"}
    last = Response.objects.get(score=6)
    assert last.changed_at > last.answered_at  # when it was given, not when it arrived


def test_a_kiosk_forgets_what_was_written_and_begins_anew(context, kiosk, faults):  # noqa: F811
    page = context.new_page()
    page.clock.install()
    page.goto(f"/k/{kiosk.public_id}?language=sv")
    press(page, 2)
    part = page.locator("section[lang=sv] [data-part=detractor]")
    expect(part).to_be_visible()
    assert axe(page) == []
    part.locator("textarea").fill("Half a word")
    page.clock.run_for(31_000)
    expect(page.locator("section[lang=sv] [data-part=question]")).to_be_visible()
    press(page, 2)
    expect(part.locator("textarea")).to_have_value("")
    until(lambda: Response.objects.count() == 2)
    assert set(Response.objects.values_list("comment", flat=True)) == {""}
    assert faults == []
