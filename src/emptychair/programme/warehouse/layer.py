"""What pages and readings ask of the statistics layer. No row of a response is read here."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Any, TypeVar

import ibis.expr.types as ir

from emptychair.analysis.delivery.trend import Every
from emptychair.analysis.sums.counts import ScoreCounts, layer_counts
from emptychair.analysis.sums.layer import DIMENSIONS, EVERYONE, grain_for
from emptychair.programme.warehouse import store, tables

Counts = dict[tuple[Any, ...], ScoreCounts]
_Answer = TypeVar("_Answer")
_UNITS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_KEPT = 2_000
_kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_keeping = Lock()


def version() -> str:
    """Return what changes whenever any figure may have changed."""
    return str(store.version("sums"))


def counts(
    by: Sequence[str] = (),
    *,
    start: date,
    end: date,
    segment: str | None = None,
    filters: Mapping[str, str] | None = None,
    units: frozenset[str] | None = None,
    every: Every | None = None,
) -> Counts:
    """Return score counts by group, from the smallest grain that can tell.

    Args:
        by: any of segment, unit, channel, touchpoint, survey, language.
        start: first local date that counts.
        end: last local date that counts.
        segment: slug of one segment; None means everyone. By `segment`, None means each.
        filters: dimension to the one value wanted; an empty value filters nothing.
        units: units the reader may see; None means all.
        every: puts the first day of each period first in the key.

    Returns:
        Counts by group; a group without answers is absent.
    """
    wanted = tuple(sorted((k, v) for k, v in (filters or {}).items() if v and k in DIMENSIONS))
    question = (version(), tuple(by), start, end, segment, wanted, units, every)

    def find() -> Counts:
        chosen = _chosen(tuple(by), start, end, segment, dict(wanted), units)
        if every is not None:
            chosen = chosen.mutate(period=chosen["answered_on"].truncate(_UNITS[every]))
        return layer_counts(chosen, ["period", *by] if every else list(by))

    return _kept_or(question, find)


def options(column: str) -> list[str]:
    """Return the values that occur of a dimension, or of `segment`, in order."""

    def find() -> list[str]:
        layer = tables.layer()
        grain = grain_for([] if column == "segment" else [column])
        there = layer.filter(layer["grain"] == grain).select(column).distinct().to_pyarrow()
        return sorted(value for value in there[column].to_pylist() if value)

    return _kept_or((version(), "options", column), find)


def first_day() -> date | None:
    """Return the local date of the first counted answer."""

    def find() -> date | None:
        layer = tables.layer()
        days = layer.filter(layer["grain"] == "segment")["answered_on"]
        day: date | None = days.min().to_pyarrow().as_py()
        return day

    return _kept_or((version(), "first_day"), find)


def _kept_or(question: tuple[Any, ...], find: Callable[[], _Answer]) -> _Answer:
    """Return the answer kept for `question`, which holds the version, or find and keep it."""
    with _keeping:
        if question in _kept:
            _kept.move_to_end(question)
            kept: _Answer = _kept[question]
            return kept
    answer = find()
    with _keeping:
        _kept[question] = answer
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return answer


def _chosen(
    by: tuple[str, ...],
    start: date,
    end: date,
    segment: str | None,
    filters: Mapping[str, str],
    units: frozenset[str] | None,
) -> ir.Table:
    columns = {*by, *filters} - {"segment"} | ({"unit"} if units is not None else set())
    layer = tables.layer()
    months = (layer["month"] >= f"{start:%Y-%m}") & (layer["month"] <= f"{end:%Y-%m}")
    days = layer["answered_on"].between(start, end)
    chosen = layer.filter((layer["grain"] == grain_for(columns)) & months & days)
    if segment is not None:
        chosen = chosen.filter(chosen["segment"] == segment)
    elif "segment" in by:
        chosen = chosen.filter(chosen["segment"] != EVERYONE)
    else:
        chosen = chosen.filter(chosen["segment"] == EVERYONE)
    for name, value in filters.items():
        chosen = chosen.filter(chosen[name] == value)
    if units is not None:
        chosen = chosen.filter(chosen["unit"].isin(sorted(units)))
    return chosen
