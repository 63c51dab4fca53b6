"""The editor of themes: add, change, merge, switch off, adopt, undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.analysis.comments.lexicon import LANGUAGES
from emptychair.programme.accounts.policy import requires, scope_of
from emptychair.programme.comments.models import TaxonomyStep, Theme
from emptychair.programme.comments.queries import library_theme, progress
from emptychair.programme.comments.services import (
    merge_theme,
    save_theme,
    switch_theme,
    undo_last,
)
from emptychair.programme.listening import trying
from emptychair.programme.listening.forms import ThemeForm, theme_values
from emptychair.programme.listening.pages import USUAL_PERIOD, discovery_called
from emptychair.programme.visibility.views import reader_of


@dataclass(frozen=True)
class ThemeLine:
    """A theme in the list of the editor."""

    key: str
    name: str
    origin: str
    words: int
    url: str
    search_url: str


def _origin_name(origin: str) -> str:
    return {
        "shipped": _("Comes along"),
        "adopted": _("Discovered"),
        "own": _("Our own"),
    }[origin]


def _line(theme: Theme) -> ThemeLine:
    words = sum(len(theme.keywords.get(code, ())) for code in LANGUAGES)
    search = f"{reverse('comments:search')}?" + urlencode({"theme": theme.key, "period": "all"})
    return ThemeLine(
        theme.key,
        library_theme(theme).name(get_language() or "en"),
        _origin_name(theme.origin),
        words,
        reverse("comments:theme", args=[theme.key]),
        search,
    )


@require_safe
@requires("theme.change")
def show_taxonomy(request: HttpRequest) -> HttpResponse:
    """Show the themes that are looked for, and those that are not."""
    rows = list(Theme.objects.all())
    going_on = progress()
    context = {
        "active": [_line(theme) for theme in rows if theme.is_active],
        "off": [_line(theme) for theme in rows if not theme.is_active],
        "percent_read": going_on.percent if going_on else None,
        "last_step": TaxonomyStep.objects.first(),
    }
    return render(request, "listening/taxonomy.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("theme.change")
def new_theme(request: HttpRequest) -> HttpResponse:
    """Add a theme, an empty one or one that was discovered."""
    form = ThemeForm(request.POST or None, initial=_adopted(request.GET))
    if request.method == "POST" and form.is_valid():
        origin = Theme.Origin.ADOPTED if form.cleaned_data["adopted"] else Theme.Origin.OWN
        save_theme(
            key="",
            names=form.names(),
            keywords=form.keywords(),
            by=reader_of(request).public_id,
            origin=origin,
        )
        return _saved(request)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("theme.change")
def edit_theme(request: HttpRequest, key: str) -> HttpResponse:
    """Change the names and keywords of a theme."""
    theme = get_object_or_404(Theme, key=key)
    form = ThemeForm(request.POST or None, initial=theme_values(theme))
    if request.method == "POST" and form.is_valid():
        save_theme(
            key=key,
            names={**theme.names, **form.names()},
            keywords=form.keywords(),
            by=reader_of(request).public_id,
        )
        return _saved(request)
    return _form_page(request, form, theme)


@require_POST
@requires("theme.change")
def preview(request: HttpRequest) -> HttpResponse:
    """Show what keywords would find in the newest comments, before they are saved."""
    form = ThemeForm(request.POST)
    form.is_valid()
    if any(name.startswith("words_") for name in form.errors):
        return render(request, "listening/trial.html", {"trial": None})
    scope = scope_of(reader_of(request))
    trial = trying.tried(form.keywords(), request.POST.get("key", "")[:40], scope)
    return render(request, "listening/trial.html", {"trial": trial})


@require_POST
@requires("theme.change")
def switch(request: HttpRequest, key: str) -> HttpResponse:
    """Look for a theme from now on, or no longer."""
    theme = get_object_or_404(Theme, key=key)
    is_active = request.POST.get("to") == "on"
    switch_theme(theme, is_active=is_active, by=reader_of(request).public_id)
    return _saved(request)


@require_POST
@requires("theme.change")
def merge(request: HttpRequest, key: str) -> HttpResponse:
    """Let another theme take over the keywords of this one."""
    theme = get_object_or_404(Theme, key=key)
    into = get_object_or_404(Theme, key=request.POST.get("into", ""))
    merge_theme(theme, into=into, by=reader_of(request).public_id)
    return _saved(request)


@require_POST
@requires("theme.change")
def undo(request: HttpRequest) -> HttpResponse:
    """Put the themes back to where they were before the last change."""
    undo_last(by=reader_of(request).public_id)
    messages.success(request, _("The last change is undone; all comments are read again."))
    return redirect("comments:taxonomy")


def _saved(request: HttpRequest) -> HttpResponse:
    messages.success(
        request, _("Saved. All comments are read again; figures follow when that is done.")
    )
    return redirect("comments:taxonomy")


def _adopted(asked: Mapping[str, str]) -> dict[str, object]:
    period = asked.get("period", USUAL_PERIOD)
    if asked.get("adopt_group"):
        found = discovery_called(asked["adopt_group"], "meanings", period)
    else:
        found = discovery_called(asked.get("adopt", ""), period=period)
    if found is None:
        return {}
    words = {f"words_{code}": ", ".join(found["keywords"].get(code, ())) for code in LANGUAGES}
    code = get_language() or "en"
    return {f"name_{code}": str(found["label"]).capitalize(), "adopted": True, **words}


def _form_page(request: HttpRequest, form: ThemeForm, theme: Theme | None) -> HttpResponse:
    others = Theme.objects.filter(is_active=True).exclude(key=theme.key if theme else "")
    context = {
        "form": form,
        "theme": theme,
        "line": _line(theme) if theme else None,
        "others": [_line(other) for other in others] if theme else [],
        "trial": None,
    }
    status = 400 if form.errors else 200
    return render(request, "listening/theme.html", context, status=status)
