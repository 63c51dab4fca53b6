"""Timing that holds on a noisy machine: in turn, median, ratio."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number of one benchmark."""

    benchmark: str
    name: str
    value: float
    unit: str
    note: str = ""


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


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of log time over log size: 0 constant, 1 proportional."""
    x = [math.log(size) for size in sizes]
    y = [math.log(second) for second in seconds]
    return statistics.linear_regression(x, y).slope
