"""`./run methods`: make the coverage tables of docs/methods anew.

Each table stands between `<!-- table: NAME -->` and `<!-- end -->` of one page. Seeds are fixed,
so a second run gives the same figures. `--size small` prints quick tables and writes nothing;
`--size full` takes hours.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, only this folder is looked through

from tools.coverage import (  # noqa: E402
    comments,
    company,
    customers,
    differences,
    drivers,
    score,
    weighting,
)
from tools.coverage.common import Rows  # noqa: E402

PAGES = ROOT / "docs" / "methods"
SIZES = {"small": 0.02, "page": 1.0, "full": 20.0}

TABLES: dict[str, tuple[str, Callable[[float], Rows]]] = {
    "score": ("score-interval.md", score.score_table),
    "sequence": ("confidence-sequence.md", score.sequence_table),
    "alarm": ("alarm.md", score.alarm_table),
    "weighted": ("weights.md", weighting.weighted_table),
    "difference": ("difference.md", differences.difference_table),
    "paired": ("difference.md", differences.paired_table),
    "nonresponse": ("nonresponse.md", weighting.nonresponse_table),
    "answer-dependent": ("nonresponse.md", weighting.answer_dependent_table),
    "company": ("nonresponse.md", company.company_table),
    "jackknife": ("jackknife.md", weighting.jackknife_table),
    **customers.TABLES,
    **drivers.TABLES,
    **comments.TABLES,
}


def markdown(rows: Rows) -> str:
    """Return rows as a table of a page, the first row as its headings."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def write(name: str, rows: Rows) -> None:
    """Put a table into its page, in place of the one there."""
    page = PAGES / TABLES[name][0]
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page} has no place for the table {name!r}.")
    text = pattern.sub(lambda found: f"{found[1]}{markdown(rows)}\n{found[2]}", text)
    page.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Make the tables asked for, all by default."""
    parser = argparse.ArgumentParser(prog="./run methods", description=__doc__)
    parser.add_argument(
        "tables", nargs="*", choices=[*TABLES, []], help="which tables; all if none"
    )
    parser.add_argument("--size", choices=SIZES, default="page")
    options = parser.parse_args(arguments)
    for name in options.tables or TABLES:
        rows = TABLES[name][1](SIZES[options.size])
        print(f"\n{TABLES[name][0]}: {name}\n{markdown(rows)}", flush=True)
        if options.size != "small":
            write(name, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
