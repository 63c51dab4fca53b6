"""How many answers a survey needs for the precision it wants, and whom it need not ask for that.

Per segment: the answers that an interval of plus or minus so many points takes, less those that
came lately, over the share of asks that is answered, less the asks that are still open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Count, Q, QuerySet

from emptychair.analysis.delivery.sampling import answers_for_precision, asks_needed
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers.models import Customer, Membership, Segment

OTHERS = ""  # customers that belong to no segment
LATELY = timedelta(days=90)  # of a survey after events; one on a calendar: its cadence
RATE_OVER = timedelta(days=180)
STILL_OPEN = timedelta(days=21)  # after so long hardly anybody answers an ask
USUAL_SHARE, USUAL_ASKS = 0.2, 20  # what is assumed before a segment has been asked
ENOUGH = "enough_answers"


@dataclass(frozen=True)
class Stratum:
    """One segment's progress towards the wanted precision.

    Attributes:
        segment: its slug; empty for customers that belong to none.
        name: of the segment; empty likewise.
        customers: who may be asked at all.
        wanted: answers that the precision takes of so many customers.
        answers: answers that count, of the survey's last period.
        response_share: of asks that are answered, drawn towards the usual while few were asked.
        open_asks: asks that may still be answered.
        to_ask: further asks that bring what is missing.
    """

    segment: str
    name: str
    customers: int
    wanted: int
    answers: int
    response_share: float
    open_asks: int
    to_ask: int

    @property
    def done_percent(self) -> int:
        return min(100, 100 * self.answers // max(1, self.wanted))

    @property
    def response_percent(self) -> float:
        return 100 * self.response_share


def strata(survey: Survey, moment: datetime) -> list[Stratum]:
    """Return the progress of every segment with customers; none when no precision is wanted."""
    if not survey.precision_points:
        return []
    names = {**dict(Segment.objects.values_list("slug", "name")), OTHERS: ""}
    customers = _customers(moment)
    answers = _answers(survey, moment)
    asks = _asks(survey, moment)
    found = []
    for slug, name in names.items():
        number = customers.get(slug, 0)
        if number:
            asked, answered, still_open = asks.get(slug, (0, 0, 0))
            share = (answered + USUAL_SHARE * USUAL_ASKS) / (asked + USUAL_ASKS)
            got = answers.get(slug, 0)
            wanted = answers_for_precision(survey.precision_points, population=number)
            missing = wanted - got - still_open * share
            to_ask = asks_needed(ceil(missing), share) if missing > 0 else 0
            found.append(
                Stratum(slug, name, number, wanted, got, share, still_open, min(to_ask, number))
            )
    return found


class Quota:
    """How many more may be asked in each segment; counts down as asks are planned."""

    def __init__(self, left: Mapping[str, int] | None) -> None:
        self._left = None if left is None else dict(left)

    def take(self, segments: Iterable[str]) -> bool:
        """Say whether a customer of `segments` is needed, and count the ask if so."""
        if self._left is None:
            return True
        own = list(segments) or [OTHERS]
        if not any(self._left.get(segment, 0) > 0 for segment in own):
            return False
        for segment in own:
            self._left[segment] = self._left.get(segment, 0) - 1
        return True


def quota(survey: Survey, moment: datetime) -> Quota:
    """Return what is left to ask; without a wanted precision there is no limit."""
    if not survey.precision_points:
        return Quota(None)
    return Quota({one.segment: one.to_ask for one in strata(survey, moment)})


def segments_of(customers: Iterable[int]) -> dict[int, list[str]]:
    """Return the slugs of the segments that each of `customers` belongs to."""
    rows = Membership.objects.filter(customer__in=list(customers))
    found: dict[int, list[str]] = {}
    for customer, slug in rows.values_list("customer_id", "segment__slug"):
        found.setdefault(customer, []).append(slug)
    return found


def period(survey: Survey) -> timedelta:
    """Return over which time answers count towards the precision."""
    is_calendar = survey.kind == Survey.Kind.RELATIONSHIP
    return timedelta(days=survey.cadence_days) if is_calendar else LATELY


def _customers(moment: datetime) -> dict[str, int]:
    askable = Customer.objects.filter(contactable=True).filter(
        Q(left_at=None) | Q(left_at__gt=moment)
    )
    return _by_segment(askable, "segments__slug")


def _answers(survey: Survey, moment: datetime) -> dict[str, int]:
    since = moment - period(survey)
    counted = Response.objects.filter(
        survey=survey, held_reason="", answered_at__gt=since, customer__isnull=False
    )
    return _by_segment(counted, "customer__segments__slug")


def _asks(survey: Survey, moment: datetime) -> dict[str, tuple[int, int, int]]:
    """Return asks that left, those of them answered, and those still open, by segment."""
    asks = (
        Invitation.objects.filter(survey=survey, reminder_of=None)
        .exclude(outcome__in=(Invitation.Outcome.SUPPRESSED, Invitation.Outcome.BOUNCED))
        .filter(planned_at__gt=moment - RATE_OVER)
    )
    ripe = asks.filter(sent_at__lte=moment - STILL_OPEN)
    asked = _by_segment(ripe, "customer__segments__slug")
    answered = _by_segment(ripe.exclude(answered_at=None), "customer__segments__slug")
    waiting = asks.filter(answered_at=None, planned_at__gt=moment - STILL_OPEN)
    waiting = waiting.exclude(outcome=Invitation.Outcome.DECLINED)
    still_open = _by_segment(waiting, "customer__segments__slug")
    return {
        slug: (asked.get(slug, 0), answered.get(slug, 0), still_open.get(slug, 0))
        for slug in {*asked, *still_open}
    }


def _by_segment(rows: QuerySet[Any], path: str) -> dict[str, int]:
    counts = rows.order_by().values_list(path).annotate(n=Count("pk"))
    return {slug or OTHERS: n for slug, n in counts}
