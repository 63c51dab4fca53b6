"""Checks of arguments, shared by every statistic: each raises a sentence naming what was wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MOST_NAMES_SHOWN = 20


def check_columns(table: ir.Table, names: Iterable[str]) -> None:
    """Check that `table` has every column of `names`.

    Args:
        table: the table a statistic is about to use.
        names: the columns it needs.

    Raises:
        ColumnNotFoundError: a column is missing; the message lists those there are.
    """
    there = list(table.columns)
    missing = [name for name in names if name not in there]
    if missing:
        wanted = ", ".join(repr(name) for name in missing)
        raise ColumnNotFoundError(f"There is no column {wanted}. There are: {listed(there)}.")


def check_share(value: float, name: str) -> None:
    """Check that `value` is a share strictly between 0 and 1.

    Raises:
        ArgumentError: it is not.
    """
    if not 0 < value < 1:
        raise ArgumentError(f"{name} is a share strictly between 0 and 1, not {value!r}.")


def check_choice(value: str, name: str, choices: Iterable[str]) -> None:
    """Check that `value` is one of `choices`.

    Raises:
        ArgumentError: it is not; the message lists the choices.
    """
    allowed = list(choices)
    if value not in allowed:
        raise ArgumentError(f"{name} is one of {', '.join(allowed)}, not {value!r}.")


def check_positive(value: float, name: str) -> None:
    """Check that `value` is a finite number above zero.

    Raises:
        ArgumentError: it is not.
    """
    if not 0 < value < float("inf"):
        raise ArgumentError(f"{name} is a number above zero, not {value!r}.")


def listed(names: Iterable[str]) -> str:
    """Return `names` as one line, cut after twenty with the number left out."""
    all_names = list(names)
    shown = ", ".join(all_names[:_MOST_NAMES_SHOWN])
    left_out = len(all_names) - _MOST_NAMES_SHOWN
    return f"{shown} and {left_out} more" if left_out > 0 else shown
