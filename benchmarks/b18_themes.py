"""B18: what themes go along with, by segment, over comments that are read; and the same by hand."""

import ibis

from benchmarks.harness import Figure, exponent, in_turn
from emptychair.analysis.comments.themes import themes

SIZES = {
    "small": (100_000, 1_000_000),
    "medium": (100_000, 1_000_000),
    "full": (1_000_000, 10_000_000),
}
THEMES, SEGMENTS = 16, 20
NAMES = [f"theme_t{j}" for j in range(THEMES)]
ROWS = """
CREATE OR REPLACE TABLE responses AS
SELECT CAST(i AS VARCHAR) AS response_id, CAST(i AS VARCHAR) AS customer_id,
       's' || hash(i) % {segments} AS segment, CAST(hash(i + 7) % 11 AS TINYINT) AS score,
       ['sv', 'da', 'nb', 'fi', 'de', 'en'][CAST(1 + hash(i + 3) % 6 AS INT)]
         AS comment_language,
       ['negative', 'neutral', 'positive'][CAST(1 + hash(i + 5) % 3 AS INT)]
         AS comment_sentiment,
       {themes}
FROM range({rows}) t(i)
"""


def run(size: str) -> list[Figure]:
    """Measure every size; give ratios and growth."""
    figures, seconds = [], []
    for rows in SIZES[size]:
        engine = _made(rows)
        table = engine.table("responses")
        taken = in_turn(
            {
                "all": lambda table=table: themes(table, by=["segment"]),
                "hand": lambda engine=engine: [engine.con.sql(one).fetchall() for one in by_hand()],
            },
            3,
        )
        seconds.append(taken["all"])
        figures += [
            Figure("B18", f"theme effects, {rows:,} comments", taken["all"], "s",
                   f"{THEMES} themes, {SEGMENTS} segments"),
            Figure("B18", f"theme effects / hand SQL, {rows:,} comments",
                   taken["all"] / taken["hand"], "x"),
        ]  # fmt: skip
    growth = exponent(SIZES[size], seconds)
    return [*figures, Figure("B18", "exponent of time over comments", growth, "")]


def by_hand() -> list[str]:
    """Return the counts as one writes them: by hash group and bucket, language and tone."""
    mentions = ", ".join(f"count(*) FILTER (WHERE {name} = 1)" for name in NAMES)
    read = " OR ".join(f"{name} IS NOT NULL" for name in NAMES)
    part = "('0x' || substr(md5(customer_id), 1, 5))::INTEGER % 50"
    bucket = "CASE WHEN score >= 9 THEN 2 WHEN score <= 6 THEN 0 ELSE 1 END"
    counted = "FROM responses WHERE score IS NOT NULL"
    return [
        f"SELECT segment, {part} AS part, {bucket} AS bucket, count(*), "
        f"count(*) FILTER (WHERE {read}), {mentions} {counted} GROUP BY ALL",
        f"SELECT segment, comment_language, {mentions} {counted} GROUP BY ALL",
        f"SELECT segment, comment_sentiment, {mentions} {counted} GROUP BY ALL",
    ]


def _made(rows: int) -> ibis.BaseBackend:
    columns = ", ".join(
        f"CAST(hash(i + {31 * j + 1}) % 20 = 0 AS TINYINT) AS {name}"
        for j, name in enumerate(NAMES)
    )
    engine = ibis.duckdb.connect(threads=2)
    engine.raw_sql(ROWS.format(rows=rows, segments=SEGMENTS, themes=columns))
    return engine
