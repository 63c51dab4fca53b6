"""The weekly huddle of a team."""

from datetime import timedelta

import pytest
from conftest import PASSWORD

from emptychair.programme.accounts.models import Role, Unit
from emptychair.programme.closedloop import huddles, services
from emptychair.programme.closedloop.models import Huddle, Raised
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError


@pytest.fixture
def last_wednesday():
    return now() - timedelta(days=today().weekday() + 5)


@pytest.mark.parametrize("week", ["0001-01-01", "9999-12-31", "x"])
def test_a_week_that_is_none_is_not_found(client, bob, week):
    assert client.login(email=bob.email, password=PASSWORD)
    assert client.get(f"/actions/huddle/?week={week}").status_code == 404


def test_the_page_has_what_customers_said_and_one_case(client, case, answer, bob, last_wednesday):
    answer(10, comment="Underbar hjälp", at=last_wednesday)
    answer(3, comment="Ingen svarade", at=last_wednesday)
    answer(10, comment="Förra månaden", at=last_wednesday - timedelta(days=30))
    services.close(case, outcome="unreachable", root_cause="Waiting time", said="", by=bob)
    client.force_login(bob)
    text = client.get("/actions/huddle/").content.decode()
    assert "Huddle: Malmö" in text
    assert "2 customers answered" in text
    assert "Underbar hjälp" in text
    assert "Ingen svarade" in text
    assert "Förra månaden" not in text
    assert "Waiting time" in text


def test_who_has_no_unit_sees_where_customers_wrote_most(client, answer, alice, last_wednesday):
    Unit.objects.create(code="lund", name="Lund", country="SE")
    Unit.objects.create(code="ystad", name="Ystad", country="SE")
    client.force_login(alice)
    assert "Huddle: Lund" in client.get("/actions/huddle/").content.decode()
    answer(10, comment="Underbar hjälp", at=last_wednesday, unit="ystad")
    assert "Huddle: Ystad" in client.get("/actions/huddle/").content.decode()


def test_minutes_are_kept_and_what_is_raised_is_answered(client, bob, alice, malmo):
    client.force_login(bob)
    minutes = {"learned": "Call sooner", "fix_here": "A second till", "raised": "New price signs"}
    client.post("/actions/huddle/", minutes)
    client.post("/actions/huddle/", {**minutes, "raised": "", "learned": "Call much sooner"})
    huddle = Huddle.objects.get()
    assert (huddle.learned, huddle.held_by) == ("Call much sooner", bob)
    raised = Raised.objects.get()
    assert raised.answer_by == today() + timedelta(14)
    assert client.post(f"/actions/raised/{raised.public_id}/answer").status_code == 403
    client.force_login(alice)
    assert "New price signs" in client.get("/actions/huddle/").content.decode()
    client.post(f"/actions/raised/{raised.public_id}/answer", {"answer": "In May"})
    client.force_login(bob)
    assert "In May" in client.get("/actions/huddle/").content.decode()
    raised.refresh_from_db()
    with pytest.raises(RefusedError, match="before you"):
        huddles.answer_raised(raised, answer="No", by=alice)


def test_empty_minutes_and_weeks_to_come_are_refused(bob, malmo):
    with pytest.raises(RefusedError) as error:
        huddles.hold_huddle(malmo, huddles.last_week(), learned=" ", fix_here="", raised="", by=bob)
    assert error.value.code == "minutes_empty"
    for week_on in (
        today() + timedelta(days=7 - today().weekday()),
        huddles.last_week() + timedelta(1),
    ):
        with pytest.raises(RefusedError) as error:
            huddles.hold_huddle(malmo, week_on, learned="x", fix_here="", raised="", by=bob)
        assert error.value.code == "week_unknown"


def test_another_unit_is_not_found_and_an_employee_reads_only(client, bob, malmo, make_user):
    Unit.objects.create(code="lund", name="Lund")
    client.force_login(bob)
    assert client.get("/actions/huddle/?unit=lund").status_code == 404
    assert client.get("/actions/huddle/?week=x").status_code == 404
    client.force_login(make_user(Role.EMPLOYEE, malmo, email="e@nordhem.example"))
    assert client.get("/actions/huddle/").status_code == 200
    assert client.post("/actions/huddle/", {"learned": "x"}).status_code == 404


def test_without_a_unit_it_says_what_to_do(client, charlie):
    client.force_login(charlie)
    assert "No unit yet" in client.get("/actions/huddle/").content.decode()
