"""Consequences of what happened: each happens, its database effect exactly once."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Q

from emptychair.programme.activity.models import Activity, Delivery, Routine
from emptychair.programme.activity.services import record, replay
from emptychair.programme.activity.worker import (
    AT_ONCE,
    BATCH,
    LEASE,
    MOST_ATTEMPTS,
    Handler,
    Only,
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


def worker(*handlers: Handler | Only, **routines: Periodic) -> Worker:
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


def test_it_owes_nothing_for_activities_that_do_not_concern_a_handler(db: None) -> None:
    for subject in ("a", "b", "c"):
        record("test.happened", subject)
    asked: list[int] = []

    def among(activities: Sequence[Activity]) -> list[Activity]:
        asked.append(len(activities))
        return [activity for activity in activities if activity.subject == "b"]

    some = worker(Only(note, among=among))
    some.dispatch()
    assert [delivery.activity.subject for delivery in Delivery.objects.all()] == ["b"]
    drain(some)
    assert noted() == ["b"]
    assert asked == [3]


def test_a_choice_that_fails_keeps_nothing_else_waiting(db: None) -> None:
    record("test.happened", "a")

    def among(_: Sequence[Activity]) -> Sequence[Activity]:
        Routine.objects.create(name="twice")
        Routine.objects.create(name="twice")  # the database itself refuses
        return ()

    drain(Worker({"test.happened": (Only(breaks, among=among), note)}, {}))
    assert noted() == ["a"]
    assert "ValueError: no" in Delivery.objects.get().error
    assert not Routine.objects.exists()


def test_deliveries_share_a_transaction_and_each_fails_for_itself(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emptychair.programme.activity.worker.SHARED_SECONDS", 60)
    for subject in ("a", "b", "c"):
        record("test.happened", subject)

    def breaks_on_b(activity: Activity) -> None:
        note(activity)
        if activity.subject == "b":
            Routine.objects.create(name="twice")
            Routine.objects.create(name="twice")  # the database itself refuses

    some = worker(breaks_on_b)
    drain(some)
    assert noted() == ["a", "c"]
    delivery = Delivery.objects.get()
    assert (delivery.activity.subject, delivery.attempts) == ("b", 1)
    assert "IntegrityError" in delivery.error


def test_deliveries_whose_common_transaction_breaks_are_made_one_by_one(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emptychair.programme.activity.worker.SHARED_SECONDS", 60)
    for subject in ("a", "b"):
        record("test.happened", subject)
    some = worker(note)
    deliver, tried = some.deliver, []

    def deliver_but_break_the_second(delivery: Delivery) -> None:
        deliver(delivery)
        tried.append(delivery.activity.subject)
        if len(tried) == 2:
            raise OSError("the connection broke")

    monkeypatch.setattr(some, "deliver", deliver_but_break_the_second)
    drain(some)
    assert tried == ["a", "b", "a", "b"]
    assert noted() == ["a", "b"]


def test_many_are_handed_at_once_to_a_handler_that_takes_many(db: None) -> None:
    for number in range(AT_ONCE + 5):
        record("test.happened", f"{number:03}")
    handed: list[int] = []

    def note_all(activities: Sequence[Activity]) -> None:
        handed.append(len(activities))
        for activity in activities:
            note(activity)

    drain(worker(Only(note, among=list, together=note_all)))
    assert noted() == [f"{number:03}" for number in range(AT_ONCE + 5)]
    assert handed == [AT_ONCE, 5]
    assert not Delivery.objects.exists()


def test_each_fails_for_itself_where_many_are_handed_at_once(db: None) -> None:
    for subject in ("a", "b", "c"):
        record("test.happened", subject)

    def breaks_on_b(activity: Activity) -> None:
        note(activity)
        if activity.subject == "b":
            Routine.objects.create(name="twice")
            Routine.objects.create(name="twice")  # the database itself refuses

    def all_of_them(activities: Sequence[Activity]) -> None:
        for activity in activities:
            breaks_on_b(activity)

    drain(worker(Only(breaks_on_b, among=list, together=all_of_them)))
    assert noted() == ["a", "c"]
    delivery = Delivery.objects.get()
    assert (delivery.activity.subject, delivery.attempts) == ("b", 1)
    assert "IntegrityError" in delivery.error


def test_of_many_handed_at_once_those_taken_over_by_another_are_left_out(db: None) -> None:
    for subject in ("a", "b"):
        record("test.happened", subject)

    def note_all(activities: Sequence[Activity]) -> None:
        for activity in activities:
            note(activity)

    some = worker(Only(note, among=list, together=note_all))
    some.dispatch()
    claimed = some.claim("inside")
    Delivery.objects.filter(activity__subject="a").update(leased_by="another")
    some._deliver_together(claimed)
    assert noted() == ["b"]
    assert Delivery.objects.get().activity.subject == "a"


def test_what_waits_for_one_handler_delays_no_other(db: None) -> None:
    for number in range(BATCH + 1):
        record("test.happened", f"{number:03}")
    some = worker(note)
    some.dispatch()
    record("test.other", "z")
    Delivery.objects.create(
        activity=Activity.objects.get(subject="z"), handler=name_of(breaks), due_at=now()
    )
    both = Worker({"test.happened": [note], "test.other": [breaks]}, {})
    assert "z" in {delivery.activity.subject for delivery in both.claim("inside")}


def test_a_claim_reads_an_index_and_not_what_waits_for_others(db: None) -> None:
    due = Delivery.objects.filter(~Q(state="dead"), due_at__lte=now(), handler__in=["a", "b"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")  # a small table is read as a whole
    assert "delivery_due_of_handler" in due.explain()


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
