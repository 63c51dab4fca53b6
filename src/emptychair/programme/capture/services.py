"""Writes about surveys, their words, whom they ask, and the links they are answered at."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import MOST_DRIVERS, Link, Response, Survey, Wording
from emptychair.programme.capture.wordings import STANDARD, Words
from emptychair.programme.customers.rules import check_rule
from emptychair.programme.journeys.models import Driver, Touchpoint
from emptychair.programme.lib.errors import RefusedError

ASKING = (
    "asks_from",
    "channel",
    "rule",
    "cadence_days",
    "event_kind",
    "delay_hours",
    "reminder_days",
    "quiet_after_ask_days",
    "quiet_after_answer_days",
    "quiet_after_any_ask_days",
    "quiet_after_any_answer_days",
    "precision_points",
    "unconfirmed",
    "origin_days",
)


def add_standard_wordings(survey: Survey) -> None:
    """Give a new survey the standard wording in every language customers are asked in."""
    Wording.objects.bulk_create(
        [_wording(survey, language, words, 1) for language, words in STANDARD.items()]
    )


@transaction.atomic
def create_survey(*, name: str, kind: str, by: str) -> Survey:
    """Make a survey in draft with the standard wording; its answers are held as test."""
    slug = _free_slug(name)
    survey = Survey.objects.create(slug=slug, name=name.strip(), kind=Survey.Kind(kind))
    add_standard_wordings(survey)
    record("survey.created", survey.slug, actor=by, kind=kind)
    return survey


@transaction.atomic
def save_survey(
    survey: Survey,
    *,
    name: str,
    kind: str,
    touchpoint: Touchpoint | None,
    drivers: Sequence[Driver],
    by: str,
) -> None:
    """Change what a survey is about.

    Raises:
        RefusedError: too many drivers, or another kind although answers are counted already.
    """
    if len(drivers) > MOST_DRIVERS:
        sentence = _("Choose at most %(most)d drivers: more and customers stop half-way.")
        raise RefusedError("drivers_too_many", sentence % {"most": MOST_DRIVERS})
    if kind != survey.kind and has_counted_answers(survey):
        sentence = _("Answers are counted as the present kind. Make a new survey for the other.")
        raise RefusedError("kind_has_answers", sentence)
    survey.name, survey.kind, survey.touchpoint = name.strip(), Survey.Kind(kind), touchpoint
    survey.save(update_fields=["name", "kind", "touchpoint"])
    survey.drivers.set([driver.pk for driver in drivers])
    slugs = [driver.slug for driver in drivers]
    record("survey.saved", survey.slug, actor=by, kind=kind, drivers=slugs)


@transaction.atomic
def set_state(survey: Survey, state: str, *, by: str) -> None:
    """Open, close or put back a survey.

    Raises:
        RefusedError: answers are counted, so that it cannot be a draft any more.
    """
    if state == Survey.State.DRAFT and has_counted_answers(survey):
        sentence = _("Answers of this survey are counted. Close it instead.")
        raise RefusedError("draft_has_answers", sentence)
    survey.state = Survey.State(state)
    survey.save(update_fields=["state"])
    record("survey.state_set", survey.slug, actor=by, state=state)


@transaction.atomic
def save_words(survey: Survey, language: str, words: Words, *, by: str) -> Wording:
    """Keep changed words as a new version; return the newest, also when nothing changed."""
    Survey.objects.select_for_update().get(pk=survey.pk)
    newest = survey.wordings.filter(language=language).order_by("-version").first()
    if newest is not None and words_of(newest) == words:
        return newest
    wording = _wording(survey, language, words, newest.version + 1 if newest else 1)
    wording.save()
    record("survey.reworded", survey.slug, actor=by, language=language, version=wording.version)
    return wording


def words_of(wording: Wording) -> Words:
    """Return the words of a stored wording."""
    return Words(
        wording.question,
        wording.low_label,
        wording.high_label,
        dict(wording.follow_up),
        dict(wording.thanks),
    )


@transaction.atomic
def save_asking(survey: Survey, asking: dict[str, Any], *, by: str) -> None:
    """Change whom a survey asks, and when.

    Args:
        survey: the survey.
        asking: values of the fields `ASKING`.
        by: public id of who changes it.

    Raises:
        RefusedError: the rule is not one (see `customers.rules`).
    """
    check_rule(asking["rule"])
    for name in ASKING:
        setattr(survey, name, asking[name])
    survey.save(update_fields=ASKING)
    first_day = survey.asks_from.isoformat() if survey.asks_from else ""
    record("survey.asking_set", survey.slug, actor=by, rule=survey.rule, asks_from=first_day)


@transaction.atomic
def add_link(survey: Survey, *, channel: str, unit: str, by: str) -> Link:
    """Open an address at which anyone may answer, for one unit or for none."""
    belongs_to = Unit.objects.get(code=unit) if unit else None
    link = Link.objects.create(survey=survey, channel=channel, unit=belongs_to)
    record("link.added", link.public_id, actor=by, survey=survey.slug, channel=channel, unit=unit)
    return link


@transaction.atomic
def set_link_open(link: Link, *, is_open: bool, by: str) -> None:
    """Open or close a link; nobody can answer at a closed one."""
    Link.objects.filter(pk=link.pk).update(is_open=is_open)
    record("link.opened" if is_open else "link.closed", link.public_id, actor=by)


def has_counted_answers(survey: Survey) -> bool:
    """Say whether answers of the survey count."""
    return Response.objects.filter(survey=survey, held_reason="").exists()


def _wording(survey: Survey, language: str, words: Words, version: int) -> Wording:
    return Wording(
        survey=survey,
        language=language,
        version=version,
        question=words.question,
        low_label=words.low_label,
        high_label=words.high_label,
        follow_up=words.follow_up,
        thanks=words.thanks,
    )


def _free_slug(name: str) -> str:
    wish = slugify(name)[:50].strip("-") or "survey"
    taken = set(Survey.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    names = [wish, *(f"{wish}-{number}" for number in range(2, len(taken) + 3))]
    return next(slug for slug in names if slug not in taken)
