"""How far the NPS may be trusted: computed by the worker, read by the reliability panel."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
from django.db import transaction

from emptychair.analysis.customers.recovery import recovery
from emptychair.analysis.delivery.asking import askings
from emptychair.analysis.delivery.reliability import Reliability, reliability
from emptychair.analysis.delivery.sampling import TYPICAL_VARIANCE, answers_for_precision
from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.customers.models import Segment
from emptychair.programme.insight.defining import definitions, panel, waves
from emptychair.programme.insight.figures import digest_of, library_version
from emptychair.programme.insight.models import Assessment
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import layer, tables

WINDOW_DAYS = 365
WANTED_POINTS = 5.0
MOST_SEGMENTS = 30
_last_assessed = ""


def refresh_assessments() -> None:
    """Judge the last year anew, unless nothing has changed since the last time."""
    global _last_assessed
    version, day = layer.version(), today()
    if f"{version} {day}" == _last_assessed or version == "-1":
        return
    start = day - timedelta(days=WINDOW_DAYS - 1)
    found = list(_assessments(start, day))
    with transaction.atomic():
        Assessment.objects.all().delete()
        Assessment.objects.bulk_create(found)
    _last_assessed = f"{version} {day}"


def _assessments(start: date, end: date) -> Iterator[Assessment]:
    customers = tables.table("customers")
    responses = _between(tables.responses(), "answered_on", start, end)
    invitations = _between(tables.invitations(), "sent_on", start, end)
    about = {"starts_on": start, "ends_on": end}
    whole = _judged(responses, customers, invitations)
    if whole:
        values = tables.table("values")
        whole["definitions"] = definitions(responses, customers, values, start, end)
        whole["waves"] = waves(responses)
        whole["panel"] = panel(tables.responses())
        held = layer.circumstances(start=start, end=end).held
        whole["begun"] = held.get("unconfirmed", 0)
    yield _stored("all", "", whole, about)
    yield _stored("followup", "", _followed_up(start), about)
    for slug in _segments():
        column = f"segment_{slug}"
        if column in customers.columns:
            judged = _judged(responses, customers, invitations, column)
            yield _stored("segment", slug, judged, about)
    reached = {one.group[0]: one.reached for one in askings(invitations, ["channel"])}
    customers_now = _current(customers)
    for (channel,), counts in layer.counts(["channel"], start=start, end=end).items():
        if channel:
            result = _channel(channel, counts, start, end)
            n = reached.get(channel)
            result["reached"] = n
            result["coverage"] = min(1.0, n / customers_now) if n and customers_now else None
            yield _stored("channel", channel, result, about)


def _segments() -> list[str]:
    """Return the segments that are judged, those that matter most first."""
    ordered = Segment.objects.order_by("-is_key", "priority", "name")
    return list(ordered.values_list("slug", flat=True)[:MOST_SEGMENTS])


def _judged(
    responses: ir.Table, customers: ir.Table, invitations: ir.Table, column: str = ""
) -> dict[str, Any]:
    """Return the judgement of everyone, or of those for whom the truth column holds."""
    by = [column] if column else []
    try:
        found = reliability(responses, customers, invitations, by=by)
    except NoAnswersError:
        return {}
    wanted = next((one for one in found if not column or one.group == (True,)), None)
    return _plain(wanted) if wanted else {}


def _plain(found: Reliability) -> dict[str, Any]:
    plain = asdict(found)
    plain["group"] = [str(value) for value in found.group]
    return plain


def _followed_up(start: date) -> dict[str, Any]:
    """Return whether unhappy customers who were contacted think better than those who were not."""
    cases = tables.table("cases")
    recent = cases.filter(cases["opened_at"] >= ibis.timestamp(f"{start} 00:00:00+00:00"))
    answers = tables.responses()
    unhappy = answers.filter(answers["score"] <= 6).select("response_id")
    try:
        return asdict(recovery(answers, recent.semi_join(unhappy, "response_id")))
    except NoAnswersError:
        return {}


def _current(customers: ir.Table) -> int:
    return int(customers.count(where=customers["left_at"].isnull()).to_pyarrow().as_py())


def _channel(channel: str, counts: ScoreCounts, start: date, end: date) -> dict[str, Any]:
    around = layer.circumstances(start=start, end=end, filters={"channel": channel})
    nps = nps_of_counts(counts)
    extreme = (counts.detractors + counts.promoters) / counts.n
    mean = (counts.promoters - counts.detractors) / counts.n
    variance = extreme - mean**2 if counts.n > 1 else TYPICAL_VARIANCE
    wanted = answers_for_precision(WANTED_POINTS, variance=min(1.0, max(variance, 0.01)))
    return {
        "answers": counts.n,
        "raw_points": nps.nps_points,
        "low_points": nps.low_points,
        "high_points": nps.high_points,
        "asked": around.asked,
        "delivered": around.delivered,
        "answered": around.answered,
        "response_rate": around.response_rate,
        "needed_for_5_points": max(0, wanted - counts.n),
    }


def _stored(kind: str, group: str, result: dict[str, Any], about: dict[str, date]) -> Assessment:
    inputs = {"kind": kind, "group": group, "result": result}
    return Assessment(
        kind=kind,
        group=group,
        result=result,
        inputs_digest=digest_of(inputs | {name: day.isoformat() for name, day in about.items()}),
        library_version=library_version(),
        computed_at=now(),
        **about,
    )


def _between(table: ir.Table, column: str, start: date, end: date) -> ir.Table:
    if "month" in table.columns:
        table = table.filter(table["month"].between(f"{start:%Y-%m}", f"{end:%Y-%m}"))
    return table.filter(table[column].between(start, end))
