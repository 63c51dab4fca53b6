"""Published months as pages and files show them: as they stood, corrections beside."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.show.levels import level_row
from emptychair.analysis.show.words import Words
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.insight.models import PeriodReport
from emptychair.programme.insight.publishing import FrozenFigure, frozen_figures
from emptychair.programme.lib.spreadsheets import Cell
from emptychair.programme.visibility import names
from emptychair.programme.visibility.disclosure import withheld_groups

HEADER = (
    "starts_on", "ends_on", "segment", "unit", "n", "nps_points", "low_points", "high_points",
    "asked", "held", "corrected_n", "corrected_nps_points", "inputs_digest", "library_version",
)  # fmt: skip


@dataclass(frozen=True)
class ReportRow:
    """One group of a published month."""

    name: str
    n: str
    nps: str
    interval: str
    corrected: str


@dataclass(frozen=True)
class Published:
    """One published month in the list of them."""

    report: PeriodReport
    month: str
    headline: ReportRow | None


def published_months(scope: Scope, words: Words) -> tuple[Published, ...]:
    """Return the published months, the newest first, each with the figure of all customers."""
    return tuple(
        Published(
            report,
            words.period(report.starts_on, "month"),
            next(iter(report_rows(report, scope, words)), None),
        )
        for report in PeriodReport.objects.all()
    )


def shown_figures(report: PeriodReport, scope: Scope) -> tuple[FrozenFigure, ...]:
    """Return the figures of a report that a reader may see, those of few people left out."""
    found = frozen_figures(report)
    if scope.units is not None:
        found = tuple(figure for figure in found if figure.unit in scope.units)
    hidden = {
        (kind, *group)
        for kind in ("segment", "unit")
        for counts in ("published", "now")
        for group in withheld_groups(
            {(getattr(f, kind),): getattr(f, counts) for f in found if getattr(f, kind)}
        )
    }
    whole_is_few = {("", "") for f in found if not f.segment and not f.unit and _is_few(f)}
    return tuple(
        figure
        for figure in found
        if ("segment", figure.segment) not in hidden
        and ("unit", figure.unit) not in hidden
        and (figure.segment, figure.unit) not in whole_is_few
    )


def report_rows(report: PeriodReport, scope: Scope, words: Words) -> tuple[ReportRow, ...]:
    """Return the rows of a report's page."""
    segments, units = names.names_of("segment"), names.names_of("unit")
    rows = []
    for figure in shown_figures(report, scope):
        said = words.level(nps_of_counts(figure.published))
        name = segments.get(figure.segment, figure.segment) or units.get(figure.unit, figure.unit)
        rows.append(
            ReportRow(
                name=name or names.label_of_all("segment"),
                n=words.number(figure.published.n),
                nps=said.value if said.certainty != "interval" else "",
                interval=said.interval,
                corrected=_said(figure.now, words) if figure.is_corrected else "",
            )
        )
    return tuple(rows)


def report_lines(report: PeriodReport, scope: Scope) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of a report's file; values unrounded, null where too few answered."""
    for figure in shown_figures(report, scope):
        yield (
            report.starts_on,
            report.ends_on,
            figure.segment,
            figure.unit,
            figure.published.n,
            *_points(figure.published),
            figure.asked,
            figure.held,
            figure.now.n if figure.is_corrected else None,
            _points(figure.now)[0] if figure.is_corrected else None,
            report.inputs_digest,
            report.library_version,
        )


def _points(counts: ScoreCounts) -> tuple[float | None, float | None, float | None]:
    return level_row(nps_of_counts(counts))[1:]


def _said(counts: ScoreCounts, words: Words) -> str:
    said = words.level(nps_of_counts(counts))
    return f"{said.value} ({said.answers})"


def _is_few(figure: FrozenFigure) -> bool:
    return min(figure.published.n, figure.now.n) < settings.MINIMUM_CELL
