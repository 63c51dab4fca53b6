"""B17: the inbox of cases with 10,000 of them open: list, next page, filters, board, one case."""

from reliability.harness import installation

from benchmarks.harness import Figure

CASES = {"small": 10_000, "medium": 10_000, "full": 100_000}
MOST_SECONDS = 0.3


def run(size: str) -> list[Figure]:
    """Fill an installation, then time the pages inside it."""
    cases = CASES[size]
    with installation() as under_test:
        under_test.prepare()
        under_test.run_code(f"from benchmarks.cases_base import fill; fill({cases})")
        printed = under_test.run_code("from benchmarks.cases_base import measure; measure()")
    figures = []
    for line in printed.strip().splitlines():
        name, seconds, processor = line.split("\t")
        title = f"{name}, {cases:,} open cases"
        # On a machine that others use too, the processor's own time tells more than the clock.
        note = f"{float(processor):.3f} s of the processor"
        figures.append(Figure("B17", title, float(seconds), "s", note, MOST_SECONDS))
    return figures
