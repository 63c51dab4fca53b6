"""Coverage of the score interval, the confidence sequence and the alarm."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from tools.coverage.common import Rows, percent

from emptychair.analysis.delivery.detector import detector_path, first_alarm
from emptychair.analysis.delivery.intervals import (
    adjusted_wald_interval,
    score_intervals,
    wald_interval,
)
from emptychair.analysis.delivery.monitor import MEAN_DAYS_TO_FALSE_ALARM
from emptychair.analysis.delivery.sequences import log_capital

POPULATIONS = {
    "+30 (20/30/50)": (0.20, 0.30, 0.50),
    "+80 (3/14/83)": (0.03, 0.14, 0.83),
    "-25 (45/35/20)": (0.45, 0.35, 0.20),
}
WALDS: dict[str, Callable[[float, float, float], tuple[float, float]]] = {
    "wald": wald_interval,
    "adjusted_wald": adjusted_wald_interval,
}


def outcomes(n: int) -> tuple[Any, Any, Any]:
    """Return every possible split of `n` answers into detractors, passives and promoters."""
    d, k = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    possible = d + k <= n
    d, k = d[possible], k[possible]
    return d, n - d - k, k


def probabilities(n: int, population: Sequence[float]) -> Any:
    """Return the multinomial probability of each outcome of `n` answers."""
    from scipy.special import gammaln

    counts = np.array(outcomes(n))
    logs = (counts * np.log(np.array(population))[:, None]).sum(axis=0)
    return np.exp(gammaln(n + 1) - gammaln(counts + 1).sum(axis=0) + logs)


def exact_coverage(method: str, population: Sequence[float], n: int) -> float:
    """Return how often the interval holds the truth, by adding up all outcomes."""
    d, p, k = outcomes(n)
    if method == "score":
        low, high = score_intervals(d, p, k)
    else:
        limits = [WALDS[method](*cell) for cell in zip(d, p, k, strict=True)]
        low, high = np.array(limits).T
    truth = population[2] - population[0]
    inside = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
    return float(probabilities(n, population)[inside].sum())


def score_table(size: float) -> Rows:
    """Exact coverage of 95 % intervals, percent."""
    numbers = (10, 25, 50, 100) if size >= 1 else (10, 25)
    rows = [["interval", *(f"{name}, n={n}" for name in POPULATIONS for n in numbers)]]
    for method in ("score", "adjusted_wald", "wald"):
        cells = [
            f"{100 * exact_coverage(method, population, n):.1f}"
            for population in POPULATIONS.values()
            for n in numbers
        ]
        rows.append([method.replace("_", " "), *cells])
    return rows


def daily_answers(rng: Any, runs: int, days: int, a_day: int, population: Sequence[float]) -> Any:
    """Return counts of shape (runs, days, 3)."""
    return rng.multinomial(a_day, population, size=(runs, days))


def sequence_table(size: float) -> Rows:
    """Runs with the truth ever outside in a year of daily looks, 20 answers a day, percent."""
    runs = max(20, int(2000 * size))
    rows = [["interval", *POPULATIONS]]
    found: dict[str, list[str]] = {"score interval of the day": [], "confidence sequence": []}
    for seed, population in enumerate(POPULATIONS.values()):
        rng = np.random.default_rng(100 + seed)
        truth = population[2] - population[0]
        counts = daily_answers(rng, runs, 365, 20, population).cumsum(axis=1)
        d, p, k = np.moveaxis(counts, -1, 0)
        capital = log_capital(d, p, k, truth)
        found["confidence sequence"].append(percent((capital >= np.log(20)).any(axis=1)))
        low, high = score_intervals(d, p, k)
        found["score interval of the day"].append(
            percent(((low > truth) | (high < truth)).any(axis=1))
        )
    return rows + [[name, *cells] for name, cells in found.items()]


def alarm_runs(
    rng: Any, runs: int, a_day: int, shift: float, days: int
) -> tuple[list[int | None], list[int | None]]:
    """Return the days of the first alarms for a fall and for a rise, half a year of baseline."""
    before = np.array([0.20, 0.30, 0.50])
    after = before + np.array([shift / 2, 0.0, -shift / 2])
    baselines = rng.multinomial(182 * a_day, before, size=runs)
    low, high = score_intervals(*baselines.T)
    threshold = 2 * MEAN_DAYS_TO_FALSE_ALARM
    falls, rises = [], []
    for run in range(runs):
        counts = daily_answers(rng, 1, days, a_day, after)[0]
        falls.append(first_alarm(detector_path(counts, float(low[run]), "down"), threshold))
        rises.append(first_alarm(detector_path(counts, float(high[run]), "up"), threshold))
    return falls, rises


def alarm_table(size: float) -> Rows:
    """Daily watching after half a year of baseline at +30."""
    runs = max(10, int(500 * size))
    rows = [
        ["answers a day", "true change, points", "alarm within a year, % of runs", "median days"]
    ]
    for seed, (a_day, shift) in enumerate(
        [(5, 0.0), (30, 0.0), (100, 0.0), (5, 0.1), (30, 0.1), (100, 0.1), (30, 0.05)]
    ):
        falls, rises = alarm_runs(np.random.default_rng(200 + seed), runs, a_day, shift, 365)
        alarmed = [
            fall is not None or rise is not None for fall, rise in zip(falls, rises, strict=True)
        ]
        delays = [np.inf if fall is None else fall + 1 for fall in falls]
        median = f"{np.median(delays):.0f}" if shift and np.isfinite(np.median(delays)) else "-"
        rows.append(
            [str(a_day), f"{-100 * shift:+.0f}" if shift else "0", percent(alarmed), median]
        )
    return rows
