"""Pages of journeys: the map, and drawing it."""

from typing import TypeVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import may, requires
from emptychair.programme.capture.models import Survey
from emptychair.programme.customers.models import Segment
from emptychair.programme.journeys import services
from emptychair.programme.journeys.models import Journey, Stage, Touchpoint
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.rootcause import journey_pages
from emptychair.programme.rootcause.services import attach_survey
from emptychair.programme.rootcause.views import segment_of
from emptychair.programme.visibility.views import reader_of, words_of_reader

_Row = TypeVar("_Row", Stage, Touchpoint, Survey)


@require_safe
@requires("rootcause.read")
def show_journeys(request: HttpRequest) -> HttpResponse:
    """Show the map of every journey with the figures of a key segment."""
    user = reader_of(request)
    page = journey_pages.journeys_page(
        segment_of(request), words_of_reader(), may_take_files=may(user, "rootcause.export")
    )
    context = {"page": page, "current": "journeys", "may_change": may(user, "journey.change")}
    return render(request, "rootcause/journeys.html", context)


@require_POST
@requires("journey.change")
def add(request: HttpRequest) -> HttpResponse:
    """Begin a new journey."""
    try:
        made = services.add_journey(
            name=request.POST.get("name", ""), by=reader_of(request).public_id
        )
    except RefusedError as error:
        messages.error(request, error.sentence)
        return redirect("rootcause:journeys")
    return redirect("rootcause:journey", slug=made.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("journey.change")
def change_journey(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a journey: add, rename, order and remove steps and touchpoints, attach surveys."""
    journey = get_object_or_404(Journey, slug=slug)
    if request.method == "POST":
        try:
            _change(request, journey)
        except RefusedError as error:
            messages.error(request, error.sentence)
        return redirect("rootcause:journey", slug=slug)
    drawn = journey_pages.drawn_map(slug, words_of_reader())
    surveys = Survey.objects.order_by("name").values_list("pk", "name")
    context = {"map": drawn, "surveys": tuple(surveys), "current": "journeys"}
    return render(request, "rootcause/journey.html", context)


@require_POST
@requires("journey.change")
def draw_own(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a key segment its own map of a journey, a copy of the company's."""
    journey = get_object_or_404(Journey, slug=slug, copy_of=None)
    segment = get_object_or_404(Segment, slug=request.POST.get("segment", ""), is_key=True)
    try:
        made = services.draw_own(journey, segment=segment.slug, by=reader_of(request).public_id)
    except RefusedError as error:
        messages.error(request, error.sentence)
        return redirect("rootcause:journeys")
    return redirect("rootcause:journey", slug=made.slug)


@require_POST
@requires("journey.change")
def drop_own(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a segment take the company's map again."""
    journey = get_object_or_404(Journey, slug=slug, copy_of__isnull=False)
    try:
        services.drop_own(journey, by=reader_of(request).public_id)
    except RefusedError as error:
        messages.error(request, error.sentence)
        return redirect("rootcause:journey", slug=slug)
    messages.success(request, _("The segment takes the company's map again."))
    return redirect(f"{reverse('rootcause:journeys')}?segment={journey.segment}")


def _change(request: HttpRequest, journey: Journey) -> None:
    """Do what the pressed button says."""
    said, by = request.POST, reader_of(request).public_id
    action, _colon, key = said.get("do", "").partition(":")
    name, met_by = said.get("name", ""), said.get("met_by", "")
    if action == "add-stage":
        services.add_stage(journey, name=name, by=by)
    elif action == "add-touchpoint":
        stage = _place(Stage, key, journey=journey)
        services.add_touchpoint(stage, name=name, met_by=met_by, by=by)
    elif action == "attach":
        touchpoint = _place(Touchpoint, key, stage__journey=journey)
        survey = _place(Survey, said.get("survey", ""))
        attach_survey(touchpoint, survey, by=by)
        messages.success(request, _("Attached. Answers from now on belong to the touchpoint."))
    else:
        kind, _dash, what = action.partition("-")
        place: Stage | Touchpoint
        if kind == "stage":
            place = _place(Stage, key, journey=journey)
        elif kind == "touchpoint":
            place = _place(Touchpoint, key, stage__journey=journey)
        else:
            raise Http404
        if what == "rename":
            services.rename(place, name=name, met_by=met_by, by=by)
        elif what in ("earlier", "later"):
            services.move(place, earlier=what == "earlier", by=by)
        elif what == "remove":
            services.remove(place, by=by)


def _place(model: type[_Row], key: str, **within: object) -> _Row:
    if not key.isdigit() or len(key) > 12:
        raise Http404
    return get_object_or_404(model, pk=int(key), **within)
