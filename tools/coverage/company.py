"""How often the reliability of simulated companies holds what is true of them."""

from dataclasses import replace
from datetime import date

import ibis
from tools.coverage.common import Rows

from emptychair.analysis.delivery.reliability import Reliability, reliability
from emptychair.analysis.tables.simulate import load_config, simulate_company

UNTIL = date(2026, 6, 30)
CUSTOMERS = 6_000
RUNS = 100


def judged_company(seed: int) -> tuple[float, Reliability]:
    """Return the true NPS of a simulated customer base, and what the answers say of it."""
    company = simulate_company(replace(load_config(), customers=CUSTOMERS), seed=seed, until=UNTIL)
    names = ("responses", "customers", "invitations")
    responses, customers, invitations = (ibis.memtable(company.tables[name]) for name in names)
    truth = float(company.truth["base"]["nps_points"])
    return truth, reliability(responses, customers, invitations)[0]


def company_table(size: float) -> Rows:
    """Return error and coverage of the raw and the corrected NPS over many companies."""
    runs = [judged_company(seed) for seed in range(1, max(2, round(RUNS * size)) + 1)]
    rows: Rows = [["estimate", "mean error, points", "truth inside the 95 % interval, %"]]
    for name, points, low, high in (
        ("raw", "raw_points", "raw_low_points", "raw_high_points"),
        ("weighted by traits", "trait_weighted_points", "trait_weighted_low_points",
         "trait_weighted_high_points"),
        ("weighted", "weighted_points", "low_points", "high_points"),
    ):  # fmt: skip
        error = sum(getattr(found, points) - truth for truth, found in runs) / len(runs)
        inside = [getattr(found, low) < truth < getattr(found, high) for truth, found in runs]
        rows.append([name, f"{error:+.1f}", f"{100 * sum(inside) / len(inside):.1f}"])
    return rows
