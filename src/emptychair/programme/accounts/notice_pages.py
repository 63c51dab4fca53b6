"""The page on which a colleague says how to be told what waits."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts import notices
from emptychair.programme.accounts.models import Notices, User
from emptychair.programme.accounts.policy import requires
from emptychair.programme.lib.chat import service_of
from emptychair.programme.lib.errors import RefusedError

_INPUT = {"class": "form-control"}
_CLOCK = forms.TimeInput({**_INPUT, "type": "time"}, format="%H:%M")


class NoticesForm(forms.Form):
    """One digest: over which way, and when not."""

    way = forms.ChoiceField(
        label=gettext_lazy("What waits for me comes by"),
        choices=Notices.Way.choices,
        widget=forms.Select({"class": "form-select"}),
        help_text=gettext_lazy("At most one message on a working morning, and none without cause."),
    )
    chat = forms.CharField(
        label=gettext_lazy("Address of my chat"),
        max_length=300,
        required=False,
        widget=forms.TextInput({**_INPUT, "autocomplete": "off"}),
        help_text=gettext_lazy(
            "As Apprise writes it, such as slack://… or tgram://…. It is a secret and is not shown"
            " again; left empty, the present one stays."
        ),
    )
    quiet_from = forms.TimeField(label=gettext_lazy("Quiet from"), widget=_CLOCK)
    quiet_until = forms.TimeField(label=gettext_lazy("Quiet until"), widget=_CLOCK)
    reminds = forms.BooleanField(
        label=gettext_lazy("Remind me of huddles and goals"),
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("preference.change")
def show_notices(request: HttpRequest) -> HttpResponse:
    """Show and change how I am told what waits for me."""
    user = _user(request)
    chosen = notices.notices_of(user)
    names = ("way", "quiet_from", "quiet_until", "reminds")
    initial: dict[str, Any] = {name: getattr(chosen, name) for name in names}
    form = NoticesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            notices.save_notices(user, **form.cleaned_data)
        except RefusedError as error:
            form.add_error("chat", error.sentence)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:notices")
    context = {"form": form, "service": service_of(chosen.chat)}
    return render(request, "accounts/notices.html", context, status=400 if form.errors else 200)


@require_POST
@requires("preference.change")
def try_chat(request: HttpRequest) -> HttpResponse:
    """Send one trial message to my chat."""
    notices.ask_for_trial(_user(request))
    messages.success(request, _("A trial message is on its way."))
    return redirect("accounts:notices")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "requires() lets only users in"
    return request.user
