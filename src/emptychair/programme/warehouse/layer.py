"""What pages and readings ask of the statistics layer. No row of a response is read here."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Any

import ibis.expr.types as ir

from emptychair.analysis.delivery.trend import Every
from emptychair.analysis.sums.counts import ScoreCounts, layer_counts
from emptychair.analysis.sums.layer import DIMENSIONS, EVERYONE, grain_for
from emptychair.programme.warehouse import store, tables

Counts = dict[tuple[Any, ...], ScoreCounts]
_UNITS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_KEPT = 2_000
_kept: OrderedDict[tuple[Any, ...], Counts] = OrderedDict()
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
    with _keeping:
        if question in _kept:
            _kept.move_to_end(question)
            return _kept[question]
    chosen = _chosen(tuple(by), start, end, segment, dict(wanted), units)
    if every is not None:
        chosen = chosen.mutate(period=chosen["answered_on"].truncate(_UNITS[every]))
    answer = layer_counts(chosen, ["period", *by] if every else list(by))
    with _keeping:
        _kept[question] = answer
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return answer


def options(column: str) -> list[str]:
    """Return the values that occur of a dimension, or of `segment`, in order."""
    layer = tables.layer()
    grain = grain_for([] if column == "segment" else [column])
    there = layer.filter(layer["grain"] == grain).select(column).distinct().to_pyarrow()
    return sorted(value for value in there[column].to_pylist() if value)


def first_day() -> date | None:
    """Return the local date of the first counted answer."""
    layer = tables.layer()
    day: date | None = (
        layer.filter(layer["grain"] == "segment")["answered_on"].min().to_pyarrow().as_py()
    )
    return day


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
