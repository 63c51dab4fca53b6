"""Reads about surveys: the list, and what is known of the customers they may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers.models import Customer, Event
from emptychair.programme.customers.rules import Condition, meets
from emptychair.programme.customers.services import facts_of
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.lists import Column
from emptychair.programme.surveys.labels import KIND, STATE, label

LATELY = timedelta(days=30)
_SAMPLE = 4_000  # customers looked at to say how many a rule lets through
_PRIME, _SPREAD = 10_007, 7_919


@dataclass(frozen=True)
class Answers:
    """How many answers of a survey count, and how many are held."""

    counted: int
    held: int


@dataclass(frozen=True)
class Reach:
    """How many customers may be asked at all, and about how many of them meet a rule."""

    askable: int
    met: int


def surveys() -> QuerySet[Survey]:
    """Return the surveys with `asked` and `answered` of the last 30 days, by name."""
    since = now() - LATELY
    asked = Invitation.objects.filter(planned_at__gte=since, sent_at__isnull=False)
    answered = Response.objects.filter(answered_at__gte=since, held_reason="")
    return (
        Survey.objects.select_related("touchpoint")
        .annotate(asked=_counted(asked), answered=_counted(answered))
        .order_by("name", "pk")
    )


def _counted(rows: QuerySet[Any]) -> Case:
    # Grouped once over the last days; a count per survey would read every row the survey has.
    counts = rows.order_by().values("survey").annotate(n=Count("id"))
    cases = [When(pk=row["survey"], then=Value(row["n"])) for row in counts]
    return Case(*cases, default=Value(0), output_field=IntegerField())


def survey_columns() -> tuple[Column, ...]:
    """Return the columns of the list of surveys."""
    return (
        Column(
            "name",
            _("Name"),
            lambda survey: survey.name,
            sort="name",
            url=lambda survey: reverse("surveys:survey", args=[survey.slug]),
        ),
        Column("kind", _("Kind"), lambda survey: label(KIND, survey.kind), sort="kind"),
        Column("state", _("State"), lambda survey: label(STATE, survey.state), sort="state"),
        Column(
            "touchpoint",
            _("Touchpoint"),
            lambda survey: survey.touchpoint.name if survey.touchpoint else "",
            sort="touchpoint__name",
        ),
        Column("asks_from", _("Asks from"), lambda s: s.asks_from, sort="asks_from", kind="day"),
        Column("asked", _("Asked, 30 days"), lambda s: s.asked, sort="asked", kind="number"),
        Column(
            "answered",
            _("Answered, 30 days"),
            lambda survey: survey.answered,
            sort="answered",
            kind="number",
        ),
    )


def answers_of(survey: Survey) -> Answers:
    """Return how many answers the survey has."""
    counts = Response.objects.filter(survey=survey).aggregate(
        counted=Count("id", filter=Q(held_reason="")), held=Count("id", filter=~Q(held_reason=""))
    )
    return Answers(counts["counted"], counts["held"])


def reach(rule: list[Condition]) -> Reach:
    """Return how many customers may be asked, and about how many meet `rule`.

    With a rule it is an estimate from some thousand customers spread over all.
    """
    askable = Customer.objects.filter(contactable=True).filter(
        Q(left_at=None) | Q(left_at__gt=now())
    )
    total = askable.count()
    if not rule or not total:
        return Reach(total, total)
    # A prime keeps the sample from falling in step with an order in which customers came.
    share = min(_PRIME, max(1, _PRIME * _SAMPLE // total))
    places = askable.alias(place=F("pk") * _SPREAD % _PRIME)
    spread = places.filter(place__lt=share).select_related("unit", "account")
    looked_at = met = 0
    for customer in spread.iterator():
        looked_at += 1
        met += meets(facts_of(customer), rule)
    return Reach(total, round(total * met / looked_at) if looked_at else 0)


def events_lately(kind: str) -> int:
    """Return how many events of `kind` came in the last 30 days."""
    return Event.objects.filter(kind=kind, at__gt=now() - LATELY).count()


def event_kinds() -> list[str]:
    """Return the kinds of events customers have had."""
    return list(Event.objects.order_by("kind").values_list("kind", flat=True).distinct()[:100])


def traits() -> Mapping[str, set[type]]:
    """Return the traits of some customers, each with the types of its values."""
    found: dict[str, set[type]] = {}
    for one in Customer.objects.order_by("-pk").values_list("traits", flat=True)[:500]:
        for name, value in one.items():
            found.setdefault(name, set()).add(type(value))
    return dict(sorted(found.items()))
