"""What an answer must be like for a rule to open a case; the same for one answer and for many.

A condition is a JSON object; every part that is there must hold, and at least one must be there:

| part | holds for answers |
|---|---|
| `scores` | `[lowest, highest]`, both included |
| `contact_wanted` | `true`: the customer wants to be contacted |
| `has_comment` | `true`: with the customer's own words |
| `words` | whose comment holds one of these words, whatever the case of letters |
| `themes` | whose comment is about one of these themes |
| `key_segment` | `true`: of customers in a key segment |
| `value_from` | of customers whose account, or who themselves, brought so much in twelve months |
| `surveys`, `units` | to one of these surveys, in one of these units |

A condition with `silent_days` is about no answer but about the silence of key contacts: those who
were asked, and of whom so many days have nothing. It goes with `key_segment`, `value_from` and
`units` alone.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from emptychair.programme.capture.models import Response
from emptychair.programme.customers.models import Membership, Value
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError

PARTS = (
    "scores", "contact_wanted", "has_comment", "words", "themes", "key_segment", "value_from",
    "surveys", "units", "silent_days",
)  # fmt: skip
OF_ANSWERS = ("scores", "contact_wanted", "has_comment", "words", "themes", "surveys")
VALUE_DAYS = 365


def check_condition(condition: Mapping[str, Any]) -> None:
    """Raise unless `condition` is one.

    Raises:
        RefusedError: it is empty, holds an unknown part, or scores that are none.
    """
    unknown = sorted(set(condition) - set(PARTS))
    if unknown:
        raise RefusedError("condition_unknown", _("Unknown condition: %s") % ", ".join(unknown))
    if not any(condition.values()):
        sentence = _("Give at least one condition, or every answer would open a case.")
        raise RefusedError("condition_empty", sentence)
    if condition.get("scores"):
        low, high = condition["scores"]
        if not 0 <= low <= high <= 10:
            sentence = _("Scores run from 0 to 10, the lower one first.")
            raise RefusedError("condition_scores", sentence)
    if condition.get("silent_days") and any(condition.get(part) for part in OF_ANSWERS):
        sentence = _("Who is silent gave no score and no words: ask for the silence alone.")
        raise RefusedError("condition_silence", sentence)


def responses_meeting(
    condition: Mapping[str, Any], responses: QuerySet[Response] | None = None
) -> QuerySet[Response]:
    """Return the counted responses that meet a condition, within `responses` if given."""
    chosen = _that_count(condition, Response.objects.all() if responses is None else responses)
    if condition.get("scores"):
        chosen = chosen.filter(score__range=condition["scores"])
    if condition.get("contact_wanted"):
        chosen = chosen.filter(contact_wanted=True)
    if condition.get("has_comment"):
        chosen = chosen.exclude(comment="")
    if condition.get("words"):
        chosen = chosen.filter(_one_of("comment__icontains", condition["words"]))
    if condition.get("themes"):
        keys = [f"|{key}|" for key in condition["themes"]]
        chosen = chosen.filter(_one_of("reading__themes__contains", keys))
    if condition.get("surveys"):
        chosen = chosen.filter(survey__slug__in=condition["surveys"])
    if condition.get("units"):
        chosen = chosen.filter(unit__in=condition["units"])
    if condition.get("key_segment"):
        key = Membership.objects.filter(customer=OuterRef("customer"), segment__is_key=True)
        chosen = chosen.filter(Exists(key))
    if condition.get("value_from"):
        least = {"value__gte": Decimal(str(condition["value_from"]))}
        chosen = with_value(chosen).filter(**least)
    return chosen


def _one_of(lookup: str, values: Iterable[str]) -> Q:
    return reduce(or_, (Q(**{lookup: value}) for value in values))


def _that_count(condition: Mapping[str, Any], responses: QuerySet[Response]) -> QuerySet[Response]:
    """Return the responses that count; none for a condition about silence."""
    return responses.none() if condition.get("silent_days") else responses.filter(held_reason="")


def with_value(responses: QuerySet[Response]) -> QuerySet[Response]:
    """Add `value`: what the customer's account, or else the customer, brought in twelve months."""
    recent = Value.objects.filter(month__gt=today() - timedelta(VALUE_DAYS)).order_by()
    own = recent.filter(customer=OuterRef("customer"), customer__account=None)
    whole = recent.filter(customer__account=OuterRef("customer__account"))
    return responses.annotate(
        own_value=_sum(own, "customer"), account_value=_sum(whole, "customer__account")
    ).annotate(value=Coalesce(F("account_value"), F("own_value")))


def _sum(values: QuerySet[Value], by: str) -> Subquery:
    return Subquery(values.values(by).annotate(total=Sum("revenue")).values("total")[:1])
