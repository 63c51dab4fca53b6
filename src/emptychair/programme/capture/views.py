"""The pages a customer sees. GET shows and never writes; POST is answered after COMMIT."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emptychair.programme.accounts.policy import public
from emptychair.programme.capture import queries
from emptychair.programme.capture.answering import CLOSED, Outcome, amend, answer, reply_body
from emptychair.programme.capture.circumstances import circumstances_of
from emptychair.programme.capture.submission import Problem, read_submission
from emptychair.programme.capture.wordings import STANDARD
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.middleware import wants_json
from emptychair.programme.lib.tokens import timed_id

View = Callable[..., HttpResponseBase]
WAIT_SECONDS = {429: 60, 503: 2}


@dataclass(frozen=True)
class Choice:
    """One of the scores 0 to 10 on the survey page."""

    score: int
    chosen: bool


def unless_refused(view: View) -> View:
    """Show why, when the function in front of Django has refused the request already."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        problem: Problem | None = request.META.get("emptychair.problem")
        return view(request, *args, **kwargs) if problem is None else refused(request, problem)

    return shown


# No session or cookie is involved, so there is nothing a forged form could borrow.
@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the question; store the answer."""
    if request.method == "POST":
        return _after(request, _said(request, token, answer))
    page = queries.survey_page(token, request.GET.get("language", ""), browser_languages(request))
    if page is None:
        problem = CLOSED if queries.is_closed(token) else Problem(404, "unknown_link", "")
        return problem_page(request, problem, "")
    score = request.GET.get("score", "")
    chosen = int(score) if score in {str(n) for n in range(11)} else page.score
    return public_page(
        request,
        "capture/survey.html",
        page.language,
        {
            "page": page,
            "choices": [Choice(n, n == chosen) for n in range(11)],
            "submission_id": timed_id(now()),
            "may_be_early": page.takes_unconfirmed and chosen is not None and page.score is None,
        },
    )


@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def answered(request: HttpRequest, token: str) -> HttpResponseBase:
    """Thank, and take the comment, the ratings and the wish to be contacted."""
    if request.method == "POST":
        return _after(request, _said(request, token, amend))
    page = queries.answered_page(token)
    if page is None:
        return problem_page(request, Problem(404, "unknown_link", ""), "")
    context = {"page": page, "submission_id": timed_id(now())}
    return public_page(request, "capture/answered.html", page.language, context)


def _said(request: HttpRequest, token: str, store: Any) -> Outcome:
    said = read_submission(request.headers.get("Content-Type", ""), request.body)
    if isinstance(said, Problem):
        return said
    outcome: Outcome = store(
        token, said, circumstances_of(request.META, token, said.submission_id, now())
    )
    return outcome


def _after(request: HttpRequest, outcome: Outcome) -> HttpResponseBase:
    if isinstance(outcome, Problem):
        return refused(request, outcome)
    if wants_json(request):
        status, body = reply_body(outcome)
        return HttpResponse(body, status=status, content_type="application/json")
    return redirect(f"/r/{outcome.answer_token}", permanent=False, preserve_request=False)


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer a program with JSON, a person with a page that leads back to the same address."""
    if wants_json(request):
        status, body = reply_body(problem)
        response = HttpResponse(body, status=status, content_type="application/json")
    else:
        response = problem_page(request, problem, request.path)
    if problem.status in WAIT_SECONDS:
        response.headers["Retry-After"] = str(WAIT_SECONDS[problem.status])
    return response


def problem_page(request: HttpRequest, problem: Problem, retry: str) -> HttpResponse:
    """Say to a person why an answer was not taken, and where to try again."""
    context = {"problem": problem, "retry": retry if problem.status in (400, 409, 429, 503) else ""}
    response = public_page(request, "capture/problem.html", _language(request), context)
    response.status_code = problem.status
    return response


def public_page(
    request: HttpRequest, template: str, language: str, context: dict[str, Any]
) -> HttpResponse:
    """Return a page for customers in `language`; its address is told to no other site."""
    with translation.override(language):
        page = render(request, template, {**context, "organisation": settings.ORGANISATION})
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Content-Language"] = language
    return page


def _language(request: HttpRequest) -> str:
    wishes = (request.GET.get("language", "")[:2], *browser_languages(request))
    return next((wish for wish in wishes if wish in STANDARD), settings.LANGUAGE_CODE)


def browser_languages(request: HttpRequest) -> list[str]:
    """Return the languages the browser accepts, best first."""
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return [language[:2].replace("no", "nb") for language, _ in accepted]


@public
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Say that the web process is up."""
    return JsonResponse({"status": "ok"})
