"""B10: whom to ask of many customers, and mails handed to a relay, against a bare smtplib loop."""

import multiprocessing
import time

from reliability.harness import installation

from benchmarks.harness import Figure

CUSTOMERS = {"small": 4_000, "medium": 200_000, "full": 2_000_000}
MAILS = {"small": 200, "medium": 2_000, "full": 10_000}


def run(size: str) -> list[Figure]:
    """Fill an installation, then plan and send inside it; the relay is a process of its own."""
    customers, mails = CUSTOMERS[size], MAILS[size]
    with installation() as under_test, _Relay() as port:
        under_test.more["EMPTYCHAIR_MAIL"] = f"smtp://127.0.0.1:{port}?tls=none"
        under_test.prepare()
        under_test.run_code(f"from benchmarks.customers_base import fill; fill({customers})")
        printed = under_test.run_code(
            f"from benchmarks.sending_base import measure; measure({mails})"
        )
    planned, planning, ours, whole, bare, kept = (float(one) for one in printed.split())
    return [
        Figure("B10", f"choose among {customers:,} customers", planning, "s",
               f"{planned:,.0f} chosen under all quarantines",
               at_most=10 if size == "full" else None),
        Figure("B10", "customers looked at", customers / planning, "1/s"),
        Figure("B10", "mails rendered and handed over", 1 / ours, "1/s", f"{mails:,} mails"),
        Figure("B10", "rendered and handed over / bare smtplib", bare / ours, "x",
               "both with a connection for each mail", at_least=0.6),
        Figure("B10", "the worker's whole way / bare smtplib", bare / whole, "x",
               "queued, checked, rendered, handed over, settled on disk"),
        Figure("B10", "bare smtplib, one connection for all", 1 / kept, "1/s"),
        Figure("B10", "bare smtplib, a connection for each", 1 / bare, "1/s"),
    ]  # fmt: skip


class _Relay:
    """A relay that takes everything, in a process of its own."""

    def __enter__(self) -> int:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_take_everything, args=(theirs,), daemon=True)
        self._process.start()
        return ours.recv()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def _take_everything(told) -> None:
    from reliability.post import Relay

    relay = Relay()
    with relay.up():
        told.send(relay.port)
        while True:
            time.sleep(60)
