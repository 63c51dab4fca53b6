"""`./run methods`: make the coverage tables of docs/methods anew.

Each table stands between `<!-- table: NAME -->` and `<!-- end -->` of one page. Seeds are fixed,
so a second run gives the same figures. `--size small` prints quick tables and writes nothing;
`--size full` takes hours.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emptychair.analysis.delivery.answerdependent import answer_dependent
from emptychair.analysis.delivery.detector import detector_path, first_alarm
from emptychair.analysis.delivery.differences import (
    differences_of_buckets,
    paired_difference,
    wald_difference,
)
from emptychair.analysis.delivery.effective import weighted_nps
from emptychair.analysis.delivery.intervals import (
    adjusted_wald_interval,
    score_interval,
    score_intervals,
    wald_interval,
)
from emptychair.analysis.delivery.monitor import MEAN_DAYS_TO_FALSE_ALARM
from emptychair.analysis.delivery.nonresponse import doubly_robust
from emptychair.analysis.delivery.score import weighted_limits
from emptychair.analysis.delivery.sequences import log_capital
from emptychair.analysis.delivery.weighting import BucketCell, post_stratified, raked
from emptychair.analysis.sums.frame import FrameCell
from emptychair.analysis.sums.jackknife import jackknife
from emptychair.analysis.sums.panel import PanelCell
from emptychair.analysis.sums.weighted import WeightedSums

PAGES = Path(__file__).resolve().parent.parent / "docs" / "methods"
SIZES = {"small": 0.02, "page": 1.0, "full": 20.0}
POPULATIONS = {
    "+30 (20/30/50)": (0.20, 0.30, 0.50),
    "+80 (3/14/83)": (0.03, 0.14, 0.83),
    "-25 (45/35/20)": (0.45, 0.35, 0.20),
}
WALDS: dict[str, Callable[[float, float, float], tuple[float, float]]] = {
    "wald": wald_interval,
    "adjusted_wald": adjusted_wald_interval,
}
Rows = list[list[str]]


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


STRATA = (
    (4000, 0.40, (0.10, 0.25, 0.65)),
    (3000, 0.20, (0.20, 0.35, 0.45)),
    (2000, 0.10, (0.35, 0.35, 0.30)),
    (1000, 0.05, (0.50, 0.30, 0.20)),
)  # customers, response rate, shares of the buckets


def weighted_cells(rng: Any, n: int) -> list[BucketCell]:
    """Return `n` answers that came from strata with unequal response rates."""
    sizes = np.array([size for size, _, _ in STRATA])
    rates = np.array([rate for _, rate, _ in STRATA])
    drawn = rng.multinomial(n, sizes * rates / (sizes * rates).sum())
    return [
        BucketCell((str(i),), size, *(float(x) for x in rng.multinomial(drawn[i], shares)))
        for i, (size, _, shares) in enumerate(STRATA)
    ]


def sums_of(cells: Sequence[BucketCell]) -> WeightedSums:
    """Return the sums of answers weighted by customers over the expected answers of a stratum."""
    total = WeightedSums()
    for cell, (_, rate, _) in zip(cells, STRATA, strict=True):
        w, score, extreme = (
            1 / rate,
            cell.promoters - cell.detractors,
            cell.promoters + cell.detractors,
        )
        total += WeightedSums(
            cell.n, cell.n, cell.promoters, cell.detractors, w * cell.n, w * w * cell.n, w * score,
            w * extreme, w * w * cell.n, w * w * score, w * w * extreme,
        )  # fmt: skip
    return total


def weighted_table(size: float) -> Rows:
    """Coverage of weighted 95 % intervals, response rates from 5 to 40 %, percent."""
    runs = max(50, int(4000 * size))
    sizes = np.array([size for size, _, _ in STRATA])
    truth = sum(size * (s[2] - s[0]) for size, _, s in STRATA) / sizes.sum()
    numbers = (25, 50, 100, 400)
    found: dict[str, list[str]] = {"linearised Wald": [], "score, n effective": []}
    for n in numbers:
        rng = np.random.default_rng(300 + n)
        hits: dict[str, list[bool]] = {name: [] for name in found}
        for _ in range(runs):
            weighted = weighted_nps({0: sums_of(weighted_cells(rng, n))})
            margin = 1.959964 * weighted.standard_error
            hits["linearised Wald"].append(abs(weighted.nps - truth) <= margin)
            low, high = weighted_limits(weighted)
            hits["score, n effective"].append(low <= truth <= high)
        for name, inside in hits.items():
            found[name].append(percent(inside))
    return [["interval", *(f"n={n}" for n in numbers)]] + [[k, *v] for k, v in found.items()]


def difference_table(size: float) -> Rows:
    """Coverage of 95 % intervals for a difference of two groups, percent."""
    runs = max(50, int(4000 * size))
    pairs = [((20, 30, 50), (30, 35, 35)), ((3, 14, 83), (20, 30, 50)), ((3, 14, 83), (5, 20, 75))]
    rows = [["groups", "n", "MOVER on score limits", "Wald"]]
    for place, (a, b) in enumerate(pairs):
        p, q = np.array(a) / 100, np.array(b) / 100
        truth = (q[2] - q[0]) - (p[2] - p[0])
        for n, m in ((10, 10), (25, 50), (100, 300)):
            rng = np.random.default_rng(400 + 10 * place + n)
            first, second = rng.multinomial(n, p, size=runs), rng.multinomial(m, q, size=runs)
            mover = differences_of_buckets(list(first), list(second), [0.0] * runs)
            wald = [
                wald_difference(x, y) for x, y in zip(first.tolist(), second.tolist(), strict=True)
            ]
            cells = [percent([d.low <= truth <= d.high for d in found]) for found in (mover, wald)]
            rows.append(
                [f"{'/'.join(map(str, a))} and {'/'.join(map(str, b))}", f"{n}, {m}", *cells]
            )
    return rows


def paired_table(size: float) -> Rows:
    """Coverage of the 95 % interval of a paired change, percent."""
    runs = max(50, int(8000 * size))
    changes = np.array([[0.15, 0.04, 0.01], [0.05, 0.20, 0.10], [0.01, 0.06, 0.38]])
    steps = np.subtract.outer(np.arange(3), np.arange(3)).T
    truth = float((changes * steps).sum())
    cells = []
    numbers = (10, 25, 50, 100, 400)
    for n in numbers:
        rng = np.random.default_rng(500 + n)
        tables = rng.multinomial(n, changes.ravel(), size=runs).reshape(-1, 3, 3)
        found = [paired_difference(table.tolist()) for table in tables]
        cells.append(percent([d.low <= truth <= d.high for d in found]))
    return [["interval", *(f"n={n}" for n in numbers)], ["mean change", *cells]]


def base_cells(rng: Any, customers: int) -> tuple[list[FrameCell], float]:
    """Return a base whose happy half answers four times as often, and its true NPS."""
    shares = {"large": (0.10, 0.20, 0.70), "small": (0.50, 0.30, 0.20)}
    rates = {
        ("large", "old"): 0.40,
        ("large", "new"): 0.30,
        ("small", "old"): 0.12,
        ("small", "new"): 0.08,
    }
    cells, total = [], np.zeros(3)
    for (size, tenure), rate in rates.items():
        for fold in range(5):
            people = rng.multinomial(customers // 20, shares[size])
            answered = rng.binomial(people, rate)
            total += people
            cells.append(
                FrameCell((size, tenure), fold, int(people.sum()), *(int(x) for x in answered))
            )
    return cells, float((total[2] - total[0]) / total.sum())


def unfolded(cells: Sequence[FrameCell]) -> list[BucketCell]:
    """Return the cells with their folds put together."""
    return [
        BucketCell(
            traits,
            sum(c.customers for c in cells if c.traits == traits),
            *(
                float(sum(getattr(c, bucket) for c in cells if c.traits == traits))
                for bucket in ("detractors", "passives", "promoters")
            ),
        )
        for traits in sorted({cell.traits for cell in cells}, key=repr)
    ]


def nonresponse_table(size: float) -> Rows:
    """20,000 customers, a fifth answer, the happy more often: error and coverage."""
    runs = max(20, int(1000 * size))
    rng = np.random.default_rng(600)
    errors: dict[str, list[float]] = {}
    hits: dict[str, list[bool]] = {}

    def note(name: str, nps: float, low: float, high: float, truth: float) -> None:
        errors.setdefault(name, []).append(nps - truth)
        hits.setdefault(name, []).append(low <= truth <= high)

    for _ in range(runs):
        cells, truth = base_cells(rng, 20_000)
        d, p, k = (
            sum(getattr(c, b) for c in cells) for b in ("detractors", "passives", "promoters")
        )
        note("raw", (k - d) / (d + p + k), *score_interval(d, p, k), truth)
        for name, weigh in (("post-stratified", post_stratified), ("raked", raked)):
            weighted = weigh(unfolded(cells)).nps
            note(name, weighted.nps, *weighted_limits(weighted), truth)
        robust = doubly_robust(cells)
        note("doubly robust", robust.nps, robust.low, robust.high, truth)
    rows = [["estimate", "mean error, points", "truth inside the 95 % interval, %"]]
    return rows + [
        [name, f"{100 * np.mean(errors[name]):+.1f}", percent(hits[name])] for name in errors
    ]


def asked_twice(rng: Any, customers: int) -> tuple[list[PanelCell], list[FrameCell], float]:
    """Return customers asked a second time, who answer by what they think now; and the truth."""
    now = np.array([[0.80, 0.17, 0.03], [0.20, 0.60, 0.20], [0.03, 0.17, 0.80]])
    rates = np.array([0.25, 0.20, 0.40])
    panel, frame, total = [], [], np.zeros(3)
    for group in range(50):
        first = rng.multinomial(customers // 50, (0.25, 0.30, 0.45))
        before = rng.binomial(first, rates)
        silent = first - before
        counts = {None: rng.multinomial(silent[0], now[0])}
        counts[None] = (
            counts[None] + rng.multinomial(silent[1], now[1]) + rng.multinomial(silent[2], now[2])
        )
        counts |= {s: rng.multinomial(before[s + 1], now[s + 1]) for s in (-1, 0, 1)}
        for s, people in counts.items():
            told = rng.binomial(people, rates)
            total += people
            answered = tuple(float(x) for x in told)
            panel.append(PanelCell((), group, s, float(people.sum()), answered, int(told.sum())))
            frame.append(FrameCell((), group % 5, int(people.sum()), *(int(x) for x in told)))
    return panel, frame, float((total[2] - total[0]) / total.sum())


def answer_dependent_table(size: float) -> Rows:
    """20,000 customers asked twice, promoters answer most: error and coverage."""
    runs = max(10, int(300 * size))
    rng = np.random.default_rng(800)
    found: dict[str, list[tuple[float, bool]]] = {
        "raw": [],
        "doubly robust": [],
        "answer dependent": [],
    }
    for _ in range(runs):
        panel, frame, truth = asked_twice(rng, 20_000)
        d, p, k = (
            sum(getattr(c, b) for c in frame) for b in ("detractors", "passives", "promoters")
        )
        low, high = score_interval(d, p, k)
        found["raw"].append(((k - d) / (d + p + k) - truth, low <= truth <= high))
        robust, panel_found = doubly_robust(frame), answer_dependent(panel, [])
        found["doubly robust"].append((robust.nps - truth, robust.low <= truth <= robust.high))
        if panel_found is not None:
            inside = panel_found.low <= truth <= panel_found.high
            found["answer dependent"].append((panel_found.nps - truth, inside))
    rows = [["estimate", "mean error, points", "truth inside the 95 % interval, %"]]
    return rows + [
        [name, f"{100 * np.mean([e for e, _ in pairs]):+.1f}", percent([i for _, i in pairs])]
        for name, pairs in found.items()
    ]


def jackknife_table(size: float) -> Rows:
    """Coverage of the 95 % jackknife interval of the NPS, 50 groups, two answers a customer."""
    runs = max(50, int(2000 * size))
    cells = []
    numbers = (300, 1000)
    for customers in numbers:
        rng = np.random.default_rng(700 + customers)
        inside = []
        for _ in range(runs):
            people = rng.multinomial(1, (0.2, 0.3, 0.5), size=customers)
            totals = np.zeros((50, 3))
            np.add.at(totals, rng.integers(0, 50, customers), 2 * people)
            found = jackknife(list(totals), lambda t: float((t[2] - t[0]) / t.sum()))
            inside.append(found.low <= 0.3 <= found.high)
        cells.append(percent(inside))
    return [["interval", *(f"{n} customers" for n in numbers)], ["jackknife", *cells]]


def percent(inside: Any) -> str:
    """Return a share as percent with one decimal."""
    return f"{100 * float(np.mean(inside)):.1f}"


TABLES: dict[str, tuple[str, Callable[[float], Rows]]] = {
    "score": ("score-interval.md", score_table),
    "sequence": ("confidence-sequence.md", sequence_table),
    "alarm": ("alarm.md", alarm_table),
    "weighted": ("weights.md", weighted_table),
    "difference": ("difference.md", difference_table),
    "paired": ("difference.md", paired_table),
    "nonresponse": ("nonresponse.md", nonresponse_table),
    "answer-dependent": ("nonresponse.md", answer_dependent_table),
    "jackknife": ("jackknife.md", jackknife_table),
}


def markdown(rows: Rows) -> str:
    """Return rows as a table of a page, the first row as its headings."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def write(name: str, rows: Rows) -> None:
    """Put a table into its page, in place of the one there."""
    page = PAGES / TABLES[name][0]
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page} has no place for the table {name!r}.")
    text = pattern.sub(lambda found: f"{found[1]}{markdown(rows)}\n{found[2]}", text)
    page.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Make the tables asked for, all by default."""
    parser = argparse.ArgumentParser(prog="./run methods", description=__doc__)
    parser.add_argument(
        "tables", nargs="*", choices=[*TABLES, []], help="which tables; all if none"
    )
    parser.add_argument("--size", choices=SIZES, default="page")
    options = parser.parse_args(arguments)
    for name in options.tables or TABLES:
        rows = TABLES[name][1](SIZES[options.size])
        print(f"\n{TABLES[name][0]}: {name}\n{markdown(rows)}", flush=True)
        if options.size != "small":
            write(name, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
