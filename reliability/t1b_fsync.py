"""T1b: the disk has an answer before the customer hears of it (SQLite, by system call)."""

import re
import shutil
import signal
import subprocess
import time

from reliability.harness import APPLICATION, Ledger, children, installation, load

REPLIES = {"pr": 300, "nightly": 2_000, "release": 5_000}
CALLS = "fdatasync,fsync,sendto,writev,write,pwrite64"


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Trace the web process; return how many replies followed a flush of the log."""
    del seed
    if database_url:
        return _settings_of_postgresql(database_url)
    if shutil.which("strace") is None:
        return {"skipped": "needs strace: apt-get install strace", "met": True}
    flushed, replies = _trace(REPLIES[size], "")
    loose, all_loose = _trace(REPLIES[size] // 3, "NORMAL")
    return {
        "acked": replies,
        "flushed_before_reply": flushed,
        "lost": replies - flushed,
        "control": {"name": "synchronous_normal", "caught": all_loose - loose},
        "met": flushed == replies > 0,
    }


def _settings_of_postgresql(database_url: str) -> dict[str, object]:
    with installation(database_url) as under_test:
        under_test.prepare()  # refuses an unsafe server
        code = (
            "from django.db import connection as c\n"
            "cursor = c.cursor(); values = []\n"
            "for n in ('fsync', 'full_page_writes', 'synchronous_commit'):\n"
            "    cursor.execute('SHOW ' + n); values.append(cursor.fetchone()[0])\n"
            "cursor.execute('ALTER SYSTEM SET synchronous_commit = off')\n"
            "cursor.execute('SELECT pg_reload_conf()'); c.close()\n"
            "import time; time.sleep(1)\n"
            "from emptychair.programme.server import refuse_unsafe_database\n"
            "refused = 0\n"
            "try: refuse_unsafe_database()\n"
            "except SystemExit: refused = 1\n"
            "c.cursor().execute('ALTER SYSTEM RESET synchronous_commit')\n"
            "c.cursor().execute('SELECT pg_reload_conf()')\n"
            "print(values == ['on'] * 3, refused)"
        )
        safe, refused = under_test.run_code(code).split()
    return {
        "settings_on": safe == "True",
        "control": {"name": "synchronous_commit_off", "caught": int(refused)},
        "met": safe == "True",
    }


def _trace(wanted: int, synchronous: str) -> tuple[int, int]:
    application = "reliability.normal_app:application" if synchronous else APPLICATION
    with installation(application=application) as it:
        path = it.prepare()
        it.start("web")
        it.wait_until_up()
        (web,) = children(it.processes["web"].pid)
        log = it.folder / "strace.txt"
        tracer = subprocess.Popen(
            ["strace", "-f", "-tt", "-s", "40", "-e", f"trace={CALLS}", "-p", str(web), "-o", log],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(2)
        ledger, stop = Ledger(it.folder / "clients.txt"), []
        client = load(ledger, it.port, path, 1, lambda: len(ledger.acked) >= wanted or bool(stop))
        client[0].join(120)
        stop.append(True)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
        return _read(log.read_text(errors="replace"))


def _read(trace: str) -> tuple[int, int]:
    """Count replies and those before which, since the reply before, the disk was flushed."""
    flushed = replies = 0
    since_last = False
    for line in trace.splitlines():
        if re.search(r"\b(fdatasync|fsync)\(", line):
            since_last = True
        elif "HTTP/1.1 201" in line:
            replies += 1
            flushed += since_last
            since_last = False
    return flushed, replies
