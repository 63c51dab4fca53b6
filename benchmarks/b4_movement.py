"""B4: who moved from quarter to quarter, silent and lost included, and the same by hand."""

import itertools
from datetime import date

import ibis

from benchmarks.harness import Figure, exponent, in_turn
from emptychair.analysis.customers.movement import movement
from emptychair.analysis.sums.moves import Period, move_counts, periods_between

SIZES = {
    "small": (100_000, 300_000),
    "medium": (300_000, 1_000_000, 3_000_000),
    "full": (1_000_000, 10_000_000),
}
EVERY = "quarter"
RESPONSES = """
CREATE OR REPLACE TABLE responses AS
SELECT CAST(i AS VARCHAR) AS response_id, CAST(hash(i) % {customers} AS VARCHAR) AS customer_id,
       CAST(hash(i + 1) % 11 AS TINYINT) AS score,
       TIMESTAMP '2024-01-01' + INTERVAL 1 MINUTE * CAST(hash(i + 4) % 1051200 AS INTEGER)
         AS answered_at
FROM range({rows}) t(i)
"""
CUSTOMERS = """
CREATE OR REPLACE TABLE customers AS
SELECT CAST(i AS VARCHAR) AS customer_id, TIMESTAMP '2023-01-01' AS created_at,
       CASE WHEN hash(i + 9) % 10 = 0
            THEN TIMESTAMP '2024-01-01' + INTERVAL 1 DAY * CAST(hash(i + 5) % 730 AS INTEGER)
       END AS left_at
FROM range({customers}) t(i)
"""
SAID = """
CREATE OR REPLACE TEMP TABLE said AS
SELECT customer_id, year(answered_at) * 4 + quarter(answered_at) - 1 AS period,
       arg_max(CASE WHEN score >= 9 THEN 'promoter' WHEN score >= 7 THEN 'passive'
                    ELSE 'detractor' END, (answered_at, response_id)) AS bucket
FROM responses WHERE score IS NOT NULL AND customer_id IS NOT NULL GROUP BY ALL
"""
MOVED = """
SELECT p.period, ('0x' || substr(md5(c.customer_id), 1, 5))::INTEGER % 50 AS part,
       coalesce(now.bucket, 'silent') AS before,
       CASE WHEN c.left_at < p.later THEN 'lost' ELSE coalesce(next.bucket, 'silent') END AS after,
       count(*) AS n
FROM customers c JOIN periods p
  ON c.created_at < p.ends AND (c.left_at IS NULL OR c.left_at >= p.ends)
LEFT JOIN said now ON now.customer_id = c.customer_id AND now.period = p.period
LEFT JOIN said next ON next.customer_id = c.customer_id AND next.period = p.period + 1
GROUP BY ALL
"""


def run(size: str) -> list[Figure]:
    """Measure every size; give the ratio to hand-written SQL and growth."""
    figures, seconds = [], []
    for rows in SIZES[size]:
        taken = _measure(rows)
        seconds.append(taken["all"])
        figures += [
            Figure("B4", f"movement by quarter, {rows:,} rows", taken["all"], "s",
                   f"{rows // 5:,} customers, eight quarters, intervals and correction for noise"),
            Figure("B4", f"its counts / hand SQL, {rows:,} rows", taken["counts"] / taken["hand"],
                   "x", at_most=1.2),
        ]  # fmt: skip
    growth = exponent(SIZES[size], seconds)
    return [*figures, Figure("B4", "exponent of time over rows", growth, "")]


def made(rows: int) -> tuple[ibis.BaseBackend, list[Period]]:
    """Return an engine with made-up responses and customers, and the periods they are in."""
    engine = ibis.duckdb.connect(threads=2)
    engine.raw_sql(RESPONSES.format(rows=rows, customers=rows // 5))
    engine.raw_sql(CUSTOMERS.format(customers=rows // 5))
    periods = periods_between(date(2024, 1, 1), date(2025, 12, 31), EVERY)
    ends = ", ".join(
        f"({one.number}, DATE '{one.end}', DATE '{after.end}')"
        for one, after in itertools.pairwise(periods)
    )
    engine.raw_sql(f"CREATE TEMP TABLE periods AS FROM (VALUES {ends}) t(period, ends, later)")
    return engine, periods


def counted(engine: ibis.BaseBackend, periods: list[Period]) -> tuple[float, float]:
    """Return how many moves the library and the hand-written SQL see."""
    tables = move_counts(engine.table("responses"), engine.table("customers"), periods, EVERY)
    by_library = sum(float(table.sum()) for one in tables.values() for table in one.values())
    return by_library, sum(row[-1] for row in _by_hand(engine))


def _measure(rows: int) -> dict[str, float]:
    engine, periods = made(rows)
    by_library, by_hand = counted(engine, periods)
    assert by_library == by_hand, (by_library, by_hand)
    responses, customers = engine.table("responses"), engine.table("customers")
    return in_turn(
        {
            "all": lambda: movement(responses, customers, every=EVERY),
            "counts": lambda: move_counts(responses, customers, periods, EVERY),
            "hand": lambda: _by_hand(engine),
        },
        3,
    )


def _by_hand(engine: ibis.BaseBackend) -> list[tuple]:
    engine.con.execute(SAID)
    return engine.con.sql(MOVED).fetchall()
