"""One digest on a working morning: what it tells, over which way, and when it is silent."""

from datetime import UTC, datetime, time, timedelta

import pytest
from conftest import PASSWORD

from emptychair.programme.accounts.models import Notices, Role
from emptychair.programme.accounts.notices import (
    notices_of,
    quiet_until,
    save_notices,
    send_trial,
    wait_for_morning,
)
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.worker import LaterError
from emptychair.programme.closedloop import digests, services
from emptychair.programme.closedloop.digests import chat_digest, mail_digest, queue_digests
from emptychair.programme.closedloop.models import Case, Praise, Promise
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture(autouse=True)
def on_a_working_day(monkeypatch):
    monkeypatch.setattr(digests, "is_working_day", lambda day, country: True)
    monkeypatch.setattr(digests, "wait_for_morning", lambda user, moment: None)


@pytest.fixture
def chat(monkeypatch):
    told = []
    monkeypatch.setattr(digests.gateway, "hand_over", lambda *args: told.append(args))
    return told


def choose(user, way, chat="", **fields):
    given = {"quiet_from": time(18), "quiet_until": time(8), "reminds": True}
    save_notices(user, way=way, chat=chat, **{**given, **fields})


def owed(action="cases.digest_due"):
    return list(Activity.objects.filter(action=action).order_by("pk"))


def test_one_letter_a_morning_tells_what_waits(case, bob, alice, mailoutbox):
    queue_digests()
    assert not owed()
    Case.objects.update(due_at=now() - timedelta(days=10))
    services.promise(case, text="A new chair", due_on=today(), by=bob)
    for _ in range(2):
        queue_digests()
    (activity,) = owed()
    mail_digest(activity, 1)()
    (letter,) = mailoutbox
    assert letter.to == ["bob@nordhem.example"]
    assert letter.subject == "1 customer waits"
    assert "Lång kö" in letter.body
    assert "A new chair" in letter.body
    services.contact(case, said="Hello", by=bob)
    Promise.objects.update(kept_at=now())
    mail_digest(activity, 2)()
    assert len(mailoutbox) == 1, "nothing waits any more"


def test_a_digest_of_yesterday_is_not_sent(case, bob, mailoutbox):
    Case.objects.update(due_at=now() - timedelta(days=10))
    queue_digests()
    (activity,) = owed()
    activity.details["day"] = (today() - timedelta(1)).isoformat()
    mail_digest(activity, 1)()
    assert mailoutbox == []


@pytest.mark.parametrize(
    ("way", "mails", "chats"), [("mail", 1, 0), ("chat", 0, 1), ("both", 1, 1), ("none", 0, 0)]
)
def test_everyone_is_told_over_the_way_they_chose(case, bob, mailoutbox, chat, way, mails, chats):
    choose(bob, way, SLACK)
    Case.objects.update(due_at=now() - timedelta(days=10))
    queue_digests()
    for activity in owed():
        mail_digest(activity, 1)()
    for activity in owed("cases.chat_due"):
        chat_digest(activity, 1)()
    assert (len(mailoutbox), len(chat)) == (mails, chats)
    if chats:
        address, text, title = chat[0]
        assert address == SLACK
        assert title == "1 customer waits"
        assert "/c/" not in text, "a link that acts does not belong in a chat others read"


def test_praise_is_told_once(case, bob, answer, mailoutbox):
    services.contact(case, said="x", by=bob)
    Praise.objects.create(response=answer(10, comment="Bob är bäst"), user=bob, how="named")
    queue_digests()
    (activity,) = owed()
    mail_digest(activity, 1)()
    assert mailoutbox[0].subject == "1 customer praises you"
    assert "Bob är bäst" in mailoutbox[0].body
    mail_digest(activity, 2)()
    assert len(mailoutbox) == 1


def test_reminders_come_to_those_who_want_them(bob, monkeypatch, mailoutbox):
    monkeypatch.setattr(digests, "_LINES", {"x": lambda user: ["No huddle was held."]})
    choose(bob, "mail", reminds=False)
    queue_digests()
    assert not owed()
    choose(bob, "mail")
    queue_digests()
    mail_digest(owed()[0], 1)()
    assert mailoutbox[0].subject == "A reminder"
    assert "No huddle was held." in mailoutbox[0].body


@pytest.mark.parametrize(
    ("start", "end", "moment", "until"),
    [
        # Stockholm is an hour ahead of UTC in winter, two in summer.
        (18, 8, "2026-01-12T18:30", "2026-01-13T07:00"),
        (18, 8, "2026-01-12T05:00", "2026-01-12T07:00"),
        (18, 8, "2026-07-13T05:00", "2026-07-13T06:00"),
        (18, 8, "2026-01-12T12:00", None),
        # The clocks go forward in the night to 29 March 2026: eight by the wall is 06:00 UTC.
        (18, 8, "2026-03-28T20:00", "2026-03-29T06:00"),
        (12, 13, "2026-01-12T11:30", "2026-01-12T12:00"),
        (12, 13, "2026-01-12T13:30", None),
        (8, 8, "2026-01-12T02:00", None),
    ],
)
def test_quiet_hours_are_those_of_the_wall(bob, start, end, moment, until):
    chosen = Notices(user=bob, quiet_from=time(start), quiet_until=time(end))
    found = quiet_until(chosen, bob, datetime.fromisoformat(moment).replace(tzinfo=UTC))
    told = found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") if found else None
    assert told == until


def test_nothing_is_sent_in_quiet_hours(bob):
    choose(bob, "mail", quiet_from=time(0), quiet_until=time(23, 59))
    moment = datetime(2026, 1, 12, 12, tzinfo=UTC)
    with pytest.raises(LaterError) as error:
        wait_for_morning(bob, moment)
    assert error.value.at > moment


@pytest.mark.parametrize(
    "address",
    [
        *("json://127.0.0.1/", "http://10.0.0.1/hook", "file:///etc/passwd"),
        *("mailto://x:y@example.com", "slack", "slack://", "", "discord://" + "x" * 400),
    ],
)
def test_addresses_that_could_lead_inside_are_refused(bob, address):
    with pytest.raises(RefusedError):
        choose(bob, "chat", address)
    assert not Notices.objects.exists()


def test_an_address_stays_until_another_is_given(bob):
    choose(bob, "chat", SLACK)
    choose(bob, "both")
    assert notices_of(bob).chat == SLACK


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.LEADER])
def test_everybody_sets_their_own_notices(client, make_user, malmo, role, chat):
    user = make_user(role, malmo)
    assert client.login(email=user.email, password=PASSWORD)
    assert client.post("/account/notices/try").status_code == 409
    form = {
        "way": "chat",
        "chat": "json://localhost",
        "quiet_from": "17:00",
        "quiet_until": "07:30",
    }
    refused = client.post("/account/notices/", form)
    assert refused.status_code == 400
    assert "slack://" in refused.content.decode()
    assert client.post("/account/notices/", {**form, "chat": SLACK}).status_code == 302
    chosen = notices_of(user)
    assert (chosen.way, chosen.quiet_from, chosen.reminds) == ("chat", time(17), False)
    page = client.get("/account/notices/").content.decode()
    assert "Slack" in page
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in page
    assert client.post("/account/notices/try").status_code == 302
    send_trial(Activity.objects.get(action="notices.trial_due"), 1)()
    assert chat[0][0] == SLACK
