"""Alerts as Today and their own pages show them: within the reader's scope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse

from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.queries import responses_behind
from emptychair.programme.insight.models import Alert
from emptychair.programme.insight.telling import sentence_of
from emptychair.programme.visibility import names
from emptychair.programme.visibility.queries import Comment, comments_of

COMMENTS_SHOWN = 12


@dataclass(frozen=True)
class AlertCard:
    """One alert in words."""

    public_id: str
    direction: str
    sentence: str
    began_on: date
    earliest_on: date
    latest_on: date
    raised_at: datetime
    baseline: str
    since: str
    likely: str
    watched: int
    is_open: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str
    url: str
    behind_url: str


def alerts_of(scope: Scope) -> QuerySet[Alert]:
    """Return the alerts a reader may see: those of own units, or all."""
    found = Alert.objects.select_related("acknowledged_by")
    return found if scope.units is None else found.filter(unit__in=scope.units)


def cards_of(alerts: Iterable[Alert], words: Words) -> tuple[AlertCard, ...]:
    """Return alerts as pages show them."""
    segments = names.names_of("segment")
    return tuple(_card(alert, segments, words) for alert in alerts)


def comments_since(alert: Alert, scope: Scope) -> tuple[Comment, ...]:
    """Return the comments of the series since the change began, those that explain it first."""
    bounds = "detractor" if alert.direction == "down" else "promoter"
    found = responses_behind(
        scope,
        start=alert.began_on,
        segment=alert.segment or alert.likely_segment,
        filters={"unit": alert.unit, "bucket": bounds},
    ).exclude(comment="")
    return comments_of(found[:COMMENTS_SHOWN])


def _card(alert: Alert, segments: Mapping[str, str], words: Words) -> AlertCard:
    likely = alert.likely_segment if alert.likely_segment != alert.segment else ""
    query = f"?from={alert.began_on.isoformat()}"
    query += f"&segment={alert.segment}" if alert.segment else ""
    query += f"&unit={alert.unit}" if alert.unit else ""
    by = alert.acknowledged_by
    return AlertCard(
        public_id=alert.public_id,
        direction=alert.direction,
        sentence=sentence_of(alert),
        began_on=alert.began_on,
        earliest_on=alert.began_earliest_on,
        latest_on=alert.began_latest_on,
        raised_at=alert.raised_at,
        baseline=f"{words.points(alert.baseline_points)} ({words.answers(alert.baseline_n)})",
        since=f"{words.points(alert.since_points)} ({words.answers(alert.since_n)})",
        likely=segments.get(likely, likely),
        watched=alert.watched,
        is_open=alert.is_open,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=str(by) if by else "",
        note=alert.note,
        url=reverse("visibility:alert", args=[alert.public_id]),
        behind_url=reverse("visibility:responses") + query,
    )
