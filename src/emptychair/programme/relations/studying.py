"""Compute what the pages about customers show; the worker does it when the data has changed."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from emptychair.analysis.customers.behaviour import behaviour
from emptychair.analysis.customers.economics import economics
from emptychair.analysis.customers.growth import growth
from emptychair.analysis.customers.movement import Move, movement
from emptychair.analysis.customers.movers import movers
from emptychair.analysis.customers.recovery import recovery
from emptychair.analysis.customers.retention import compare_retention, retention
from emptychair.analysis.customers.survival import CurvePoint
from emptychair.analysis.errors import AnalysisError, NoAnswersError
from emptychair.analysis.sums.followup import MONTH_DAYS
from emptychair.programme.customers.models import Segment
from emptychair.programme.insight.figures import digest_of, library_version
from emptychair.programme.lib.clock import now
from emptychair.programme.relations import guessing
from emptychair.programme.relations.models import Study
from emptychair.programme.warehouse import layer, tables
from emptychair.programme.warehouse.copying import SOURCES

PAUSE = timedelta(hours=6)  # between two computations of the same study
MOST_SEGMENTS = 8
LONGEST_MONTHS = 24
ORIGIN = "attr_origin"
ORIGINS = ("earned", "bought")
Result = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """How one kind of study is made: its function, its method page, and for whom."""

    make: Callable[[str], tuple[Result, int]]
    method: str
    by_segment: bool = False


def refresh_studies() -> None:
    """Make anew every study that is missing, or older than its pause while data has changed."""
    version = layer.version()
    if version == "-1":
        return
    segments = key_segments()
    wanted = {
        (kind, segment)
        for kind, recipe in RECIPES.items()
        for segment in ["", *(segments if recipe.by_segment else [])]
    }
    there = {(one.kind, one.segment): one for one in Study.objects.all()}
    for key in sorted(wanted, key=lambda key: (key[1], key[0])):
        if _is_due(there.get(key), version):
            _store(*key, version)
    Study.objects.filter(
        pk__in=[one.pk for key, one in there.items() if key not in wanted]
    ).delete()


def key_segments() -> list[str]:
    """Return the key segments that the warehouse knows, by priority."""
    there = tables.table("customers").columns
    slugs = Segment.objects.filter(is_key=True).order_by("priority", "name")
    known = [s for s in slugs.values_list("slug", flat=True) if f"segment_{s}" in there]
    return known[:MOST_SEGMENTS]


def _is_due(study: Study | None, version: str) -> bool:
    if study is None:
        return True
    return study.data_version != version and study.computed_at < now() - PAUSE


def _store(kind: str, segment: str, version: str) -> None:
    recipe = RECIPES[kind]
    result: Result = {}
    n, why = 0, ""
    try:
        result, n = recipe.make(segment)
    except AnalysisError as error:
        why = str(error)[:300]
    inputs = {"kind": kind, "segment": segment, "result": result, "version": version}
    Study.objects.update_or_create(
        kind=kind,
        segment=segment,
        defaults={
            "result": result,
            "n": n,
            "why_empty": why,
            "method": recipe.method,
            "data_version": version,
            "inputs_digest": digest_of(inputs),
            "library_version": library_version(),
            "computed_at": now(),
        },
    )


def _by(segment: str) -> list[str]:
    return [f"segment_{segment}"] if segment else []


def _mine(records: Sequence[Any], segment: str) -> list[Any]:
    """Return the records of everybody, or of those for whom the segment's column holds."""
    return [one for one in records if not segment or one.group == (True,)]


def _economics(segment: str) -> tuple[Result, int]:
    found = economics(
        tables.responses(),
        tables.table("customers"),
        tables.table("values"),
        tables.table("events"),
        by=_by(segment),
    )
    mine = _mine(found, segment)
    return {"buckets": plain(mine)}, sum(one.n for one in mine)


def _retention(segment: str) -> tuple[Result, int]:
    responses, customers = tables.responses(), tables.table("customers")
    mine = _mine(retention(responses, customers, by=_by(segment)), segment)
    buckets = [
        {**plain({k: v for k, v in vars(one).items() if k != "curve"}), "steps": _steps(one.curve)}
        for one in mine
    ]
    result: Result = {"buckets": buckets}
    if not segment:
        result["log_rank"] = plain(compare_retention(responses, customers))
    return result, sum(one.n for one in mine)


def _steps(curve: Sequence[CurvePoint]) -> list[Result]:
    """Return the curve at the end of each month; it steps down on every day somebody left."""
    steps = [{"month": 0, "share": 1.0, "low": 1.0, "high": 1.0}]
    last = max((point.time for point in curve), default=0)
    for month in range(1, min(LONGEST_MONTHS, int(last / MONTH_DAYS)) + 1):
        before = [point for point in curve if point.time <= month * MONTH_DAYS]
        if before:
            point = before[-1]
            steps.append(
                {"month": month, "share": point.share, "low": point.low, "high": point.high}
            )
        else:
            steps.append({**steps[0], "month": month})
    return steps


def _behaviour(segment: str) -> tuple[Result, int]:  # noqa: ARG001  over everybody
    found = behaviour(guessing.with_numbers(tables.responses()), tables.table("events"))
    return {"contrasts": plain(found)}, max(one.n for one in found)


def _movement(segment: str) -> tuple[Result, int]:
    found = movement(
        tables.responses(),
        tables.table("customers"),
        tables.table("values"),
        every="quarter",
        by=_by(segment),
    )
    mine = _mine(found, segment)
    if not mine:
        return {}, 0
    result: Result = plain(mine[0]) | {"movers": _movers(segment)}
    return result, max(_customers_by_period(mine[0].moves).values(), default=0)


def _movers(segment: str) -> list[Result]:
    """Return what moved customers; nothing where too few answered twice."""
    responses = tables.responses()
    if segment:
        customers = tables.table("customers")
        members = customers.filter(customers[f"segment_{segment}"])
        responses = responses.semi_join(members, "customer_id")
    try:
        contrasts: list[Result] = plain(movers(responses, tables.table("events")))
    except NoAnswersError:
        return []
    return contrasts


def _customers_by_period(moves: Sequence[Move]) -> Counter[date]:
    """Return how many customers each period has; over all periods one would count many times."""
    found: Counter[date] = Counter()
    for move in moves:
        if move.period is not None:
            found[move.period] += move.n
    return found


def _growth(segment: str) -> tuple[Result, int]:  # noqa: ARG001  over everybody
    customers = tables.table("customers")
    came = origins(customers, tables.table("referrals"))
    found = growth(customers, tables.table("values"), came)
    return {"periods": plain(found)}, sum(one.newcomers for one in found)


def origins(customers: ir.Table, referrals: ir.Table) -> ir.Table:
    """Return how customers came: by a link or in their own words, else by their trait `origin`.

    Args:
        customers: with the trait, or without.
        referrals: what links and answers tell; it goes before the trait.
    """
    said = referrals.select("referred_id", "origin")
    if ORIGIN not in customers.columns:
        return said
    origin = customers[ORIGIN].lower()
    known = ibis.ifelse(origin.isin(list(ORIGINS)), origin, ibis.null("string"))
    traits = customers.select(referred_id="customer_id", origin=known)
    return traits.anti_join(said, "referred_id").union(said)


def _recovery(segment: str) -> tuple[Result, int]:  # noqa: ARG001  over everybody
    if "cases" not in SOURCES:
        return {}, 0
    found = recovery(tables.responses(), tables.table("cases"))
    return plain(found), found.called + found.others


def plain(value: Any) -> Any:
    """Return records as JSON knows them: dates as text, nothing for what is no number."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


RECIPES: Mapping[str, Recipe] = {
    Study.Kind.ECONOMICS: Recipe(_economics, "economics", by_segment=True),
    Study.Kind.RETENTION: Recipe(_retention, "retention", by_segment=True),
    Study.Kind.BEHAVIOUR: Recipe(_behaviour, "behaviour"),
    Study.Kind.MOVEMENT: Recipe(_movement, "movement", by_segment=True),
    Study.Kind.GROWTH: Recipe(_growth, "growth"),
    Study.Kind.SILENT: Recipe(guessing.study_of_silent, "prediction"),
    Study.Kind.RECOVERY: Recipe(_recovery, "movement"),
}
