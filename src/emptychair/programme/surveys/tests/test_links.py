"""Links, QR codes and posters, and the page of all asks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from emptychair.programme.accounts.models import Unit
from emptychair.programme.capture.models import Invitation, Link, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now

pytestmark = pytest.mark.django_db
HERE = "/surveys/survey/relationship/links/"


def test_it_adds_a_link_for_a_unit_shows_its_code_and_closes_it(
    browser: Client, page: Callable[..., str], survey: Survey, malmo: Unit
) -> None:
    browser.post(HERE, {"channel": "kiosk", "unit": "malmo"})
    link = Link.objects.get()
    assert (link.channel, link.unit, link.is_open) == ("kiosk", malmo, True)
    assert f"http://127.0.0.1:8000/k/{link.public_id}" in page(HERE)
    svg = browser.get(f"{HERE}{link.public_id}/code.svg")
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in svg.content
    assert b"style=" not in svg.content
    png = browser.get(f"{HERE}{link.public_id}/code.png")
    assert png.content.startswith(b"\x89PNG")
    assert browser.get(f"{HERE}{link.public_id}/code.gif").status_code == 404
    browser.post(f"{HERE}{link.public_id}/state", {"open": "no"})
    assert "Open again" in page(HERE)
    assert browser.get(f"/k/{link.public_id}").status_code == 404
    browser.post(f"{HERE}{link.public_id}/state", {"open": "yes"})
    assert browser.get(f"/k/{link.public_id}").status_code == 200


def test_the_poster_speaks_the_customers_language(
    browser: Client, page: Callable[..., str], survey: Survey, malmo: Unit
) -> None:
    link = Link.objects.create(survey=survey, unit=malmo)
    text = page(f"{HERE}{link.public_id}/poster?language=fi")
    assert "suosittelisit yritystä Nordhem" in text
    assert "Suuntaa puhelimen kamera" in text
    assert f"{HERE}{link.public_id}/code.svg" in text
    assert "Malmö" in text


def test_a_link_belongs_to_its_survey(browser: Client, survey: Survey) -> None:
    other = Survey.objects.create(slug="other", name="Other")
    link = Link.objects.create(survey=other)
    assert browser.get(f"{HERE}{link.public_id}/poster").status_code == 404
    assert browser.post(f"{HERE}{link.public_id}/state", {"open": "no"}).status_code == 404
    assert browser.post(HERE, {"channel": "pigeon"}).status_code == 400


@pytest.fixture
def asks(survey: Survey) -> None:
    kinds = [("sent", "")] * 3 + [("suppressed", "said_no")] * 2 + [("suppressed", "no_address")]
    for number, (outcome, reason) in enumerate(kinds):
        Invitation.objects.create(
            survey=survey,
            customer=Customer.objects.create(code=f"C{number}"),
            channel="email",
            outcome=outcome,
            suppressed_reason=reason,
        )
    Invitation.objects.create(
        survey=survey,
        customer=Customer.objects.create(code="OLD"),
        channel="email",
        planned_at=now() - timedelta(days=60),
    )


def test_every_ask_that_is_not_sent_is_seen_with_its_reason(
    browser: Client, page: Callable[..., str], asks: None
) -> None:
    text = page("/surveys/asks/")
    assert "Said no to questions</a></dt><dd>2</dd>" in text
    assert "No address for the channel</a></dt><dd>1</dd>" in text
    assert "Not sent</a></dt><dd>3</dd>" in text
    assert "OLD" not in text
    assert "OLD" in page("/surveys/asks/?start=2020-01-01")


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("reason=said_no", {"C3", "C4"}),
        ("outcome=sent", {"C0", "C1", "C2"}),
        ("outcome=sent&reason=said_no", set()),
        ("channel=sms", set()),
        ("survey=relationship&reason=no_address", {"C5"}),
        ("end=2020-01-01&start=2019-01-01", set()),
    ],
)
def test_asks_are_filtered_and_exported_alike(
    browser: Client, asks: None, query: str, codes: set[str]
) -> None:
    reply = browser.get(f"/surveys/asks/?{query}&format=csv&sort=customer")
    lines = b"".join(reply.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("planned_at,customer,survey")
    assert {line.split(",")[1] for line in lines[1:]} == codes


@pytest.mark.parametrize("query", ["start=soon", "start=2026-02-01&end=2026-01-01", "survey=none"])
def test_it_says_what_is_wrong_with_a_filter(browser: Client, asks: None, query: str) -> None:
    reply = browser.get(f"/surveys/asks/?{query}")
    assert reply.status_code == 400
    assert "ec-field-error" in reply.content.decode()
