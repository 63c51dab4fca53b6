import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from emptychair.analysis.show.look import tokens_css
from emptychair.programme.lib.templatetags import look

LIB = Path(look.__file__).parents[1]
PROGRAMME = LIB.parent


@pytest.mark.parametrize(
    ("language", "number", "day", "moment"),
    [
        ("sv", "−1\u00a0234,5", "4 mars 2026", "4 mars 2026 13:05"),
        ("da", "−1.234,5", "4. mar. 2026", "4. mar. 2026 13.05"),
        ("en", "−1,234.5", "4 Mar 2026", "4 Mar 2026 13:05"),
    ],
)
def test_numbers_dates_and_moments_follow_the_readers_language(language, number, day, moment):
    with translation.override(language):
        assert look.number(-1234.5, 1) == number
        assert look.day(date(2026, 3, 4)) == day
        assert look.moment(datetime(2026, 3, 4, 12, 5, tzinfo=UTC)) == moment
    assert (look.number(None), look.day(None), look.moment(None)) == ("", "", "")


def test_navigation_shows_only_pages_that_exist_and_that_the_reader_may_open():
    request = RequestFactory().get("/delivery/responses/")
    allowed = {place.need for place in look.PLACES}
    links = look.navigation(Context({"request": request, "allowed": allowed}))
    shown = {link.url: link for link in links}
    assert shown["/delivery/"].is_current
    assert not shown["/"].is_current
    assert "" not in shown
    assert look.navigation(Context({"request": request, "allowed": set()})) == []


def test_every_icon_that_is_asked_for_is_drawn():
    sprite = (LIB / "static" / "ec" / "icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    asked = set()
    for template in PROGRAMME.rglob("templates/**/*.html"):
        asked |= set(re.findall(r'{% icon "([\w-]+)"', template.read_text()))
    assert asked <= drawn
    assert 'aria-hidden="true"' in look.icon("chair")


def test_every_token_that_styles_and_scripts_use_is_defined():
    defined = set(re.findall(r"(--ec-[a-z0-9-]+):", tokens_css()))
    for sheet in PROGRAMME.rglob("static/ec/*.css"):
        text = sheet.read_text()
        local = set(re.findall(r"(--ec-[a-z0-9-]+):", text))
        used = set(re.findall(r"var\((--ec-[a-z0-9-]+)\)", text))
        assert used <= defined | local, sheet.name


def test_no_template_carries_style_or_script_of_its_own():
    forbidden = re.compile(
        r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|\|safe|hx-on|javascript:"
    )
    for template in PROGRAMME.rglob("templates/**/*.html"):
        if template.is_relative_to(PROGRAMME / "capture"):
            continue  # the customer's pages have their own test
        assert not forbidden.search(template.read_text()), template


@pytest.mark.django_db
def test_a_page_that_is_not_there_says_so_in_the_readers_language(client):
    response = client.get("/nothing-here/", headers={"Accept-Language": "sv"})
    assert response.status_code == 404
    assert "Här finns ingenting" in response.content.decode()


@pytest.mark.django_db
def test_a_page_that_is_not_yours_says_whom_to_ask(client, charlie):
    client.force_login(charlie)
    response = client.get("/delivery/charts/trend.svg")
    assert response.status_code == 403
    assert "Ask the person who runs the programme" in response.content.decode()


def test_the_page_of_a_broken_server_needs_nothing_of_it():
    page = Template("{% include '500.html' %}").render(Context({}))
    assert "Something broke on our side" in page


@pytest.mark.django_db
def test_pages_come_with_a_strict_policy_and_are_not_kept(client, alice):
    client.force_login(alice)
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_the_chosen_theme_stands_in_the_page(client, alice):
    client.force_login(alice)
    assert "data-bs-theme" not in client.get("/").content.decode().split("<head>")[0]
    client.post("/account/preference", {"theme": "dark", "next": "/"})
    assert 'data-bs-theme="dark"' in client.get("/").content.decode()
