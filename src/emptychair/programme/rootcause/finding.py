"""Compute what the pages about causes show; the worker does it when the data has changed."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
from django.conf import settings

from emptychair.analysis.errors import AnalysisError
from emptychair.analysis.rootcause.drivers import drivers
from emptychair.analysis.rootcause.journey import Moment, journey
from emptychair.analysis.rootcause.records import DriverGroup
from emptychair.analysis.rootcause.whatif import rating_histograms
from emptychair.analysis.sums.counts import counted
from emptychair.analysis.sums.crossproducts import driver_columns
from emptychair.programme.insight.figures import digest_of, library_version
from emptychair.programme.journeys.queries import touchpoint_names
from emptychair.programme.lib.clock import now, today
from emptychair.programme.relations.studying import key_segments, plain
from emptychair.programme.rootcause.models import Finding
from emptychair.programme.warehouse import layer, tables

PAUSE = timedelta(hours=6)  # between two computations
LONGEST_DAYS = 730  # older answers say little of what matters today
MOST_TOGETHER = 12  # drivers in one model
FEWEST_MENTIONS = 30  # of a theme, for it to be among them
SEGMENT = "key_segment"
Results = Mapping[str, tuple[dict[str, Any], int]]  # by segment: the result, and answers behind it


def refresh_findings() -> None:
    """Make anew what is missing, or older than its pause while data has changed."""
    version = layer.version()
    if version == "-1":
        return
    segments = key_segments()
    for kind, (make, method) in MAKERS.items():
        there = {one.segment: one for one in Finding.objects.filter(kind=kind)}
        wanted = {"", *segments}
        if not wanted <= set(there) or any(_is_old(there[key], version) for key in wanted):
            _store(kind, make, method, segments, version)
        Finding.objects.filter(kind=kind).exclude(segment__in=wanted).delete()


def _is_old(found: Finding, version: str) -> bool:
    return found.data_version != version and found.computed_at < now() - PAUSE


def _store(
    kind: str, make: Callable[[list[str]], Results], method: str, segments: list[str], version: str
) -> None:
    results: Results = {}
    why = ""
    try:
        results = make(segments)
    except AnalysisError as error:
        why = str(error)[:300]
    for segment in ("", *segments):
        result, n = results.get(segment, ({}, 0))
        inputs = {"kind": kind, "segment": segment, "result": result, "version": version}
        Finding.objects.update_or_create(
            kind=kind,
            segment=segment,
            defaults={
                "result": result,
                "n": n,
                "why_empty": why,
                "method": method,
                "data_version": version,
                "inputs_digest": digest_of(inputs),
                "library_version": library_version(),
                "computed_at": now(),
            },
        )


def _answers() -> ir.Table:
    """Return the counted answers of the last two years."""
    answered = counted(tables.responses())
    return answered.filter(answered["answered_on"] >= today() - timedelta(days=LONGEST_DAYS))


def _by_segment(answers: ir.Table, segments: list[str]) -> ir.Table | None:
    """Return the answers of each key segment one after the other; a customer may be in several."""
    customers = tables.table("customers")
    parts = []
    for slug in segments:
        members = customers.filter(customers[f"segment_{slug}"]).select(member="customer_id")
        mine = answers.inner_join(members, answers["customer_id"] == members["member"])
        parts.append(mine.drop("member").mutate(**{SEGMENT: ibis.literal(slug)}))
    return reduce(lambda one, other: one.union(other), parts) if parts else None


def _drivers(segments: list[str]) -> Results:
    answers = _answers()
    columns = _told_most(answers, driver_columns(answers))
    needed = [n for n in ("customer_id", "response_id", "score") if n in answers.columns]
    answers = answers.select(*needed, *columns)
    parts = _by_segment(answers, segments)
    if parts is None:
        study, groups = drivers(answers), []
    else:
        study = drivers(parts, by=[SEGMENT], company=answers)
        groups = study.groups
    ratings = [name for name in columns if name.startswith("rating_")]
    found = {"": _driver_result(study.company, study.overlaps, answers, ratings)}
    for group in groups:
        slug = str(group.group[0])
        mine = parts.filter(parts[SEGMENT] == slug) if parts is not None else answers
        found[slug] = _driver_result(group, study.overlaps, mine, ratings)
    return found


def _told_most(answers: ir.Table, columns: list[str]) -> list[str]:
    """Return every rating and, as far as there is room, the themes that most comments mention.

    With more than so many drivers at once importance could only be approximated, and filling in
    what is missing would take the worker minutes.
    """
    ratings = [name for name in columns if name.startswith("rating_")]
    themes = [name for name in columns if name not in ratings]
    if not themes:
        return ratings
    sums = answers.aggregate(**{name: answers[name].sum() for name in themes})
    (told,) = sums.to_pyarrow().to_pylist()
    themes.sort(key=lambda name: (-(told[name] or 0), name))
    chosen = [name for name in themes if (told[name] or 0) >= FEWEST_MENTIONS]
    return [*ratings, *chosen[: max(0, MOST_TOGETHER - len(ratings))]]


def _driver_result(
    group: DriverGroup, overlaps: list[list[str]], answers: ir.Table, ratings: list[str]
) -> tuple[dict[str, Any], int]:
    if group.n < settings.MINIMUM_CELL:
        return {}, 0
    histograms = rating_histograms(answers, ratings)[()] if ratings else {}
    result = {
        "group": plain(group),
        "overlaps": plain(overlaps),
        "histograms": {name: list(counts) for name, counts in histograms.items()},
        "customers": _customers(answers),
    }
    return result, group.n


def _customers(answers: ir.Table) -> int:
    """Return how many customers are behind the answers."""
    return int(answers["customer_id"].nunique().to_pyarrow().as_py() or 0)


def _journey(segments: list[str]) -> Results:
    answers = _answers()
    wanted = ("customer_id", "response_id", "score", "touchpoint", "survey_kind", "answered_at")
    answers = answers.select(*[name for name in wanted if name in answers.columns])
    # The map says which stage a touchpoint belongs to now; answers may remember another.
    places = [("", slug) for slug in touchpoint_names()]
    found = {"": _journey_result(journey(answers, touchpoints=places))}
    parts = _by_segment(answers, segments)
    if parts is not None:
        moments = journey(parts, by=[SEGMENT], touchpoints=places)
        for slug in segments:
            found[slug] = _journey_result([one for one in moments if one.group == (slug,)])
    return found


def _journey_result(moments: list[Moment]) -> tuple[dict[str, Any], int]:
    shown = [plain(one) for one in moments if not 0 < one.n < settings.MINIMUM_CELL]
    return {"moments": shown}, sum(one.n for one in moments)


MAKERS: Mapping[str, tuple[Callable[[list[str]], Results], str]] = {
    Finding.Kind.DRIVERS: (_drivers, "drivers"),
    Finding.Kind.JOURNEY: (_journey, "journey"),
}
