"""The other tables that commands about customers read beside the answers, and the day they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

    from emptychair.cli.options import Answers

_Command = TypeVar("_Command", bound=Callable[..., Any])
_HELP = {
    "customers": "Everyone in the customer base.",
    "values": "Revenue, margin and cost to serve per customer and month.",
    "events": "What customers did, one row per event.",
    "referrals": "Who came how: referrer_id, referred_id, at, origin.",
    "cases": "Calls to detractors, one row per case.",
}


def table_option(name: str, *, required: bool = False) -> Callable[[_Command], _Command]:
    """Return the option `--<name> FILE` for one table of the contract."""
    return click.option(f"--{name}", required=required, metavar="FILE", help=_HELP[name])


def until_option(command: _Command) -> _Command:
    """Give a command the option of the last day that is known."""
    return click.option(
        "--until",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="YYYY-MM-DD",
        help="Last day of which everything is known.  [default: of the last answer or leaving]",
    )(command)


def day_of(moment: datetime | None) -> date | None:
    """Return the day of an option, None where it was left out."""
    return None if moment is None else moment.date()


def tables_of(engine: BaseBackend, **paths: str | None) -> dict[str, ir.Table | None]:
    """Read the tables whose path was given; the others are None."""
    from emptychair.analysis.tables.contract import read_table

    return {
        name: None if path is None else read_table(path, name, engine=engine)
        for name, path in paths.items()
    }


def columns_of(answers: Answers, names: Sequence[str]) -> list[str]:
    """Return columns as the table of answers calls them; others stay for the customers' table."""
    found = [answers.file.column(name) for name in names]
    there = answers.table.columns
    return [own if own in there else name for own, name in zip(found, names, strict=True)]


def text(value: object) -> str:
    """Return a cell for people: numbers with two digits or as many as tell, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def share(value: float | None) -> str:
    """Return a share as percent for people."""
    return "" if value is None else f"{100 * value:.1f}%"
