from datetime import timedelta
from random import Random

import pytest
from django.core import mail

from emptychair.programme.activity.models import Activity, Delivery
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.activity.worker import Worker
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.insight import watching
from emptychair.programme.insight.models import Alert, Watch
from emptychair.programme.insight.telling import mail_alert, post_alert
from emptychair.programme.insight.watching import acknowledge_alert, watch_series
from emptychair.programme.lib.clock import local_date, now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.warehouse.services import synchronise

from .test_delivery import text_of


@pytest.fixture(autouse=True)
def nothing_watched(monkeypatch):
    monkeypatch.setattr(watching, "_last_watched", "")


@pytest.fixture
def year(db):
    """Return a function that stores 9 months of answers of a unit, changed 40 days ago."""
    survey, _ = Survey.objects.get_or_create(slug="relationship", name="R", state="open")

    def store(unit, before, after, seed=1):
        random, made = Random(seed), []
        for age in range(270, -1, -1):
            at = now() - timedelta(days=age)
            shares = before if age > 40 else after
            for _ in range(6):
                score = random.choices([10, 8, 3], shares)[0]
                made.append(
                    Response(
                        survey=survey,
                        score=score,
                        channel="email",
                        unit=unit,
                        answered_at=at,
                        answered_on=local_date(at),
                        comment="slow" if score == 3 and age < 40 else "",
                    )
                )
        Response.objects.bulk_create(made)
        mark_changed("responses", [one.public_id for one in made])
        synchronise()

    return store


GOOD, BAD = (60, 25, 15), (30, 25, 45)


def test_a_real_fall_is_raised_once_with_its_beginning(year, malmo, lund, alice):
    year("malmo", GOOD, BAD)
    year("lund", GOOD, GOOD, seed=2)
    watch_series()
    alert = Alert.objects.get(unit="malmo")
    assert alert.direction == "down"
    assert alert.began_earliest_on <= alert.began_on <= alert.began_latest_on
    assert abs((alert.began_on - (today() - timedelta(days=40))).days) <= 10
    assert alert.low_points <= alert.difference_points <= alert.high_points < 0
    assert not Alert.objects.filter(unit="lund").exists()
    assert alert.watched == 6  # everyone and two units, falls and rises
    watching._last_watched = ""
    watch_series()
    assert Alert.objects.filter(unit="malmo").count() == 1
    assert Activity.objects.filter(action="alert.raised", subject=alert.public_id).count() == 1


def work_on(outward):
    worker = Worker({}, {}, outward)
    while worker.step():
        pass


def test_nothing_is_raised_where_nothing_changed(year, malmo):
    for seed in range(3):
        year("malmo", GOOD, GOOD, seed=seed)
    watch_series()
    assert Watch.objects.count() == 2
    assert not Alert.objects.exists()


def test_owners_get_one_letter_each_in_their_language(year, malmo, alice, bob):
    alice.language = "sv"
    alice.save()
    year("malmo", GOOD, BAD)
    watch_series()
    work_on({"alert.mail_due": [mail_alert]})
    assert not Delivery.objects.exists()
    alerts = Alert.objects.count()
    assert [letter.to for letter in mail.outbox] == [["alice@nordhem.example"]] * alerts
    letter = next(one for one in mail.outbox if "Malmö" in one.subject)
    assert "NPS har fallit" in letter.subject
    assert "/delivery/alerts/" in letter.body
    watching._last_watched = ""
    watch_series()
    work_on({"alert.mail_due": [mail_alert]})
    assert len(mail.outbox) == alerts


def test_the_chat_is_told_once_and_again_only_when_it_did_not_listen(
    year, malmo, alice, chat_room, settings
):
    settings.CHAT = [chat_room.address]
    settings.LANGUAGE_CODE = "da"
    year("malmo", GOOD, BAD)
    chat_room.status = 503
    watch_series()
    work_on({"alert.chat_due": [post_alert]})
    waiting = Delivery.objects.count()
    assert waiting == Alert.objects.count()
    chat_room.status = 200
    chat_room.heard.clear()
    Delivery.objects.update(due_at=now())
    work_on({"alert.chat_due": [post_alert]})
    assert not Delivery.objects.exists()
    assert len(chat_room.heard) == waiting
    told = next(one for one in chat_room.heard if "Malmö" in one["title"])
    assert "NPS er faldet" in told["title"]
    assert "/delivery/alerts/" in told["message"]


def test_today_and_the_pages_show_it_until_it_is_acknowledged(client, year, malmo, alice, bob):
    year("malmo", GOOD, BAD)
    watch_series()
    alert = Alert.objects.get(unit="malmo")
    client.force_login(bob)
    assert "Malmö: NPS has fallen" in text_of(client.get("/"))
    assert "All customers: NPS" not in text_of(client.get("/delivery/alerts/"))
    page = text_of(client.get(f"/delivery/alerts/{alert.public_id}/"))
    assert "slow" in page
    assert "NPS before" in page
    url = f"/delivery/alerts/{alert.public_id}/acknowledge"
    assert client.post(url, {"note": "New till system"}).status_code == 302
    assert client.post(url).status_code == 409
    assert "Malmö: NPS has fallen" not in text_of(client.get("/"))
    assert "New till system" in text_of(client.get(f"/delivery/alerts/{alert.public_id}/"))
    watch = Watch.objects.get(unit="malmo")
    assert watch.baseline_until > today()


def test_another_unit_or_role_may_not(client, year, malmo, lund, bob, charlie):
    year("lund", GOOD, BAD)
    watch_series()
    alert = Alert.objects.get(unit="lund")
    client.force_login(bob)
    assert client.get(f"/delivery/alerts/{alert.public_id}/").status_code == 404
    client.force_login(charlie)
    url = f"/delivery/alerts/{alert.public_id}/acknowledge"
    assert client.post(url).status_code == 403


def test_acknowledging_twice_is_refused(year, malmo, alice):
    year("malmo", GOOD, BAD)
    watch_series()
    alert = Alert.objects.get(unit="malmo")
    acknowledge_alert(alert, by=alice)
    with pytest.raises(RefusedError, match="A colleague acknowledged it before you"):
        acknowledge_alert(alert, by=alice)


def test_without_alerts_the_page_says_so(client, alice):
    client.force_login(alice)
    assert "Nothing has really changed" in text_of(client.get("/delivery/alerts/"))
