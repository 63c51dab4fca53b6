"""Open cases because key contacts say nothing: where standings and cases meet."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.closedloop.models import Rule
from emptychair.programme.closedloop.opening import open_for_silence
from emptychair.programme.lib.clock import now
from emptychair.programme.standing.models import Standing
from emptychair.programme.standing.queries import silent_key_contacts

MOST_AT_ONCE = 500


def open_silence_cases() -> None:
    """Open a case for each key contact whose silence a rule wants followed up."""
    for rule in Rule.objects.filter(is_on=True, condition__has_key="silent_days"):
        for standing in silent_for(rule.condition)[:MOST_AT_ONCE]:
            open_for_silence(rule, standing.customer, since=standing.answered_at)


def silent_for(condition: Mapping[str, Any]) -> list[Standing]:
    """Return the key contacts a rule about silence fits, the most valuable accounts first.

    Those who never answered count from the day they became customers.
    """
    before = now() - timedelta(days=condition["silent_days"])
    found = silent_key_contacts(Scope(None, pii=False)).select_related("customer__unit")
    if condition.get("key_segment"):
        found = found.filter(customer__segments__is_key=True).distinct()
    if condition.get("units"):
        found = found.filter(unit__code__in=condition["units"])
    if condition.get("value_from"):
        found = found.filter(account__standing__revenue__gte=str(condition["value_from"]))
    return [one for one in found if (one.answered_at or one.customer.created_at) < before]
