"""B7: pages of staff with eight readers at once, at a base of many customers."""

import itertools
import statistics
import threading
import time

from reliability.harness import installation, request
from reliability.soaking import PAGES, quantile

from benchmarks.harness import Figure

CUSTOMERS = {"small": 2_000, "medium": 100_000, "full": 1_000_000}
SECONDS = {"small": 20, "medium": 90, "full": 300}
READERS = 8
PAUSE_SECONDS = 2.0  # a colleague looks at a page before opening the next
Taken = dict[str, list[float]]


def run(size: str) -> list[Figure]:
    """Build a base, then let one reader and eight readers open pages."""
    customers = CUSTOMERS[size]
    with installation() as under_test:
        under_test.prepare()
        under_test.run_code(f"from benchmarks.customers_base import fill; fill({customers})")
        cookie = under_test.run_code("from benchmarks.readers_base import settle; settle()")
        under_test.start("web")
        under_test.wait_until_up()
        for page in PAGES:
            assert _open(under_test.port, page, cookie), page
        alone = _read(under_test.port, cookie, 1, SECONDS[size] / 3)
        together = _read(under_test.port, cookie, READERS, SECONDS[size])
    everything = [seconds for taken in together.values() for seconds in taken]
    lonely = [seconds for taken in alone.values() for seconds in taken]
    note = f"{READERS} readers, each a page every {PAUSE_SECONDS:g} s and what it takes"
    figures = [
        Figure("B7", f"all pages, 95th percentile, {customers:,} customers",
               1000 * quantile(everything, 0.95), "ms", note, at_most=300),
        Figure("B7", f"all pages, median, {customers:,} customers",
               1000 * statistics.median(everything), "ms"),
        Figure("B7", "eight readers / one reader, median",
               statistics.median(everything) / statistics.median(lonely), "x"),
    ]  # fmt: skip
    for page, taken in together.items():
        figures.append(
            Figure("B7", f"{page}, 95th percentile, {customers:,} customers",
                   1000 * quantile(taken, 0.95), "ms", f"{len(taken)} times", at_most=300)
        )  # fmt: skip
    return figures


def _open(port: int, page: str, cookie: str) -> bool:
    return request(port, "GET", page, headers={"Cookie": cookie})[0] == 200


def _read(port: int, cookie: str, readers: int, seconds: float) -> Taken:
    taken: Taken = {page: [] for page in PAGES}
    pages, end = itertools.cycle(PAGES), time.monotonic() + seconds

    def reader(number: int) -> None:
        time.sleep(PAUSE_SECONDS * number / readers)
        while time.monotonic() < end:
            page, began = next(pages), time.perf_counter()
            assert _open(port, page, cookie), page
            taken[page].append(time.perf_counter() - began)
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=reader, args=(n,)) for n in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {page: some for page, some in taken.items() if some}
