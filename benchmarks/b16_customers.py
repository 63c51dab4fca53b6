"""B16: pages about customers at 1M customers and 5M events: list, customer page, preview."""

from reliability.harness import installation

from benchmarks.harness import Figure

CUSTOMERS = {"small": 5_000, "medium": 100_000, "full": 1_000_000}
TARGETS = {"customer page": 0.3, "segment preview": 2.0}  # seconds at the full size


def run(size: str) -> list[Figure]:
    """Fill an installation, then time the pages inside it."""
    customers = CUSTOMERS[size]
    with installation() as under_test:
        under_test.prepare()
        under_test.run_code(f"from benchmarks.customers_base import fill; fill({customers})")
        printed = under_test.run_code(
            f"from benchmarks.customers_base import measure; measure({customers})"
        )
    figures = []
    for line in printed.splitlines():
        name, tab, seconds = line.partition("\t")
        if not tab:  # what the work itself said
            continue
        title = f"{name}, {customers:,} customers"
        figures.append(Figure("B16", title, float(seconds), "s", at_most=TARGETS.get(name)))
    return figures
