"""The reader's language."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class Preferences:
    """Choose the language: the user's own, else the cookie, else the browser's."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "")
        language = chosen or translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.answer(request)
        response.headers.setdefault("Content-Language", language)
        response.headers["Vary"] = ", ".join(
            dict.fromkeys(
                [*filter(None, response.headers.get("Vary", "").split(", ")), "Accept-Language"]
            )
        )
        return response


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that pages come in."""
    return tuple(code for code, _ in settings.LANGUAGES)
