"""The pages about promoters: who could help, what was asked, what came of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may, requires, scope_of
from emptychair.programme.advocacy import asking, bringing, queries, services, whom
from emptychair.programme.advocacy.forms import PlanForm, PlatformForm, plan_values
from emptychair.programme.advocacy.labels import EVERYONE, FAVOURS, PROMOTERS, STATES
from emptychair.programme.advocacy.models import Ask, Favour, Platform
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import export, list_page
from emptychair.programme.lib.templatetags.look import number

MOST_AT_ONCE = 200


@require_safe
@requires("promoter.read")
def show_promoters(request: HttpRequest) -> HttpResponseBase:
    """List who could help, and ask those who are chosen."""
    user, scope = _user(request), scope_of(_user(request))
    everyone = request.GET.get("who") == "everyone"
    rows = whom.candidates(scope, everyone=everyone)
    if request.GET.get("unit"):
        rows = rows.filter(unit=request.GET["unit"])
    may_export = may(user, "promoter.export")
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, queries.candidate_columns(scope, may_ask=False), "promoters")
    may_ask = may(user, "promoter.ask")
    columns = queries.candidate_columns(scope, may_ask=may_ask)
    context = {
        "list": list_page(request.GET, rows, columns, may_export=may_export),
        "may_ask": may_ask,
        "everyone": everyone,
        "favours": FAVOURS.items(),
        "platforms": Platform.objects.filter(is_on=True),
        "who": {"everyone": EVERYONE, "promoters": PROMOTERS},
        "summary": queries.summary(user),
        "query": request.GET.urlencode(),
        **_frame(user, "promoters"),
    }
    return render(request, "advocacy/promoters.html", context)


@require_POST
@requires("promoter.ask")
def ask_many(request: HttpRequest) -> HttpResponse:
    """Ask the chosen customers for a favour, by mail or in person."""
    user = _user(request)
    favour, channel = request.POST.get("favour", ""), request.POST.get("channel", "")
    if favour not in Favour or channel not in (Ask.Channel.EMAIL, Ask.Channel.PERSON):
        raise Http404
    on = Platform.objects.filter(is_on=True)
    platform = on.filter(public_id=request.POST.get("platform", "")).first()
    chosen = queries.chosen_candidates(scope_of(user), request.POST.getlist("row")[:MOST_AT_ONCE])
    if not chosen:
        messages.warning(request, _("Choose the customers first: tick their boxes."))
        return redirect("advocacy:promoters")
    asked, refused = 0, ""
    for candidate in chosen:
        try:
            asking.ask(
                candidate.customer, favour=favour, channel=channel, response=candidate.response,
                platform=platform if favour == Favour.REVIEW else None, by=user,
            )  # fmt: skip
            asked += 1
        except RefusedError as error:
            refused = error.sentence
    if asked:
        text = ngettext("%(n)s customer is asked.", "%(n)s customers are asked.", asked)
        messages.success(request, text % {"n": number(asked)})
    if refused:
        messages.error(request, refused)
    return redirect("advocacy:asks" if asked else "advocacy:promoters")


@require_safe
@requires("promoter.read")
def show_asks(request: HttpRequest) -> HttpResponseBase:
    """List what was asked of whom, and what came of it."""
    user, scope = _user(request), scope_of(_user(request))
    rows = queries.visible_asks(scope).order_by("-planned_at", "pk")
    for name, known in (("favour", FAVOURS), ("state", STATES)):
        if request.GET.get(name) in known:
            rows = rows.filter(**{name: request.GET[name]})
    may_export = may(user, "promoter.export")
    columns = queries.ask_columns(scope)
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, columns, "favours")
    waiting = queries.visible_asks(scope).filter(
        state=Ask.State.ASKED, channel=Ask.Channel.PERSON
    )  # fmt: skip
    context = {
        "list": list_page(request.GET, rows, columns, may_export=may_export),
        "favours": FAVOURS.items(),
        "states": STATES.items(),
        "said": request.GET.dict(),
        "waiting": [(one, FAVOURS[one.favour]) for one in waiting.order_by("planned_at")[:20]],
        **_frame(user, "asks"),
    }
    return render(request, "advocacy/asks.html", context)


@require_POST
@requires("promoter.ask")
def note_answer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note what a customer said who was asked in person."""
    user = _user(request)
    one = get_object_or_404(queries.visible_asks(scope_of(user)), public_id=public_id)
    is_yes, said = request.POST.get("answer") == "yes", request.POST.get("said", "")
    asking.note_answer(one, is_yes=is_yes, said=said, by=user)
    messages.success(request, _("Noted."))
    return redirect("advocacy:asks")


@require_safe
@requires("promoter.read")
def show_referrals(request: HttpRequest) -> HttpResponseBase:
    """List who came by a customer's link, and what it brought."""
    user, scope = _user(request), scope_of(_user(request))
    rows = queries.visible_referrals(scope).order_by("-at", "pk")
    may_export = may(user, "promoter.export")
    columns = queries.referral_columns(scope)
    if may_export and request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, columns, "referrals")
    context = {
        "list": list_page(request.GET, rows, columns, may_export=may_export),
        "brought": queries.summary(user).brought,
        "waiting": rows.filter(handled_at=None, customer=None).exclude(email="")[:20]
        if scope.pii
        else (),
        **_frame(user, "referrals"),
    }
    return render(request, "advocacy/referrals.html", context)


@require_POST
@requires("promoter.ask")
def note_contact(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note that somebody who was recommended has been contacted."""
    user = _user(request)
    one = get_object_or_404(queries.visible_referrals(scope_of(user)), public_id=public_id)
    bringing.note_contact(one, by=user)
    messages.success(request, _("Noted."))
    return redirect("advocacy:referrals")


@require_safe
@requires("promoter.read")
def show_testimonials(request: HttpRequest) -> HttpResponse:
    """Show the words that may be quoted, and those that were taken back."""
    user = _user(request)
    found = queries.visible_testimonials(scope_of(user))
    context = {
        "shown": found.filter(withdrawn_at=None)[:200],
        "withdrawn": found.exclude(withdrawn_at=None)[:50],
        "may_change": may(user, "promoter.change"),
        **_frame(user, "testimonials"),
    }
    return render(request, "advocacy/testimonials.html", context)


@require_POST
@requires("promoter.change")
def approve(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let a testimonial be shown."""
    user = _user(request)
    one = get_object_or_404(queries.visible_testimonials(scope_of(user)), public_id=public_id)
    services.approve(one, by=user)
    messages.success(request, _("It may be shown now."))
    return redirect("advocacy:testimonials")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("promoter.change")
def show_plan(request: HttpRequest) -> HttpResponse:
    """Show and change how customers are asked, with the platforms and the goals."""
    user = _user(request)
    form = PlanForm(request.POST or None, initial=plan_values(whom.plan()))
    if request.method == "POST" and form.is_valid():
        services.save_plan(form.values(), by=user)
        messages.success(request, _("Saved."))
        return redirect("advocacy:plan")
    platforms = Platform.objects.all()
    context = {
        "form": form,
        "platforms": [(p, EVERYONE if p.asks == "everyone" else PROMOTERS) for p in platforms],
        **_frame(user, "plan"),
    }
    return render(request, "advocacy/plan.html", context, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("promoter.change")
def edit_platform(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """Add or change a platform on which reviews are written."""
    user = _user(request)
    platform = get_object_or_404(Platform, public_id=public_id) if public_id else Platform()
    names = ("name", "url", "asks", "is_on")
    initial = {name: getattr(platform, name) for name in names} if public_id else {}
    form = PlatformForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_platform(form.platform(platform), by=user)
        except RefusedError as error:
            form.add_error("url", error.sentence)
        else:
            messages.success(request, _("Saved."))
            return redirect("advocacy:plan")
    context = {"form": form, "platform": platform, **_frame(user, "plan")}
    return render(request, "advocacy/platform.html", context, status=400 if form.errors else 200)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "requires() lets only users in"
    return request.user


def _frame(user: User, here: str) -> dict[str, Any]:
    return {"here": here, "may_plan": may(user, "promoter.change")}
