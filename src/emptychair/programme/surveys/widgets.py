"""Widgets of a survey: where they may be shown, and the lines to copy into a page."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture import widgets
from emptychair.programme.capture.models import Survey, Widget
from emptychair.programme.capture.widget import script_file, secret_of
from emptychair.programme.lib import mail
from emptychair.programme.surveys.forms import WidgetForm
from emptychair.programme.surveys.frame import frame, refuse_reader, survey_of, user_of


@dataclass(frozen=True)
class ShownWidget:
    """A widget as the pages show it."""

    public_id: str
    unit: str
    origins: tuple[str, ...]
    is_open: bool
    snippet: str
    named_snippet: str
    secret: str


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.read")
def show_widgets(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the widgets of a survey and add one."""
    survey = survey_of(slug)
    form = WidgetForm(request.POST or None)
    if request.method == "POST":
        refuse_reader(request)
        if form.is_valid():
            by = user_of(request).public_id
            made = widgets.save_widget(survey, **form.cleaned_data, by=by)
            messages.success(request, _("Copy the lines below into your pages."))
            return redirect("surveys:widget", slug=slug, public_id=made.link.public_id)
    found = Widget.objects.filter(link__survey=survey).select_related("link__unit")
    context = frame(request, survey, "widgets") | {
        "form": form,
        "widgets": [_shown(one) for one in found.order_by("-link__is_open", "pk")],
    }
    return render(request, "surveys/widgets.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.change")
def change_widget(request: HttpRequest, slug: str, public_id: str) -> HttpResponseBase:
    """Change a widget; show the lines to copy and the secret to sign with."""
    survey = survey_of(slug)
    widget = _widget(survey, public_id)
    form = WidgetForm(request.POST or None, initial=_values(widget))
    if request.method == "POST" and form.is_valid():
        widgets.save_widget(survey, widget, **form.cleaned_data, by=user_of(request).public_id)
        messages.success(request, _("Saved."))
        return redirect("surveys:widget", slug=slug, public_id=public_id)
    context = frame(request, survey, "widgets") | {"form": form, "widget": _shown(widget)}
    return render(request, "surveys/widget.html", context, status=400 if form.errors else 200)


@require_POST
@requires("survey.change")
def renew_secret(request: HttpRequest, slug: str, public_id: str) -> HttpResponseBase:
    """Make a new secret and refuse what was signed with the old one."""
    widget = _widget(survey_of(slug), public_id)
    widgets.renew_secret(widget, by=user_of(request).public_id)
    messages.success(request, _("The old secret is void. Put the new one on your server."))
    return redirect("surveys:widget", slug=slug, public_id=public_id)


def _widget(survey: Survey, public_id: str) -> Widget:
    found = Widget.objects.select_related("link__unit", "link__survey")
    return get_object_or_404(found, link__survey=survey, link__public_id=public_id)


def _values(widget: Widget) -> dict[str, object]:
    return {
        "origins": "\n".join(widget.origins),
        "unit": widget.link.unit.code if widget.link.unit else "",
        "share_percent": widget.share_percent,
        "delay_seconds": widget.delay_seconds,
        "colour": widget.colour,
        "asks_anonymous": widget.asks_anonymous,
    }


def _shown(widget: Widget) -> ShownWidget:
    version, _text = script_file()
    start = f'<script src="{mail.link(f"/w/{version}.js")}" data-key="{widget.link.public_id}"'
    return ShownWidget(
        widget.link.public_id,
        widget.link.unit.name if widget.link.unit else "",
        tuple(widget.origins),
        widget.link.is_open,
        f"{start} async></script>",
        f'{start}\n  data-customer="CUSTOMER_ID" data-expires="EXPIRES"'
        ' data-signature="SIGNATURE" async></script>',
        secret_of(widget),
    )
