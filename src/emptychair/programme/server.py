"""One command, one process tree: a supervisor over the web server and the worker."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from emptychair.programme.lib import lifeline
from emptychair.programme.lib.static_files import digest
from emptychair.programme.warehouse.store import refuse_unreachable

STOP_SECONDS = 15
Print = Callable[[str], None]


@dataclass
class Child:
    """A process the supervisor keeps alive."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    started_at: float


def prepare() -> None:
    """Bring the database to the present version and gather the static files."""
    refuse_unsafe_database()
    refuse_unreachable()
    call_command("migrate", verbosity=0, interactive=False)
    _gather_static_files()


def refuse_unsafe_database() -> None:
    """Stop unless the database keeps what it acknowledges.

    Raises:
        SystemExit: PostgreSQL runs with a setting under which a committed answer may be lost.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            cursor.execute(f"SHOW {name}")
            (value,) = cursor.fetchone() or ("",)
            if value in ("off", "local"):
                raise SystemExit(
                    f"PostgreSQL runs with {name} = {value}, so an answer that was acknowledged"
                    f" could be lost. Set {name} = on."
                )


def _gather_static_files() -> None:
    mark = settings.STATIC_ROOT / ".digest"
    wanted = digest()
    if mark.exists() and mark.read_text() == wanted:
        return
    call_command(
        "collectstatic", verbosity=0, interactive=False, clear=settings.STATIC_ROOT.exists()
    )
    mark.write_text(wanted)


def web_command(host: str, port: int) -> list[str]:
    """Return the command of the web server."""
    workers = 1 if connection.vendor == "sqlite" else 2
    return [
        *(sys.executable, "-m", "granian", "emptychair.programme.wsgi:application"),
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", "16", "--backpressure", "256"),
        *("--respawn-failed-workers", "--respawn-interval", "0.2", "--workers-kill-timeout", "10"),
        *("--no-ws", "--log-level", "error"),
    ]


def worker_command() -> list[str]:
    """Return the command of the worker."""
    return [sys.executable, "-m", "emptychair", "work"]


def serve(host: str, port: int, *, say: Print, ready: Callable[[], None] = lambda: None) -> int:
    """Run web server and worker until interrupted, starting again what dies.

    Args:
        host: address to listen on.
        port: port to listen on.
        say: prints one line for the person at the terminal.
        ready: called once when the first page can be had.

    Returns:
        The exit code: 0 after Ctrl-C or a polite end, 1 when the web server cannot start.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    children = [_start("web", web_command(host, port)), _start("worker", worker_command())]
    try:
        if not _wait_for_first_page(children[0], port, stop):
            say(f"The web server could not start. Is port {port} in use?")
            return 0 if stop.is_set() else 1
        ready()
        while not stop.wait(0.5):
            children = [_alive(child, say) for child in children]
        return 0
    finally:
        _end(children)


def _start(name: str, command: Sequence[str]) -> Child:
    # A session of its own: Ctrl-C reaches the supervisor alone, which then ends them in order.
    environment = {**os.environ, lifeline.SUPERVISOR: str(os.getpid())}
    process = subprocess.Popen(  # noqa: S603  our own command
        command, start_new_session=True, env=environment
    )
    return Child(name, command, process, time.monotonic())


def _alive(child: Child, say: Print) -> Child:
    if child.process.poll() is None:
        return child
    say(f"{child.name} ended with {child.process.returncode}; starting it again")
    if time.monotonic() - child.started_at < 2:
        time.sleep(1)
    return _start(child.name, child.command)


def _wait_for_first_page(web: Child, port: int, stop: threading.Event) -> bool:
    while web.process.poll() is None and not stop.is_set():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def _end(children: Sequence[Child]) -> None:
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
