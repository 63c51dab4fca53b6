"""Hold answers and release them: reversible, each with its reason, in the ledger and the log."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, LedgerEntry, Response
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.tokens import new_id

MOST_AT_ONCE = 5_000
MOST_NOTE = 500
BY_STAFF = "staff"


@transaction.atomic
def hold(responses: Sequence[str], *, reason: str, by: str = "", note: str = "") -> int:
    """Hold those of `responses` that count; return how many.

    Args:
        responses: public ids.
        reason: why they do not count from now on; a code.
        by: public id of who holds them; empty: the system.
        note: what a colleague wants to say about it.

    Raises:
        RefusedError: too many at once, or the note is too long.
    """
    _check(responses, note)
    counted = Response.objects.select_for_update().filter(
        public_id__in=list(responses), held_reason=""
    )
    return _change(list(counted), dict.fromkeys(responses, reason), "hold", by, note)


@transaction.atomic
def release(responses: Sequence[str], *, by: str, note: str = "") -> int:
    """Count those of `responses` that are held; return how many.

    Raises:
        RefusedError: too many at once, or the note is too long.
    """
    _check(responses, note)
    held = Response.objects.select_for_update().filter(public_id__in=list(responses))
    found = list(held.exclude(held_reason=""))
    changed = _change(found, {r.public_id: "" for r in found}, "release", by, note)
    _settle_invitations(found)
    return changed


@transaction.atomic
def hold_again(responses: Sequence[str], *, by: str, note: str = "") -> int:
    """Hold released answers for the reason they were held for before; return how many.

    Raises:
        RefusedError: too many at once, or the note is too long.
    """
    _check(responses, note)
    wanted = Response.objects.select_for_update().filter(public_id__in=list(responses))
    counted = list(wanted.filter(held_reason=""))
    reasons = _reasons_before([one.public_id for one in counted])
    return _change(counted, reasons, "hold", by, note)


def _check(responses: Sequence[str], note: str) -> None:
    if len(responses) > MOST_AT_ONCE:
        sentence = _("At most %(most)d answers can be changed at once: narrow the filters.")
        raise RefusedError("too_many_answers", sentence % {"most": MOST_AT_ONCE})
    if len(note) > MOST_NOTE:
        sentence = _("Write a note of at most %(most)d characters.")
        raise RefusedError("note_long", sentence % {"most": MOST_NOTE})


def _change(found: list[Response], reasons: dict[str, str], kind: str, by: str, note: str) -> int:
    """Give each response its new reason; the ledger, the log and the warehouse hear of it."""
    moment = now()
    entries, activities = [], []
    for response in found:
        said = {"reason": reasons[response.public_id], "was": response.held_reason, "note": note}
        entries.append(_entry(response, kind, {**said, "by": by}, moment))
        response.held_reason, response.changed_at = said["reason"], moment
        action = "response.held" if kind == "hold" else "response.released"
        activities.append(
            Activity(action=action, subject=response.public_id, actor=by, at=moment, details=said)
        )
    LedgerEntry.objects.bulk_create(entries)
    Response.objects.bulk_update(found, ["held_reason", "changed_at"], batch_size=400)
    Activity.objects.bulk_create(activities)
    mark_changed("responses", [response.public_id for response in found])
    return len(found)


def _entry(response: Response, kind: str, body: dict[str, Any], moment: datetime) -> LedgerEntry:
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return LedgerEntry(
        submission_id=new_id(),
        response_id=response.public_id,
        kind=kind,
        body=body,
        digest=digest,
        at=moment,
    )


def _settle_invitations(released: Sequence[Response]) -> None:
    """Note that who was invited has answered: the held answer was the person's own."""
    answered = {one.invitation_id: one.answered_at for one in released if one.invitation_id}
    open_ones = list(Invitation.objects.filter(pk__in=answered, answered_at=None))
    for invitation in open_ones:
        invitation.answered_at = answered[invitation.pk]
        invitation.outcome = Invitation.Outcome.ANSWERED
    Invitation.objects.bulk_update(open_ones, ["answered_at", "outcome"], batch_size=400)
    mark_changed("invitations", [invitation.public_id for invitation in open_ones])


def _reasons_before(responses: Sequence[str]) -> dict[str, str]:
    entries = LedgerEntry.objects.filter(
        response__public_id__in=responses, kind="release"
    ).order_by("pk")
    before = {str(entry.response_id): str(entry.body.get("was", "")) for entry in entries}
    return {response: before.get(response) or BY_STAFF for response in responses}
