"""No process outlives the one that started it."""

import os
import signal
import threading
import time
from collections.abc import Callable

SUPERVISOR = "EMPTYCHAIR_SUPERVISOR"  # set by the supervisor for its children: its process id


def end_with_parent() -> None:
    """Kill this process once its parent is gone: an orphan would keep the port."""
    parent = os.getppid()
    _watch(lambda: os.getppid() == parent, lambda: os.kill(os.getpid(), signal.SIGKILL))


def end_with_supervisor(end: Callable[[], None]) -> None:
    """Call `end` once the supervisor that started the process tree is gone."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor:
        _watch(lambda: _is_alive(int(supervisor)), end)


def _watch(alive: Callable[[], bool], end: Callable[[], None]) -> None:
    def look() -> None:
        while alive():
            time.sleep(1)
        end()

    threading.Thread(target=look, daemon=True).start()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
