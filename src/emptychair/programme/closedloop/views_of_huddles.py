"""The weekly huddle, and what teams raised."""

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.closedloop import huddles, praising
from emptychair.programme.closedloop.forms import INPUT
from emptychair.programme.closedloop.models import Raised
from emptychair.programme.closedloop.views import user_of

PRAISE_SHOWN = 50
FIRST_YEAR = 2000


class MinutesForm(forms.Form):
    """Minutes in two minutes."""

    learned = forms.CharField(
        label=gettext_lazy("What we learnt"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({**INPUT, "rows": 2}),
    )
    fix_here = forms.CharField(
        label=gettext_lazy("What we fix ourselves"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({**INPUT, "rows": 2}),
    )
    raised = forms.CharField(
        label=gettext_lazy("What we raise"), required=False, max_length=300,
        widget=forms.TextInput(INPUT),
        help_text=gettext_lazy("One thing we cannot fix ourselves; it is answered in two weeks."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires("huddle.read")
def show_huddle(request: HttpRequest) -> HttpResponse:
    """Show the huddle of a unit and week; keep its minutes."""
    user = user_of(request)
    units = list(_units_of(user))
    week_on = _week(request.GET.get("week", ""))
    unit = _chosen(units, user, request.GET.get("unit", ""), week_on)
    may_hold = may(user, "huddle.change")
    if unit is None:
        return render(request, "closedloop/huddle.html", {"page": None, "here": "huddle"})
    form = MinutesForm(request.POST or None)
    if request.method == "POST":
        if not may_hold:
            raise Http404
        if form.is_valid():
            huddles.hold_huddle(unit, week_on, **form.cleaned_data, by=user)
            messages.success(request, _("The minutes are kept."))
            return redirect(_address(unit, week_on))
    page = huddles.huddle_page(unit, week_on)
    if page.huddle and not form.is_bound:
        kept = {"learned": page.huddle.learned, "fix_here": page.huddle.fix_here}
        form = MinutesForm(initial=kept)
    context = {
        "page": page,
        "form": form,
        "units": units,
        "may_hold": may_hold,
        "before_url": _address(unit, week_on - timedelta(7)),
        "after_url": _address(unit, week_on + timedelta(7))
        if week_on < huddles.last_week()
        else "",
        "here": "huddle",
        "may_rule": may(user, "case_rule.change"),
        "waiting": huddles.waiting_for_answer() if may(user, "case_rule.change") else (),
    }
    return render(request, "closedloop/huddle.html", context, status=400 if form.errors else 200)


@require_safe
@requires("praise.read")
def show_praise(request: HttpRequest) -> HttpResponse:
    """Show what promoters wrote about the reader, and about colleagues to who leads them."""
    user = user_of(request)
    context = {
        "mine": praising.praise_for(user)[:PRAISE_SHOWN],
        "team": praising.praise_of_team(user)[:PRAISE_SHOWN],
        "here": "praise",
        "may_rule": may(user, "case_rule.change"),
    }
    return render(request, "closedloop/praise.html", context)


@require_POST
@requires("case_rule.change")
def answer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer what a team raised."""
    one = get_object_or_404(Raised, public_id=public_id)
    huddles.answer_raised(one, answer=request.POST.get("answer", ""), by=user_of(request))
    messages.success(request, _("The team reads it on its page."))
    return redirect(_address(one.huddle.unit, one.huddle.week_on))


def _units_of(user: User) -> list[Unit]:
    units = Unit.objects.order_by("name")
    seen = scope_of(user).units
    return list(units if seen is None else units.filter(code__in=seen))


def _chosen(units: list[Unit], user: User, code: str, week_on: date) -> Unit | None:
    if code:
        found = next((unit for unit in units if unit.code == code), None)
        if found is None:
            raise Http404
        return found
    return user.unit or huddles.most_commented(units, week_on)


def _week(text: str) -> date:
    try:
        day = date.fromisoformat(text) if text else huddles.last_week()
    except ValueError:
        raise Http404 from None
    if not FIRST_YEAR <= day.year <= huddles.last_week().year + 1:
        raise Http404
    return day - timedelta(days=day.weekday())


def _address(unit: Unit, week_on: date) -> str:
    return f"{reverse('closedloop:huddle')}?unit={unit.code}&week={week_on.isoformat()}"
