"""What the worker does by itself."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from emptychair.programme.activity.models import Routine
from emptychair.programme.activity.worker import Worker
from emptychair.programme.dispatch import ROUTINES
from emptychair.programme.exchange import running
from emptychair.programme.lib.clock import now

COPYING = "warehouse.synchronise"


def test_the_worker_looks_for_imports_every_second():
    periodic = ROUTINES["exchange.continue_imports"]
    assert periodic.work == running.continue_imports
    assert periodic.every.total_seconds() == 1


def test_the_worker_removes_old_files():
    assert ROUTINES["exchange.remove_old_files"].work == running.remove_old_files


@pytest.mark.django_db(transaction=True)
def test_figures_stay_fresh_while_any_other_routine_takes_its_time() -> None:
    copied, over = threading.Event(), threading.Event()

    def takes_its_time() -> None:
        over.wait(20)

    routines = {
        name: replace(one, work=copied.set if name == COPYING else takes_its_time)
        for name, one in ROUTINES.items()
    }
    Routine.objects.bulk_create(
        # The copy is due a moment after all others have begun.
        [
            Routine(name=name, next_at=now() + timedelta(seconds=name == COPYING))
            for name in routines
        ]
    )
    some = Worker({}, routines)
    thread = threading.Thread(target=some.run, args=(0.05,))
    thread.start()
    try:
        assert copied.wait(10)
    finally:
        some.stop.set()
        over.set()
        thread.join()
