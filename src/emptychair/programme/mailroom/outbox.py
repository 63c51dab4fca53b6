"""The outbox: what waits, what was tried, what was given up and what left; and what to do."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture import outcomes
from emptychair.programme.capture.models import Survey
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import Column, address, list_page
from emptychair.programme.mailroom import sorting
from emptychair.programme.surveys.labels import CHANNEL, label

MOST_AT_ONCE = 5_000


@require_safe
@requires("outbox.read")
def show_outbox(request: HttpRequest) -> HttpResponse:
    """List what waits to leave, was tried, was given up or left; replay and discard."""
    state = _state(request)
    rows: Any = sorting.sent() if state == "sent" else sorting.deliveries(state)
    kind = request.GET.get("kind", "")
    if kind and state != "sent":
        rows = rows.filter(handler=kind)
    context = {
        "state": state,
        "kind": kind,
        "kinds": list(sorting.KINDS.items()),
        "tallies": _tallies(request, state),
        "list": list_page(request.GET, rows, _columns(state)),
        "may_choose": state != "sent",
        "trouble": sorting.trouble(),
        "paused": sorting.paused(),
        "ignored": [(label(sorting.IGNORED, one.reason), one) for one in sorting.ignored()],
    }
    return render(request, "mailroom/outbox.html", context)


@require_safe
@requires("outbox.read")
def show_progress(request: HttpRequest) -> HttpResponse:
    """Show how many wait, were tried, given up and sent, as of now."""
    return render(
        request, "mailroom/progress.html", {"tallies": _tallies(request, _state(request))}
    )


@require_POST
@requires("outbox.change")
def decide(request: HttpRequest) -> HttpResponseBase:
    """Send chosen deliveries again, or discard them with a reason."""
    state = _state(request)
    keys = _chosen(request, state)
    by = _user(request).public_id
    if not keys:
        messages.error(request, _("Tick what you mean first."))
    elif request.POST.get("do") == "discard":
        number = sorting.discard(keys, request.POST.get("reason", ""), by=by)
        said = ngettext("%(n)d message is discarded.", "%(n)d messages are discarded.", number)
        messages.success(request, said % {"n": number})
    elif request.POST.get("do") == "replay":
        number = sorting.send_again(keys, by=by)
        said = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", number)
        messages.success(request, said % {"n": number})
    else:
        raise RefusedError("wish_unclear", _("Say whether to send again or to discard."))
    return redirect(f"{reverse('mailroom:outbox')}?{urlencode({'state': state})}")


@require_POST
@requires("outbox.change")
def resume(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send again what waits because a survey was stopped."""
    survey = get_object_or_404(Survey, slug=slug)
    outcomes.resume(survey, by=_user(request).public_id)
    messages.success(request, _("%(survey)s is sent again.") % {"survey": survey.name})
    return redirect("mailroom:outbox")


def _chosen(request: HttpRequest, state: str) -> list[int]:
    if request.POST.get("all") and state != "sent":
        rows = sorting.deliveries(state)
        kind = request.POST.get("kind", "")
        rows = rows.filter(handler=kind) if kind else rows
        return list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    ticked = request.POST.getlist("chosen")[:MOST_AT_ONCE]
    return [int(key) for key in ticked if key.isascii() and key.isdecimal() and len(key) < 19]


def _state(request: HttpRequest) -> str:
    asked = request.POST.get("state") or request.GET.get("state", "")
    return asked if asked in sorting.STATES else "waiting"


def _tallies(request: HttpRequest, here: str) -> list[dict[str, Any]]:
    counts = sorting.tallies()
    return [
        {
            "name": name,
            "n": counts[state],
            "url": address(request.GET, state=state, page="", sort="", kind=""),
            "is_current": state == here,
            "is_wrong": state == "dead" and counts[state],
        }
        for state, name in sorting.STATES.items()
    ]


def _columns(state: str) -> Sequence[Column]:
    about = (
        Column("customer", _("Customer"), lambda row: row.customer or ""),
        Column("survey", _("Survey"), lambda row: row.survey or ""),
        Column("channel", _("Channel"), _channel),
    )
    if state == "sent":
        doubt = _("perhaps twice")
        return (
            Column("at", _("Sent"), lambda row: row.at, "at", "moment"),
            Column("kind", _("What"), _kind_of_sent),
            *about,
            Column("note", _("Note"), lambda row: doubt if row.details.get("uncertain") else ""),
        )
    return (
        Column("key", "", lambda row: row.pk),  # shown as a box to tick
        Column("since", _("Since"), lambda row: row.activity.at, "activity__at", "moment"),
        Column("kind", _("What"), lambda row: label(sorting.KINDS, row.handler), "handler"),
        *about,
        Column("attempts", _("Attempts"), lambda row: row.attempts, "attempts", "number"),
        Column("due_at", _("Next try"), lambda row: row.due_at, "due_at", "moment"),
        Column("said", _("Said"), lambda row: sorting.last_line(row.error), kind="long"),
    )


def _channel(row: Any) -> str:
    return label(CHANNEL, row.channel) if row.channel else ""


def _kind_of_sent(row: Any) -> str:
    return str(
        sorting.KINDS[
            sorting.INVITATION if row.action == outcomes.SENT else "insight.telling.mail_alert"
        ]
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
