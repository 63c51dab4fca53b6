"""Writes of colleagues: how customers are asked, on which platforms, which words are shown."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.advocacy.models import Plan, Platform, Testimonial
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError


@transaction.atomic
def save_plan(said: Mapping[str, Any], *, by: User) -> None:
    """Change how customers are asked.

    Args:
        said: values of the fields of `Plan`.
        by: who changes it.
    """
    Plan.objects.update_or_create(key=1, defaults=dict(said))
    record("favour_plan.saved", "plan", actor=by.public_id, by_itself=said["by_itself"])


@transaction.atomic
def save_platform(platform: Platform, *, by: User) -> None:
    """Add or change a platform.

    Raises:
        RefusedError: its address is not one that starts with https.
    """
    if not platform.url.startswith("https://"):
        raise RefusedError("platform_url", _("Write the whole address, beginning with https://."))
    platform.save()
    record("platform.saved", platform.public_id, actor=by.public_id, asks=platform.asks)


@transaction.atomic
def approve(testimonial: Testimonial, *, by: User) -> None:
    """Let a testimonial be shown.

    Raises:
        RefusedError: the customer has taken it back, or a colleague was quicker.
    """
    waiting = Testimonial.objects.filter(
        pk=testimonial.pk, withdrawn_at=None, approved_at=None
    )  # fmt: skip
    if not waiting.update(approved_at=now(), approved_by=by):
        sentence = _("It was approved before you, or the customer has taken it back.")
        raise RefusedError("testimonial_moved_on", sentence)
    record("testimonial.approved", testimonial.public_id, actor=by.public_id)
