"""Every ask, also those that were not sent, each with its reason."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.lists import Column, address, export, list_page
from emptychair.programme.surveys.forms import AsksForm
from emptychair.programme.surveys.labels import CHANNEL, OUTCOME, REASON, label

SHOWN_DAYS = 30


@dataclass(frozen=True)
class Tally:
    """How many asks ended in one way; `url` shows them."""

    name: str
    n: int
    url: str


@require_safe
@requires("survey.read")
def show_asks(request: HttpRequest) -> HttpResponseBase:
    """List asks with outcome and reason; sum up why some were not sent."""
    start = today() - timedelta(days=SHOWN_DAYS)
    form = _filled(request, start.isoformat())
    said = form.cleaned_data if form.is_valid() else {"start": start}
    among = _in_period(said)
    rows = _with_outcome(among, said)
    if request.GET.get("format") in ("csv", "xlsx"):
        return export(request, rows, _columns(), "asks")
    context = {
        "form": form,
        "list": list_page(request.GET, rows, _columns(), may_export=True),
        "outcomes": _tallies(request, among, "outcome", OUTCOME),
        "reasons": _tallies(
            request, among.filter(outcome="suppressed"), "suppressed_reason", REASON
        ),
    }
    return render(request, "surveys/asks.html", context, status=400 if form.errors else 200)


def _filled(request: HttpRequest, start: str) -> AsksForm:
    form = AsksForm({"start": start, **request.GET.dict()})
    surveys = Survey.objects.order_by("name").values_list("slug", "name")
    reasons = dict.fromkeys([*REASON, request.GET.get("reason", "")])
    choices: dict[str, list[tuple[str, Any]]] = {
        "survey": [("", _("All surveys")), *surveys],
        "outcome": [("", _("All outcomes")), *OUTCOME.items()],
        "reason": [("", _("All reasons")), *((r, label(REASON, r)) for r in reasons if r)],
    }
    for name, options in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options
    return form


def _in_period(said: dict[str, Any]) -> QuerySet[Invitation]:
    rows = Invitation.objects.all()
    if said.get("start"):
        rows = rows.filter(planned_at__gte=_midnight(said["start"]))
    if said.get("end"):
        rows = rows.filter(planned_at__lt=_midnight(said["end"] + timedelta(1)))
    if said.get("survey"):
        rows = rows.filter(survey__slug=said["survey"])
    if said.get("channel"):
        rows = rows.filter(channel=said["channel"])
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


def _with_outcome(rows: QuerySet[Invitation], said: dict[str, Any]) -> QuerySet[Invitation]:
    if said.get("outcome"):
        rows = rows.filter(outcome=said["outcome"])
    if said.get("reason"):
        rows = rows.filter(suppressed_reason=said["reason"])
    return rows.select_related("survey", "customer").order_by("-planned_at", "-pk")


def _tallies(
    request: HttpRequest, rows: QuerySet[Invitation], field: str, labels: object
) -> list[Tally]:
    name = "reason" if field == "suppressed_reason" else field
    other = "outcome" if name == "reason" else "reason"
    counts = rows.order_by().values_list(field).annotate(n=Count("id")).order_by("-n")
    return [
        Tally(
            label(labels, code) or _("No reason given"),
            n,
            address(request.GET, **{name: code, other: "", "page": ""}),
        )
        for code, n in counts
    ]


def _columns() -> tuple[Column, ...]:
    return (
        Column("planned_at", _("Planned"), lambda i: i.planned_at, "planned_at", "moment"),
        Column("customer", _("Customer"), lambda i: i.customer.code, "customer__code"),
        Column("survey", _("Survey"), lambda i: i.survey.name, "survey__name"),
        Column("channel", _("Channel"), lambda i: label(CHANNEL, i.channel), "channel"),
        Column("unit", _("Unit"), lambda i: i.unit, "unit"),
        Column("outcome", _("Outcome"), lambda i: label(OUTCOME, i.outcome), "outcome"),
        Column(
            "reason",
            _("Reason"),
            lambda i: label(REASON, i.suppressed_reason) if i.suppressed_reason else "",
            "suppressed_reason",
        ),
        Column(
            "reminder", _("Reminder"), lambda i: _("yes") if i.reminder_of_id else "", "reminder_of"
        ),
        Column("sent_at", _("Sent"), lambda i: i.sent_at, "sent_at", "moment"),
        Column("answered_at", _("Answered"), lambda i: i.answered_at, "answered_at", "moment"),
    )
