"""Write what happened, in the transaction in which it happens."""

from collections.abc import Iterable
from typing import Any

from emptychair.programme.activity.models import Activity, Change, Delivery
from emptychair.programme.lib.bulk import insert_many
from emptychair.programme.lib.clock import now


def record(action: str, subject: str, *, actor: str = "", **details: Any) -> Activity:
    """Append one activity. Call it inside the transaction that makes it true."""
    return Activity.objects.create(action=action, subject=subject, actor=actor, details=details)


def record_many(
    action: str, about: Iterable[tuple[str, dict[str, Any]]], *, actor: str = ""
) -> None:
    """Append one activity for each subject with its details, in one statement."""
    Activity.objects.bulk_create(
        [
            Activity(action=action, subject=subject, actor=actor, details=details)
            for subject, details in about
        ]
    )


def mark_changed(table: str, keys: Iterable[str]) -> None:
    """Note that rows of `table` must be copied to the warehouse (same transaction).

    Args:
        table: `responses`, `customers`, `invitations`, `values`, `events`, `cases` or
            `referrals`.
        keys: the rows' ids in the warehouse: a response's, invitation's or case's public id, the
            customer's code for the others.
    """
    insert_many(Change, ("table", "key"), [(table, key) for key in keys])


def replay(deliveries: Iterable[int]) -> int:
    """Put dead deliveries back in the queue; return how many there were."""
    return Delivery.objects.filter(pk__in=list(deliveries), state=Delivery.State.DEAD).update(
        state=Delivery.State.DUE, due_at=now(), attempts=0, error=""
    )
