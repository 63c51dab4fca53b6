"""SOAK: a day's answers in twenty minutes; readers, sends, one kill of each process."""

import contextlib
import os
import random
import signal
import threading
import time

from reliability.harness import (
    APPLICATION,
    Installation,
    Ledger,
    check,
    children,
    installation,
)
from reliability.post import Relay, wait_until_empty
from reliability.soaking import Answers, Memory, Readers, Watcher, ages, growth_share, quantile

SECONDS = {"pr": 75, "nightly": 1_200, "release": 1_200}
CONTROL_SECONDS = 45
CONTROL = "reliability.leaky_app:application"
WORKER = "reliability.soak_worker"
RATE = 50  # answers a second
READERS = 3
ASKS_PER_SECOND = 2
BASE = 500  # customers with an answer and an open case before it begins
KILLS = (("web worker", 0.15), ("web", 0.2), ("worker", 0.25))  # and when, as a share of all
SETTLED = 0.5  # from this share on, memory shall no longer grow
FRESH_SECONDS = 5.0
FOLLOW_UP_SECONDS = 30.0  # two in three answers of a soak open a case: far more than customers do
# A process that is larger by this share at the end of the last half than at its start leaks.
# In 75 seconds much is still being loaded.
MOST_GROWTH = {"pr": 0.3, "nightly": 0.1, "release": 0.1}


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Soak an installation; return the figures, and those of one that loses and leaks."""
    figures = soak(SECONDS[size], seed, database_url, APPLICATION)
    control = soak(CONTROL_SECONDS, seed, database_url, CONTROL)
    caught = bool(control["lost"]) and control["web_growth_share"] > MOST_GROWTH[size]
    nothing = ("lost", "dup", "half", "unanswered", "page_errors", "mails_lost", "mails_stuck")
    well = all(figures[name] == 0 for name in nothing)
    well = well and figures["mails_twice"] <= 1  # the one that was under way at the kill
    well = well and figures["fresh_p95_s"] <= FRESH_SECONDS
    well = well and figures["follow_up_p95_s"] <= FOLLOW_UP_SECONDS
    growth = [figures[f"{name}_growth_share"] for name in ("web", "worker")]
    return {
        **figures,
        "faults": len(KILLS),
        "control": {
            "name": "acknowledges_early_and_leaks",
            "caught": int(caught),
            "lost": control["lost"],
            "web_growth_share": control["web_growth_share"],
        },
        "met": bool(well and max(growth) <= MOST_GROWTH[size]),
    }


def soak(seconds: float, seed: int, database_url: str, application: str) -> dict[str, float]:
    """Run everything at once for so long; return what was seen."""
    with installation(database_url, application) as under_test, Relay().up() as relay:
        path = under_test.prepare()
        cookie = under_test.run_code(f"from reliability.soak_inside import fill; fill({BASE})")
        under_test.more = {
            "EMPTYCHAIR_MAIL": f"smtp://127.0.0.1:{relay.port}?tls=none",
            "EMPTYCHAIR_MAIL_RETURN": "nps@in.example.com",
        }
        under_test.start("web")
        under_test.start("worker", WORKER)
        under_test.wait_until_up()
        under_test.wait_until_calm()
        asks = int(seconds * ASKS_PER_SECOND * 0.7)
        under_test.run_code(
            f"from reliability.soak_inside import ask; ask({asks}, {0.7 * seconds})"
        )
        ledger = Ledger(under_test.folder / "clients.txt")
        watcher = Watcher(under_test, before=BASE)
        memory = Memory(lambda: _processes(under_test))
        began, stop = time.monotonic(), threading.Event()
        answers = Answers(ledger, under_test.port, path, RATE, stop)
        readers = Readers(under_test.port, cookie, READERS, stop)
        chance = random.Random(seed)
        for name, share in KILLS:
            time.sleep(max(0.0, began + seconds * share + chance.random() - time.monotonic()))
            _kill(under_test, name)
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        stop.set()
        answers.join()
        readers.join()
        memory.stop()
        watcher.settle(60)
        stuck = wait_until_empty(under_test, 120)
        verdict = check(under_test, ledger, before=BASE)
        sent = int(under_test.run_code("from reliability.soak_inside import sent; sent()"))
        return {
            "seconds": seconds,
            **vars(verdict),
            "answers_per_s": round(verdict.acked / seconds, 1),
            "unanswered": len(ledger.sent) - verdict.acked,
            "ub95": round(3 / max(verdict.acked, 1), 6),
            "answer_p99_ms": round(1000 * quantile(answers.taken, 0.99), 1),
            "pages": len(readers.taken),
            "page_p95_ms": round(1000 * quantile(readers.taken, 0.95), 1),
            "page_errors": readers.errors,
            "pages_cut_by_kill": readers.cut,
            "asks": asks,
            "mails_sent": sent,
            "mails_lost": sent - len(relay.counts),
            "mails_stuck": stuck + asks - sent,
            "mails_twice": sum(times - 1 for times in relay.counts.values()),
            **_freshness(watcher, ledger),
            "follow_up_p95_s": round(quantile(watcher.follow_ups, 0.95), 2),
            "follow_up_worst_s": round(max(watcher.follow_ups), 2),
            **_growth(memory, began + SETTLED * seconds, began + seconds, ledger),
        }


def _processes(under_test: Installation) -> dict[str, int]:
    """Return the process ids whose memory matters, by name."""
    found = {}
    with contextlib.suppress(KeyError, IndexError):
        found["web"] = children(under_test.processes["web"].pid)[0]
        found["worker"] = under_test.processes["worker"].pid
    return found


def _kill(under_test: Installation, name: str) -> None:
    if name == "web worker":
        for child in children(under_test.processes["web"].pid):
            os.kill(child, signal.SIGKILL)
        return
    process = under_test.processes[name]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    under_test.start(name, WORKER)


def _freshness(watcher: Watcher, ledger: Ledger) -> dict[str, float]:
    """Return how old the oldest acknowledged answer was that the layer did not have yet."""
    waited = ages(watcher.seen, sorted(ledger.acked_at))
    return {
        "fresh_median_s": round(quantile(waited, 0.5), 2),
        "fresh_p95_s": round(quantile(waited, 0.95), 2),
        "fresh_worst_s": round(max(waited), 2),
    }


def _growth(memory: Memory, start: float, end: float, ledger: Ledger) -> dict[str, float]:
    """Return each process's memory at the end and how it grew over the answers since `start`."""
    answers = sum(start <= at <= end for at in ledger.acked_at)
    found = {}
    for name in ("web", "worker"):
        kilobytes = [kb for at, kb in memory.of(name) if start <= at <= end]
        share, grown = growth_share(kilobytes)
        found[f"{name}_mb"] = round(kilobytes[-1] / 1000, 1) if kilobytes else -1
        found[f"{name}_growth_share"] = round(share, 3)
        found[f"{name}_kb_per_1000_answers"] = round(1000 * grown / max(answers, 1), 1)
    return found
