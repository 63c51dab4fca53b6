"""Rules that open cases, tried on past answers before they are switched on; and absences."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts.policy import requires
from emptychair.programme.closedloop import opening, services
from emptychair.programme.closedloop.forms import AbsenceForm, RuleForm, rule_values
from emptychair.programme.closedloop.labels import KINDS
from emptychair.programme.closedloop.models import Absence, Rule
from emptychair.programme.closedloop.views import user_of
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.templatetags.look import number

TRIED_DAYS = 90
SHOWN = 5


@require_http_methods(["GET", "HEAD", "POST"])
@requires("case_rule.change")
def show_rules(request: HttpRequest) -> HttpResponse:
    """List the rules and absences; note an absence."""
    form = AbsenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.note_absence(**form.cleaned_data, by=user_of(request))
        messages.success(request, _("Noted."))
        return redirect("closedloop:rules")
    context = {
        "rules": [(rule, KINDS[rule.kind]) for rule in Rule.objects.annotate(cases=Count("case"))],
        "absences": Absence.objects.filter(last_on__gte=today()).select_related("user"),
        "form": form,
        "here": "rules",
        "may_rule": True,
    }
    return render(request, "closedloop/rules.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("case_rule.change")
def edit_rule(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """Make or change a rule; try it on past answers, or open cases for them."""
    rule = get_object_or_404(Rule, public_id=public_id) if public_id else Rule()
    form = RuleForm(request.POST or None, initial=rule_values(rule) if public_id else {})
    what = request.POST.get("what", "")
    if request.method == "POST" and form.is_valid():
        try:
            if what != "try":
                return _saved(request, form.rule(rule), form)
            return _rule_page(request, rule, form, tried=form.condition())
        except RefusedError as error:
            form.add_error(None, error.sentence)
    return _rule_page(request, rule, form)


@require_POST
@requires("case_rule.change")
def apply_rule(request: HttpRequest, public_id: str) -> HttpResponse:
    """Open cases for the past answers that a rule fits."""
    rule = get_object_or_404(Rule, public_id=public_id)
    opened = opening.open_past(rule, days=TRIED_DAYS, by=user_of(request).public_id)
    text = ngettext("%(n)s case opened.", "%(n)s cases opened.", opened)
    messages.success(request, text % {"n": number(opened)})
    return redirect("closedloop:rule", public_id=public_id)


@require_POST
@requires("case_rule.change")
def remove_absence(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take an absence away."""
    absence = get_object_or_404(Absence, public_id=public_id)
    services.remove_absence(absence, by=user_of(request))
    return redirect("closedloop:rules")


def _saved(request: HttpRequest, rule: Rule, form: RuleForm) -> HttpResponse:
    services.save_rule(rule, people=list(form.cleaned_data["people"]), by=user_of(request))
    messages.success(request, _("Saved."))
    return redirect("closedloop:rule", public_id=rule.public_id)


def _rule_page(
    request: HttpRequest, rule: Rule, form: RuleForm, tried: dict[str, object] | None = None
) -> HttpResponse:
    context = {"rule": rule, "form": form, "here": "rules", "may_rule": True, "days": TRIED_DAYS}
    condition = tried if tried is not None else rule.condition
    if condition:
        found = opening.past_answers(condition, TRIED_DAYS)
        context |= {
            "fitting": found.count(),
            "waiting": found.filter(case=None).count(),
            "examples": found.select_related("survey")[:SHOWN],
            "is_trial": tried is not None,
            "is_silence": bool(condition.get("silent_days")),
        }
    return render(request, "closedloop/rule.html", context, status=400 if form.errors else 200)
