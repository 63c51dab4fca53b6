"""Pages of drivers, the answers behind them, and pictures as files."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.activity.services import record
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.relations.taking import chart_answer
from emptychair.programme.rootcause import driver_pages, journey_pages
from emptychair.programme.rootcause.models import Finding
from emptychair.programme.rootcause.reading import driver_group, driver_names, finding_of
from emptychair.programme.visibility.views import reader_of, words_of_reader


@require_safe
@requires("rootcause.read")
def show_drivers(request: HttpRequest) -> HttpResponse:
    """Show what goes along with the score: importance and effect, per key segment."""
    may_take = may(reader_of(request), "rootcause.export")
    page = driver_pages.drivers_page(
        segment_of(request), words_of_reader(), may_take_files=may_take
    )
    return render(request, "rootcause/drivers.html", {"page": page, "current": "drivers"})


@require_safe
@requires("rootcause.read")
def show_behind(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the answers in which a driver was rated low, or return them as a file."""
    user = reader_of(request)
    names = driver_names()
    if slug not in names:
        raise Http404
    scope = scope_of(user)
    low_only = request.GET.get("rating") != "all"
    rows = driver_pages.behind(slug, segment_of(request), scope, low_only=low_only)
    columns = driver_pages.behind_columns(scope)
    may_export = may(user, "response.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        record("export.made", "responses", actor=user.public_id, format=request.GET["format"])
        return export(request, rows, columns, "responses")
    context = {
        "title": _("Answers that rated %(driver)s") % {"driver": names[slug]},
        "low_only": low_only,
        "segment": segment_of(request),
        "list": list_page(request.GET, rows, columns, may_export=may_export),
        "current": "drivers",
    }
    return render(request, "rootcause/behind.html", context)


@require_safe
@requires("rootcause.export")
def take_chart(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """Return a chart of these pages as SVG, PNG or CSV."""
    segment, words = segment_of(request), words_of_reader()
    if name == "journey":
        chart = journey_pages.chart_of(segment, words)
    else:
        group = driver_group(finding_of(Finding.Kind.DRIVERS, segment))
        charts = driver_pages.charts_of(group, segment, words) if group else ()
        chart = next((one for one in charts if one.name == name), None)
    if chart is None:
        raise Http404
    return chart_answer(chart, kind, is_dark=request.GET.get("scheme") == "dark")


def segment_of(request: HttpRequest) -> str:
    """Return the key segment an address asks for."""
    return request.GET.get("segment", "")[:60]
