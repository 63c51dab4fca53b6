"""Compute readings from the statistics layer; the worker does it when the layer has changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.insight.figures import published_figure
from emptychair.programme.insight.models import Reading
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import layer

WINDOW_DAYS = 90
_last_refreshed = ""


@dataclass(frozen=True)
class Period:
    """First and last local date, both included."""

    start: date
    end: date


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
    for counts in layer.counts(start=period.start, end=period.end).values():
        yield _reading(period, counts)
    for (segment,), counts in layer.counts(["segment"], start=period.start, end=period.end).items():
        yield _reading(period, counts, segment=segment)
    for (unit,), counts in layer.counts(["unit"], start=period.start, end=period.end).items():
        if unit:
            yield _reading(period, counts, unit=unit)


def _reading(period: Period, counts: ScoreCounts, *, segment: str = "", unit: str = "") -> Reading:
    figure = published_figure(
        start=period.start,
        end=period.end,
        segment=segment,
        filters={"unit": unit},
        counts=counts,
    )
    return Reading(
        metric="nps",
        segment=segment,
        unit=unit,
        starts_on=period.start,
        ends_on=period.end,
        n=figure.nps.n,
        value=figure.nps.nps_points,
        low=figure.nps.low_points,
        high=figure.nps.high_points,
        asked=figure.around.asked or 0,
        delivered=figure.around.delivered or 0,
        answered=figure.around.answered or 0,
        held=sum(figure.around.held.values()),
        wordings=[wording for wording in figure.around.wordings if wording],
        method=figure.method,
        inputs_digest=figure.inputs_digest,
        library_version=figure.library_version,
        computed_at=now(),
    )
