"""Alerts, benchmarks, period reports and methods: the pages of Delivery beside its figures."""

from dataclasses import fields
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.insight.benchmarking import (
    BenchmarkLine,
    remove_benchmark,
    save_benchmark,
)
from emptychair.programme.insight.models import Benchmark, PeriodReport
from emptychair.programme.insight.publishing import publish_month
from emptychair.programme.insight.watching import acknowledge_alert
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.visibility import alerts, followup, methods, reports
from emptychair.programme.visibility.forms import BenchmarkForm
from emptychair.programme.visibility.views import csv_answer, reader_of, words_of_reader


@require_http_methods(["GET", "HEAD", "POST"])
@requires("delivery.change")
def show_benchmarks(request: HttpRequest) -> HttpResponse:
    """Show the benchmarks and add one."""
    form = BenchmarkForm(request.POST or None)
    if form.is_valid():
        save_benchmark(BenchmarkLine(**form.cleaned_data), by=reader_of(request))
        return redirect("visibility:benchmarks")
    context = {"benchmarks": Benchmark.objects.all(), "form": form}
    return render(request, "visibility/benchmarks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("delivery.change")
def edit_benchmark(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change one benchmark."""
    benchmark = get_object_or_404(Benchmark, public_id=public_id)
    names = [field.name for field in fields(BenchmarkLine)]
    form = BenchmarkForm(
        request.POST or None, initial={name: getattr(benchmark, name) for name in names}
    )
    if form.is_valid():
        line = BenchmarkLine(**form.cleaned_data)
        save_benchmark(line, by=reader_of(request), public_id=public_id)
        return redirect("visibility:benchmarks")
    return render(request, "visibility/benchmark.html", {"benchmark": benchmark, "form": form})


@require_POST
@requires("delivery.change")
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a benchmark away."""
    remove_benchmark(get_object_or_404(Benchmark, public_id=public_id), by=reader_of(request))
    return redirect("visibility:benchmarks")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("delivery.read")
def show_reports(request: HttpRequest) -> HttpResponse:
    """Show the published months; who may, publishes one by hand."""
    user = reader_of(request)
    may_publish = may(user, "delivery.change")
    if request.method == "POST":
        if not may_publish:
            raise PermissionDenied
        publish_month(_month(request.POST.get("month", "")), by=user)
        return redirect("visibility:reports")
    months = reports.published_months(scope_of(user), words_of_reader())
    context = {"months": months, "may_publish": may_publish}
    return render(request, "visibility/reports.html", context)


@require_safe
@requires("delivery.read")
def show_report(request: HttpRequest, month: str) -> HttpResponse:
    """Show a month as it was published, corrections beside."""
    user = reader_of(request)
    report = get_object_or_404(PeriodReport, starts_on=_month(month))
    rows = reports.report_rows(report, scope_of(user), words_of_reader())
    context = {
        "report": report,
        "month": month,
        "rows": rows,
        "has_corrections": any(row.corrected for row in rows),
        "may_export": may(user, "delivery.export"),
    }
    return render(request, "visibility/report.html", context)


@require_safe
@requires("delivery.export")
def take_report(request: HttpRequest, month: str) -> HttpResponse:
    """Return a published month as CSV."""
    report = get_object_or_404(PeriodReport, starts_on=_month(month))
    lines = reports.report_lines(report, scope_of(reader_of(request)))
    return csv_answer(f"report-{month}", reports.HEADER, lines)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        sentence = _("A month is written like 2026-03.")
        raise RefusedError("month_unknown", sentence) from None


@require_safe
@requires("delivery.read")
def show_alerts(request: HttpRequest) -> HttpResponse:
    """Show every alert, the newest first."""
    scope = scope_of(reader_of(request))
    cards = alerts.cards_of(alerts.alerts_of(scope)[:200], words_of_reader())
    return render(request, "visibility/alerts.html", {"cards": cards})


@require_safe
@requires("delivery.read")
def show_alert(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one alert with the comments since."""
    user = reader_of(request)
    scope = scope_of(user)
    alert = get_object_or_404(alerts.alerts_of(scope), public_id=public_id)
    context = {
        "card": alerts.cards_of([alert], words_of_reader())[0],
        "comments": alerts.comments_since(alert, scope),
        "may_change": may(user, "alert.change"),
    }
    return render(request, "visibility/alert.html", context)


@require_POST
@requires("alert.change")
def acknowledge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note that the reader has seen to an alert."""
    user = reader_of(request)
    alert = get_object_or_404(alerts.alerts_of(scope_of(user)), public_id=public_id)
    acknowledge_alert(alert, by=user, note=request.POST.get("note", ""))
    messages.success(request, _("Acknowledged. The series is watched anew from the change on."))
    return redirect("visibility:alert", public_id=public_id)


@require_safe
@requires("delivery.read")
def show_methods(request: HttpRequest) -> HttpResponse:
    """Show which methods there are."""
    context = {"page": methods.method_page("README"), "name": "README"}
    return render(request, "visibility/method.html", context)


@require_safe
@requires("delivery.read")
def show_method(request: HttpRequest, name: str) -> HttpResponse:
    """Show how a number is computed: formula, source, assumptions, example, coverage."""
    try:
        page = methods.method_page(name)
    except KeyError:
        raise Http404 from None
    return render(request, "visibility/method.html", {"page": page, "name": name})


@require_safe
@requires("case.read")
def show_results(request: HttpRequest) -> HttpResponse:
    """Show how customers were followed up, and what it did."""
    user = reader_of(request)
    page = followup.results_page(scope_of(user), words_of_reader())
    context = {"page": page, "may_rule": may(user, "case_rule.change")}
    return render(request, "visibility/results.html", context)
