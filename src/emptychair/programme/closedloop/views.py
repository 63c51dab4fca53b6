"""Cases: the inbox, the board and the steps of one case."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.closedloop import queries, services, writing
from emptychair.programme.closedloop.forms import CloseForm, ContactForm, WaitForm
from emptychair.programme.closedloop.labels import KINDS, STATES
from emptychair.programme.closedloop.models import Case, Promise
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.lib.templatetags.look import number

MOST_AT_ONCE = 200


@require_safe
@requires("case.read")
def show_cases(request: HttpRequest) -> HttpResponseBase:
    """List the cases, the most urgent first."""
    user, said = user_of(request), request.GET.dict()
    rows = queries.inbox(user, said)
    may_change, may_export = may(user, "case.change"), may(user, "case.export")
    if may_export and said.get("format") in ("csv", "xlsx"):
        return export(request, rows, queries.inbox_columns(may_tick=False), "cases")
    columns = queries.inbox_columns(may_tick=may_change)
    context = {
        "list": list_page(request.GET, rows, columns, may_export=may_export),
        "colleagues": colleagues_of(user) if may_change else (),
        "query": request.GET.urlencode(),
        **_frame(request, "inbox"),
    }
    return render(request, "closedloop/cases.html", context)


@require_safe
@requires("case.read")
def show_board(request: HttpRequest) -> HttpResponse:
    """Show the open cases by state."""
    user = user_of(request)
    context = {"columns": queries.board(user, request.GET.dict()), **_frame(request, "board")}
    return render(request, "closedloop/board.html", context)


@require_safe
@requires("case.read")
def show_promises(request: HttpRequest) -> HttpResponse:
    """Show what was promised and not yet kept."""
    user = user_of(request)
    context = {"promises": queries.open_promises(user)[:200], **_frame(request, "promises")}
    return render(request, "closedloop/promises.html", context)


@require_safe
@requires("case.read")
def show_case(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one case with everything a conversation needs."""
    return _case_page(request, _case_of(request, public_id))


@require_POST
@requires("case.change")
def claim(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a case upon oneself."""
    case = _case_of(request, public_id)
    services.claim(case, by=user_of(request))
    return _done(request, case, _("It is yours."))


@require_POST
@requires("case.change")
def contact(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note a contact, and what was promised in it."""
    case, form = _case_of(request, public_id), ContactForm(request.POST)
    if not form.is_valid():
        return _case_page(request, case, contact=form)
    said, user = form.cleaned_data, user_of(request)
    services.contact(case, said=said["said"], by=user)
    if said["promise"]:
        services.promise(case, text=said["promise"], due_on=said["due_on"], by=user)
    return _done(request, case, _("Noted."))


@require_POST
@requires("case.change")
def write(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write to the customer."""
    case = _case_of(request, public_id)
    writing.write(case, text=request.POST.get("letter", ""), by=user_of(request))
    return _done(request, case, _("It is on its way."))


@require_POST
@requires("case.change")
def wait(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a case aside until a day."""
    case, form = _case_of(request, public_id), WaitForm(request.POST)
    if not form.is_valid():
        return _case_page(request, case, wait=form)
    services.wait(case, **form.cleaned_data, by=user_of(request))
    return _done(request, case, _("It comes back by itself."))


@require_POST
@requires("case.change")
def close(request: HttpRequest, public_id: str) -> HttpResponse:
    """Close a case with what came of it."""
    case = _case_of(request, public_id)
    form = CloseForm(request.POST, kind=case.kind)
    if not form.is_valid():
        return _case_page(request, case, close=form)
    services.close(case, **form.cleaned_data, by=user_of(request))
    return _done(request, case, _("Closed."))


@require_POST
@requires("case.change")
def reopen(request: HttpRequest, public_id: str) -> HttpResponse:
    """Open a closed case again."""
    case = _case_of(request, public_id)
    services.reopen(case, said=request.POST.get("said", ""), by=user_of(request))
    return _done(request, case, _("It is open again."))


@require_POST
@requires("case.change")
def remark(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add a remark."""
    case = _case_of(request, public_id)
    services.remark(case, text=request.POST.get("text", ""), by=user_of(request))
    return _done(request, case, _("Noted."))


@require_POST
@requires("case.change")
def reassign(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hand a case over."""
    case, user = _case_of(request, public_id), user_of(request)
    services.reassign(case, owner=_colleague(user, request.POST.get("owner", "")), by=user)
    return _done(request, case, _("Handed over."))


@require_POST
@requires("case.change")
def merge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let another case of the same customer go on instead."""
    case = _case_of(request, public_id)
    into = _case_of(request, request.POST.get("into", ""))
    services.merge(case, into=into, by=user_of(request))
    return _done(request, into, _("The cases are one now."))


@require_POST
@requires("case.change")
def keep(request: HttpRequest, public_id: str) -> HttpResponse:
    """Tick off a promise."""
    user = user_of(request)
    kept = get_object_or_404(
        Promise.objects.filter(case__in=queries.visible_cases(user)), public_id=public_id
    )
    services.keep(kept, by=user)
    return _done(request, kept.case, _("Promise kept."))


@require_POST
@requires("case.change")
def change_many(request: HttpRequest) -> HttpResponse:
    """Take or hand over the chosen cases."""
    user, chosen = user_of(request), request.POST.getlist("row")[:MOST_AT_ONCE]
    back = f"{reverse('closedloop:cases')}?{request.POST.get('query', '')}"
    deed = _deed(request, user)
    cases = queries.visible_cases(user).filter(public_id__in=chosen)
    if not cases:
        messages.warning(request, _("Choose the cases first: tick their boxes."))
        return redirect(back)
    done, refused = 0, ""
    for case in cases:
        try:
            deed(case)
            done += 1
        except RefusedError as error:
            refused = error.sentence
    if done:
        text = ngettext("%(n)s case changed.", "%(n)s cases changed.", done)
        messages.success(request, text % {"n": number(done)})
    if refused:
        messages.error(request, refused)
    return redirect(back)


def _deed(request: HttpRequest, user: User) -> Callable[[Case], None]:
    what = request.POST.get("what", "")
    if what == "claim":
        return lambda case: services.claim(case, by=user)
    if what == "reassign":
        owner = _colleague(user, request.POST.get("owner", ""))
        return lambda case: services.reassign(case, owner=owner, by=user)
    raise Http404


def user_of(request: HttpRequest) -> User:
    """Return who asks."""
    assert isinstance(request.user, User), "requires() lets only users in"
    return request.user


def colleagues_of(user: User) -> tuple[User, ...]:
    """Return the colleagues a case may be handed to: all, or those of the manager's units."""
    people = User.objects.filter(is_active=True).select_related("unit").order_by("name")
    units = scope_of(user).units
    if units is not None:
        people = people.filter(unit__code__in=units)
    return tuple(people.exclude(role=Role.ANALYST))


def _colleague(user: User, public_id: str) -> User | None:
    if not public_id:
        return None
    found = next((one for one in colleagues_of(user) if one.public_id == public_id), None)
    if found is None:
        raise Http404
    return found


def _case_of(request: HttpRequest, public_id: str) -> Case:
    cases = queries.visible_cases(user_of(request))
    related = ("response__survey", "customer__account", "owner", "rule")
    return get_object_or_404(cases.select_related(*related), public_id=public_id)


def _case_page(request: HttpRequest, case: Case, **forms: Any) -> HttpResponse:
    user = user_of(request)
    context = {
        "page": queries.case_page(case, user),
        "colleagues": colleagues_of(user),
        "contact_form": forms.get("contact") or ContactForm(),
        "wait_form": forms.get("wait") or WaitForm(),
        "close_form": forms.get("close") or CloseForm(kind=case.kind),
        **_frame(request, "inbox"),
    }
    return render(request, "closedloop/case.html", context, status=400 if forms else 200)


def _frame(request: HttpRequest, here: str) -> dict[str, Any]:
    user = user_of(request)
    units = scope_of(user).units
    known = Unit.objects.order_by("name")
    known = known if units is None else known.filter(code__in=units)
    return {
        "here": here,
        "said": request.GET.dict(),
        "tallies": queries.tallies(user),
        "units": known.values_list("code", "name"),
        "kinds": KINDS.items(),
        "states": STATES.items(),
        "may_rule": may(user, "case_rule.change"),
    }


def _done(request: HttpRequest, case: Case, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("closedloop:case", public_id=case.public_id)
