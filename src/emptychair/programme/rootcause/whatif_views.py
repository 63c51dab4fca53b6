"""Pages of what if: sliders, scenarios that are saved, and the initiatives they become."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.policy import may, requires
from emptychair.programme.improvement import services
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.rootcause import initiative_pages, whatif_pages
from emptychair.programme.visibility.views import reader_of, words_of_reader


@require_safe
@requires("rootcause.read")
def show_whatif(request: HttpRequest) -> HttpResponse:
    """Show sliders and the range of outcomes; htmx gets the outcome alone."""
    asked = whatif_pages.asked_of(request.GET.dict())
    page = whatif_pages.whatif_page(asked, words_of_reader())
    context = {
        "page": page,
        "current": "whatif",
        "may_save": may(reader_of(request), "scenario.change"),
    }
    is_part = request.headers.get("HX-Target") == "ec-outcome"
    return render(
        request, "rootcause/outcome.html" if is_part else "rootcause/whatif.html", context
    )


@require_POST
@requires("scenario.change")
def save(request: HttpRequest) -> HttpResponse:
    """Keep a scenario with what it may bring."""
    asked = whatif_pages.asked_of(request.POST.dict())
    outcome, why = whatif_pages.outcome_of(asked)
    back = redirect("rootcause:initiatives")
    if asked.errors or outcome is None:
        messages.error(request, " ".join(asked.errors) or why or _("Move a slider first."))
        return redirect("rootcause:whatif")
    try:
        services.save_scenario(
            name=request.POST.get("name", ""),
            segment=asked.segment,
            shifts=asked.shifts,
            reach=asked.reach,
            success=asked.success,
            cost=asked.cost,
            outcome=outcome,
            by=reader_of(request),
        )
    except RefusedError as error:
        messages.error(request, error.sentence)
        return redirect("rootcause:whatif")
    messages.success(request, _("Saved."))
    return back


@require_safe
@requires("rootcause.read")
def show_initiatives(request: HttpRequest) -> HttpResponse:
    """Show scenarios and initiatives, and what was learnt from those finished."""
    user = reader_of(request)
    context = {
        "page": initiative_pages.initiatives_page(words_of_reader()),
        "current": "initiatives",
        "may_propose": may(user, "initiative.change"),
        "may_remove": may(user, "scenario.change"),
    }
    return render(request, "rootcause/initiatives.html", context)


@require_POST
@requires("initiative.change")
def propose_scenario(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make an initiative of a scenario."""
    scenario = get_object_or_404(Scenario, public_id=public_id)
    services.propose(scenario, by=reader_of(request))
    messages.success(request, _("Proposed. Its expected effect is locked when it is decided."))
    return redirect("rootcause:initiatives")


@require_POST
@requires("scenario.change")
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget a scenario."""
    services.remove_scenario(
        get_object_or_404(Scenario, public_id=public_id), by=reader_of(request)
    )
    return redirect("rootcause:initiatives")


@require_POST
@requires("initiative.change")
def move_on(request: HttpRequest, public_id: str, step: str) -> HttpResponse:
    """Decide, start or finish an initiative."""
    initiative = get_object_or_404(Initiative, public_id=public_id)
    by = reader_of(request)
    try:
        if step == "decide":
            services.decide(initiative, by=by)
        elif step == "start":
            services.start(initiative, by=by)
        elif step == "finish":
            measured, error = (
                initiative_pages.figure(request.POST.get(name, ""))
                for name in ("measured", "error")
            )
            services.finish(initiative, measured_points=measured, standard_error=error, by=by)
        else:
            raise Http404
    except RefusedError as error:
        messages.error(request, error.sentence)
    return redirect("rootcause:initiatives")
