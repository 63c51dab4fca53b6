"""Writes about what the organisation aims at."""

from collections.abc import Mapping

from django.db import transaction

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.organisation.models import Aim


@transaction.atomic
def save_aim(said: Mapping[str, int], *, by: User) -> None:
    """Change what is aimed at.

    Args:
        said: values of the fields of `Aim`.
        by: who changes it.
    """
    Aim.objects.update_or_create(key=1, defaults=dict(said))
    record("aim.saved", "aim", actor=by.public_id, **said)
