"""B19: the model of docs/operate/scale.md: fitted at some sizes, judged at two others."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis

from benchmarks.b1_layer import ROWS
from benchmarks.harness import Figure, in_turn
from benchmarks.scale import fit, layer_rows
from emptychair.analysis.delivery.score import net_promoter_score, nps_of_cells
from emptychair.analysis.sums.counts import layer_counts
from emptychair.analysis.sums.layer import layer_of

FITTED = {
    "small": (20_000, 50_000, 200_000),
    "medium": (100_000, 500_000, 2_000_000),
    "full": (500_000, 2_000_000, 10_000_000),
}
JUDGED = {"small": (100_000, 400_000), "medium": (1_000_000, 5_000_000),
          "full": (5_000_000, 30_000_000)}  # fmt: skip
CLOCK = "of the processors"
SEGMENTS, UNITS, DAYS = 20, 50, 1_095


@dataclass(frozen=True)
class Seen:
    """What one size took, in seconds of all processors: others do not lengthen them."""

    scan: float
    page: float
    rows: dict[str, int]
    fact_bytes: float
    cell_bytes: float


def run(size: str) -> list[Figure]:
    """Fit on some sizes; say how far the prediction is off at the others."""
    seen = {rows: _measure(rows) for rows in sorted({*FITTED[size], *JUDGED[size]})}
    known = [seen[rows] for rows in FITTED[size]]
    scan = fit(FITTED[size], [one.scan for one in known])
    page = fit([one.rows["segment"] for one in known], [one.page for one in known])
    last = seen[max(seen)]
    figures = [
        Figure("B19", "scan, fixed part", scan.fixed, "s", CLOCK),
        Figure("B19", "scan, a million rows", scan.each * 1e6, "s", CLOCK),
        Figure("B19", "page, fixed part", page.fixed, "s", CLOCK),
        Figure("B19", "page, a million cells", page.each * 1e6, "s", CLOCK),
        Figure("B19", "bytes of an answer in the warehouse", last.fact_bytes, "bytes",
               "zstd Parquet, without comments"),
        Figure("B19", "bytes of a row of the layer", last.cell_bytes, "bytes"),
    ]  # fmt: skip
    for rows in JUDGED[size]:
        one = seen[rows]
        cells = layer_rows(rows, DAYS, SEGMENTS, UNITS)
        for name, predicted, measured in (
            ("scan, processor seconds", scan.at(rows), one.scan),
            ("page, processor seconds", page.at(cells["segment"]), one.page),
            ("rows of the layer", sum(cells.values()), sum(one.rows.values())),
        ):
            figures.append(
                Figure("B19", f"error at {rows:,} answers: {name}",
                       100 * abs(predicted / measured - 1), "%",
                       f"predicted {predicted:,.4g}, measured {measured:,.4g}", at_most=30)
            )  # fmt: skip
    return figures


def _measure(rows: int) -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        facts, sums = Path(folder, "facts.parquet"), Path(folder, "sums.parquet")
        made = ROWS.format(rows=rows, customers=rows // 5, segments=SEGMENTS)
        duckdb.sql(f"COPY ({made}) TO '{facts}' (COMPRESSION zstd)")
        engine = ibis.duckdb.connect(threads=2)
        responses = engine.read_parquet(facts)
        # Each customer is in one segment, all of them equally large.
        people = responses.select("customer_id").distinct()
        segment = ibis.literal("s").concat(
            (people["customer_id"].hash().abs() % SEGMENTS).cast("string")
        )
        layer_made = layer_of(responses.drop("segment"), people.mutate(segment=segment))
        engine.to_parquet(layer_made, sums, compression="zstd")
        layer = engine.read_parquet(sums)
        counted = layer.group_by("grain").agg(n=layer.count()).to_pyarrow().to_pylist()
        by_grain = {row["grain"]: row["n"] for row in counted}
        taken = in_turn({"scan": _scan(responses), "page": _page(layer)}, 5, time.process_time)
        return Seen(
            taken["scan"], taken["page"], by_grain, facts.stat().st_size / rows,
            sums.stat().st_size / sum(by_grain.values()),
        )  # fmt: skip


def _scan(responses: ibis.Table) -> Callable[[], object]:
    dated = responses.mutate(month=responses["answered_on"].truncate("M")).drop("customer_id")
    return lambda: net_promoter_score(dated, by=["segment", "month"])


def _page(layer: ibis.Table) -> Callable[[], object]:
    chosen = layer.filter((layer["grain"] == "segment") & (layer["segment"] != ""))
    chosen = chosen.mutate(month=chosen["answered_on"].truncate("M"))
    return lambda: nps_of_cells(layer_counts(chosen, ["segment", "month"]))
