"""Coverage of weighted figures, of corrections for non-response and of the jackknife."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from tools.coverage.common import Rows, percent

from emptychair.analysis.delivery.answerdependent import answer_dependent
from emptychair.analysis.delivery.effective import weighted_nps
from emptychair.analysis.delivery.intervals import score_interval
from emptychair.analysis.delivery.nonresponse import doubly_robust
from emptychair.analysis.delivery.score import weighted_limits
from emptychair.analysis.delivery.weighting import BucketCell, post_stratified, raked
from emptychair.analysis.sums.frame import FrameCell
from emptychair.analysis.sums.jackknife import jackknife
from emptychair.analysis.sums.panel import PanelCell
from emptychair.analysis.sums.weighted import WeightedSums

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
