"""The list of surveys, and what each is about."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Survey
from emptychair.programme.journeys import services as journeys
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.surveys import queries
from emptychair.programme.surveys.forms import (
    DriverForm,
    NewSurveyForm,
    SurveyForm,
    survey_values,
)
from emptychair.programme.surveys.frame import frame, refuse_reader, survey_of, user_of


@require_safe
@requires("survey.read")
def show_surveys(request: HttpRequest) -> HttpResponseBase:
    """List the surveys with what they asked and got in the last 30 days."""
    rows, columns = queries.surveys(), queries.survey_columns()
    if request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, columns, "surveys")
    found = list_page(request.GET, rows, columns, may_export=True)
    return render(request, "surveys/surveys.html", {"list": found})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.change")
def add_survey(request: HttpRequest) -> HttpResponseBase:
    """Make a survey in draft, with the standard wording in six languages."""
    form = NewSurveyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        survey = services.create_survey(**form.cleaned_data, by=user_of(request).public_id)
        messages.success(request, _("The survey is a draft: try it, its answers are not counted."))
        return redirect("surveys:survey", slug=survey.slug)
    return render(request, "surveys/new.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.read")
def change_survey(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show and change what a survey is about: name, kind, touchpoint, drivers."""
    survey = survey_of(slug)
    form = SurveyForm(request.POST or None, initial=survey_values(survey))
    if request.method == "POST":
        refuse_reader(request)
        if form.is_valid() and _saved(request, survey, form):
            messages.success(request, _("Saved."))
            return redirect("surveys:survey", slug=slug)
    return _survey_page(request, survey, form, DriverForm())


def _saved(request: HttpRequest, survey: Survey, form: SurveyForm) -> bool:
    try:
        services.save_survey(survey, **form.cleaned_data, by=user_of(request).public_id)
    except RefusedError as error:
        form.add_error("kind" if error.code == "kind_has_answers" else "drivers", error.sentence)
        return False
    return True


@require_POST
@requires("survey.change")
def add_driver(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Add a driver that customers may rate."""
    survey = survey_of(slug)
    form = DriverForm(request.POST)
    if not form.is_valid():
        return _survey_page(request, survey, SurveyForm(initial=survey_values(survey)), form)
    by = user_of(request).public_id
    driver = journeys.add_driver(name=form.cleaned_data["name"], names=form.names(), by=by)
    messages.success(request, _("%(name)s can now be chosen.") % {"name": driver})
    return redirect("surveys:survey", slug=slug)


def _survey_page(
    request: HttpRequest, survey: Survey, form: SurveyForm, driver_form: DriverForm
) -> HttpResponse:
    context: dict[str, Any] = frame(request, survey, "survey") | {
        "form": form,
        "driver_form": driver_form,
        "answers": queries.answers_of(survey),
    }
    is_wrong = form.errors or driver_form.errors
    return render(request, "surveys/survey.html", context, status=400 if is_wrong else 200)


@require_POST
@requires("survey.change")
def set_state(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Open a survey, close it, or make it a draft again while nothing counts yet."""
    survey = survey_of(slug)
    state = request.POST.get("state", "")
    if state not in Survey.State:
        raise Http404
    services.set_state(survey, state, by=user_of(request).public_id)
    said = {
        "draft": _("The survey is a draft: its answers are not counted."),
        "open": _("The survey is open: its answers are counted."),
        "closed": _("The survey is closed: nobody can answer it."),
    }
    messages.success(request, said[state])
    return redirect("surveys:survey", slug=slug)
