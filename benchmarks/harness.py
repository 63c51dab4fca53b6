"""Timing that holds on a noisy machine: in turn, median, ratio."""

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Figure:
    """One measured number of one benchmark.

    `at_most` or `at_least` is its target; without either it is there to tell, not to judge.
    """

    benchmark: str
    name: str
    value: float
    unit: str
    note: str = ""
    at_most: float | None = None
    at_least: float | None = None


def in_turn(
    work: Mapping[str, Callable[[], object]],
    rounds: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Run each piece of work once unmeasured, then in turn; return median seconds by name.

    With `time.process_time` as the clock it is the seconds of all processors together, which
    others on the machine do not lengthen.
    """
    for piece in work.values():
        piece()
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, piece in work.items():
            began = clock()
            piece()
            seconds[name].append(clock() - began)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Run a piece of work once; return its seconds and those of the processor."""
    began = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - began[0], time.process_time() - began[1]


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of log time over log size: 0 constant, 1 proportional."""
    x = [math.log(size) for size in sizes]
    y = [math.log(second) for second in seconds]
    return statistics.linear_regression(x, y).slope


def in_process(code: str) -> dict[str, float]:
    """Run `code` in a process of its own; return what it puts into `found`, and its memory.

    Returns:
        The figures, and `peak_mb`: the most memory the process had at once.
    """
    whole = (
        f"import json, resource\nfound = {{}}\n{code}\n"
        "found['peak_mb'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", whole],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the measured process failed: {done.stderr[-1_500:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
