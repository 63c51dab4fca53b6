"""An initiative of what a team raised in its huddle."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from emptychair.programme.accounts.policy import requires
from emptychair.programme.closedloop.models import Raised
from emptychair.programme.improvement.models import Scenario
from emptychair.programme.improvement.raising import propose_raised as propose
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.visibility.views import reader_of

USUAL_PROMISE = timedelta(days=30)
_INPUT = {"class": "form-control"}


class RaisedForm(forms.Form):
    """What the initiative is called, what it may bring, and when the team hears."""

    name = forms.CharField(
        label=gettext_lazy("Name of the initiative"), max_length=120, widget=forms.TextInput(_INPUT)
    )
    scenario = forms.ModelChoiceField(
        queryset=Scenario.objects.all(),
        required=False,
        label=gettext_lazy("What it may bring"),
        empty_label=gettext_lazy("Not reckoned yet"),
        help_text=gettext_lazy("A scenario saved on What if; its effect is what is promised."),
        widget=forms.Select({"class": "form-select"}),
    )
    answer_on = forms.DateField(
        label=gettext_lazy("The team gets its answer by"),
        widget=forms.DateInput({**_INPUT, "type": "date"}, format="%Y-%m-%d"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("initiative.change")
def propose_raised(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make an initiative of what a team raised."""
    rows = Raised.objects.select_related("huddle__unit")
    one = get_object_or_404(rows, public_id=public_id)
    if request.method != "POST" and (one.initiative_state or one.answered_at):
        raise Http404
    usual = {"name": one.text[:120], "answer_on": max(one.answer_by, today() + USUAL_PROMISE)}
    form = RaisedForm(request.POST or None, initial=usual)
    if form.is_valid():
        try:
            propose(one, **form.cleaned_data, by=reader_of(request))
        except RefusedError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, _("Proposed. The team reads it on its next huddle."))
            return redirect("rootcause:initiatives")
    context = {"form": form, "one": one, "current": "initiatives"}
    status = 400 if form.errors else 200
    return render(request, "rootcause/raised.html", context, status=status)
