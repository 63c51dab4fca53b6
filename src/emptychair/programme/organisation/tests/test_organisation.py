"""What the organisation did in a week: counted by the worker, seen by its people."""

from datetime import UTC, date, datetime, timedelta

import pytest
from conftest import PASSWORD

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.closedloop.huddles import hold_huddle
from emptychair.programme.closedloop.models import Case
from emptychair.programme.lib.clock import now, today
from emptychair.programme.organisation import counting, reminding
from emptychair.programme.organisation.counting import count_week, count_weeks, monday_of
from emptychair.programme.organisation.models import Aim, UnitWeek
from emptychair.programme.organisation.queries import Part
from emptychair.programme.organisation.reminding import reminders_for

MONDAY = monday_of(today()) - timedelta(days=7)


@pytest.fixture
def lund(db):
    return Unit.objects.create(code="lund", name="Lund", country="SE")


def case(unit="malmo", due=None, contacted=None, **fields):
    due = due or datetime.combine(MONDAY, datetime.min.time(), UTC) + timedelta(days=1)
    return Case.objects.create(
        unit=unit,
        due_at=due,
        opened_at=due - timedelta(hours=8),
        first_contact_at=due + contacted if contacted is not None else None,
        **fields,
    )


@pytest.fixture
def week(malmo, lund, bob, make_user):
    make_user(Role.MANAGER, lund, name="Lisa")
    for contacted in (timedelta(hours=-1), timedelta(0), timedelta(hours=1), None):
        case(contacted=contacted)
    case("lund", contacted=timedelta(hours=-2))
    case("lund", contacted=None, is_holdout=True)
    case("lund", due=now() + timedelta(days=30))
    hold_huddle(lund, MONDAY, learned="x", fix_here="", raised="", by=bob)
    count_weeks()


def found(unit):
    return UnitWeek.objects.get(unit=unit, week_on=MONDAY)


def test_a_week_is_counted_by_unit(week, malmo, lund):
    assert (found(malmo).due, found(malmo).in_time, found(malmo).huddle_held) == (4, 2, False)
    assert (found(lund).due, found(lund).in_time, found(lund).huddle_held) == (1, 1, True)
    assert found(malmo).reading is None, "nobody counted while that week ran"


def test_a_week_ends_at_midnight_of_the_organisation(malmo):
    # Stockholm's Monday 30 March 2026 begins at 22:00 UTC on Sunday, in summer time.
    case(due=datetime(2026, 3, 29, 21, 59, tzinfo=UTC), contacted=timedelta(0))
    case(due=datetime(2026, 3, 29, 22, 0, tzinfo=UTC), contacted=timedelta(0))
    for monday, due in ((date(2026, 3, 23), 1), (date(2026, 3, 30), 1), (date(2026, 4, 6), 0)):
        count_week(monday, is_running=False)
        assert UnitWeek.objects.get(week_on=monday).due == due


def test_who_reads_is_counted_while_the_week_runs_and_kept(malmo, bob):
    this_week = monday_of(today())
    count_weeks()
    assert UnitWeek.objects.get(unit=malmo, week_on=this_week).reading == 0
    User.objects.filter(pk=bob.pk).update(seen_at=now())
    count_weeks()
    row = UnitWeek.objects.get(unit=malmo, week_on=this_week)
    assert (row.managers, row.reading) == (1, 1)
    User.objects.filter(pk=bob.pk).update(seen_at=now() + timedelta(days=7))
    count_week(this_week, is_running=False)
    row.refresh_from_db()
    assert row.reading == 1


def test_a_late_contact_and_a_late_huddle_still_count(week, malmo, bob):
    hold_huddle(malmo, MONDAY, learned="x", fix_here="", raised="", by=bob)
    count_weeks()
    assert found(malmo).huddle_held


def see(client, user, query=""):
    assert client.login(email=user.email, password=PASSWORD)
    return client.get(f"/organisation/{query}")


def test_everybody_sees_the_whole_and_their_own_units(client, week, alice, bob, charlie):
    page = see(client, alice).content.decode()
    for text in ("60 %", "3 of 5", "Malmö", "Lund", "Reached everything:"):
        assert text in page, text
    page = see(client, bob).content.decode()
    assert "3 of 5" in page
    assert 'scope="row">Malmö' in page
    assert 'scope="row">Lund' not in page
    assert "Reached everything:" not in page
    page = see(client, charlie).content.decode()
    assert "3 of 5" in page
    assert 'scope="row">Malmö' not in page


def test_weeks_are_turned_and_unknown_ones_are_said_to_be(client, week, alice):
    assert "Nothing is counted" in see(client, alice, "?week=2020-01-08").content.decode()
    running = see(client, alice, f"?week={today().isoformat()}").content.decode()
    assert "This week is still running." in running
    for wrong in ("?week=x", "?week=0001-01-01", "?week=9999-99-99"):
        assert see(client, alice, wrong).status_code in (200, 404), wrong


def test_aims_are_changed_by_who_runs_the_programme(client, week, alice, bob):
    form = {"in_time_percent": 60, "reading_percent": 50, "huddle_percent": 40}
    assert client.login(email=bob.email, password=PASSWORD)
    assert client.post("/organisation/aim", form).status_code == 403
    assert client.login(email=alice.email, password=PASSWORD)
    assert client.post("/organisation/aim", {**form, "in_time_percent": 101}).status_code == 400
    assert client.post("/organisation/aim", form).status_code == 302
    assert Aim.objects.get().in_time_percent == 60
    assert "the aim is 60 %" in client.get("/organisation/").content.decode()


def test_it_is_exported_within_the_readers_units(client, week, bob, charlie):
    csv = b"".join(see(client, bob, "?format=csv").streaming_content).decode()
    assert "malmo" in csv
    assert "lund" not in csv
    assert "html" in see(client, charlie, "?format=csv").headers["Content-Type"]


@pytest.mark.parametrize(
    ("done", "of", "percent", "is_reached"),
    [(9, 10, 90, True), (8, 9, 89, False), (0, 0, None, True), (0, 3, 0, False)],
)
def test_an_aim_is_reached_exactly(done, of, percent, is_reached):
    part = Part(done, of, 90)
    assert (part.percent, part.is_reached) == (percent, is_reached)


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [
        (0, "Malmö: 2 of 4 customers were contacted in time last week; the aim is 90 %."),
        (2, "Malmö has held no huddle about last week yet."),
        (3, None),
    ],
)
def test_managers_are_reminded_on_the_day(week, bob, monkeypatch, weekday, expected):
    day = monday_of(today()) + timedelta(days=weekday)
    monkeypatch.setattr(reminding, "today", lambda: day)
    assert reminders_for(bob) == ([expected] if expected else [])


def test_nobody_is_reminded_of_what_is_done(week, alice, bob, malmo, monkeypatch):
    monkeypatch.setattr(reminding, "today", lambda: monday_of(today()) + timedelta(days=2))
    assert reminders_for(alice) == ["1 unit has held no huddle about last week yet."]
    hold_huddle(malmo, MONDAY, learned="x", fix_here="", raised="", by=bob)
    counting.count_weeks()
    assert reminders_for(bob) == []
    assert reminders_for(alice) == []
    Case.objects.filter(unit="malmo").delete()
    counting.count_weeks()
    monkeypatch.setattr(reminding, "today", lambda: monday_of(today()))
    assert reminders_for(bob) == []
