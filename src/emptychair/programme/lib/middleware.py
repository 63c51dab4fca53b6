"""What every response gets, and how a refusal is answered."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

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


class Refusals:
    """Answer a `RefusedError` as 409: a page for people, problem+json for programs."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RefusedError):
            return None
        if wants_json(request):
            return problem(409, error.code, error.sentence)
        return render(request, "409.html", {"sentence": error.sentence}, status=409)


def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a program that reads JSON rather than a person with a browser."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def problem(status: int, code: str, sentence: str) -> JsonResponse:
    """Return an error as problem+json (RFC 9457)."""
    body = {"type": f"urn:emptychair:{code}", "title": sentence, "status": status, "code": code}
    return JsonResponse(body, status=status, content_type="application/problem+json")
