"""What every response gets, and how a refusal is answered."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from emptychair.programme.lib.errors import RefusedError

Answer = Callable[[HttpRequest], HttpResponse]


class ResponseHeaders:
    """Private by default: nothing a view returns is kept by a cache unless the view says so."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class NulCharacters:
    """Answer 400 where a filter or a page's form has a NUL, which PostgreSQL cannot store.

    No page has one in its path. Programs send JSON and webhooks have forms of others: both are
    read with care of their own.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            return _nul(request)
        return self.answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: object
    ) -> HttpResponse | None:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        if not is_form or getattr(view, "csrf_exempt", False):
            return None
        said = (value for _name, values in request.POST.lists() for value in values)
        return _nul(request) if any("\0" in value for value in said) else None


def _nul(request: HttpRequest) -> HttpResponse:
    sentence = _("There is a character that cannot be kept (NUL). Take it out and try again.")
    return _refused(request, RefusedError("nul_character", sentence), 400)


class Refusals:
    """Answer a `RefusedError` as 409: a page for people, problem+json for programs."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RefusedError):
            return None
        return _refused(request, error, 409)


def _refused(request: HttpRequest, error: RefusedError, status: int) -> HttpResponse:
    if wants_json(request):
        return problem(status, error.code, error.sentence)
    return render(request, "409.html", {"sentence": error.sentence}, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a program that reads JSON rather than a person with a browser."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def problem(status: int, code: str, sentence: str) -> JsonResponse:
    """Return an error as problem+json (RFC 9457)."""
    body = {"type": f"urn:emptychair:{code}", "title": sentence, "status": status, "code": code}
    return JsonResponse(body, status=status, content_type="application/problem+json")
