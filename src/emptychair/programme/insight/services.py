"""Compute readings from the statistics layer; the worker does it when the layer has changed."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from importlib.metadata import version as version_of

from django.db import transaction

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.insight.models import Reading
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import layer, tables

WINDOW_DAYS = 90
METHOD = "score-interval"
_last_refreshed = ""


@dataclass(frozen=True)
class Period:
    """First and last local date, both included."""

    start: date
    end: date


@dataclass(frozen=True)
class Circumstances:
    """What a period's readings share, whatever the group."""

    asked: int
    held: int
    wordings: tuple[str, ...]


def windows(day: date) -> tuple[Period, Period]:
    """Return the last 90 days up to `day` and the 90 before them."""
    present = Period(day - timedelta(WINDOW_DAYS - 1), day)
    before = Period(present.start - timedelta(WINDOW_DAYS), present.start - timedelta(1))
    return present, before


def refresh_readings() -> None:
    """Compute the readings of both windows, unless nothing has changed since the last time."""
    global _last_refreshed
    mark = f"{layer.version()} {today()}"
    if mark == _last_refreshed or layer.version() == "-1":
        return
    for period in windows(today()):
        _replace(period, list(_readings(period)))
    _last_refreshed = mark


@transaction.atomic
def _replace(period: Period, readings: list[Reading]) -> None:
    Reading.objects.filter(metric="nps", starts_on=period.start, ends_on=period.end).delete()
    Reading.objects.bulk_create(readings)


def _readings(period: Period) -> Iterator[Reading]:
    around = _circumstances(period)
    for counts in layer.counts(start=period.start, end=period.end).values():
        yield _reading(period, around, counts)
    for (segment,), counts in layer.counts(["segment"], start=period.start, end=period.end).items():
        yield _reading(period, around, counts, segment=segment)
    for (unit,), counts in layer.counts(["unit"], start=period.start, end=period.end).items():
        if unit:
            yield _reading(period, around, counts, unit=unit)


def _reading(
    period: Period,
    around: Circumstances,
    counts: ScoreCounts,
    *,
    segment: str = "",
    unit: str = "",
) -> Reading:
    nps = nps_of_counts(counts)
    inputs = f"{period} {segment} {unit} {counts.scores}"
    return Reading(
        metric="nps",
        segment=segment,
        unit=unit,
        starts_on=period.start,
        ends_on=period.end,
        n=nps.n,
        value=nps.nps_points,
        low=nps.low_points,
        high=nps.high_points,
        method=METHOD,
        inputs_digest=hashlib.sha256(inputs.encode()).hexdigest(),
        library_version=version_of("emptychair"),
        computed_at=now(),
        **asdict(around),
    )


def _circumstances(period: Period) -> Circumstances:
    responses = tables.responses()
    inside = responses.filter(responses["answered_on"].between(period.start, period.end))
    if "month" in inside.columns:
        months = f"{period.start:%Y-%m}", f"{period.end:%Y-%m}"
        inside = inside.filter(inside["month"].between(*months))
    counted = inside.filter(inside["held_reason"].isnull())
    wordings = counted.select("wording").distinct().to_pyarrow()["wording"].to_pylist()
    invitations = tables.table("invitations")
    sent = invitations["sent_at"].cast("date").between(period.start, period.end)
    return Circumstances(
        asked=invitations.filter(sent).count().to_pyarrow().as_py(),
        held=inside.filter(inside["held_reason"].notnull()).count().to_pyarrow().as_py(),
        wordings=tuple(sorted(wording for wording in wordings if wording)),
    )
