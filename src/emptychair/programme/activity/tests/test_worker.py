"""Consequences of what happened: each happens, its database effect exactly once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from emptychair.programme.activity.models import Activity, Delivery, Routine
from emptychair.programme.activity.services import record, replay
from emptychair.programme.activity.worker import (
    LEASE,
    MOST_ATTEMPTS,
    Handler,
    Periodic,
    Worker,
    name_of,
)
from emptychair.programme.lib.clock import now


def note(activity: Activity) -> None:
    record("test.noted", activity.subject)


def breaks(activity: Activity) -> None:
    record("test.half", activity.subject)
    raise ValueError("no")


def worker(*handlers: Handler, **routines: Periodic) -> Worker:
    return Worker({"test.happened": handlers}, routines)


def drain(some: Worker) -> None:
    while some.step():
        pass


def noted() -> list[str]:
    return sorted(Activity.objects.filter(action="test.noted").values_list("subject", flat=True))


def test_it_hands_an_activity_to_each_of_its_handlers_once(db: None) -> None:
    record("test.happened", "a")
    record("test.other", "b")
    drain(worker(note))
    drain(worker(note))
    assert noted() == ["a"]
    assert not Delivery.objects.exists()
    assert not Activity.objects.filter(dispatched=False).exists()


def test_it_leaves_nothing_of_a_handler_that_fails_and_tries_again_later(db: None) -> None:
    record("test.happened", "a")
    drain(worker(breaks, note))
    assert noted() == ["a"]
    assert not Activity.objects.filter(action="test.half").exists()
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.state) == (1, "due")
    assert delivery.due_at > now()
    assert "ValueError: no" in delivery.error


def test_it_gives_up_after_many_attempts_and_can_replay(db: None) -> None:
    record("test.happened", "a")
    some = worker(breaks)
    for _ in range(MOST_ATTEMPTS):
        drain(some)
        Delivery.objects.update(due_at=now())
    delivery = Delivery.objects.get()
    assert delivery.state == "dead"
    assert not some.claim("inside")
    assert replay([delivery.pk]) == 1
    assert some.claim("inside")


def test_it_takes_over_what_a_dead_worker_had_claimed(db: None) -> None:
    record("test.happened", "a")
    dead, alive = worker(note), worker(note)
    dead.dispatch()
    assert dead.claim("inside")
    assert not alive.claim("inside")
    Delivery.objects.update(due_at=now() - timedelta(seconds=1))
    drain(alive)
    assert noted() == ["a"]


def test_a_worker_that_lost_its_lease_does_nothing(db: None) -> None:
    record("test.happened", "a")
    slow, quick = worker(note), worker(note)
    slow.dispatch()
    (claimed,) = slow.claim("inside")
    Delivery.objects.update(due_at=now() - LEASE)
    drain(quick)
    slow.deliver(claimed)
    assert noted() == ["a"]


def test_it_keeps_a_delivery_to_a_handler_it_does_not_know(db: None) -> None:
    record("test.happened", "a")
    worker(note).dispatch()
    drain(worker())
    assert "KeyError" in Delivery.objects.get().error


@pytest.mark.django_db(transaction=True)
def test_several_workers_deliver_each_once() -> None:
    with transaction.atomic():
        for number in range(100):
            record("test.happened", f"{number:03}")
    failures: list[Exception] = []

    def work() -> None:
        try:
            drain(worker(note))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(worker(note))
    assert not failures
    assert noted() == [f"{number:03}" for number in range(100)]


def test_it_does_periodic_work_when_due_and_survives_its_failure(db: None) -> None:
    turns: list[str] = []

    def fails() -> None:
        turns.append("fails")
        raise ValueError

    routines = {
        "well": Periodic(timedelta(hours=1), lambda: turns.append("well")),
        "ill": Periodic(timedelta(hours=1), fails),
    }
    some = worker(**routines)
    some.stop.set()
    Routine.objects.bulk_create([Routine(name=name) for name in routines])
    some.step()
    some.step()
    assert sorted(turns) == ["fails", "well"]
    Routine.objects.update(next_at=now())
    some.step()
    assert len(turns) == 4


def test_it_goes_on_after_the_database_was_away(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    some = worker(note)
    steps: list[int] = []

    def work() -> bool:
        steps.append(1)
        if len(steps) == 1:
            raise OSError
        some.stop.set()
        return True

    monkeypatch.setattr(some.stop, "wait", lambda _: None)
    some._repeat(work, 0)
    assert len(steps) == 2


def test_names_of_handlers_do_not_depend_on_where_the_package_lies() -> None:
    assert name_of(note) == "activity.tests.test_worker.note"
