"""Economics, behaviour, movement and the silent: pages and charts as files."""

from collections.abc import Callable, Mapping

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from emptychair.programme.accounts.policy import Scope, may, requires, scope_of
from emptychair.programme.activity.services import record
from emptychair.programme.lib.lists import Column, export, list_page
from emptychair.programme.lib.spreadsheets import Cell
from emptychair.programme.relations import movement_pages, naming, worth_pages
from emptychair.programme.relations.models import Chance
from emptychair.programme.relations.results import Build, report_page
from emptychair.programme.relations.taking import chart_answer
from emptychair.programme.standing.models import SILENT
from emptychair.programme.visibility.views import reader_of, words_of_reader

PAGES: Mapping[str, Build] = {
    "economics": worth_pages.economics_report,
    "behaviour": worth_pages.behaviour_report,
    "movement": movement_pages.movement_report,
    "silent": movement_pages.silent_report,
}


@require_safe
@requires("economics.read")
def show_economics(request: HttpRequest) -> HttpResponse:
    """Show what each bucket is worth, how long it stays, and earned growth."""
    return _page(request, "economics")


@require_safe
@requires("economics.read")
def show_behaviour(request: HttpRequest) -> HttpResponse:
    """Show which behaviours promoters and detractors differ in."""
    return _page(request, "behaviour")


@require_safe
@requires("economics.read")
def show_movement(request: HttpRequest) -> HttpResponse:
    """Show who moved between buckets, as seen and without noise."""
    return _page(request, "movement")


@require_safe
@requires("economics.read")
def show_silent(request: HttpRequest) -> HttpResponseBase:
    """Show what the silent may think; the list of chances as a file as well."""
    user = reader_of(request)
    rows, columns = chances(scope_of(user)), chance_columns()
    may_export = may(user, "customer.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        record("export.made", "chances", actor=user.public_id, format=request.GET["format"])
        return export(request, rows, columns, "silent")
    found = list_page(request.GET, rows, columns, may_export=may_export)
    return _page(request, "silent", {"list": found})


@require_safe
@requires("economics.export")
def take_chart(request: HttpRequest, page: str, name: str, kind: str) -> HttpResponse:
    """Return a chart of one of these pages as SVG, PNG or CSV."""
    build = PAGES.get(page)
    if build is None:
        raise Http404
    report = build(request.GET.get("segment", "")[:60], words_of_reader())
    chart = next((part.chart for part in report.parts if part.name == name and part.chart), None)
    if chart is None:
        raise Http404
    return chart_answer(chart, kind, is_dark=request.GET.get("scheme") == "dark")


def chances(scope: Scope) -> QuerySet[Chance]:
    """Return the chances of those who are still silent, the likeliest detractors first."""
    found = Chance.objects.filter(customer__standing__state__in=SILENT)
    if scope.units is not None:
        found = found.filter(customer__unit__code__in=sorted(scope.units))
    return found.select_related("customer__standing").order_by("-p_detractor", "pk")


def chance_columns() -> tuple[Column, ...]:
    """Return the columns of the list of chances."""
    return (
        Column(
            "customer_id",
            _("Customer"),
            lambda c: c.customer.code,
            url=lambda c: reverse("customers:customer", args=[c.pk]),
        ),
        Column("silence", _("Silence"), lambda c: naming.state_name(c.customer.standing.state)),
        Column("p_detractor", _("Detractor, %"), _percent("p_detractor"), "p_detractor", "number"),
        Column("low", _("At least, %"), _percent("p_detractor_low"), kind="number"),
        Column("high", _("At most, %"), _percent("p_detractor_high"), kind="number"),
        Column("p_passive", _("Passive, %"), _percent("p_passive"), kind="number"),
        Column("p_promoter", _("Promoter, %"), _percent("p_promoter"), kind="number"),
        Column("possible", _("Cannot be ruled out"), _possible),
        Column("given_on", _("Given on"), lambda c: c.given_on, kind="day"),
    )


def _percent(name: str) -> Callable[[Chance], Cell]:
    return lambda chance: round(100 * float(getattr(chance, name)), 1)


def _possible(chance: Chance) -> str:
    buckets = chance.possible.split("|") if chance.possible else []
    if len(buckets) == 3:
        return _("Don't know")
    return ", ".join(naming.state_name(bucket) for bucket in buckets)


def _page(
    request: HttpRequest, name: str, more: Mapping[str, object] | None = None
) -> HttpResponse:
    segment = request.GET.get("segment", "")[:60]
    words = words_of_reader()
    may_take = may(reader_of(request), "economics.export")
    report = PAGES[name](segment, words)
    page = report_page(name, report, words, segment=segment, may_take_files=may_take)
    return render(request, "relations/study.html", {"page": page, "name": name, **(more or {})})
