"""Preferences a person sets from any page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from emptychair.programme.accounts.middleware import languages
from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import public

THEMES = ("", "light", "dark")


@public
@require_POST
def set_preference(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language or theme: on the user when logged in, and in a cookie."""
    language, theme = request.POST.get("language", ""), request.POST.get("theme")
    response = redirect(_back(request))
    if language in languages():
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", max_age=31_536_000
        )
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=language)
    if theme in THEMES and isinstance(request.user, User):
        User.objects.filter(pk=request.user.pk).update(theme=theme)
    return response


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if safe and target.startswith("/") else "/"
