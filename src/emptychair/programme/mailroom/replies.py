"""What customers wrote back."""

from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import requires, scope_of
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers.models import Message
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.lists import list_page
from emptychair.programme.surveys.labels import CHANNEL, label


@require_safe
@requires("message.read")
def show_replies(request: HttpRequest) -> HttpResponseBase:
    """List what customers wrote back to questions, unread first."""
    page = list_page(request.GET, _visible(request), ())
    start = page.first - 1 if page.first else 0
    shown = _visible(request)[start : start + len(page.rows)]
    return render(request, "mailroom/replies.html", {"list": page, "replies": _told(shown)})


@require_POST
@requires("message.read")
def set_read(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Note that somebody has seen to a reply."""
    message = get_object_or_404(_visible(request), public_id=public_id)
    user = request.user
    assert isinstance(user, User)
    won = Message.objects.filter(pk=message.pk, read_at=None).update(
        read_at=now(), read_by=user.public_id
    )
    if won:
        record("message.read", message.public_id, actor=user.public_id)
    messages.success(request, _("Noted as seen to."))
    return redirect("mailroom:replies")


def _visible(request: HttpRequest) -> Any:
    assert isinstance(request.user, User)
    scope = scope_of(request.user)
    rows = Message.objects.select_related("contact__customer__unit")
    if scope.units is not None:
        rows = rows.filter(contact__customer__unit__code__in=scope.units)
    return rows.order_by(F("read_at").asc(nulls_first=True), "-at", "pk")


def _told(replies: Any) -> list[dict[str, Any]]:
    found = list(replies)
    about = dict(
        Invitation.objects.filter(public_id__in=[one.about for one in found]).values_list(
            "public_id", "survey__name"
        )
    )
    readers = dict(
        User.objects.filter(public_id__in=[one.read_by for one in found]).values_list(
            "public_id", "name"
        )
    )
    return [
        {
            "message": one,
            "channel": label(CHANNEL, one.channel),
            "survey": about.get(one.about, ""),
            "reader": readers.get(one.read_by, ""),
        }
        for one in found
    ]
