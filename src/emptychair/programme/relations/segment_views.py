"""Pages of segments: list, builder with preview, undo."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import may, requires
from emptychair.programme.customers.models import Segment
from emptychair.programme.customers.rules import Condition
from emptychair.programme.customers.services import free_slug, plan_segment, undo_segment
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.relations import naming, segments
from emptychair.programme.relations.previewing import preview
from emptychair.programme.visibility.views import reader_of, words_of_reader


@require_safe
@requires("segment.read")
def show_segments(request: HttpRequest) -> HttpResponseBase:
    """List the segments by priority with their members, value and rule."""
    rows, columns = segments.segments(), segments.columns()
    if request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, columns, "segments")
    found = list_page(request.GET, rows, columns, may_export=True)
    return render(request, "relations/segments.html", {"list": found})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("segment.change")
def add_segment(request: HttpRequest) -> HttpResponse:
    """Make a segment; its members are found in the background."""
    return _builder(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("segment.read")
def change_segment(request: HttpRequest, slug: str) -> HttpResponse:
    """Show and change a segment; the old members are served until the new ones are found."""
    return _builder(request, get_object_or_404(Segment, slug=slug))


@require_POST
@requires("segment.change")
def preview_segment(request: HttpRequest) -> HttpResponse:
    """Return what the rule in the form would choose, in count and value."""
    whole = segments.WholeSegmentForm(None, request.POST)
    if not whole.conditions.is_valid():
        return render(request, "relations/preview.html", {"lines": []})
    return render(request, "relations/preview.html", _preview(whole))


@require_POST
@requires("segment.change")
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back the last change of a segment."""
    segment = get_object_or_404(Segment, slug=slug)
    undo_segment(segment, actor=reader_of(request).public_id)
    messages.success(request, _("Taken back. The members follow within minutes."))
    return redirect("customers:segment", slug=slug)


def _builder(request: HttpRequest, segment: Segment | None) -> HttpResponse:
    user = reader_of(request)
    may_change = may(user, "segment.change")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    whole = segments.WholeSegmentForm(segment, request.POST or None)
    if request.method == "POST" and whole.is_valid():
        said = whole.form.cleaned_data
        slug = segment.slug if segment else free_slug(said["name"])
        rule = [dict(condition) for condition in whole.rule()]
        plan_segment(slug=slug, rule=rule, actor=user.public_id, **said)
        messages.success(
            request, _("Saved. The members are found now; until then the old ones are served.")
        )
        return redirect("customers:segment", slug=slug)
    is_wrong = request.method == "POST"
    context = {
        "segment": segment,
        "form": whole.form,
        "conditions": whole.conditions,
        "may_change": may_change,
        "served": segments.in_words(segment.rule) if segment else [],
        "waiting": segments.in_words(segment.next_rule)
        if segment and segment.next_rule is not None
        else [],
        **({"lines": []} if is_wrong else _preview_of(segment)),
    }
    return render(request, "relations/segment.html", context, status=400 if is_wrong else 200)


def _preview(whole: segments.WholeSegmentForm) -> dict[str, object]:
    return _told(whole.rule())


def _preview_of(segment: Segment | None) -> dict[str, object]:
    if segment is None:
        return _told([])
    return _told(segment.next_rule if segment.next_rule is not None else segment.rule)


def _told(rule: list[Condition]) -> dict[str, object]:
    found, words = preview(rule), words_of_reader()
    lines = [
        (_("Customers"), words.number(found.customers), words.share(found.customers_share, 1)),
        (
            _("Revenue, twelve whole months"),
            naming.short_money(found.revenue),
            words.share(found.revenue_share, 1),
        ),
    ]
    return {"lines": lines, "rule": segments.in_words(rule)}
