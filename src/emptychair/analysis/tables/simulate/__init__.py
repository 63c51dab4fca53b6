"""Companies whose truth is known, to test statistics on and to show the product with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.tables.simulate.arrow import tables_of
from emptychair.analysis.tables.simulate.attitude import make_model
from emptychair.analysis.tables.simulate.calendar import Calendar
from emptychair.analysis.tables.simulate.config import Config, load_config
from emptychair.analysis.tables.simulate.people import make_people, make_staff
from emptychair.analysis.tables.simulate.story import World, tell
from emptychair.analysis.tables.simulate.truth import truth_of

__all__ = ["Company", "Config", "load_config", "simulate_company", "write_company"]


@dataclass(frozen=True)
class Company:
    """A simulated company.

    Attributes:
        tables: the tables of the contract as Arrow tables: responses, customers, values, events,
            invitations, cases, initiatives, referrals.
        truth: what is true about it, ready for JSON.
        config: the parameters it was made from.
    """

    tables: dict[str, pa.Table]
    truth: dict[str, Any]
    config: Config


def simulate_company(
    config: Config | None = None, seed: int = 1, *, until: date | None = None
) -> Company:
    """Return a company, its story and the truth behind it.

    The same `config`, `seed` and `until` give the same company. Tables and columns are those
    of the contract; besides them:

    - responses: `response_id` begins with R for a person's answer (R and the number of its
      invitation), M for a machine's click and S for a stuffed ballot; the latter two have a
      `held_reason`. `unit` is the unit's name, `employee` an id such as `malmo-03`; relationship
      answers have neither employee nor touchpoint. There is one `rating_` column per driver,
      and `attr_segment`, `attr_age`, `attr_tenure_years`.
    - customers: `segment_<name>` is true for one segment each; `attr_segment`, `attr_age`,
      `attr_level`. The base on the last day are those without `left_at`.
    - cases: one per detractor's answer that is not held; `root_cause` is a driver.

    Args:
        config: the parameters; those of the package's `company.toml` when left out.
        seed: where chance starts.
        until: the last day of the story; today when left out.

    Returns:
        Tables in memory and the truth.
    """
    config = config or load_config()
    last_on = until or date.today()  # noqa: DTZ011
    rng = np.random.default_rng(seed)
    people, staff = make_people(config, rng), make_staff(config, rng)
    first_on = last_on - timedelta(days=config.days - 1)
    world = World(
        config=config,
        model=make_model(config),
        people=people,
        staff=staff,
        calendar=Calendar(first_on, config.days, config.timezone),
        rng=rng,
        last_sent_at=np.full(len(people), -np.inf),
        referrer=np.full(len(people), -1),
        origin=np.full(len(people), -1),
    )
    chronicle = tell(world)
    truth = {
        "seed": seed,
        "until": last_on.isoformat(),
        **truth_of(world, chronicle),
    }
    return Company(tables_of(world, chronicle), truth, config)


def write_company(company: Company, folder: Path) -> list[Path]:
    """Write every table as Parquet and the truth as JSON; return the files.

    Raises:
        ArgumentError: `folder` is a file, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgumentError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    files = []
    for name, table in company.tables.items():
        files.append(folder / f"{name}.parquet")
        parquet.write_table(table, files[-1], compression="zstd")
    files.append(folder / "truth.json")
    text = json.dumps(company.truth, ensure_ascii=False, indent=2, allow_nan=False)
    files[-1].write_text(text + "\n", encoding="utf-8")
    return files
