"""B13: what silent customers would say: features, model, calibration, sets, total."""

from benchmarks.harness import Figure, exponent, in_process

SILENT = {
    "small": (5_000, 20_000),
    "medium": (20_000, 100_000, 300_000),
    "full": (500_000, 2_000_000),
}
# Every fifth customer has answered. Traits and behaviour tell something of the score.
CODE = """
import time
import ibis
from emptychair.analysis.customers.predict import predict
engine = ibis.duckdb.connect(threads=2)
customers = {silent} * 5 // 4
engine.raw_sql(f'''CREATE TABLE customers AS
    SELECT CAST(i AS VARCHAR) AS customer_id, TIMESTAMP '2021-01-01' AS created_at,
           's' || hash(i) % 8 AS attr_segment, CAST(hash(i + 1) % 70 AS INTEGER) AS attr_age,
           CASE WHEN hash(i + 2) % 3 = 0 THEN 'gold' ELSE 'base' END AS attr_level
    FROM range({{customers}}) t(i)''')
engine.raw_sql('''CREATE TABLE responses AS
    SELECT customer_id AS response_id, customer_id,
           CAST(least(10, greatest(0, 3 + hash(customer_id) % 6
               + CASE WHEN attr_level = 'gold' THEN 3 ELSE 0 END
               - attr_age // 30)) AS TINYINT) AS score,
           TIMESTAMP '2025-01-01' + INTERVAL 1 DAY * CAST(hash(customer_id) % 360 AS INTEGER)
               AS answered_at
    FROM customers WHERE hash(customer_id || 'a') % 5 = 0''')
engine.raw_sql('''CREATE TABLE events AS
    SELECT customer_id, TIMESTAMP '2024-10-01' + INTERVAL 1 DAY
               * CAST(hash(customer_id || n) % 450 AS INTEGER) AS at,
           ['purchase', 'login', 'complaint'][CAST(1 + n AS INTEGER)] AS kind
    FROM customers, range(3) r(n)''')
began = time.perf_counter()
said = predict(*(engine.table(name) for name in ('responses', 'customers', 'events')))
found['seconds'] = time.perf_counter() - began
found['silent'] = said.silent
"""


def run(size: str) -> list[Figure]:
    """Measure each size in a process of its own, with its memory."""
    figures, seconds, sizes = [], [], []
    for silent in SILENT[size]:
        taken = in_process(CODE.format(silent=silent))
        seconds.append(taken["seconds"])
        sizes.append(taken["silent"])
        figures += [
            Figure("B13", f"prediction for {silent:,} silent", taken["seconds"], "s",
                   f"{taken['silent']:,.0f} silent, 3 traits, 3 kinds of events", at_most=120),
            Figure("B13", f"peak memory, {silent:,} silent", taken["peak_mb"], "MB",
                   at_most=4_000),
        ]  # fmt: skip
    growth = exponent(sizes, seconds)
    return [*figures, Figure("B13", "exponent of time over customers", growth, "")]
