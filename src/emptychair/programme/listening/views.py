"""Themes and the comments behind them: pages that read."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.activity.services import record
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.listening import pages, searching
from emptychair.programme.relations.picking import filters_of
from emptychair.programme.relations.taking import chart_answer
from emptychair.programme.visibility.views import reader_of, words_of_reader


@require_safe
@requires("comment.read")
def show_themes(request: HttpRequest) -> HttpResponse:
    """Show what comments are about and what each theme goes along with."""
    user = reader_of(request)
    filters = filters_of(request.GET.dict(), pages.FILTERS)
    page = pages.themes_page(
        filters, scope_of(user), words_of_reader(), may_take_files=may(user, "comment.export")
    )
    return render(request, "listening/themes.html", {"page": page})


@require_safe
@requires("comment.export")
def take_chart(request: HttpRequest, kind: str) -> HttpResponse:
    """Return the picture of the themes as SVG, PNG or CSV."""
    filters = filters_of(request.GET.dict(), pages.FILTERS)
    chart = pages.chart_for(filters, scope_of(reader_of(request)), words_of_reader())
    if chart is None or kind not in ("svg", "png", "csv"):
        raise Http404
    return chart_answer(chart, kind, is_dark=request.GET.get("scheme") == "dark")


@require_safe
@requires("comment.read")
def show_comments(request: HttpRequest) -> HttpResponseBase:
    """Search comments in every language; the list as a file as well."""
    user = reader_of(request)
    scope = scope_of(user)
    filters = filters_of(request.GET.dict(), searching.FILTERS)
    rows, columns = searching.comments_of(filters, scope), searching.columns(scope)
    may_export = may(user, "comment.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        asked = request.GET["format"]
        record("export.made", "comments", actor=user.public_id, format=asked, pii=scope.pii)
        return export(request, rows, columns, "comments")
    context = {
        "bar": searching.search_bar(filters, scope, request.GET.get("sort", "")),
        "list": list_page(request.GET, rows, columns, may_export=may_export),
    }
    return render(request, "listening/comments.html", context)
