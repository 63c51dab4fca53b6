"""What pages and readings ask of the statistics layer. No row of a response is read here."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Circumstances:
    """What surrounds a figure.

    Attributes:
        asked: invitations sent in the period; None where nothing tells, as by touchpoint.
        delivered: those that did not come back.
        answered: those that were answered, whenever.
        held: responses stored but not counted, by reason.
        wordings: responses that count, by the wording they answered; empty if unknown.
    """

    asked: int | None
    delivered: int | None
    answered: int | None
    held: Mapping[str, int]
    wordings: Mapping[str, int]

    @property
    def response_rate(self) -> float | None:
        """Answered over delivered invitations; None where nothing was delivered."""
        return (
            self.answered / self.delivered if self.delivered and self.answered is not None else None
        )


def circumstances(
    *,
    start: date,
    end: date,
    segment: str = "",
    filters: Mapping[str, str] | None = None,
    units: frozenset[str] | None = None,
) -> Circumstances:
    """Return what surrounds the figure of a selection, from sums by day.

    Args:
        start: first local date.
        end: last local date.
        segment: slug of one segment; empty means everyone.
        filters: `unit`, `channel` or `touchpoint` to the one value wanted.
        units: units the reader may see; None means all.
    """
    wanted = tuple(sorted((name, value) for name, value in (filters or {}).items() if value))
    question = (version(), "circumstances", start, end, segment, wanted, units)

    def find() -> Circumstances:
        sums = tables.circumstances()
        months = (sums["month"] >= f"{start:%Y-%m}") & (sums["month"] <= f"{end:%Y-%m}")
        chosen = sums.filter(months & sums["day"].between(start, end))
        chosen = chosen.filter(chosen["segment"] == segment)
        for name, value in wanted:
            chosen = chosen.filter(chosen[name] == value)
        if units is not None:
            chosen = chosen.filter(chosen["unit"].isin(sorted(units)))
        totals = chosen.group_by(["kind", "detail"]).aggregate(n=chosen["n"].sum())
        return _circumstances(totals.to_pyarrow().to_pylist(), "touchpoint" in dict(wanted))

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


def _circumstances(rows: Sequence[Mapping[str, Any]], by_touchpoint: bool) -> Circumstances:
    totals: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: row["detail"]):
        totals.setdefault(row["kind"], {})[row["detail"]] = int(row["n"])

    def asks(kind: str) -> int | None:
        return None if by_touchpoint else totals.get(kind, {}).get("", 0)

    return Circumstances(
        asks("asked"),
        asks("delivered"),
        asks("answered"),
        totals.get("held", {}),
        totals.get("wording", {}),
    )


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
