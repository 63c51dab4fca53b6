"""B2: the same by a raw scan through the library, by hand-written SQL and by pandas."""

import tempfile
from pathlib import Path

import ibis

from benchmarks.b1_layer import SIZES, make
from benchmarks.harness import Figure, exponent, in_process, in_turn
from emptychair.analysis.delivery.score import net_promoter_score

BY_HAND = """
SELECT segment, date_trunc('month', answered_on) AS month, count(*) AS n,
       count(*) FILTER (score >= 9) AS promoters, count(*) FILTER (score <= 6) AS detractors
FROM read_parquet('{path}') WHERE held_reason IS NULL GROUP BY ALL
"""
ALONE = """
import ibis
from pathlib import Path
from benchmarks.b2_scan import scan
engine = ibis.duckdb.connect(threads=2)
found['groups'] = len(scan(engine.read_parquet(Path({path!r}))))
"""
MOST_FOR_PANDAS = 10_000_000  # beyond it pandas needs more memory than most machines have


def run(size: str) -> list[Figure]:
    """Measure every size; give ratios, growth and the memory of a process of its own."""
    figures, seconds = [], []
    for rows in SIZES[size]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "facts.parquet")
            make(rows, path)
            taken, peak = _measure(rows, path), in_process(ALONE.format(path=str(path)))
        seconds.append(taken["library"])
        figures += [
            Figure("B2", f"library, {rows:,} rows", taken["library"], "s"),
            Figure("B2", f"library / hand SQL, {rows:,} rows", taken["library"] / taken["hand"],
                   "x", at_most=1.15),
            Figure("B2", f"peak memory, {rows:,} rows", peak["peak_mb"], "MB", at_most=2_000),
        ]  # fmt: skip
        if "pandas" in taken:
            ratio = taken["pandas"] / taken["library"]
            figures.append(
                Figure("B2", f"pandas / library, {rows:,} rows", ratio, "x",
                       at_least=8 if rows == MOST_FOR_PANDAS else None)
            )  # fmt: skip
    growth = exponent(SIZES[size], seconds)
    return [*figures, Figure("B2", "exponent of time over rows", growth, "")]


def scan(responses: ibis.Table) -> object:
    """Return the NPS by segment and month, from the rows."""
    dated = responses.mutate(month=responses["answered_on"].truncate("M"))
    return net_promoter_score(dated.drop("customer_id"), by=["segment", "month"])


def _measure(rows: int, path: Path) -> dict[str, float]:
    engine = ibis.duckdb.connect(threads=2)
    responses = engine.read_parquet(path)
    work = {
        "library": lambda: scan(responses),
        "hand": lambda: engine.con.sql(BY_HAND.format(path=path)).fetchall(),
    }
    if rows <= MOST_FOR_PANDAS:
        work["pandas"] = lambda: _by_pandas(path)
    return in_turn(work, 3 if rows > 1_000_000 else 7)


def _by_pandas(path: Path) -> object:
    import pandas as pd

    frame = pd.read_parquet(path, columns=["segment", "answered_on", "score", "held_reason"])
    frame = frame[frame["held_reason"].isna()]
    month = pd.to_datetime(frame["answered_on"]).dt.to_period("M")
    sign = (frame["score"] >= 9).astype(int) - (frame["score"] <= 6).astype(int)
    return sign.groupby([frame["segment"], month]).agg(["count", "mean"])
