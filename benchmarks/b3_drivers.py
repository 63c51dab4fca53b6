"""B3: drivers by segment through the library, the sums by hand, importance that refits rows."""

import itertools
import time

import ibis
import numpy as np

from benchmarks.harness import Figure, exponent, in_turn
from emptychair.analysis.rootcause.drivers import drivers
from emptychair.analysis.sums.crossproducts import pattern_sums

SIZES = {
    "small": (100_000, 1_000_000),
    "medium": (100_000, 1_000_000),
    "full": (1_000_000, 10_000_000),
}
DRIVERS, SEGMENTS, RESAMPLES = 12, 20, 50
NAMES = [f"rating_d{j}" for j in range(DRIVERS)]
ROWS = """
CREATE OR REPLACE TABLE responses AS
SELECT CAST(i AS VARCHAR) AS response_id, CAST(i AS VARCHAR) AS customer_id,
       's' || hash(i) % {segments} AS segment, {ratings},
       CAST(least(10, greatest(0, round({pull} + 4 * (hash(i + 99) % 1000) / 1000.0))) AS TINYINT)
         AS score
FROM range({rows}) t(i)
"""


def run(size: str) -> list[Figure]:
    """Measure every size; give ratios and growth."""
    figures, seconds = [], []
    for rows in SIZES[size]:
        engine = _made(rows)
        table = engine.table("responses")
        work = {
            "all": lambda table=table: drivers(table, by=["segment"]),
            "sums": lambda table=table: pattern_sums(table, NAMES, ["segment"]),
            "hand": lambda engine=engine: engine.con.sql(_by_hand()).to_arrow_table(),
        }
        taken = in_turn(work, 3)
        busy = in_turn(work, 3, clock=time.process_time)
        seconds.append(taken["all"])
        refit = _refit(table, rows)
        figures += [
            Figure("B3", f"drivers, {rows:,} rows", taken["all"], "s"),
            Figure("B3", f"after the sums, {rows:,} rows", taken["all"] - taken["sums"], "s",
                   at_most=2),
            Figure("B3", f"sums / hand SQL, {rows:,} rows", taken["sums"] / taken["hand"], "x",
                   at_most=1.2),
            Figure("B3", f"sums / hand SQL, processor time, {rows:,} rows",
                   busy["sums"] / busy["hand"], "x"),
            Figure("B3", f"after the sums, processor time, {rows:,} rows",
                   busy["all"] - busy["sums"], "s"),
            Figure("B3", f"refitting rows / library, {rows:,} rows", refit / taken["all"], "x",
                   "from one refit of one segment", at_least=1_000),
        ]  # fmt: skip
    growth = exponent(SIZES[size], seconds)
    return [*figures, Figure("B3", "exponent of time over rows", growth, "")]


def _made(rows: int) -> ibis.BaseBackend:
    ratings = ", ".join(
        f"CAST(1 + hash(i + {17 * j + 1}) % 5 AS TINYINT) AS rating_d{j}" for j in range(DRIVERS)
    )
    pull = " + ".join(f"0.1 * (1 + hash(i + {17 * j + 1}) % 5)" for j in range(DRIVERS))
    engine = ibis.duckdb.connect(threads=2)
    engine.raw_sql(ROWS.format(rows=rows, segments=SEGMENTS, ratings=ratings, pull=pull))
    return engine


def _by_hand() -> str:
    """Return the same sums as one writes them: by segment, hash group and pattern of ratings."""
    names = [*NAMES, "p", "d"]
    pairs = itertools.combinations_with_replacement(names, 2)
    products = ", ".join(f"sum({a} * {b})" for a, b in pairs if not {a, b} <= {"p", "d"})
    alone = ", ".join(f"sum({name})" for name in names)
    columns = ", ".join(f"CAST(coalesce({name}, 0) AS DOUBLE) AS {name}" for name in NAMES)
    pattern = " + ".join(
        f"CASE WHEN {name} IS NULL THEN 0 ELSE {2**place} END" for place, name in enumerate(NAMES)
    )
    return f"""
    SELECT segment, part, pattern, count(*), {alone}, {products} FROM (
        SELECT segment, ('0x' || substr(md5(customer_id), 1, 5))::INTEGER % 50 AS part,
               {pattern} AS pattern, {columns},
               (score >= 9)::DOUBLE AS p, (score <= 6)::DOUBLE AS d
        FROM responses WHERE score IS NOT NULL) GROUP BY segment, part, pattern
    """


def _refit(table: ibis.Table, rows: int) -> float:
    """Return the seconds that refitting rows would take: one fit timed, times all there are.

    Every subset of drivers is fitted to the rows of one segment; a sample of 40 subsets stands
    for 4,096, for 20 segments and 50 resamples.
    """
    frame = table.filter(table["segment"] == "s0").limit(rows // SEGMENTS).to_pandas()
    score = frame["score"].to_numpy()
    y = np.select([score >= 9, score <= 6], [1.0, -1.0], 0.0)
    x = np.column_stack([np.ones(len(y)), frame[NAMES].to_numpy(dtype=float)])
    rng = np.random.default_rng(1)
    subsets = [np.flatnonzero(rng.random(DRIVERS) < 0.5) + 1 for _ in range(40)]
    began = time.perf_counter()
    for subset in subsets:
        np.linalg.lstsq(x[:, [0, *subset]], y, rcond=None)
    one = (time.perf_counter() - began) / len(subsets)
    return one * 2**DRIVERS * SEGMENTS * (RESAMPLES + 1)
