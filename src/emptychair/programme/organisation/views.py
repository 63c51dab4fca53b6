"""The page about the organisation: what it did for its customers, week by week."""

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.lists import Column, export
from emptychair.programme.organisation import queries, services
from emptychair.programme.organisation.counting import monday_of

FIRST_YEAR = 2000


class AimForm(forms.Form):
    """What the organisation aims at, in percent."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, label in (
            ("in_time_percent", gettext_lazy("Cases contacted in time, percent")),
            ("reading_percent", gettext_lazy("Managers who read, percent")),
            ("huddle_percent", gettext_lazy("Units that hold their huddle, percent")),
        ):
            widget = forms.NumberInput({"class": "form-control", "inputmode": "numeric"})
            self.fields[name] = forms.IntegerField(
                label=label, min_value=1, max_value=100, widget=widget
            )


@require_safe
@requires("organisation.read")
def show_organisation(request: HttpRequest) -> HttpResponseBase:
    """Show a week: contacted in time, managers who read, huddles held, by unit."""
    user = _user(request)
    if may(user, "organisation.export") and request.GET.get("format") in ("csv", "xlsx"):
        return export(request, queries.visible_weeks(scope_of(user)), _columns(), "organisation")
    return _page(request, user, AimForm(initial=vars(queries.aim())))


@require_POST
@requires("organisation.change")
def change_aim(request: HttpRequest) -> HttpResponse:
    """Change what is aimed at."""
    user, form = _user(request), AimForm(request.POST)
    if not form.is_valid():
        return _page(request, user, form)
    services.save_aim(form.cleaned_data, by=user)
    messages.success(request, _("Saved."))
    return redirect("organisation:home")


def _page(request: HttpRequest, user: User, form: AimForm) -> HttpResponse:
    page = queries.organisation_page(scope_of(user), _week(request.GET.get("week", "")))
    context = {
        "page": page,
        "form": form,
        "may_change": may(user, "organisation.change"),
        "may_export": may(user, "organisation.export"),
    }
    status = 400 if form.errors else 200
    return render(request, "organisation/home.html", context, status=status)


def _week(text: str) -> date:
    """Return the Monday asked for; of the last whole week when none is."""
    try:
        day = date.fromisoformat(text) if text else today() - timedelta(days=7)
    except ValueError:
        raise Http404 from None
    if not FIRST_YEAR <= day.year <= today().year + 1:
        raise Http404
    return monday_of(day)


def _columns() -> tuple[Column, ...]:
    return (
        Column("week_on", _("Week from"), lambda w: w.week_on, kind="day"),
        Column("unit", _("Unit"), lambda w: w.unit.code),
        Column("due", _("Due"), lambda w: w.due, kind="number"),
        Column("in_time", _("In time"), lambda w: w.in_time, kind="number"),
        Column("managers", _("Managers"), lambda w: w.managers, kind="number"),
        Column("reading", _("Managers who read"), lambda w: w.reading, kind="number"),
        Column("huddle_held", _("Huddle held"), lambda w: w.huddle_held),
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "requires() lets only users in"
    return request.user
