"""B1: NPS with intervals by segment and month from the statistics layer, and by a raw scan."""

import tempfile
from pathlib import Path

import duckdb
import ibis

from benchmarks.harness import Figure, exponent, in_turn
from emptychair.analysis.delivery.score import net_promoter_score, nps_of_cells
from emptychair.analysis.sums.counts import layer_counts
from emptychair.analysis.sums.layer import layer_of

SIZES = {
    "small": (100_000, 1_000_000),
    "medium": (100_000, 1_000_000, 10_000_000),
    "full": (1_000_000, 10_000_000, 100_000_000),
}
SEGMENTS = 20
ROWS = """
SELECT CAST(i AS VARCHAR) AS response_id, CAST(hash(i) % {customers} AS VARCHAR) AS customer_id,
       CAST(hash(i + 1) % 11 AS TINYINT) AS score, 's' || hash(i + 2) % {segments} AS segment,
       'u' || hash(i + 3) % 50 AS unit, 'email' AS channel,
       DATE '2023-01-01' + CAST(hash(i + 4) % 1095 AS INTEGER) AS answered_on,
       CAST(NULL AS VARCHAR) AS held_reason
FROM range({rows}) t(i)
"""


def run(size: str) -> list[Figure]:
    """Measure every size; give ratios and growth."""
    figures, from_layer = [], []
    for rows in SIZES[size]:
        with tempfile.TemporaryDirectory() as folder:
            taken, sums = _measure(rows, Path(folder))
        from_layer.append(taken["layer"])
        times = taken["library"] / taken["layer"]
        # Only at that size is the target meant.
        figures += [
            Figure("B1", f"layer, {rows:,} rows", 1000 * taken["layer"], "ms", at_most=50),
            Figure("B1", f"raw scan / layer, {rows:,} rows", times, "x",
                   at_least=100 if rows == 100_000_000 else None),
            Figure("B1", f"rows of the layer, {rows:,} rows", sums, "rows"),
        ]  # fmt: skip
    growth = exponent(SIZES[size], from_layer)
    return [*figures, Figure("B1", "exponent of time over rows", growth, "", at_most=0.1)]


def make(rows: int, path: Path) -> None:
    """Write that many made-up responses to a Parquet file."""
    made = ROWS.format(rows=rows, customers=rows // 5, segments=SEGMENTS)
    duckdb.sql(f"COPY ({made}) TO '{path}'")


def _measure(rows: int, folder: Path) -> tuple[dict[str, float], int]:
    facts, sums = folder / "facts.parquet", folder / "sums.parquet"
    make(rows, facts)
    engine = ibis.duckdb.connect(threads=2)
    responses = engine.read_parquet(facts, table_name="responses")
    memberships = responses.group_by("customer_id").agg(segment=responses["segment"].min())
    engine.to_parquet(layer_of(responses.drop("segment"), memberships), sums)
    layer = engine.read_parquet(sums, table_name="sums")

    def from_layer() -> object:
        chosen = layer.filter((layer["grain"] == "segment") & (layer["segment"] != ""))
        chosen = chosen.mutate(month=chosen["answered_on"].truncate("M"))
        return nps_of_cells(layer_counts(chosen, ["segment", "month"]))

    def by_library() -> object:
        dated = responses.mutate(month=responses["answered_on"].truncate("M"))
        return net_promoter_score(dated.drop("customer_id"), by=["segment", "month"])

    taken = in_turn({"layer": from_layer, "library": by_library}, 5)
    return taken, int(layer.count().execute())
