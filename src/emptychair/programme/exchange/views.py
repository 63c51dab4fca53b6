"""The page Data: files in, files out, and their history."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may, requires
from emptychair.programme.exchange import exporting, queries, services, uploads
from emptychair.programme.exchange.forms import ConfirmForm, PeriodForm, ReadingForm, UploadForm
from emptychair.programme.exchange.listings import LISTINGS, Filters
from emptychair.programme.exchange.models import Import
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import list_page
from emptychair.programme.lib.spreadsheets import csv_lines

_OVERHEAD = 100_000  # bytes of a form around its file


@require_safe
@requires("data.read")
def show_data(request: HttpRequest) -> HttpResponse:
    """Show what can be brought in and taken out, and what was."""
    return _data_page(request, UploadForm())


def _data_page(request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    user = _reader(request)
    may_import = may(user, "data.import")
    context = {
        "form": form,
        "may_import": may_import,
        "exports": queries.export_links(user),
        "made": queries.exports_made() if may(user, "data.export") else [],
        "largest_megabytes": uploads.largest_bytes() // 1_000_000,
    }
    if may_import:
        context["list"] = list_page(request.GET, queries.imports(), queries.import_columns())
    return render(request, "exchange/data.html", context, status=status)


# The size is looked at before the body is read, and so before its token is checked below.
@csrf_exempt
@require_POST
@requires("data.import")
def upload(request: HttpRequest) -> HttpResponseBase:
    """Take a file in, unless it is larger than the installation allows."""
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal() or int(length) > uploads.largest_bytes() + _OVERHEAD:
        uploads.check_size(int(length) if length.isdecimal() else uploads.largest_bytes() + 1)
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponseBase:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _data_page(request, form, status=400)
    file = form.cleaned_data["file"]
    try:
        imported = services.upload(
            kind=form.cleaned_data["kind"],
            name=file.name,
            chunks=file.chunks(),
            size=file.size,
            by=_reader(request),
        )
    except RefusedError as error:
        form.add_error("file", error.sentence)
        return _data_page(request, form, status=409)
    return _to(imported)


@require_safe
@requires("data.import")
def show_import(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one import: its preview, its progress or its report."""
    imported = _import(public_id)
    page = queries.import_page(imported)
    if request.headers.get("HX-Request"):
        if not imported.is_at_work:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "exchange/progress.html", {"page": page})
    reading = {**page.reading, "unknown_units": "refuse" if page.refuses_units else "create"}
    if reading.get("separator") == "\t":
        reading["separator"] = "tab"
    context = {"page": page, "reading": ReadingForm(initial=reading)}
    return render(request, "exchange/import.html", context)


@require_POST
@requires("data.import")
def read_again(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Read the file anew, with the columns and forms that were chosen."""
    imported = _import(public_id)
    form = ReadingForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise RefusedError("reading", f"{form[field].label}: {errors[0]}")
    columns = len(imported.preview.get("columns", []))
    chosen = [request.POST.get(f"column-{number}", "") for number in range(columns)]
    services.read_again(
        imported,
        mapping=queries.chosen_mapping(imported, chosen),
        reading=form.choices(),
        unknown_units=form.cleaned_data["unknown_units"] or "create",
    )
    return _to(imported)


@require_POST
@requires("data.import")
def confirm(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Import what the preview shows."""
    imported = _import(public_id)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise RefusedError("survey", _("Choose which survey these answers belong to."))
    services.confirm(imported, **form.cleaned_data, by=_reader(request))
    return _to(imported)


@require_POST
@requires("data.import")
def discard(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Throw the file away."""
    services.discard(_import(public_id), by=_reader(request))
    messages.success(request, _("The file is thrown away. Nothing was imported."))
    return redirect("exchange:data")


@require_POST
@requires("data.import")
def undo(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Take back what the import brought."""
    imported = _import(public_id)
    services.undo(imported, by=_reader(request))
    return _to(imported)


@require_POST
@requires("data.import")
def run_again(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Import an undone file anew, or go on with one that stopped."""
    imported = _import(public_id)
    services.run_again(imported, by=_reader(request))
    return _to(imported)


@require_safe
@requires("data.import")
def refused_rows(_request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Return the rows that could not be imported, each with what to do."""
    imported = _import(public_id)
    if not imported.refused_path.exists():
        raise Http404
    lines = csv_lines(queries.refused_header(), queries.refused_rows(imported))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="refused-rows.csv"'
    return answer


# POST, because that something left the system is written down.
@require_POST
@requires("data.read")
def export(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """Return a list as a file, within what the reader may see."""
    listing = LISTINGS.get(name)
    if listing is None or kind not in exporting.FORMATS:
        raise Http404
    user = _reader(request)
    if not may(user, listing.need):
        raise PermissionDenied
    form = PeriodForm(request.POST)
    if not form.is_valid():
        raise RefusedError("date", _("The period is no date. Write it as 2026-01-31."))
    filters = Filters(form.cleaned_data["start"], form.cleaned_data["end"])
    file = exporting.export(listing, kind, filters, by=user)
    answer = StreamingHttpResponse(file.pieces, content_type=file.content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer


def _import(public_id: str) -> Import:
    return get_object_or_404(Import.objects.select_related("by", "survey"), public_id=public_id)


def _to(imported: Import) -> HttpResponseRedirect:
    return redirect("exchange:import", public_id=imported.public_id)


def _reader(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
