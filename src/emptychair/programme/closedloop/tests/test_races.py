"""Two at once, over two connections: exactly one wins and the other is told who was first."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from emptychair.programme.accounts.models import Role
from emptychair.programme.activity.models import Activity
from emptychair.programme.closedloop import services
from emptychair.programme.closedloop.asking_again import plan_second_ask
from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.closedloop.opening import consider_answer, consider_answers
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def at_once(*works: Callable[[], object]) -> list[str]:
    """Run each work on a thread and a connection of its own, as near together as threads come."""
    start, said = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            work()
            said.append("done")
        except RefusedError as error:
            said.append(error.sentence)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def close(case: Case, by) -> Callable[[], None]:
    mine = Case.objects.select_related("rule").get(pk=case.pk)
    return lambda: services.close(mine, outcome="recovered", root_cause="Price", said="", by=by)


def test_of_two_closing_one_case_one_wins_and_the_other_is_told(rule, answer, make_user, bob):
    lisa = make_user(Role.OWNER, name="Lisa", email="lisa@nordhem.example")
    for _ in range(ROUNDS):
        consider_answer(Activity(action="response.recorded", subject=answer(2).public_id))
        case = Case.objects.latest("pk")
        services.contact(case, said="Hello", by=bob)
        told, done = at_once(close(case, bob), close(case, lisa))
        assert done == "done"
        winner = case.notes.get(step="closed").by
        assert told == f"{winner} closed it before you."
        assert Activity.objects.filter(action="case.closed", subject=case.public_id).count() == 1


def test_of_two_claiming_one_case_one_owns_it(case, make_user, bob):
    lisa = make_user(Role.OWNER, name="Lisa", email="lisa@nordhem.example")
    cases = [Case.objects.get(pk=case.pk) for _ in range(2)]
    told, done = at_once(
        lambda: services.claim(cases[0], by=bob), lambda: services.claim(cases[1], by=lisa)
    )
    case.refresh_from_db()
    assert done == "done"
    assert told == f"{case.owner} has taken it before you."


def test_workers_never_open_two_cases_for_one_answer(rule, answer, bob):
    Rule.objects.create(name="Wish", is_on=True, position=1, condition={"contact_wanted": True})
    for _ in range(ROUNDS):
        response = answer(2, contact_wanted=True)
        activity = Activity(action="response.recorded", subject=response.public_id)
        said = at_once(*[lambda activity=activity: consider_answer(activity)] * 4)
        assert said == ["done"] * 4
        assert Case.objects.filter(response=response).count() == 1
        assert response.case.notes.count() == 1
    assert Activity.objects.filter(action="case.opened").count() == ROUNDS


def test_workers_that_take_the_same_answers_open_one_case_each(rule, answer, bob):
    responses = [answer(n % 7) for n in range(20)]
    activities = [
        Activity(action="response.recorded", subject=response.public_id) for response in responses
    ]
    works = [
        lambda some=some: consider_answers(some)
        for some in (activities, activities[5:], activities[:15], activities)
    ]
    assert at_once(*works) == ["done"] * 4
    assert Case.objects.count() == 20
    assert Activity.objects.filter(action="case.opened").count() == 20
    assert all(case.notes.count() == 1 for case in Case.objects.all())


def test_workers_plan_one_second_question(case, bob):
    services.contact(case, said="Hello", by=bob)
    services.close(case, outcome="recovered", root_cause="Price", said="", by=bob)
    Case.objects.update(ask_again_on=today())
    cases = list(Case.objects.select_related("customer__contact", "response__survey")) * 3
    assert at_once(*[lambda one=one: plan_second_ask(one) for one in cases]) == ["done"] * 3
    assert Activity.objects.filter(action="case.asked_again").count() == 1
