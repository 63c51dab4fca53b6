"""Answers that are stored and not counted: why, and what colleagues decide about them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.models import Unit
from emptychair.programme.accounts.policy import may, requires
from emptychair.programme.capture import holding
from emptychair.programme.capture.models import LedgerEntry, Response, Survey
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import Column, address, export, list_page
from emptychair.programme.lib.templatetags.look import number
from emptychair.programme.surveys.asks import Tally
from emptychair.programme.surveys.forms import HeldForm
from emptychair.programme.surveys.frame import user_of
from emptychair.programme.surveys.labels import CHANNEL, HELD, label

SHOWN_DAYS = 90


@dataclass(frozen=True)
class Totals:
    """Answers of the period and filters: those that count, and those held apart."""

    counted: int
    held: int
    unconfirmed: int  # of those counted: touched and never sent


@require_safe
@requires("held.read")
def show_held(request: HttpRequest) -> HttpResponseBase:
    """List answers that are held, by reason, and those that were released."""
    start = today() - timedelta(days=SHOWN_DAYS)
    form = _filled(request.GET, start.isoformat())
    said = form.cleaned_data if form.is_valid() else {"start": start}
    among = _in_period(said)
    rows = _chosen(among, said)
    may_change = may(request.user, "held.change")
    if request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, _columns(may_tick=False), "held-answers")
    held = among.exclude(held_reason="")
    context = {
        "form": form,
        "list": list_page(request.GET, rows, _columns(may_tick=may_change), may_export=True),
        "reasons": _tallies(request, held),
        "totals": _totals(among),
        "state": said.get("state") or "held",
        "may_change": may_change,
        "here": request.get_full_path(),
        "query": request.GET.urlencode(),
        "most": holding.MOST_AT_ONCE,
    }
    return render(request, "surveys/held.html", context, status=400 if form.errors else 200)


@require_POST
@requires("held.change")
def change_held(request: HttpRequest) -> HttpResponseBase:
    """Release the chosen answers, or hold them again, with a note."""
    query = QueryDict(request.POST.get("query", ""))
    back = f"{reverse('surveys:held')}?{query.urlencode()}"
    chosen = request.POST.getlist("row")
    if request.POST.get("which") == "all":
        chosen = _all_of(query)
    if not chosen:
        messages.warning(request, _("Choose the answers first: tick their boxes."))
        return redirect(back)
    what, note = request.POST.get("what"), request.POST.get("note", "").strip()
    deeds = {"release": holding.release, "hold": holding.hold_again}
    if what not in deeds:
        raise Http404
    try:
        changed = deeds[what](chosen, by=user_of(request).public_id, note=note)
    except RefusedError as error:
        messages.error(request, error.sentence)
        return redirect(back)
    messages.success(request, _said(what, changed))
    return redirect(back)


def _said(what: str, changed: int) -> str:
    if what == "release":
        text = ngettext("%(n)s answer counts now.", "%(n)s answers count now.", changed)
    else:
        text = ngettext("%(n)s answer is held again.", "%(n)s answers are held again.", changed)
    return text % {"n": number(changed)}


def _all_of(query: QueryDict) -> list[str]:
    form = _filled(query, (today() - timedelta(days=SHOWN_DAYS)).isoformat())
    if not form.is_valid():
        return []
    rows = _chosen(_in_period(form.cleaned_data), form.cleaned_data)
    return list(rows.values_list("public_id", flat=True)[: holding.MOST_AT_ONCE + 1])


def _filled(query: QueryDict, start: str) -> HeldForm:
    form = HeldForm({"start": start, **query.dict()})
    surveys = Survey.objects.order_by("name").values_list("slug", "name")
    reasons = dict.fromkeys([*HELD, query.get("reason", "")])
    choices: dict[str, list[tuple[str, Any]]] = {
        "survey": [("", _("All surveys")), *surveys],
        "reason": [("", _("All reasons")), *((r, label(HELD, r)) for r in reasons if r)],
    }
    for name, options in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options
    return form


def _in_period(said: dict[str, Any]) -> QuerySet[Response]:
    rows = Response.objects.all()
    if said.get("start"):
        rows = rows.filter(answered_on__gte=said["start"])
    if said.get("end"):
        rows = rows.filter(answered_on__lte=said["end"])
    if said.get("survey"):
        rows = rows.filter(survey__slug=said["survey"])
    if said.get("channel"):
        rows = rows.filter(channel=said["channel"])
    return rows


def _chosen(rows: QuerySet[Response], said: dict[str, Any]) -> QuerySet[Response]:
    state = said.get("state") or "held"
    if state == "released":
        # Few are: they are looked up first, not asked about of every response.
        released = LedgerEntry.objects.filter(kind="release").values("response")
        rows = rows.filter(public_id__in=released, held_reason="")
    elif state == "early":
        rows = rows.filter(is_unconfirmed=True)
    else:
        rows = rows.exclude(held_reason="")
        if said.get("reason"):
            rows = rows.filter(held_reason=said["reason"])
    decided = LedgerEntry.objects.filter(
        response=OuterRef("public_id"), kind__in=("hold", "release")
    ).exclude(body__note="")
    note = Subquery(decided.order_by("-pk").values("body__note")[:1])
    return rows.select_related("survey").annotate(note=note).order_by("-answered_at", "-pk")


def _totals(rows: QuerySet[Response]) -> Totals:
    counts = rows.aggregate(
        counted=Count("id", filter=Q(held_reason="")),
        held=Count("id", filter=~Q(held_reason="")),
        unconfirmed=Count("id", filter=Q(held_reason="", is_unconfirmed=True)),
    )
    return Totals(**counts)


def _tallies(request: HttpRequest, rows: QuerySet[Response]) -> list[Tally]:
    counts = rows.order_by().values_list("held_reason").annotate(n=Count("id")).order_by("-n")
    return [
        Tally(label(HELD, code), n, address(request.GET, reason=code, state="held", page=""))
        for code, n in counts
    ]


def _columns(*, may_tick: bool) -> tuple[Column, ...]:
    units = dict(Unit.objects.values_list("code", "name"))
    tick = (Column("row", _("Choose"), lambda r: r.public_id, kind="tick"),) if may_tick else ()
    return (
        *tick,
        Column("answered_at", _("Answered"), lambda r: r.answered_at, "answered_at", "moment"),
        Column(
            "reason",
            _("Reason"),
            lambda r: label(HELD, r.held_reason) if r.held_reason else _("counted"),
            "held_reason",
        ),
        Column("score", _("Score"), lambda r: r.score, "score", "score"),
        Column("comment", _("Comment"), lambda r: r.comment, kind="long"),
        Column("survey", _("Survey"), lambda r: r.survey.name, "survey__name"),
        Column("channel", _("Channel"), lambda r: label(CHANNEL, r.channel), "channel"),
        Column("unit", _("Unit"), lambda r: units.get(r.unit, r.unit), "unit"),
        Column("note", _("Note"), lambda r: r.note or "", kind="long"),
    )
