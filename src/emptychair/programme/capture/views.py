"""The pages a customer sees. GET shows and never writes; POST is answered after COMMIT."""

import secrets
from dataclasses import dataclass
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
from emptychair.programme.capture.answering import Outcome, amend, answer, reply_body
from emptychair.programme.capture.submission import Problem, read_submission
from emptychair.programme.lib.middleware import wants_json


@dataclass(frozen=True)
class Choice:
    """One of the scores 0 to 10 on the survey page."""

    score: int
    chosen: bool


# No session or cookie is involved, so there is nothing a forged form could borrow.
@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the question; store the answer."""
    if request.method == "POST":
        return _after(request, _said(request, token, answer), retry=f"/s/{token}")
    page = queries.survey_page(token, request.GET.get("language", ""), browser_languages(request))
    if page is None:
        return problem_page(request, Problem(404, "unknown_link", ""), "")
    score = request.GET.get("score", "")
    chosen = int(score) if score in {str(n) for n in range(11)} else page.score
    return public_page(
        request,
        "capture/survey.html",
        page.language,
        {
            "page": page,
            "choices": [Choice(n, n == chosen) for n in range(11)],
            "submission_id": secrets.token_urlsafe(18),
        },
    )


@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def answered(request: HttpRequest, token: str) -> HttpResponseBase:
    """Thank, and take the comment, the ratings and the wish to be contacted."""
    if request.method == "POST":
        return _after(request, _said(request, token, amend), retry=f"/r/{token}")
    page = queries.answered_page(token)
    if page is None:
        return problem_page(request, Problem(404, "unknown_link", ""), "")
    context = {"page": page, "submission_id": secrets.token_urlsafe(18)}
    return public_page(request, "capture/answered.html", page.language, context)


def _said(request: HttpRequest, token: str, store: Any) -> Outcome:
    # The function in front of Django may have stored or refused it already.
    problem: Problem | None = request.META.get("emptychair.problem")
    if problem is not None:
        return problem
    said = read_submission(request.headers.get("Content-Type", ""), request.body)
    outcome: Outcome = said if isinstance(said, Problem) else store(token, said)
    return outcome


def _after(request: HttpRequest, outcome: Outcome, retry: str) -> HttpResponseBase:
    if wants_json(request):
        status, body = reply_body(outcome)
        return HttpResponse(body, status=status, content_type="application/json")
    if isinstance(outcome, Problem):
        return problem_page(request, outcome, retry)
    return redirect(f"/r/{outcome.answer_token}", permanent=False, preserve_request=False)


def problem_page(request: HttpRequest, problem: Problem, retry: str) -> HttpResponse:
    """Say to a person why an answer was not taken, and where to try again."""
    context = {"problem": problem, "retry": retry if problem.status in (400, 409, 503) else ""}
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
    return request.GET.get("language", "")[:2] or translation.get_language() or "en"


def browser_languages(request: HttpRequest) -> list[str]:
    """Return the languages the browser accepts, best first."""
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return [language[:2].replace("no", "nb") for language, _ in accepted]


@public
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Say that the web process is up."""
    return JsonResponse({"status": "ok"})
