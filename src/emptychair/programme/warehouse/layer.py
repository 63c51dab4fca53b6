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
from emptychair.programme.journeys.queries import touchpoints_by_stage
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
        by: any of segment, unit, channel, touchpoint, survey, language, stage.
        start: first local date that counts.
        end: last local date that counts.
        segment: slug of one segment; None means everyone. By `segment`, None means each.
        filters: dimension to the one value wanted; an empty value filters nothing.
        units: units the reader may see; None means all.
        every: puts the first day of each period first in the key.

    Returns:
        Counts by group; a group without answers is absent.
    """
    wanted = _values(filters, {*DIMENSIONS, "stage"})
    names = tuple("touchpoint" if name == "stage" else name for name in by)
    question = (version(), names, start, end, segment, wanted, units, every)

    def find() -> Counts:
        chosen = _chosen(names, start, end, segment, wanted, units)
        if every is not None:
            chosen = chosen.mutate(period=chosen["answered_on"].truncate(_UNITS[every]))
        return layer_counts(chosen, ["period", *names] if every else list(names))

    found = _kept_or(question, find)
    return _by_stage(found, tuple(by).index("stage") + bool(every)) if "stage" in by else found


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
        filters: `unit`, `channel`, `touchpoint` or `stage` to the one value wanted.
        units: units the reader may see; None means all.
    """
    wanted = _values(filters, {"unit", "channel", "touchpoint", "stage"})
    question = (version(), "circumstances", start, end, segment, wanted, units)

    def find() -> Circumstances:
        sums = tables.circumstances()
        months = (sums["month"] >= f"{start:%Y-%m}") & (sums["month"] <= f"{end:%Y-%m}")
        chosen = sums.filter(months & sums["day"].between(start, end))
        chosen = chosen.filter(chosen["segment"] == segment)
        for name, values in wanted:
            chosen = chosen.filter(chosen[name].isin(values))
        if units is not None:
            chosen = chosen.filter(chosen["unit"].isin(sorted(units)))
        totals = chosen.group_by(["kind", "detail"]).aggregate(n=chosen["n"].sum())
        return _circumstances(totals.to_pyarrow().to_pylist(), "touchpoint" in dict(wanted))

    return _kept_or(question, find)


def options(column: str) -> list[str]:
    """Return the values that occur of a dimension, of `segment` or of `stage`, in order."""
    if column == "stage":
        there = set(options("touchpoint"))
        return [stage for stage, slugs in touchpoints_by_stage().items() if there & set(slugs)]

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


def _values(
    filters: Mapping[str, str] | None, known: set[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the values wanted of each column; a stage is the touchpoints it holds now."""
    wanted = []
    for name, value in sorted((filters or {}).items()):
        if not value or name not in known:
            continue
        is_stage = name == "stage"
        values = touchpoints_by_stage().get(value, ()) if is_stage else (value,)
        wanted.append(("touchpoint" if is_stage else name, values))
    return tuple(wanted)


def _by_stage(found: Counts, place: int) -> Counts:
    """Put together the counts of each stage's touchpoints, which stand at `place` of the keys."""
    stages = {slug: stage for stage, slugs in touchpoints_by_stage().items() for slug in slugs}
    totals: Counts = {}
    for key, n in found.items():
        group = (*key[:place], stages.get(key[place], ""), *key[place + 1 :])
        totals[group] = totals.get(group, ScoreCounts()) + n
    return totals


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
    wanted: Sequence[tuple[str, tuple[str, ...]]],
    units: frozenset[str] | None,
) -> ir.Table:
    columns = {*by, *dict(wanted)} - {"segment"} | ({"unit"} if units is not None else set())
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
    for name, values in wanted:
        chosen = chosen.filter(chosen[name].isin(values))
    if units is not None:
        chosen = chosen.filter(chosen["unit"].isin(sorted(units)))
    return chosen
