"""A real installation under test: processes, clients that remember, and a checker."""

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

PORT = 8451
APPLICATION = "emptychair.programme.wsgi:application"


@dataclass
class Installation:
    """A data folder, a database and the processes that serve them."""

    folder: Path
    database_url: str = ""
    application: str = APPLICATION
    port: int = PORT
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)  # settings besides those below

    @property
    def environment(self) -> dict[str, str]:
        """What the processes are started with."""
        return {
            **os.environ,
            "EMPTYCHAIR_DATA": str(self.folder),
            "DATABASE_URL": self.database_url,
            "EMPTYCHAIR_BASE_URL": f"http://127.0.0.1:{self.port}",
            "EMPTYCHAIR_LOG_LEVEL": "ERROR",
            # `request` plays the proxy, so that each client has an address of its own.
            "EMPTYCHAIR_TRUSTED_PROXIES": "1",
            "DJANGO_SETTINGS_MODULE": "emptychair.programme.settings",
            **self.more,
        }

    def run_code(self, code: str) -> str:
        """Run Python code inside the installation and return what it prints."""
        whole = f"import django; django.setup()\n{code}"
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", whole],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"code inside the installation failed: {done.stderr[-1_500:]}")
        return done.stdout.strip()

    def prepare(self) -> str:
        """Make the database with one open survey; return the path customers answer at."""
        self.run_code("from emptychair.programme.server import prepare; prepare()")
        return self.run_code(
            "from emptychair.programme.capture.models import *\n"
            "from emptychair.programme.capture.services import add_standard_wordings\n"
            "s = Survey.objects.create(slug='r', name='R', state='open')\n"
            "add_standard_wordings(s)\n"
            "print('/s/' + Link.objects.create(survey=s).public_id)"
        )

    def start(self, name: str, module: str = "emptychair") -> None:
        """Start `web`, or `worker` from `module`, in a process group of its own."""
        web_processes = "2" if self.database_url else "1"  # as `serve` does
        commands = {
            "web": [
                *(sys.executable, "-m", "granian", self.application, "--interface", "wsgi"),
                *("--port", str(self.port), "--workers", web_processes),
                *("--blocking-threads", "16"),
                *(
                    "--backpressure",
                    "256",
                    "--respawn-failed-workers",
                    "--respawn-interval",
                    "0.2",
                    "--no-ws",
                ),
                *("--log-level", "critical", "--workers-kill-timeout", "5"),
            ],
            "worker": [sys.executable, "-W", "ignore", "-m", module, "work"],
        }
        self.processes[name] = subprocess.Popen(
            commands[name],
            env=self.environment,
            cwd=Path(__file__).parent.parent,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_up(self, seconds: float = 30) -> float:
        """Wait for the web server; return how long it took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if request(self.port, "GET", "/health")[0] == 200:
                    return time.monotonic() - began
            if self.processes["web"].poll() is not None:
                self.start("web")  # as the supervisor does
            time.sleep(0.05)
        raise TimeoutError(f"the web server was not up within {seconds} s")

    def wait_until_calm(self, seconds: float = 60) -> None:
        """Wait until the web server has warmed up: until it takes hardly any processor time."""
        web = self.processes["web"].pid
        end, before = time.monotonic() + seconds, -1.0
        while time.monotonic() < end:
            spent = sum(processor_seconds(pid) for pid in (web, *children(web)))
            if before >= 0 and spent - before < 0.05:
                return
            before = spent
            time.sleep(1)
        raise TimeoutError(f"the web server was still busy after {seconds} s")

    def stop(self) -> None:
        """End every process and what it started."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()


def children(parent: int) -> list[int]:
    """Return the process ids of the children of `parent`."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in listed.stdout.split()]


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    """Return a port nobody listens at, so that several installations run side by side."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _own_database(database_url: str) -> str:
    """Make a database on the server and return its address."""
    name = f"promise_{secrets.token_hex(4)}"
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    return f"{database_url.rpartition('/')[0]}/{name}"


@contextlib.contextmanager
def installation(database_url: str = "", application: str = APPLICATION) -> Iterator[Installation]:
    """Yield an installation in a folder of its own; remove both afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="emptychair-promise-"))
    if database_url:
        database_url = _own_database(database_url)
    under_test = Installation(folder, database_url, application, _free_port())
    try:
        yield under_test
    finally:
        under_test.stop()
        shutil.rmtree(folder, ignore_errors=True)


def request(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one request from an address of its own, unless one is given; return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"X-Forwarded-For": some_address(), **(headers or {})}
    try:
        connection.request(method, path, body or None, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def some_address() -> str:
    """Return an address that hardly any other client has."""
    return ".".join(str(1 + secrets.randbelow(222)) for _ in range(4))


def submit(
    port: int,
    path: str,
    submission_id: str,
    score: int,
    headers: dict[str, str] | None = None,
    **said: object,
) -> tuple[int, bytes]:
    """Send one answer as a program does."""
    body = json.dumps({"submission_id": submission_id, "score": score, **said}).encode()
    kinds = {"Content-Type": "application/json", "Accept": "application/json"}
    return request(port, "POST", path, body, {**kinds, **(headers or {})})


class Ledger:
    """What clients sent and what was acknowledged; flushed to disk before and after each send."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._writing = threading.Lock()
        self.sent: dict[str, int] = {}
        self.acked: set[str] = set()
        self.acked_at: list[float] = []
        self.refused: dict[int, int] = {}

    def note(self, line: str) -> None:
        """Write one line and flush it to disk."""
        with self._writing:
            self._file.write(line + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def send(self, port: int, path: str, tries: int = 5) -> None:
        """Send a new answer, repeating it until it is acknowledged or all tries failed."""
        submission_id, score = secrets.token_urlsafe(18), secrets.randbelow(11)
        self.sent[submission_id] = score
        self.note(f"sending {submission_id} {score}")
        for _ in range(tries):
            try:
                status, _ = submit(port, path, submission_id, score)
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
                continue
            if status in (200, 201):
                self.acked.add(submission_id)
                self.acked_at.append(time.monotonic())
                self.note(f"acked {submission_id}")
                return
            with self._writing:
                self.refused[status] = self.refused.get(status, 0) + 1
            time.sleep(0.1)


def load(
    ledger: Ledger, port: int, path: str, clients: int, stop: Callable[[], bool]
) -> list[threading.Thread]:
    """Start clients that send answers one after another until `stop` says so."""

    def client() -> None:
        while not stop():
            ledger.send(port, path)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    return threads


@dataclass(frozen=True)
class Verdict:
    """The ledger held against the database."""

    acked: int
    lost: int
    dup: int
    half: int


def check(under_test: Installation, ledger: Ledger, before: int = 0) -> Verdict:
    """Compare what was acknowledged with what the database has.

    Args:
        under_test: whose database.
        ledger: what was sent and acknowledged.
        before: responses without a ledger row that were there from the start.
    """
    stored = json.loads(
        under_test.run_code(
            "import json\n"
            "from emptychair.programme.capture.models import *\n"
            "said = LedgerEntry.objects.exclude(kind__in=['hold', 'release'])\n"
            "rows = said.values_list('submission_id', 'response__score')\n"
            "half = Response.objects.filter(entries=None).count()\n"
            "print(json.dumps([list(rows), half, Response.objects.count()]))"
        )
    )
    rows, half, responses = stored
    scores = dict(rows)
    lost = sum(scores.get(one) != ledger.sent[one] for one in ledger.acked)
    dup = len(rows) - len(scores) + responses - before - len(scores)
    return Verdict(len(ledger.acked), lost, dup, half - before)
