"""The base, a customer's story, accounts, segments and studies: in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers import building, consent
from emptychair.programme.customers.models import Account, Contact, Customer, Event, Segment, Value
from emptychair.programme.customers.services import save_segment
from emptychair.programme.lib.clock import local_date, now, today
from emptychair.programme.relations.models import Chance, Study, Trial
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.warehouse.services import synchronise

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIGURE = {"value": 900.5, "low": 800.0, "high": 1000.0}
BOTH = {**FIGURE, "adjusted": 850.0, "adjusted_low": 700.0, "adjusted_high": 990.0}


@pytest.fixture
def base(malmo):
    """Thirty customers of three accounts, some answered, one segment."""
    survey = Survey.objects.create(slug="r", name="Relationship", state="open")
    firms = [Account.objects.create(code=f"a{i}", name=f"Firm {i}") for i in range(3)]
    month = (today().replace(day=1) - timedelta(days=1)).replace(day=1)
    for i in range(30):
        role = "decision maker" if i % 3 == 0 else "user"
        one = Customer.objects.create(
            code=f"c{i}", unit=malmo, account=firms[i % 3], country="SE", traits={"role": role}
        )
        Contact.objects.create(customer=one, name=f"Person {i}", email=f"c{i}@example.com")
        Value.objects.create(customer=one, month=month, revenue=100 * i)
        Event.objects.create(customer=one, kind="purchase", at=now(), amount=20)
        Invitation.objects.create(
            customer=one, survey=survey, channel="email", sent_at=now(), outcome="sent"
        )
        if i % 2:
            made = Response.objects.create(
                survey=survey,
                customer=one,
                score=i % 11,
                comment="Mycket bra!",
                language="sv",
                channel="email",
                answered_at=now(),
                answered_on=local_date(now()),
            )
            mark_changed("responses", [made.public_id])
    codes = [f"c{i}" for i in range(30)]
    for table in ("customers", "values", "events"):
        mark_changed(table, codes)
    rule = [{"field": "country", "is": ["SE"]}]
    save_segment(slug="swedes", name="Swedes", rule=rule, priority=1, is_key=True, actor="")
    synchronise()
    follow_calendar()


@pytest.fixture
def studies(base):
    """One stored study of each kind, as the worker leaves them."""
    buckets = ("detractor", "passive", "promoter")
    steps = [{"month": m, "share": 1 - m / 40, "low": 0.9 - m / 40, "high": 1} for m in range(13)]
    moves = [
        {
            "period": None,
            "before": a,
            "after": b,
            "n": 20,
            "share": 0.2,
            "low": 0.1,
            "high": 0.3,
            "corrected_share": 0.3,
            "corrected_low": 0.2,
            "corrected_high": 0.4,
        }
        for a in (*buckets, "silent")
        for b in (*buckets, "silent", "lost")
    ]
    results = {
        "economics": {
            "buckets": [
                {
                    "bucket": b,
                    "n": 90,
                    "revenue_12m": BOTH,
                    "margin_12m": BOTH,
                    "value_of_move": FIGURE,
                }
                for b in buckets
            ]
        },
        "retention": {
            "buckets": [
                {"bucket": b, "n": 90, "lost": 9, "lost_share": {"cancelled": 0.1}, "steps": steps}
                for b in buckets
            ]
        },
        "behaviour": {
            "contrasts": [
                {
                    "feature": "events_purchase",
                    "n": 200,
                    "promoter_share": 0.8,
                    "detractor_share": 0.4,
                    "contrast": 0.5,
                    "low": 0.3,
                    "high": 0.7,
                    "q_value": 0.001,
                }
            ]
        },
        "movement": {
            "moves": moves,
            "changes": [
                {
                    "period": "2026-01-01",
                    "n": 80,
                    "panel_points": 4.0,
                    "low_points": -3.0,
                    "high_points": 11.0,
                }
            ],
            "values": [],
            "reliability": 0.8,
            "noise_share": 0.3,
        },
        "silent": {
            "silent": 15,
            "expected": {"detractor": 4.0, "passive": 5.0, "promoter": 6.0},
            "unknown_share": 0.4,
            "uses_model": True,
            "skill": None,
            "reliability": [{"n": 50, "predicted_share": 0.2, "observed_share": 0.25}],
            "total": {"customers": 30, "answered": 15, "nps": 0.2, "low": 0.0, "high": 0.4},
            "tipping_points": 30.0,
            "bounds": [-40.0, 60.0],
        },
    }
    for kind, result in results.items():
        Study.objects.create(
            kind=kind,
            result=result,
            n=270,
            method=kind if kind not in ("silent",) else "prediction",
            data_version="1",
            inputs_digest="a" * 64,
            library_version="0.1.0",
        )
    for one in Customer.objects.filter(standing__state="never_answered"):
        Chance.objects.create(
            customer=one,
            p_detractor=0.3,
            p_passive=0.3,
            p_promoter=0.4,
            p_detractor_low=0.2,
            p_detractor_high=0.5,
            possible="detractor|passive|promoter",
            given_on=today(),
        )
    Trial.objects.create(given_on=today(), predicted=15)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_every_page_is_accessible_and_never_wider_than_the_screen(
    context,
    alice,
    studies,
    faults,  # noqa: F811
    scheme,
    width,
):
    log_in(context, alice.email)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    person, firm = Customer.objects.get(code="c1").pk, Account.objects.get(code="a0").pk
    for address in (
        *("", "buckets/", f"{person}/", "accounts/", f"accounts/{firm}/", "segments/"),
        *("segments/new/", "segments/swedes/", "economics/", "behaviour/", "movement/", "silent/"),
    ):
        page.goto(f"/customers/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert faults == []


def test_from_the_picture_to_the_story_to_a_no(context, alice, base, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Key contacts who say nothing")).to_be_visible()
    page.get_by_role("link", name="Customers", exact=True).click()
    page.locator("#ec-state").select_option("promoter")
    page.wait_for_url("**state=promoter**")
    page.locator("#ec-search").fill("Person 9")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="c9", exact=True).click()
    expect(page.get_by_role("heading", name="Person 9")).to_be_visible()
    expect(page.get_by_text("Answered 9")).to_be_visible()
    page.get_by_role("button", name="Never ask again").click()
    expect(page.get_by_text("Said no: gets no questions")).to_be_visible()
    assert consent.is_suppressed(Customer.objects.get(code="c9"))
    page.get_by_role("link", name="Firm 0").click()
    expect(page.get_by_role("heading", name="Contacts by role")).to_be_visible()
    expect(page.get_by_text("?", exact=True).first).to_be_visible()
    assert faults == []


def test_a_segment_is_built_with_a_preview_that_follows(context, alice, base, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/customers/segments/new/")
    preview = page.locator("#ec-preview")
    expect(preview).to_contain_text("30")
    page.locator("#id_name").fill("Rich ones")
    page.locator("#id_rule-0-field").select_option("revenue")
    page.locator("#id_rule-0-operator").select_option("at_least")
    page.locator("#id_rule-0-value").fill("2000")
    expect(preview.locator(".ec-stat-value").first).to_have_text("10")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Being built: pages show")).to_be_visible()
    building.build_segments()
    assert Segment.objects.get(slug="rich_ones").customers.count() == 10
    assert faults == []
