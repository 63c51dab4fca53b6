"""Simulated companies with known effects: do effects, importance and segments come out true."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from tools.coverage.common import Rows, percent

from emptychair.analysis.rootcause.drivers import drivers
from emptychair.analysis.rootcause.importance import lmg
from emptychair.analysis.rootcause.records import RECOMMENDED, DriverStudy
from emptychair.analysis.tables import connect, put

COMPANIES = 300
SEGMENT_COMPANIES = 100
_FIRST_SEED = 20_000  # no company that was looked at while the rules were made
ANSWERS = 1500
EFFECTS = np.array([0.9, 0.6, 0.3, 0.0, 0.0])  # of a step, on the score; two drivers do nothing
SEGMENTS, SEGMENT_ANSWERS, DIFFERENCE = 6, 500, 0.6
_POPULATION = 1_000_000


def answer(rng: np.random.Generator, n: int, effects: Any) -> tuple[Any, Any]:
    """Return ratings that go along with each other, and scores they move."""
    ratings = rng.normal(size=(n, 1)) * 0.6 + rng.normal(size=(n, len(effects)))
    ratings = np.clip(np.rint(3.5 + ratings), 1, 5)
    attitude = 7.2 + (ratings - 3.5) @ effects + rng.normal(size=n) * 1.6
    return ratings, np.clip(np.rint(attitude), 0, 10)


def truth() -> tuple[Any, Any]:
    """Return effects in points and LMG shares of everybody there could be."""
    ratings, score = answer(np.random.default_rng(0), _POPULATION, EFFECTS)
    s = np.select([score >= 9, score <= 6], [1.0, -1.0], 0.0)
    covariance = np.cov(np.column_stack([ratings, s]).T)
    effects = np.linalg.solve(covariance[:-1, :-1], covariance[:-1, -1])
    spread = np.sqrt(np.diag(covariance))
    parts = lmg((covariance / np.outer(spread, spread))[None])[0]
    return 100 * effects, parts / parts.sum()


def table(ratings: Any, score: Any, missing: Any = None, **more: Any) -> pa.Table:
    """Return answers as a table; `missing` says which ratings were not given."""
    columns = {
        f"rating_d{j}": pa.array(
            ratings[:, j].astype("int8"), mask=None if missing is None else missing[:, j]
        )
        for j in range(ratings.shape[1])
    }
    return pa.table({"score": score.astype("int8"), **columns, **more})


def _made(rng: np.random.Generator, kind: str) -> pa.Table:
    if kind == "each customer up to five times":
        # The answers of a customer are alike: the same ratings and mood, counted several times.
        ratings, score = answer(rng, ANSWERS // 3, EFFECTS)
        times = np.repeat(np.arange(len(score)), rng.integers(1, 6, len(score)))
        return table(ratings[times], score[times], customer_id=times.astype(str))
    ratings, score = answer(rng, ANSWERS, EFFECTS)
    missing = None
    if kind == "30 % of ratings missing":
        missing = rng.random(ratings.shape) < 0.3
    if kind == "promoters rate less":
        missing = rng.random(ratings.shape) < np.where(score >= 9, 0.5, 0.15)[:, None]
    return table(ratings, score, missing, response_id=np.arange(len(score)).astype(str))


def drivers_table(size: float) -> Rows:
    """Companies of about 1,500 answers and five drivers, two of which do nothing."""
    runs = max(2, round(COMPANIES * size))
    effects, shares = truth()
    rows = [["answers", "effect inside, %", "importance inside, %", "a null driver recommended, %",
             "a null driver called sure, %", "true drivers recommended, %"]]  # fmt: skip
    kinds = ("complete", "30 % of ratings missing", "promoters rate less",
             "each customer up to five times")  # fmt: skip
    for kind in kinds:
        inside, weights, false, sure, found = [], [], [], [], []
        for seed in range(runs):
            study = _studied(_made(np.random.default_rng(_FIRST_SEED + seed), kind))
            by_name = {int(one.driver[1:]): one for one in study.company.drivers}
            drawn = [by_name[j] for j in range(len(effects))]
            inside += [one.effect_low <= e <= one.effect_high
                       for one, e in zip(drawn, effects, strict=True)]  # fmt: skip
            weights += [one.importance_low <= w <= one.importance_high
                        for one, w in zip(drawn, shares, strict=True)]  # fmt: skip
            false.append(any(one.verdict in RECOMMENDED for one in drawn[3:]))
            sure.append(any(one.verdict != "unclear" for one in drawn[3:]))
            found += [one.verdict in RECOMMENDED for one in drawn[:3]]
        figures = (inside, weights, false, sure, found)
        rows.append([kind, *(percent(one) for one in figures)])
    return rows


def segments_table(size: float) -> Rows:
    """Six segments of 500 answers: alike, and one in which one driver does more."""
    runs = max(2, round(SEGMENT_COMPANIES * size))
    rows = [["segments", "said to differ where none does, %", "the one that differs found, %",
             "a null driver recommended in any, %"]]  # fmt: skip
    for kind, more in (("all alike", 0.0), ("one driver of one segment differs", DIFFERENCE)):
        claimed, found, false = [], [], []
        for seed in range(runs):
            made = _segmented(np.random.default_rng(_FIRST_SEED + seed), more)
            study = _studied(made, by=["segment"])
            everywhere = [one for g in (study.company, *study.groups) for one in g.drivers]
            nulls = [one for one in everywhere if one.driver in ("d3", "d4")]
            false.append(any(one.verdict in RECOMMENDED for one in nulls))
            for group in study.groups:
                for one in group.drivers:
                    differs = one.against_company != "same"
                    # The others differ as well from a company that has the odd one in it.
                    if not more or one.driver != "d2":
                        claimed.append(differs)
                    elif group.group == ("s0",):
                        found.append(differs)
        shown = percent(found) if found else ""
        rows.append([kind, percent(claimed), shown, percent(false)])
    return rows


def _segmented(rng: np.random.Generator, more: float) -> pa.Table:
    parts = []
    for number in range(SEGMENTS):
        effects = EFFECTS.copy()
        effects[2] += more * (number == 0)
        ratings, score = answer(rng, SEGMENT_ANSWERS, effects)
        parts.append(table(ratings, score, segment=[f"s{number}"] * len(score)))
    return pa.concat_tables(parts)


def _studied(made: pa.Table, by: Sequence[str] = ()) -> DriverStudy:
    engine = connect()
    study = drivers(put(engine, made), by=by)
    engine.disconnect()
    return study


TABLES: Mapping[str, tuple[str, Any]] = {
    "drivers": ("drivers.md", drivers_table),
    "driver-segments": ("drivers.md", segments_table),
}
