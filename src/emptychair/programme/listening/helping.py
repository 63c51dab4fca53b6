"""The second reader: what would leave, shown before it is switched on."""

import json

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts.policy import requires
from emptychair.programme.comments.assistant import (
    ask,
    change_assistant,
    current,
    request_for,
    waiting,
)
from emptychair.programme.comments.queries import active_themes
from emptychair.programme.comments.vectors import vector_state
from emptychair.programme.lib.outbound import OutboundError
from emptychair.programme.visibility.views import reader_of

_INPUT = {"class": "form-control"}
_SHOWN = 3  # comments of the example


class AssistantForm(forms.Form):
    """Where the second reader is, and whether it is asked."""

    endpoint = forms.CharField(
        label=gettext_lazy("Address of the service"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("It ends before /chat/completions, as https://api.example.com/v1."),
        widget=forms.URLInput(_INPUT),
    )
    model = forms.CharField(
        label=gettext_lazy("Model"),
        max_length=100,
        required=False,
        widget=forms.TextInput(_INPUT),
    )
    is_on = forms.BooleanField(
        label=gettext_lazy("Ask it about comments without a theme"),
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )
    has_seen = forms.BooleanField(
        label=gettext_lazy("I have seen what leaves, and may decide so"),
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def clean(self) -> dict[str, object]:
        """Ask for an address, a model and the reader's consent before it is switched on."""
        said = super().clean() or {}
        if said.get("is_on"):
            for name in ("endpoint", "model"):
                if not said.get(name):
                    self.add_error(name, _("Needed before it can be asked."))
            if not said.get("has_seen"):
                self.add_error("has_seen", _("Look at what leaves below, then tick this."))
        return said


@require_http_methods(["GET", "HEAD", "POST"])
@requires("assistant.change")
def show_assistant(request: HttpRequest) -> HttpResponse:
    """Show and change whether a service reads comments without a theme, and what would leave."""
    one = current()
    start = {"endpoint": one.endpoint, "model": one.model, "is_on": one.is_on}
    form = AssistantForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            change_assistant(
                endpoint=said["endpoint"], model=said["model"], is_on=said["is_on"],
                by=reader_of(request).public_id,
            )  # fmt: skip
        except OutboundError as error:
            form.add_error("endpoint", str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("comments:assistant")
    comments = [row[2] for row in waiting(_SHOWN)]
    body = request_for(comments, one.model or "…", active_themes())
    leaves = [json.dumps(json.loads(body["messages"][1]["content"]), ensure_ascii=False, indent=2)]
    context = {
        "form": form,
        "one": one,
        "task": body["messages"][0]["content"],
        "leaves": leaves[0],
        "has_key": bool(settings.ASSISTANT_KEY),
        "has_example": bool(comments),
        "vectors": vector_state(),
    }
    status = 400 if form.errors else 200
    return render(request, "listening/assistant.html", context, status=status)


@require_POST
@requires("assistant.change")
def try_assistant(request: HttpRequest) -> HttpResponse:
    """Ask the service about one made-up sentence, and say whether it answered."""
    one = current()
    if not one.endpoint or not one.model:
        messages.warning(request, _("Save an address and a model first."))
        return redirect("comments:assistant")
    try:
        found = ask(one, ["The parcel came three days late."], active_themes())
    except OutboundError as error:
        messages.error(request, str(error))
        return redirect("comments:assistant")
    if 0 in found:
        keys = ", ".join(found[0]) or "–"
        messages.success(request, _("It answered. Themes of the test: %(keys)s.") % {"keys": keys})
    else:
        messages.warning(request, _("It answered, but not in the form that was asked for."))
    return redirect("comments:assistant")
