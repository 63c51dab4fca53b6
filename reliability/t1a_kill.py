"""T1a: an acknowledged answer is never lost, whichever process is killed, whenever."""

import os
import random
import signal
import time

from reliability.harness import (
    APPLICATION,
    Installation,
    Ledger,
    check,
    children,
    installation,
    load,
)

KILLS = {"pr": 20, "nightly": 500, "release": 1000}
CLIENTS = 8
CONTROL = "reliability.control_app:application"


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Kill random processes under load; return the figures."""
    figures = _campaign(KILLS[size], seed, database_url, APPLICATION)
    caught = _campaign(5, seed, database_url, CONTROL)["lost"]
    well = figures["lost"] == figures["dup"] == figures["half"] == 0
    return {**figures, "control": {"name": "ack_before_commit", "caught": caught}, "met": well}


def _campaign(kills: int, seed: int, database_url: str, application: str) -> dict[str, object]:
    chance = random.Random(seed)
    with installation(database_url, application) as under_test:
        path = under_test.prepare()
        for name in ("web", "worker"):
            under_test.start(name)
        under_test.wait_until_up()
        ledger, stop = Ledger(under_test.folder / "clients.txt"), []
        clients = load(ledger, under_test.port, path, CLIENTS, lambda: bool(stop))
        recoveries = sorted(_kill(under_test, chance) for _ in range(kills))
        time.sleep(1)
        stop.append(True)
        for client in clients:
            client.join(60)
        verdict = check(under_test, ledger)
        whole = under_test.run_code(
            "from emptychair.programme.doctor import examine\n"
            "print(any('integrity' in f.sentence and not f.is_well for f in examine('all')))"
        )
        return {
            **vars(verdict),
            "faults": kills,
            "corrupt": whole == "True",
            "ub95": round(3 / max(verdict.acked, 1), 6),
            "p95_recovery_s": round(recoveries[int(0.95 * (len(recoveries) - 1))], 2),
        }


def _kill(under_test: Installation, chance: random.Random) -> float:
    time.sleep(chance.uniform(0.05, 0.5))
    victim = chance.choice(["web worker", "web worker", "web", "worker", "everything"])
    if victim == "web worker":
        for child in children(under_test.processes["web"].pid):
            os.kill(child, signal.SIGKILL)
        return under_test.wait_until_up()
    names = ["web", "worker"] if victim == "everything" else [victim]
    for name in names:
        process = under_test.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    began = time.monotonic()
    for name in names:
        under_test.start(name)
    under_test.wait_until_up()
    return time.monotonic() - began
