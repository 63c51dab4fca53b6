"""Reads of capture: what a survey page shows, and the responses behind a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import F, QuerySet

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.answering import ANSWER_PURPOSE
from emptychair.programme.capture.arriving import asks_origin, origin_said
from emptychair.programme.capture.following import NextStep, steps_after
from emptychair.programme.capture.models import Invitation, Link, Response, Survey, Wording
from emptychair.programme.capture.wordings import bucket_of
from emptychair.programme.journeys.models import Driver
from emptychair.programme.journeys.queries import touchpoints_by_stage
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import token_hash, verify


@dataclass(frozen=True)
class SurveyPage:
    """Everything the question page shows."""

    language: str
    languages: tuple[str, ...]
    question: str
    low_label: str
    high_label: str
    score: int | None  # what was answered before, shown as chosen
    is_test: bool
    takes_unconfirmed: bool = False  # a score chosen in the message may be stored when touched


@dataclass(frozen=True)
class Rating:
    """One driver the customer may rate 1 to 5."""

    slug: str
    label: str
    value: int | None


@dataclass(frozen=True)
class AnsweredPage:
    """Everything the page after the score shows."""

    language: str
    bucket: str
    score: int
    thanks: str
    follow_up: str
    comment: str
    contact_wanted: bool
    ratings: tuple[Rating, ...]
    is_complete: bool
    asks_origin: bool = False  # how a new customer came to us
    origin: str = ""  # what was said about it
    steps: tuple[NextStep, ...] = ()  # what slices above offer


def survey_page(token: str, language: str, accepted: Sequence[str]) -> SurveyPage | None:
    """Return the page behind an invitation's token or a link's id; None when there is none.

    The language is the one asked for, else the customer's, else the first the browser accepts
    (`accepted`), else the organisation's.
    """
    found = _survey_of(token)
    if found is None:
        return None
    survey, preferred, score, is_own = found
    wordings = current_wordings(survey)
    if not wordings:
        return None
    wishes = [language, preferred, *accepted, settings.LANGUAGE_CODE, *wordings]
    wording = next(wordings[wish] for wish in wishes if wish in wordings)
    return SurveyPage(
        wording.language,
        tuple(sorted(wordings)),
        wording.question.replace("{x}", settings.ORGANISATION),
        wording.low_label,
        wording.high_label,
        score,
        survey.state == Survey.State.DRAFT,
        is_own and survey.unconfirmed != Survey.Unconfirmed.OFF,
    )


def is_closed(token: str) -> bool:
    """Say whether `token` belongs to a survey that takes no answers any more."""
    digest = token_hash(token)
    closed = Survey.objects.filter(state=Survey.State.CLOSED)
    asked = closed.filter(invitation__token_hash=digest, invitation__expires_at__gt=now())
    return asked.exists() or closed.filter(link__public_id=token, link__is_open=True).exists()


Found = tuple[Survey, str, int | None, bool]  # with language, earlier score, whether invited


def _survey_of(token: str) -> Found | None:
    invitation = (
        Invitation.objects.select_related("survey", "customer", "response")
        .filter(token_hash=token_hash(token))
        .first()
    )
    if invitation:
        if invitation.expires_at and invitation.expires_at <= now():
            return None
        answered = getattr(invitation, "response", None)
        is_said = answered is not None and answered.held_reason in ("", "test")
        score = answered.score if answered and is_said else None
        return _unless_closed((invitation.survey, invitation.customer.language, score, True))
    link = Link.objects.select_related("survey").filter(public_id=token, is_open=True).first()
    return _unless_closed((link.survey, "", None, False)) if link else None


def _unless_closed(found: Found) -> Found | None:
    return None if found[0].state == Survey.State.CLOSED else found


def current_wordings(survey: Survey) -> dict[str, Wording]:
    """Return the newest wording of each language a survey has."""
    # Of each language the last one stays.
    return {one.language: one for one in survey.wordings.order_by("language", "version")}


def answered_page(token: str) -> AnsweredPage | None:
    """Return the page after the score, for the holder of a response's signed token."""
    public_id = verify(ANSWER_PURPOSE, token, now())
    response = (
        Response.objects.select_related("survey", "wording", "customer")
        .filter(public_id=public_id)
        .first()
        if public_id
        else None
    )
    if response is None:
        return None
    wording = response.wording or next(iter(current_wordings(response.survey).values()))
    bucket = bucket_of(response.score)
    return AnsweredPage(
        wording.language,
        bucket,
        response.score,
        wording.thanks[bucket],
        wording.follow_up[bucket],
        response.comment,
        response.contact_wanted,
        tuple(
            Rating(
                driver.slug,
                driver.names.get(wording.language) or driver.name,
                response.ratings.get(driver.slug),
            )
            for driver in Driver.objects.filter(survey=response.survey)
        ),
        response.entries.count() > 1,
        asks_origin(response),
        origin_said(response),
        steps_after(response, wording.language),
    )


FILTERS = ("unit", "channel", "touchpoint", "language")


def responses_behind(
    scope: Scope,
    *,
    start: date | None = None,
    end: date | None = None,
    segment: str = "",
    filters: Mapping[str, str] | None = None,
    include_held: bool = False,
) -> QuerySet[Response]:
    """Return the responses behind a figure, newest first, within the reader's scope.

    `start` and `end` are local dates, both included; `filters` may name `unit`, `channel`,
    `touchpoint`, `stage`, `language`, `survey` (slug), `bucket` and `score`.
    """
    chosen = Response.objects.select_related("survey", "customer").order_by(
        "-answered_on", "-answered_at", "id"
    )
    if scope.units is not None:
        chosen = chosen.filter(unit__in=scope.units)
    if not include_held:
        chosen = chosen.filter(held_reason="")
    if start:
        chosen = chosen.filter(answered_on__gte=start)
    if end:
        chosen = chosen.filter(answered_on__lte=end)
    if segment:
        chosen = chosen.filter(customer__segments__slug=segment)
    return _filtered(chosen, filters or {})


def _filtered(chosen: QuerySet[Response], filters: Mapping[str, str]) -> QuerySet[Response]:
    for name in FILTERS:
        if filters.get(name):
            chosen = chosen.filter(**{name: filters[name]})
    if filters.get("stage"):
        slugs = touchpoints_by_stage().get(filters["stage"], ())
        chosen = chosen.filter(touchpoint__in=slugs)
    if filters.get("survey"):
        chosen = chosen.filter(survey__slug=filters["survey"])
    if filters.get("score", "").isdecimal():
        chosen = chosen.filter(score=int(filters["score"]))
    limits = {"detractor": (0, 6), "passive": (7, 8), "promoter": (9, 10)}
    if filters.get("bucket") in limits:
        chosen = chosen.filter(score__range=limits[filters["bucket"]])
    return chosen


def with_customer_code(responses: QuerySet[Response]) -> QuerySet[Response]:
    """Add `customer_code` to each response, for exports and links."""
    return responses.annotate(customer_code=F("customer__code"))
