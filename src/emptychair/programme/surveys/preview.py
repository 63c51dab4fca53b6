"""The customer's page as it would look with words that are not saved yet."""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from emptychair.programme.capture.letters import Links, mail_parts, sms_text
from emptychair.programme.capture.models import Survey, Wording
from emptychair.programme.capture.queries import AnsweredPage, Rating, SurveyPage
from emptychair.programme.capture.wordings import Words
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib import mail
from emptychair.programme.lib.sms import Length, length

STEPS = {
    "question": _("Question"),
    "detractor": _("After 0 to 6"),
    "passive": _("After 7 or 8"),
    "promoter": _("After 9 or 10"),
}
_SCORES = {"detractor": 4, "passive": 8, "promoter": 9}


@dataclass(frozen=True)
class Step:
    """One of the customer's pages."""

    code: str
    name: str
    is_current: bool


@dataclass(frozen=True)
class Preview:
    """A whole page as HTML, for frames of a phone's and a desk's width."""

    html: str
    steps: tuple[Step, ...]
    sms: str
    length: Length


def preview(survey: Survey, language: str, words: Words, step: str) -> Preview:
    """Return the page that `step` names, made by the templates customers get."""
    chosen = step if step in STEPS else "question"
    with translation.override(language):
        html = (
            _question(survey, language, words)
            if chosen == "question"
            else _answered(survey, language, words, chosen)
        )
    steps = tuple(Step(code, str(name), code == chosen) for code, name in STEPS.items())
    text = sms_text(imagined(language, words), mail.link(f"/s/{'x' * 24}"))
    return Preview(html, steps, text, length(text))


def imagined(language: str, words: Words) -> Wording:
    """Return words that are not saved as the sender takes them."""
    return Wording(
        language=language,
        question=words.question,
        low_label=words.low_label,
        high_label=words.high_label,
    )


def mail_body(language: str, words: Words) -> str:
    """Return the mail with these words; its links lead nowhere."""
    return mail_parts(imagined(language, words), Links("#", "#", "#"))[2]


def _question(survey: Survey, language: str, words: Words) -> str:
    page = SurveyPage(
        language,
        (language,),  # the switch leads elsewhere, so it is left out of the frame
        words.question.replace("{x}", settings.ORGANISATION),
        words.low_label,
        words.high_label,
        None,
        survey.state == Survey.State.DRAFT,
    )
    choices = [{"score": score, "chosen": False} for score in range(11)]
    return _rendered("capture/survey.html", {"page": page, "choices": choices})


def _answered(survey: Survey, language: str, words: Words, bucket: str) -> str:
    drivers = Driver.objects.filter(survey=survey)
    page = AnsweredPage(
        language,
        bucket,
        _SCORES[bucket],
        words.thanks[bucket],
        words.follow_up[bucket],
        "",
        False,
        tuple(Rating(d.slug, d.names.get(language) or d.name, None) for d in drivers),
        False,
    )
    return _rendered("capture/answered.html", {"page": page})


def _rendered(template: str, context: dict[str, object]) -> str:
    # The identity is that of no answer: the frame neither sends forms nor runs scripts.
    around = {
        "submission_id": "preview",
        "organisation": settings.ORGANISATION,
        "LANGUAGE_CODE": translation.get_language(),
    }
    return render_to_string(template, context | around)
