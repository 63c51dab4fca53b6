"""B6: from an answer to the Delivery page while 50 answers a second come in."""

import threading
import time

from reliability.harness import Ledger, installation
from reliability.soaking import Answers, Watcher, ages, quantile

from benchmarks.harness import Figure

RATE = 50
SECONDS = {"small": 20, "medium": 120, "full": 600}
WARM_UP_SECONDS = 5


def run(size: str) -> list[Figure]:
    """Answer at a steady rate; see how old the oldest answer is that the page does not have."""
    with installation() as under_test:
        path = under_test.prepare()
        under_test.start("web")
        under_test.start("worker")
        under_test.wait_until_up()
        under_test.wait_until_calm()
        watcher = Watcher(under_test, before=0)
        ledger, stop = Ledger(under_test.folder / "clients.txt"), threading.Event()
        began = time.monotonic()
        answers = Answers(ledger, under_test.port, path, RATE, stop)
        time.sleep(WARM_UP_SECONDS + SECONDS[size])
        stop.set()
        answers.join()
        seen = [(at, there) for at, there in watcher.seen if at > began + WARM_UP_SECONDS]
    waited = ages(seen, sorted(ledger.acked_at))
    note = f"{len(ledger.acked_at):,} answers, {RATE} a second"
    return [
        Figure("B6", "answer to page, median", quantile(waited, 0.5), "s", note),
        Figure("B6", "answer to page, 95th percentile", quantile(waited, 0.95), "s", at_most=5),
    ]
