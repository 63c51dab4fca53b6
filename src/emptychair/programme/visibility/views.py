"""Today, Delivery and the responses behind their figures."""

from collections.abc import Iterable, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from emptychair.analysis.show.look import Scheme
from emptychair.analysis.show.render import png_image, svg_image
from emptychair.analysis.show.words import Words, languages
from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.lib.spreadsheets import Cell, csv_lines
from emptychair.programme.visibility import (
    comparing,
    fineprint,
    pickers,
    queries,
    reliability,
    responses,
)
from emptychair.programme.visibility import today as today_queries
from emptychair.programme.visibility.selection import BREAKDOWNS, Selection, selection_of
from emptychair.programme.warehouse import layer


@require_safe
@requires("today.read")
def show_today(request: HttpRequest) -> HttpResponse:
    """Show what came in since the reader was last here."""
    if _nothing_new(request):
        return HttpResponse(status=204)
    user = reader_of(request)
    since, is_first = today_queries.since_last_visit(request.session, user, now())
    if not _is_poll(request):
        today_queries.remember_visit(user)
    page = today_queries.today_page(
        scope_of(user),
        since,
        words_of_reader(),
        is_first=is_first,
        notices=today_queries.notices_for(user),
    )
    template = "visibility/today_live.html" if _is_poll(request) else "visibility/today.html"
    return render(request, template, {"page": page, "live_url": f"?seen={page.version}"})


@require_safe
@requires("delivery.read")
def show_delivery(request: HttpRequest) -> HttpResponse:
    """Show how we deliver; polled with `seen`, answer only if a figure may have changed."""
    if _nothing_new(request):
        return HttpResponse(status=204)
    user = reader_of(request)
    scope, selection = scope_of(user), _selection(request)
    page = queries.delivery_page(
        selection, scope, words_of_reader(), may_take_files=may(user, "delivery.export")
    )
    live_url = selection.address(seen=page.version)
    context = {"page": page, "selection": selection, "live_url": live_url}
    if _is_poll(request):
        return render(request, "visibility/delivery_live.html", context)
    asked = (("by", selection.by), ("bucket", selection.bucket), ("theme", selection.theme))
    kept = tuple((name, value) for name, value in asked if value not in ("", BREAKDOWNS[0]))
    bar = pickers.filter_bar(selection, scope, reverse("visibility:delivery"), hidden=kept)
    return render(request, "visibility/delivery.html", {**context, "bar": bar})


@require_safe
@requires("delivery.export")
def show_chart_file(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """Return a chart of the Delivery page as SVG, PNG or CSV."""
    selection, scope = _selection(request), scope_of(reader_of(request))
    if not queries.may_show(selection, scope):
        raise RefusedError("too_few_answers", words_of_reader()("withheld_explained"))
    try:
        chart = queries.chart_of(name, selection, scope, words_of_reader())
    except KeyError:
        raise Http404 from None
    scheme: Scheme = "dark" if request.GET.get("scheme") == "dark" else "light"
    if kind == "svg":
        answer = HttpResponse(svg_image(chart, scheme), content_type="image/svg+xml")
    elif kind == "png":
        answer = HttpResponse(png_image(chart, scheme), content_type="image/png")
    else:
        lines = csv_lines(chart.header, chart.rows)
        answer = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    stem = f"{chart.name}-{selection.start:%Y%m%d}-{selection.end:%Y%m%d}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{stem}.{kind}"'
    return answer


@require_safe
@requires("delivery.read")
def show_fine_print(request: HttpRequest) -> HttpResponse:
    """Show how a figure came about; htmx gets the card alone, for a dialogue."""
    user = reader_of(request)
    card = fineprint.fine_print(
        _selection(request),
        scope_of(user),
        words_of_reader(),
        may_export=may(user, "delivery.export"),
    )
    is_part = request.headers.get("HX-Request") == "true"
    template = "visibility/fine_print_card.html" if is_part else "visibility/fine_print.html"
    return render(request, template, {"card": card})


@require_safe
@requires("delivery.export")
def take_fine_print(request: HttpRequest) -> HttpResponse:
    """Return the fine print of a figure as CSV."""
    selection = _selection(request)
    figure = fineprint.figure_of(selection, scope_of(reader_of(request)))
    if figure is None:
        raise RefusedError("too_few_answers", words_of_reader()("withheld_explained"))
    header, row = fineprint.fine_print_row(figure, selection, words_of_reader())
    return csv_answer("fine-print", header, [row])


@require_safe
@requires("reliability.read")
def show_reliability(request: HttpRequest) -> HttpResponse:
    """Show how far the NPS may be trusted, as the worker last judged it."""
    panel = reliability.reliability_panel(words_of_reader())
    return render(request, "visibility/reliability.html", {"panel": panel})


@require_safe
@requires("delivery.read")
def show_compare(request: HttpRequest) -> HttpResponse:
    """Show whether periods or groups really differ."""
    scope, selection = scope_of(reader_of(request)), _selection(request)
    asked = request.GET.get("how", "")
    how: comparing.How = "groups" if asked == "groups" else "year" if asked == "year" else "before"
    chosen = (request.GET.get("a", ""), request.GET.get("b", ""))
    page = comparing.compare_page(selection, scope, words_of_reader(), how=how, chosen=chosen)
    more = pickers.compare_pickers(selection, scope, how, chosen)
    bar = pickers.filter_bar(selection, scope, reverse("visibility:compare"), more=more)
    return render(request, "visibility/compare.html", {"page": page, "bar": bar})


@require_safe
@requires("response.read")
def show_responses(request: HttpRequest) -> HttpResponseBase:
    """Show the responses behind a figure, or return them as a file."""
    user = reader_of(request)
    scope, selection = scope_of(user), _selection(request)
    chosen = responses.responses_of(selection, request.GET.dict(), scope)
    columns = responses.columns(scope)
    may_export = may(user, "response.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        return export(request, chosen, columns, "responses")
    kept = tuple(
        (k, request.GET[k]) for k in ("score", "comment", "theme", "sort") if request.GET.get(k)
    )
    bar = pickers.filter_bar(
        selection,
        scope,
        reverse("visibility:responses"),
        more=(pickers.bucket_picker(selection.bucket),),
        hidden=kept,
    )
    found = list_page(request.GET, chosen, columns, may_export=may_export)
    context = {"list": found, "bar": bar, "score": request.GET.get("score", "")}
    return render(request, "visibility/responses.html", context)


def csv_answer(stem: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """Return rows as a CSV file."""
    lines = csv_lines(header, rows)
    answer = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{stem}.csv"'
    return answer


def reader_of(request: HttpRequest) -> User:
    """Return who asks."""
    assert isinstance(request.user, User), "requires() lets only users in"
    return request.user


def _selection(request: HttpRequest) -> Selection:
    return selection_of(request.GET.dict(), today=today(), first_day=layer.first_day())


def words_of_reader() -> Words:
    """Return the phrases of the reader's language."""
    language = (get_language() or "en")[:2]
    return Words(language if language in languages() else "en")


def _is_poll(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) and "seen" in request.GET


def _nothing_new(request: HttpRequest) -> bool:
    return _is_poll(request) and request.GET["seen"] == layer.version()
