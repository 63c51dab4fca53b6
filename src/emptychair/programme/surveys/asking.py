"""Whom a survey asks, and when."""

from copy import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Survey
from emptychair.programme.capture.sampling import strata
from emptychair.programme.lib.clock import now
from emptychair.programme.surveys import queries
from emptychair.programme.surveys.asking_forms import WholeAskingForm
from emptychair.programme.surveys.frame import frame, refuse_reader, survey_of, user_of
from emptychair.programme.surveys.summary import summary


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.read")
def change_asking(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show and change whom a survey asks and when, with what follows in plain words."""
    survey = survey_of(slug)
    whole = WholeAskingForm(survey, request.POST or None)
    if request.method == "POST":
        refuse_reader(request)
        if whole.is_valid():
            services.save_asking(survey, whole.asking(), by=user_of(request).public_id)
            messages.success(request, _("Saved."))
            return redirect("surveys:asking", slug=slug)
    context = frame(request, survey, "asking") | {
        "form": whole.form,
        "conditions": whole.conditions,
        "event_kinds": queries.event_kinds() if survey.kind == Survey.Kind.TRANSACTIONAL else [],
        "sentences": _sentences(survey, whole),
        "strata": strata(survey, now()),
    }
    status = 400 if whole.is_wrong else 200
    return render(request, "surveys/asking.html", context, status=status)


@require_POST
@requires("survey.read")
def show_summary(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say in plain words what the form, not saved yet, would do."""
    survey = survey_of(slug)
    whole = WholeAskingForm(survey, request.POST)
    context = {"sentences": _sentences(survey, whole)}
    return render(request, "surveys/sentences.html", context)


def _sentences(survey: Survey, whole: WholeAskingForm) -> list[str]:
    if whole.is_wrong:
        return []
    imagined = copy(survey)
    if whole.form.is_bound:
        for name, value in whole.asking().items():
            setattr(imagined, name, value)
    return summary(imagined)
