"""The command that makes companies whose truth is known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from emptychair.cli.output import progress


@click.command()
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the tables and truth.json to.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Parameters; see --show-config for those used otherwise.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other chance.")
@click.option("--customers", type=int, help="How many customers.")
@click.option("--days", type=int, help="How many days the story lasts.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The last day of the story; today when left out.",
)
@click.option(
    "--show-config",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, value: _show_config(ctx, value=value),
    help="Print the default parameters and end.",
)
@click.option("--debug", is_flag=True, expose_value=False, hidden=True)
def simulate(
    output: Path,
    config_file: Path | None,
    seed: int,
    customers: int | None,
    days: int | None,
    until: datetime | None,
) -> None:
    """Write the tables of a made-up company, and truth.json with what is true about it."""
    with progress("Simulating ..."):
        from emptychair.analysis.tables.simulate import (
            load_config,
            simulate_company,
            write_company,
        )

        config = load_config(config_file, customers=customers, days=days)
        company = simulate_company(config, seed, until=until.date() if until else None)
        files = write_company(company, output)
    for file in files[:-1]:
        click.echo(f"{file}  {company.tables[file.stem].num_rows} rows")
    points = company.truth["base"]["nps_points"]
    click.echo(f"{files[-1]}  true NPS of all customers: {points:+.1f}")


def _show_config(ctx: click.Context, *, value: bool) -> None:
    if value:
        from importlib import resources

        place = resources.files("emptychair.analysis.tables.simulate")
        click.echo(place.joinpath("company.toml").read_text(encoding="utf-8"), nl=False)
        ctx.exit()
