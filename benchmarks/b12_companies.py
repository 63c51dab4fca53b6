"""B12: made-up companies, their NPS judged, on one process and on as many as there are cores."""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks.harness import Figure

COMPANIES = {"small": 4, "medium": 16, "full": 200}


def run(size: str) -> list[Figure]:
    """Measure one process against all; the gain is the floor's: as many times as there are cores.

    Processes are started before the clock: a study of hundreds of companies pays for it once.
    """
    number, cores = COMPANIES[size], os.cpu_count() or 1
    one, all_cores = _seconds(1, number), _seconds(cores, number)
    return [
        Figure("B12", "companies a minute, one process", 60 * number / one, "1/min",
               f"{number} companies of 6,000 customers, three years, one thread each"),
        Figure("B12", f"companies a minute, {cores} processes", 60 * number / all_cores, "1/min"),
        Figure("B12", f"gain of {cores} processes / cores", one / all_cores / cores, "x",
               at_least=0.8),
    ]  # fmt: skip


def judge(seed: int) -> float:
    """Make one company, judge its NPS, and return the error in points."""
    from tools.coverage.company import judged_company

    truth, found = judged_company(seed)
    return found.weighted_points - truth


def _ready() -> None:
    """Let every company have one thread, so that processes do not take each other's cores."""
    import ibis

    ibis.set_backend(ibis.duckdb.connect(threads=1))
    judge(0)


def _seconds(processes: int, number: int) -> float:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_ready) as pool:
        list(pool.map(abs, range(processes * 4)))
        began = time.perf_counter()
        list(pool.map(judge, range(1, number + 1)))
        return time.perf_counter() - began
