"""Who sees the outbox, and what its decisions do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from emptychair.programme import doctor
from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Activity, Delivery
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers.models import Contact, Message
from emptychair.programme.lib import mail, sms
from emptychair.programme.lib.clock import now
from emptychair.programme.mailroom import sorting

Sent = Callable[..., Invitation]


@pytest.fixture
def owed(sent: Sent) -> Callable[..., Delivery]:
    """Return a function that makes a message in a state."""

    def make(code: str, state: str = "due", error: str = "", hours: float = 1) -> Delivery:
        invitation = sent(code)
        Invitation.objects.filter(pk=invitation.pk).update(outcome="planned")
        activity = record("invitation.due", invitation.public_id)
        Activity.objects.update(dispatched=True, at=now() - timedelta(hours=2))
        return Delivery.objects.create(
            activity=activity,
            handler=sorting.INVITATION,
            state=state,
            error=error,
            due_at=now() + timedelta(hours=hours),
        )

    return make


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


PAGES = ("/outbox/", "/outbox/progress", "/outbox/replies/", "/outbox/letters/")


@pytest.mark.parametrize("page", PAGES)
def test_only_who_runs_the_programme_sees_it(
    client: Client, alice: User, bob: User, charlie: User, page: str
) -> None:
    assert client.get(page).status_code == 302
    for user, status in ((alice, 200), (bob, 403), (charlie, 403)):
        client.force_login(user)
        assert client.get(page).status_code == status
    assert client.post("/outbox/decide").status_code == 403


def test_each_message_stands_in_its_list(owed: Any, browser: Client) -> None:
    owed("kund-1")
    owed("kund-2", error="450 4.2.0 greylisted")
    owed("kund-3", state="dead", error="Traceback ...\nValueError: no wording\n")
    for state, code, said in (
        ("waiting", "kund-1", ""),
        ("trying", "kund-2", "450 4.2.0 greylisted"),
        ("dead", "kund-3", "ValueError: no wording"),
    ):
        page = browser.get(f"/outbox/?state={state}").content.decode()
        assert code in page
        assert said in page
        assert "Traceback" not in page
        assert sum(other in page for other in ("kund-1", "kund-2", "kund-3")) == 1
    assert "kund-1" not in browser.get("/outbox/?kind=insight.telling.mail_alert").content.decode()
    assert "kund-1" in browser.get("/outbox/?state=nonsense&page=9x&sort=password").content.decode()


def test_replaying_and_discarding(owed: Any, browser: Client, alice: User) -> None:
    first, second, third = (owed(f"C{n}", state="dead", error="no") for n in range(3))
    browser.post("/outbox/decide", {"state": "dead", "do": "replay", "chosen": [first.pk]})
    first.refresh_from_db()
    assert (first.state, first.attempts, first.error) == ("due", 0, "")
    refused = browser.post("/outbox/decide", {"state": "dead", "do": "discard", "all": "1"})
    assert refused.status_code == 409
    assert Delivery.objects.count() == 3
    browser.post(
        "/outbox/decide", {"state": "dead", "do": "discard", "all": "1", "reason": "Old list"}
    )
    assert list(Delivery.objects.values_list("pk", flat=True)) == [first.pk]
    for gone in (second, third):
        invitation = Invitation.objects.get(public_id=gone.activity.subject)
        assert (invitation.outcome, invitation.suppressed_reason) == ("suppressed", "discarded")
    notes = Activity.objects.filter(action="delivery.discarded")
    assert {note.details["reason"] for note in notes} == {"Old list"}
    assert {note.actor for note in notes} == {alice.public_id}


@pytest.mark.parametrize("chosen", [["x"], ["-1"], ["9" * 30], ["1e3"], []])
def test_a_nonsensical_choice_changes_nothing(
    owed: Any, browser: Client, chosen: list[str]
) -> None:
    owed("C1", state="dead", error="no")
    reply = browser.post("/outbox/decide", {"state": "dead", "do": "replay", "chosen": chosen})
    assert reply.status_code == 302
    assert Delivery.objects.get().state == "dead"


def test_a_message_that_is_leaving_just_now_cannot_be_discarded(owed: Any, alice: User) -> None:
    leaving = owed("C1", state="leased")
    assert sorting.discard([leaving.pk], "no", by=alice.public_id) == 0
    assert Delivery.objects.exists()


def test_it_says_when_nothing_gets_through(owed: Any, browser: Client) -> None:
    assert "Nothing gets through" not in browser.get("/outbox/").content.decode()
    owed("C1", error="smtp.example.com:587: Connection refused", hours=-1)
    page = browser.get("/outbox/").content.decode()
    assert "Nothing gets through" in page
    assert "Connection refused" in page
    sentences = [finding.sentence for finding in doctor.examine("all") if not finding.is_well]
    assert any("Connection refused" in sentence for sentence in sentences)


def test_a_stopped_survey_goes_on_when_told(sent: Sent, browser: Client) -> None:
    survey = sent("C1").survey
    survey.paused_at, survey.paused_reason = now(), "554 <b>no</b>"
    survey.save()
    assert "554 &lt;b&gt;no&lt;/b&gt;" in browser.get("/outbox/").content.decode()
    browser.post(f"/outbox/resume/{survey.slug}")
    survey.refresh_from_db()
    assert survey.paused_at is None


def test_a_reply_is_shown_as_text_and_seen_to_once(
    sent: Sent, browser: Client, alice: User
) -> None:
    contact = Contact.objects.get(customer=sent("C1").customer)
    message = Message.objects.create(contact=contact, channel="email", text="<script>x</script>")
    page = browser.get("/outbox/replies/").content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    for _ in range(2):
        browser.post(f"/outbox/replies/{message.public_id}/read")
    message.refresh_from_db()
    assert message.read_by == alice.public_id
    assert Activity.objects.filter(action="message.read").count() == 1


def test_letters_that_were_only_written_are_shown_and_nothing_else_is(
    browser: Client, settings: Any, tmp_path: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH, settings.DATA = tmp_path / "mail", tmp_path
    settings.SMS = "file:"
    (tmp_path / "secret_key").write_text("the secret")
    assert "Nothing was written yet" in browser.get("/outbox/letters/").content.decode()
    letter = mail.Letter(
        key="k", to="eva@example.com", subject="Hej", text="Text", html="<script>1</script><p>Hi"
    )
    mail.send(letter)
    sms.send("+46701234567", "Kort fråga", "k2")
    page = browser.get("/outbox/letters/").content.decode()
    assert "eva@example.com" in page
    assert "Kort fråga" in page
    (path,) = (tmp_path / "mail").iterdir()
    body = browser.get(f"/outbox/letters/{path.name}/body")
    assert "sandbox" in body.headers["Content-Security-Policy"]
    assert "<p>Hi" in body.content.decode()
    for name in ("secret_key", "..%2Fsecret_key", "%2e%2e", "x.log"):
        assert browser.get(f"/outbox/letters/{name}/").status_code == 404
