"""Themes, the search, the editor of themes and the second reader: in a real browser."""

import pytest
from playwright.sync_api import expect

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.comments import reading
from emptychair.programme.comments.models import Theme
from emptychair.programme.comments.queries import progress
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.listening import studying
from emptychair.programme.listening.models import ThemeStudy
from emptychair.programme.warehouse.services import synchronise

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def comments(alice, malmo, monkeypatch):
    """Forty comments: expensive, friendly, and coffee without a theme."""
    survey = Survey.objects.create(slug="r", name="Relationship", state="open")
    sentences = [
        ("Alldeles för dyrt, hälsar Anna Berg", 2),
        ("Virkelig venligt personale", 10),
        ("Kaffemaskinen var av", 5),
    ]
    for i in range(40):
        words, score = sentences[i % 3]
        made = Response.objects.create(
            survey=survey, score=score, comment=f"{words} {i}", language="sv", channel="email",
            unit="malmo", answered_at=now(), answered_on=local_date(now()),
        )  # fmt: skip
        mark_changed("responses", [made.public_id])
    monkeypatch.setattr(studying, "PERIODS", (ThemeStudy.Period.YEAR,))
    synchronise()
    while progress() is not None:
        reading.read_again()
    synchronise()
    studying.refresh_theme_studies()


def test_from_a_theme_to_its_comments_and_a_new_theme(comments, context, faults, alice):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/root-cause/comments/")
    expect(page.get_by_role("heading", name="What customers write about")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("row").get_by_role("link", name="Price").first.click()
    expect(page.get_by_role("cell", name="Alldeles för dyrt, hälsar Anna Berg 0")).to_be_visible()
    assert axe(page) == []
    page.goto("/root-cause/comments/")
    page.get_by_role("link", name="Adopt kaffemaskinen as a theme").click()
    expect(page.locator("#ec-trial")).to_contain_text("of the newest 40 comments mention it")
    expect(page.locator("#ec-trial")).to_contain_text("13")
    assert axe(page) == []
    page.get_by_role("button", name="Save and read all comments again").click()
    expect(page.get_by_text("Saved. All comments are read again")).to_be_visible()
    assert axe(page) == []
    assert faults == []
    assert Theme.objects.get(key="kaffemaskinen").origin == "adopted"


@pytest.fixture
def groups(comments):
    """A group of comments by meaning, as the worker stores it."""
    quotes = [
        {"text": "Kaffet var kallt", "language": "sv", "score": 3},
        {"text": "Kaffen var kold, skriver [name]", "language": "da", "score": 4},
        {"text": "The coffee was cold", "language": "en", "score": 7},
    ]
    ThemeStudy.objects.filter(among="all").update(
        meanings=[
            {
                "label": "coffee", "n": 31, "share": 0.2, "nps_points": -42.0, "closeness": 0.7,
                "languages": {"sv": 14, "da": 9, "en": 8}, "examples": quotes,
                "keywords": {"sv": ["kaffe*"], "da": ["kaffe*"], "en": ["coffee", "cold*"]},
            }
        ]
    )  # fmt: skip


def test_a_group_by_meaning_becomes_a_theme_of_three_languages(groups, context, faults, alice):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/root-cause/comments/")
    group = page.get_by_role("article", name="coffee")
    expect(group).to_contain_text("31 comments, NPS")
    expect(group).to_contain_text("Kaffet var kallt")
    expect(group.get_by_text("The coffee was cold")).to_have_attribute("lang", "en")
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    group.get_by_role("link", name="Adopt the group coffee as a theme").click()
    expect(page.locator("[name=words_da]")).to_have_value("kaffe*")
    expect(page.locator("#ec-trial")).to_contain_text("13")
    page.get_by_role("button", name="Save and read all comments again").click()
    expect(page.get_by_text("Saved. All comments are read again")).to_be_visible()
    assert faults == []
    theme = Theme.objects.get(key="coffee")
    assert theme.origin == "adopted"
    assert theme.keywords["en"] == ["coffee", "cold*"]


def test_a_theme_chooses_the_comments_of_delivery(comments, context, faults, alice):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/delivery/")
    page.get_by_role("link", name="Price 14 goes along with lower scores").click()
    expect(page.locator("#comments-title")).to_be_visible()
    expect(page.get_by_text("Kaffemaskinen var av")).to_have_count(0)
    assert page.get_by_text("Alldeles för dyrt").count() == 8
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="All comments").click()
    expect(page.get_by_text("Virkelig venligt")).to_have_count(0)
    assert faults == []


def test_the_pages_fit_a_phone_in_the_dark(comments, chromium, live_server, alice):
    phone = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 800}, color_scheme="dark",
        locale="en-GB",
    )  # fmt: skip
    log_in(phone, alice.email)
    page = phone.new_page()
    for address in ("", "search/", "taxonomy/", "taxonomy/price/", "assistant/"):
        page.goto(f"/root-cause/comments/{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert axe(page) == [], address
    phone.close()
