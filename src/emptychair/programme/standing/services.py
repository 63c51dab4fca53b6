"""Writes about what the programme has agreed on."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.activity.services import record
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.standing.following import current_rule
from emptychair.programme.standing.models import Rule

SHORTEST_DAYS, LONGEST_DAYS = 30, 1_825


@transaction.atomic
def change_rule(
    *, oldest_answer_days: int, role_trait: str, key_roles: Sequence[str], by: str
) -> Rule:
    """Change what every standing rests on; the worker brings them in line.

    Args:
        oldest_answer_days: age beyond which an answer says nothing of today.
        role_trait: the trait that tells a contact's role in the account.
        key_roles: roles whose silence is told.
        by: public id of who changes it.

    Raises:
        RefusedError: the age is outside what makes sense, or no trait is named.
    """
    if not SHORTEST_DAYS <= oldest_answer_days <= LONGEST_DAYS:
        sentence = _("Choose an age from %(least)d to %(most)d days.")
        raise RefusedError("age_range", sentence % {"least": SHORTEST_DAYS, "most": LONGEST_DAYS})
    if not role_trait.strip():
        raise RefusedError("role_trait_blank", _("Name the trait that tells a contact's role."))
    rule = current_rule()
    rule.oldest_answer_days = oldest_answer_days
    rule.role_trait = role_trait.strip()[:60]
    rule.key_roles = sorted({role.strip().lower() for role in key_roles if role.strip()})
    rule.save()
    record(
        "standing.rule_changed",
        "standing",
        actor=by,
        oldest_answer_days=oldest_answer_days,
        role_trait=rule.role_trait,
        key_roles=rule.key_roles,
    )
    return rule
