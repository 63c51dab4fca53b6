"""B1 and B2: from the layer, by raw scan, by hand, by pandas."""

import tempfile
from pathlib import Path

import duckdb
import ibis

from benchmarks.harness import Figure, exponent, in_turn
from emptychair.analysis.delivery.score import net_promoter_score, nps_of_cells
from emptychair.analysis.sums.counts import layer_counts
from emptychair.analysis.sums.layer import layer_of

SIZES = {"small": (100_000, 1_000_000), "full": (1_000_000, 10_000_000, 100_000_000)}
SEGMENTS, MONTHS = 20, 36
ROWS = """
SELECT CAST(i AS VARCHAR) AS response_id, CAST(hash(i) % {customers} AS VARCHAR) AS customer_id,
       CAST(hash(i + 1) % 11 AS TINYINT) AS score, 's' || hash(i + 2) % {segments} AS segment,
       'u' || hash(i + 3) % 50 AS unit, 'email' AS channel,
       DATE '2023-01-01' + CAST(hash(i + 4) % 1095 AS INTEGER) AS answered_on,
       CAST(NULL AS VARCHAR) AS held_reason
FROM range({rows}) t(i)
"""
BY_HAND = """
SELECT segment, date_trunc('month', answered_on) AS month, count(*) AS n,
       count(*) FILTER (score >= 9) AS promoters, count(*) FILTER (score <= 6) AS detractors
FROM read_parquet('{path}') WHERE held_reason IS NULL GROUP BY ALL
"""


def run(size: str) -> list[Figure]:
    """Measure every size; give ratios and growth."""
    figures, from_layer, raw = [], [], []
    for rows in SIZES[size]:
        taken = _measure(rows)
        from_layer.append(taken["layer"])
        raw.append(taken["library"])
        figures += [
            Figure("B1", f"layer, {rows:,} rows", 1000 * taken["layer"], "ms", "target 50 ms"),
            Figure(
                "B1", f"raw scan / layer, {rows:,} rows", taken["library"] / taken["layer"], "x"
            ),
            Figure("B2", f"library / hand SQL, {rows:,}", taken["library"] / taken["hand"], "x"),
        ]
        if "pandas" in taken:
            ratio = taken["pandas"] / taken["library"]
            figures.append(Figure("B2", f"pandas / library, {rows:,} rows", ratio, "x"))
    growth = exponent(SIZES[size], from_layer)
    return [*figures, Figure("B1", "exponent of time over rows", growth, "", "target 0.1")]


def _measure(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        facts, sums = Path(folder, "facts.parquet"), Path(folder, "sums.parquet")
        made = ROWS.format(rows=rows, customers=rows // 5, segments=SEGMENTS)
        duckdb.sql(f"COPY ({made}) TO '{facts}'")
        engine = ibis.duckdb.connect(threads=2)
        responses = engine.read_parquet(facts, table_name="responses")
        memberships = responses.group_by("customer_id").agg(segment=responses["segment"].min())
        engine.to_parquet(layer_of(responses.drop("segment"), memberships), sums)
        layer = engine.read_parquet(sums, table_name="sums")

        def from_layer() -> object:
            chosen = layer.filter((layer["grain"] == "segment") & (layer["segment"] != ""))
            chosen = chosen.mutate(month=chosen["answered_on"].truncate("M"))
            cells = layer_counts(chosen, ["segment", "month"])
            return nps_of_cells(cells)

        def by_library() -> object:
            dated = responses.mutate(month=responses["answered_on"].truncate("M"))
            return net_promoter_score(dated.drop("customer_id"), by=["segment", "month"])

        def by_hand() -> object:
            return engine.con.sql(BY_HAND.format(path=facts)).fetchall()

        work = {"layer": from_layer, "library": by_library, "hand": by_hand}
        if rows <= 1_000_000:
            work["pandas"] = lambda: _by_pandas(facts)
        return in_turn(work, 3 if rows > 1_000_000 else 5)


def _by_pandas(path: Path) -> object:
    import pandas as pd

    frame = pd.read_parquet(path, columns=["segment", "answered_on", "score", "held_reason"])
    frame = frame[frame["held_reason"].isna()]
    month = pd.to_datetime(frame["answered_on"]).dt.to_period("M")
    sign = (frame["score"] >= 9).astype(int) - (frame["score"] <= 6).astype(int)
    return sign.groupby([frame["segment"], month]).agg(["count", "mean"])
