"""A device that stands somewhere: one large question that resets itself after each person.

The page works as a plain form. With JavaScript it keeps answers while the network is away and
sends each with the submission id it made, so that a repeat counts once. GET never writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language_info
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from emptychair.programme.accounts.policy import public
from emptychair.programme.capture.answering import answer
from emptychair.programme.capture.circumstances import circumstances_of
from emptychair.programme.capture.models import Link, Survey
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.capture.submission import Problem, read_submission
from emptychair.programme.capture.views import (
    browser_languages,
    problem_page,
    public_page,
    unless_refused,
)
from emptychair.programme.capture.wordings import bucket_of
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import timed_id

BUCKETS = ("detractor", "passive", "promoter")


@dataclass(frozen=True)
class KioskWords:
    """The question and the thanks in one language."""

    language: str
    name: str  # of the language, in itself
    question: str
    low_label: str
    high_label: str
    thanks: tuple[tuple[str, str, str], ...]  # bucket, sentence and the question after it
    ratings: tuple[tuple[str, str], ...]  # slug and label
    is_current: bool


@dataclass(frozen=True)
class KioskPage:
    """Everything the kiosk shows, in every language at once: it must work without the network."""

    public_id: str
    language: str
    words: tuple[KioskWords, ...]
    is_test: bool


def kiosk_page(public_id: str, language: str, accepted: Sequence[str]) -> KioskPage | None:
    """Return the page of an open kiosk link; None when there is none."""
    links = Link.objects.select_related("survey", "unit")
    link = links.filter(public_id=public_id, channel="kiosk", is_open=True).first()
    if link is None or link.survey.state == Survey.State.CLOSED:
        return None
    wordings = current_wordings(link.survey)
    if not wordings:
        return None
    wishes = [language, settings.LANGUAGE_CODE, *accepted, *wordings]
    chosen = next(wish for wish in wishes if wish in wordings)
    drivers = list(Driver.objects.filter(survey=link.survey))
    words = tuple(
        KioskWords(
            code,
            str(get_language_info(code)["name_local"]).capitalize(),
            wording.question.replace("{x}", settings.ORGANISATION),
            wording.low_label,
            wording.high_label,
            tuple((b, wording.thanks[b], wording.follow_up[b]) for b in BUCKETS),
            tuple((driver.slug, driver.names.get(code) or driver.name) for driver in drivers),
            code == chosen,
        )
        for code, wording in wordings.items()
    )
    return KioskPage(public_id, chosen, words, link.survey.state == Survey.State.DRAFT)


# No session or cookie is involved, so there is nothing a forged form could borrow.
@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def kiosk(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Show the question of a kiosk, full screen; store the answer and thank."""
    page = kiosk_page(public_id, request.GET.get("language", "")[:2], browser_languages(request))
    if page is None:
        return problem_page(request, Problem(404, "unknown_link", ""), "")
    if request.method == "POST":
        return _stored(request, page)
    context = {
        "page": page,
        "scores": range(11),
        "submission_id": timed_id(now()),
        "thanked": request.GET.get("thanks", ""),
    }
    return public_page(request, "capture/kiosk.html", page.language, context)


@public
@require_safe
def worker(_request: HttpRequest) -> HttpResponseBase:
    """Return the script that lets a kiosk be loaded anew while the network is away."""
    found = finders.find("capture/kiosk-worker.js")
    path = Path(found) if found else settings.STATIC_ROOT / "capture" / "kiosk-worker.js"
    return HttpResponse(path.read_bytes(), content_type="text/javascript; charset=utf-8")


def _stored(request: HttpRequest, page: KioskPage) -> HttpResponseBase:
    here = f"/k/{page.public_id}"
    said = read_submission(request.headers.get("Content-Type", ""), request.body)
    if isinstance(said, Problem):
        return problem_page(request, said, here)
    around = circumstances_of(request.META, page.public_id, said.submission_id, now())
    outcome = answer(page.public_id, said, around)
    if isinstance(outcome, Problem):
        return problem_page(request, outcome, here)
    assert said.score is not None, "an answer without a score is refused"
    return redirect(f"{here}?thanks={bucket_of(said.score)}&language={said.language}")
