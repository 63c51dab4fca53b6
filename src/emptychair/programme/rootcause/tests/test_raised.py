"""What a team raises becomes an initiative, and the team hears what came of it."""

from datetime import timedelta

import pytest
from django.utils.module_loading import import_string

from emptychair.programme.activity.worker import Worker
from emptychair.programme.closedloop import huddles
from emptychair.programme.closedloop.models import Raised
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.improvement.raising import propose_raised
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError

HUDDLE = "/actions/huddle/"
HANDLERS = import_string("emptychair.programme.dispatch.HANDLERS")


@pytest.fixture
def raised(bob, malmo):
    huddles.hold_huddle(
        malmo, huddles.last_week(), learned="", fix_here="", raised="A second till", by=bob
    )
    return Raised.objects.get()


@pytest.fixture
def scenario(alice):
    return Scenario.objects.create(
        name="Shorter queues", segment="loyal", shifts={"waiting": 0.5}, associated_points=4.0,
        effect_points=2.0, low_points=0.5, high_points=4.0, kappa_mean=0.5, saved_by=alice,
    )  # fmt: skip


def address(one):
    return f"/root-cause/initiatives/raised/{one.public_id}/"


def work():
    worker = Worker(HANDLERS, {})
    while worker.step():
        pass


def told(client, user):
    client.force_login(user)
    return client.get(HUDDLE).content.decode()


def test_it_makes_an_initiative_and_promises_the_team_an_answer(
    raised, scenario, client, alice, bob
):
    client.force_login(alice)
    assert address(raised) in client.get(HUDDLE).content.decode()
    assert "A second till" in client.get(address(raised)).content.decode()
    on = today() + timedelta(20)
    form = {"name": "Second till", "scenario": scenario.pk, "answer_on": on.isoformat()}
    shown = client.post(address(raised), form, follow=True).content.decode()
    assert "Raised by Malmö" in shown
    one = Initiative.objects.get()
    assert (one.raised, one.owner, one.expected_points) == (raised, alice, 2.0)
    assert (one.segments, one.drivers) == (["loyal"], ["waiting"])
    work()
    text = told(client, bob)
    assert "Proposed as the initiative “Second till”." in text
    assert "An answer is promised by" in text
    assert Raised.objects.get().answer_by == on


def test_the_team_hears_of_every_step(raised, client, alice, bob):
    made = propose_raised(
        raised, name="Second till", scenario=None, answer_on=today() + timedelta(20), by=alice
    )
    for step, words in (
        ("decide", "Decided "),
        ("start", "Under way since "),
        ("finish", "was measured at 1.5 NPS points"),
    ):
        client.force_login(alice)
        form = {"measured": "1.5", "error": "0.5"}
        client.post(f"/root-cause/initiatives/{made.public_id}/{step}", form)
        work()
        assert words in told(client, bob)
    raised.refresh_from_db()
    assert raised.answered_by == alice
    assert raised not in huddles.waiting_for_answer()


def test_it_shows_that_nothing_was_reckoned_and_learns_nothing_from_it(raised, client, alice):
    made = propose_raised(
        raised, name="Second till", scenario=None, answer_on=today() + timedelta(20), by=alice
    )
    client.force_login(alice)
    for step in ("decide", "start", "finish"):
        form = {"measured": "1.5", "error": "0.5"}
        client.post(f"/root-cause/initiatives/{made.public_id}/{step}", form)
    answer = client.get("/root-cause/initiatives/")
    assert "not reckoned" in answer.content.decode()
    assert answer.context["page"].learnt_from == 0


def test_a_second_colleague_is_told(raised, client, alice, make_user):
    on = today() + timedelta(20)
    propose_raised(raised, name="Second till", scenario=None, answer_on=on, by=alice)
    with pytest.raises(RefusedError, match="already"):
        propose_raised(raised, name="Again", scenario=None, answer_on=on, by=alice)
    client.force_login(alice)
    answer = client.post(address(raised), {"name": "Again", "answer_on": on.isoformat()})
    assert answer.status_code == 400
    assert "A colleague made an initiative of it already." in answer.content.decode()
    work()
    assert client.get(address(raised)).status_code == 404
    assert Initiative.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "days", "code"),
    [(" ", 20, "initiative_unnamed"), ("x", 0, "promise_date"), ("x", 400, "promise_date")],
)
def test_it_refuses_what_cannot_be_promised(raised, alice, name, days, code):
    on = today() + timedelta(days)
    with pytest.raises(RefusedError) as error:
        propose_raised(raised, name=name, scenario=None, answer_on=on, by=alice)
    assert error.value.code == code
    assert not Initiative.objects.exists()


def test_what_is_answered_already_becomes_no_initiative(raised, client, alice):
    huddles.answer_raised(raised, answer="In May", by=alice)
    client.force_login(alice)
    assert client.get(address(raised)).status_code == 404
    on = today() + timedelta(20)
    with pytest.raises(RefusedError, match="before you"):
        propose_raised(raised, name="x", scenario=None, answer_on=on, by=alice)


def test_only_who_decides_makes_initiatives(raised, client, bob):
    assert "/root-cause/initiatives/raised/" not in told(client, bob)
    assert client.get(address(raised)).status_code == 403


def test_initiatives_of_no_huddle_tell_nobody(raised, scenario, client, alice):
    client.force_login(alice)
    client.post(f"/root-cause/scenarios/{scenario.public_id}/propose")
    work()
    raised.refresh_from_db()
    assert raised.initiative_state == ""
