"""From a mail in a real mail server to a figure on the Delivery page; the outbox on screen."""

import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from emptychair.programme.activity.models import Delivery
from emptychair.programme.activity.services import record
from emptychair.programme.activity.worker import Worker
from emptychair.programme.capture import sending, services
from emptychair.programme.capture.models import Invitation, Response
from emptychair.programme.customers.models import Contact, Customer, Message
from emptychair.programme.dispatch import HANDLERS, OUTWARD
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tests.relays import Relay, running
from emptychair.programme.warehouse.services import synchronise

from .conftest import log_in
from .test_look import axe, faults, store  # noqa: F401  a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ("/outbox/", "/outbox/?state=trying", "/outbox/?state=dead", "/outbox/?state=sent")


@pytest.fixture
def at_any_hour(monkeypatch):
    monkeypatch.setattr(sending, "may_reach", lambda *_: True)


@pytest.fixture
def survey():
    made = services.create_survey(name="Relationship", kind="relationship", by="")
    services.set_state(made, "open", by="")
    return made


def invite(survey, code, **fields):
    customer = Customer.objects.create(code=code, country="SE", language="sv")
    Contact.objects.create(
        customer=customer, name=code, email=f"{code}@example.com", phone="0701234567"
    )
    return Invitation.objects.create(
        survey=survey, customer=customer, planned_at=now(), **{"channel": "email", **fields}
    )


def work():
    sending.queue_due()
    worker = Worker(HANDLERS, {}, OUTWARD)
    for _ in range(10):
        worker.step()


def test_a_click_in_the_mail_becomes_a_figure_on_the_delivery_page(
    context,
    alice,
    survey,
    at_any_hour,
    settings,
    faults,  # noqa: F811
):
    store([9] * 20 + [3] * 9)
    invite(survey, "eva")
    with running(Relay()) as relay:
        for name, value in relay.settings.items():
            setattr(settings, name, value)
        work()
    (mail,) = relay.taken
    assert mail["To"] == "eva@example.com"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    mailbox = context.new_page()
    mailbox.set_content(mail.get_body(["html"]).get_content())
    mailbox.get_by_role("link", name="10", exact=True).click()
    expect(mailbox.get_by_role("radio", name="10", exact=True)).to_be_checked()
    assert not Response.objects.filter(customer__code="eva", held_reason="").exists()
    mailbox.get_by_role("button", name="Skicka").click()
    mailbox.wait_for_url("**/r/**")
    response = Response.objects.get(customer__code="eva")
    assert (response.score, response.channel, response.held_reason) == (10, "email", "")

    synchronise()
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/delivery/")
    # 21 promoters, 9 detractors of 30.
    expect(page.locator(".ec-figure-value").first).to_contain_text("+40")
    expect(page.locator(".ec-figure-interval").first).to_contain_text("30")
    assert faults == []


@pytest.fixture
def busy(survey, settings, tmp_path, at_any_hour):
    """An outbox with something in every state, replies, and letters that were only written."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.DATA = tmp_path
    invite(survey, "c1")
    invite(survey, "c2", channel="sms")
    work()
    for code, state, error in (
        ("c3", "due", ""),
        ("c4", "due", "450 4.2.0 come back later"),
        ("c5", "dead", "451 4.3.0 busy"),
    ):
        asked = invite(survey, code)
        activity = record("invitation.due", asked.public_id)
        activity.dispatched = True
        activity.save()
        Delivery.objects.create(
            activity=activity,
            handler="capture.sending.send_invitation",
            state=state,
            error=error,
            due_at=now() + timedelta(hours=1),
            attempts=1 if error else 0,
        )
    Message.objects.create(
        contact=Contact.objects.get(name="c1"), channel="email", text="Ring mig <b>gärna</b>."
    )
    survey.paused_at, survey.paused_reason = now(), "554 5.7.1 refused"
    survey.save()
    return survey


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_the_outbox_is_accessible_and_never_wider_than_the_screen(
    context,
    alice,
    busy,
    faults,  # noqa: F811
    scheme,
    width,
    tmp_path,
):
    log_in(context, alice.email)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    written = [f"/outbox/letters/{path.name}/" for path in tmp_path.glob("*/*")]
    assert len(written) == 2
    addresses = (*PAGES, "/outbox/replies/", "/outbox/letters/", *written)
    for address in addresses:
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert faults == []


def test_an_owner_replays_discards_and_goes_on(context, alice, busy):
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/outbox/?state=dead")
    expect(page.get_by_text("451 4.3.0 busy")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Tick what you mean first.")).to_be_visible()
    page.get_by_label("Choose this message").check()
    page.locator("form[action$=decide]").get_by_role("button", name="Send again").click()
    expect(page.get_by_text("1 message is sent again.")).to_be_visible()
    expect(page.get_by_text("Nothing was given up")).to_be_visible()
    page.goto("/outbox/?state=trying")
    page.get_by_label("All in this list").check()
    page.get_by_label("Why not send them").fill("Wrong list")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("1 message is discarded.")).to_be_visible()
    discarded = Invitation.objects.get(customer__code="c4")
    assert (discarded.outcome, discarded.suppressed_reason) == ("suppressed", "discarded")
    page.goto("/outbox/")
    page.locator("form[action*=resume]").get_by_role("button").click()
    busy.refresh_from_db()
    assert busy.paused_at is None
    page.goto("/outbox/replies/")
    expect(page.get_by_text("Ring mig <b>gärna</b>.")).to_be_visible()
    page.get_by_role("button", name="Seen to").click()
    expect(page.get_by_text("Seen to by Alice")).to_be_visible()


def test_a_letter_is_shown_as_its_reader_would_see_it(context, alice, busy, tmp_path, faults):  # noqa: F811
    log_in(context, alice.email)
    page = context.new_page()
    page.goto("/outbox/letters/")
    page.get_by_role("link", name="En fråga från Nordhem").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="10", exact=True)).to_be_visible()
    assert faults == []
    text = json.loads(next(tmp_path.glob("sms/*.json")).read_text())["text"]
    page.goto("/outbox/letters/")
    page.get_by_role("link", name="SMS").click()
    expect(page.get_by_text(text)).to_be_visible()
    expect(page.get_by_text("GSM-7")).to_be_visible()
