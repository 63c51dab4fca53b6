"""Pages of studies: sections of charts, tables and sentences, all from what the worker stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.words import Words
from emptychair.programme.relations.models import Study
from emptychair.programme.visibility.names import names_of
from emptychair.programme.visibility.pictures import ChartBlock, Switch, chart_block

FEWEST = 10  # customers below which nothing is said of a group
Build = Callable[[str, Words], "Report"]


@dataclass(frozen=True)
class Grid:
    """A small table: its head, and rows whose first cell names them."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """One section of a report before it is drawn."""

    name: str
    title: str = ""
    chart: Chart | None = None
    grid: Grid | None = None
    sentences: tuple[str, ...] = ()
    is_wide: bool = False


@dataclass(frozen=True)
class Report:
    """What a page says, and the studies it says it from."""

    title: str
    lead: str
    parts: tuple[Part, ...]
    studies: tuple[Study, ...] = ()
    warning: str = ""


@dataclass(frozen=True)
class Section:
    """One section as the template shows it."""

    name: str
    title: str
    chart: ChartBlock | None
    grid: Grid | None
    sentences: tuple[str, ...]
    is_wide: bool


@dataclass(frozen=True)
class About:
    """How one study came about."""

    n: str
    computed_at: datetime
    method: str
    method_url: str
    digest: str
    version: str


@dataclass(frozen=True)
class ReportPage:
    """Everything the page of a report shows; `state` is pending, empty or usual."""

    state: str
    title: str
    lead: str
    warning: str
    why_empty: str
    sections: tuple[Section, ...]
    abouts: tuple[About, ...]
    switches: tuple[Switch, ...] = field(default=())


def study_of(kind: str, segment: str = "") -> Study | None:
    """Return a stored study."""
    return Study.objects.filter(kind=kind, segment=segment).first()


def report_page(
    page: str, report: Report, words: Words, *, segment: str, may_take_files: bool
) -> ReportPage:
    """Return a report as its page shows it.

    Args:
        page: name of the page's address, for files of its charts.
        report: what it says.
        words: the reader's language.
        segment: whom it is about; empty means everybody.
        may_take_files: whether charts are offered as files.
    """
    return ReportPage(
        state=_state(report),
        title=report.title,
        lead=report.lead,
        warning=report.warning,
        why_empty=next((s.why_empty for s in report.studies if s.why_empty), ""),
        sections=tuple(
            _section(page, part, words, segment, may_take_files=may_take_files)
            for part in report.parts
        ),
        abouts=tuple(_about(study, words) for study in report.studies if study.result),
        switches=_switches(page, segment),
    )


def _state(report: Report) -> str:
    if not report.studies:
        return "pending"
    return "usual" if report.parts else "empty"


def _section(page: str, part: Part, words: Words, segment: str, *, may_take_files: bool) -> Section:
    block = None
    if part.chart is not None:
        query = f"?segment={segment}" if segment else ""

        def file_url(kind: str) -> str:
            return reverse("customers:study_chart", args=[page, part.name, kind]) + query

        block = chart_block(part.chart, words, file_url=file_url if may_take_files else None)
    return Section(part.name, part.title, block, part.grid, part.sentences, part.is_wide)


def _about(study: Study, words: Words) -> About:
    return About(
        n=words.number(study.n),
        computed_at=study.computed_at,
        method=_kind_name(study.kind),
        method_url=reverse("visibility:method", args=[study.method]),
        digest=study.inputs_digest[:12],
        version=study.library_version,
    )


def _kind_name(kind: str) -> str:
    return {
        "economics": _("Economics"),
        "retention": _("Retention"),
        "behaviour": _("Behaviour"),
        "movement": _("Movement"),
        "growth": _("Earned growth"),
        "silent": _("Chances"),
        "recovery": _("Recovery"),
    }[kind]


def _switches(page: str, segment: str) -> tuple[Switch, ...]:
    kinds = {"economics": Study.Kind.ECONOMICS, "movement": Study.Kind.MOVEMENT}
    if page not in kinds:
        return ()
    there = set(Study.objects.filter(kind=kinds[page]).values_list("segment", flat=True)) - {""}
    if not there:
        return ()
    known = {slug: name for slug, name in names_of("segment").items() if slug in there}
    url = reverse(f"customers:{page}")
    return (
        Switch(_("All customers"), url, not segment),
        *(Switch(name, f"{url}?segment={slug}", slug == segment) for slug, name in known.items()),
    )


def estimate(found: Mapping[str, Any] | None) -> tuple[float, float, float] | None:
    """Return value and interval of a stored estimate, or None where it has no ends."""
    if not found or any(found.get(name) is None for name in ("value", "low", "high")):
        return None
    return float(found["value"]), float(found["low"]), float(found["high"])


def by_bucket(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the buckets of a result that enough customers are behind."""
    return [row for row in rows if row["n"] >= FEWEST]
