"""Period reports: a month is published once and never changes; corrections stand beside it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.insight.figures import digest_of, library_version, published_figure
from emptychair.programme.insight.models import PeriodReport
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.worktime import home_country, is_working_day
from emptychair.programme.warehouse import layer

PUBLISHED_ON_WORKDAY = 3


@dataclass(frozen=True)
class FrozenFigure:
    """One figure of a report: as published, and what the same sums say now."""

    segment: str
    unit: str
    published: ScoreCounts
    now: ScoreCounts
    asked: int | None
    held: int

    @property
    def is_corrected(self) -> bool:
        """Whether answers were corrected, erased or added since."""
        return self.published != self.now


def publish_due() -> None:
    """Publish last month on its third working day or later; the worker's routine."""
    day = today()
    start = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    if day < due_on(start) or PeriodReport.objects.filter(starts_on=start).exists():
        return
    if any(n.n for n in layer.counts(start=start, end=last_day(start)).values()):
        publish_month(start)


@transaction.atomic
def publish_month(start: date, *, by: User | None = None) -> PeriodReport:
    """Freeze the figures of the month that begins on `start`.

    Raises:
        RefusedError: the month is not over, has no answers, or is published already.
    """
    end = last_day(start)
    if end >= today():
        raise RefusedError("month_not_over", _("The month is not over yet."))
    figures = list(_figures(start, end))
    if not figures:
        raise RefusedError("month_without_answers", _("Nobody answered in that month."))
    report, is_new = PeriodReport.objects.get_or_create(
        starts_on=start,
        defaults={
            "ends_on": end,
            "figures": figures,
            "inputs_digest": digest_of(figures),
            "library_version": library_version(),
            "published_by": by,
        },
    )
    if not is_new:
        raise RefusedError("month_already_published", _("The month is published already."))
    record("report.published", start.isoformat(), actor=by.public_id if by else "")
    return report


def frozen_figures(report: PeriodReport) -> tuple[FrozenFigure, ...]:
    """Return the figures of a report beside what the same period says now."""
    start, end = report.starts_on, report.ends_on
    whole = layer.counts(start=start, end=end).get((), ScoreCounts())
    by_segment = layer.counts(["segment"], start=start, end=end)
    by_unit = layer.counts(["unit"], start=start, end=end)
    found = []
    for figure in report.figures:
        segment, unit = figure["segment"], figure["unit"]
        now = whole
        if segment or unit:
            known = by_segment if segment else by_unit
            now = known.get((segment or unit,), ScoreCounts())
        published = ScoreCounts(tuple(figure["scores"]))
        around_it = figure["around"]
        found.append(
            FrozenFigure(
                segment, unit, published, now, around_it["asked"], sum(around_it["held"].values())
            )
        )
    return tuple(found)


def due_on(start: date) -> date:
    """Return the third working day of the organisation's country after the month of `start`."""
    day, working = last_day(start), 0
    while working < PUBLISHED_ON_WORKDAY:
        day += timedelta(days=1)
        working += is_working_day(day, home_country())
    return day


def last_day(start: date) -> date:
    """Return the last day of the month that begins on `start`."""
    return (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _figures(start: date, end: date) -> Iterator[dict[str, Any]]:
    groups = [("", "")]
    groups += [(key[0], "") for key in layer.counts(["segment"], start=start, end=end)]
    groups += [("", key[0]) for key in layer.counts(["unit"], start=start, end=end) if key[0]]
    for segment, unit in groups:
        figure = published_figure(start=start, end=end, segment=segment, filters={"unit": unit})
        if not figure.nps.n:
            continue
        nps = nps_of_counts(figure.counts)
        yield {
            "segment": segment,
            "unit": unit,
            "scores": list(figure.counts.scores),
            "nps_points": nps.nps_points,
            "low_points": nps.low_points,
            "high_points": nps.high_points,
            "around": asdict(figure.around),
            "method": figure.method,
            "inputs_digest": figure.inputs_digest,
        }
