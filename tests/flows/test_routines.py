"""What the worker does by itself."""

from emptychair.programme.dispatch import ROUTINES
from emptychair.programme.exchange import running


def test_the_worker_looks_for_imports_every_second():
    periodic = ROUTINES["exchange.continue_imports"]
    assert periodic.work == running.continue_imports
    assert periodic.every.total_seconds() == 1


def test_the_worker_removes_old_files():
    assert ROUTINES["exchange.remove_old_files"].work == running.remove_old_files
