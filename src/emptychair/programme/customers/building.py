"""Segments are built behind the scenes: the old members are served until the new ones are known.

A new rule waits in `next_rule`. The worker gathers its members in `MembershipDraft`, batch by
batch, and puts them in the place of the old ones in one transaction. A customer who changes
meanwhile is decided anew for both rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from emptychair.programme.activity.services import record
from emptychair.programme.customers.models import (
    Customer,
    Event,
    MembershipDraft,
    Segment,
    Value,
)
from emptychair.programme.customers.rules import (
    EVENT,
    Condition,
    fact_name,
    is_behaviour,
    meets,
)
from emptychair.programme.lib.clock import now, today

BATCH = 2_000
Behaviour = Mapping[int, Mapping[str, float]]


def build_segments() -> None:
    """Build every segment that waits for a new rule, or whose rule about behaviour has aged."""
    for segment in Segment.objects.order_by("priority", "name"):
        if segment.next_rule is None and _has_aged(segment):
            Segment.objects.filter(pk=segment.pk, next_rule__isnull=True).update(
                next_rule=segment.rule
            )
        build(segment.pk)


def build(key: int) -> bool:
    """Build a segment whose rule waits; return whether its members are now those of that rule."""
    segment = Segment.objects.get(pk=key)
    rule = segment.next_rule
    if rule is None:
        return False
    MembershipDraft.objects.filter(segment=segment).delete()
    last = 0
    while (reached := _draft_batch(segment, rule, last)) is not None:
        last = reached
    return _swap(segment.pk, rule)


def _has_aged(segment: Segment) -> bool:
    return segment.built_on != today() and any(map(is_behaviour, segment.rule))


@transaction.atomic
def _draft_batch(segment: Segment, rule: Sequence[Condition], after: int) -> int | None:
    """Decide the next customers after a key; return the last key, or None at the end."""
    # Locked, so that a customer who changes now is decided after this, not before.
    chosen = Customer.objects.filter(pk__gt=after).order_by("pk").select_for_update(of=("self",))
    customers = list(chosen.select_related("unit", "account")[:BATCH])
    if not customers:
        return None
    keys = members_among(customers, [(segment.pk, rule)])
    _put_drafts(segment.pk, [customer for customer, _ in keys])
    return customers[-1].pk


def draft_again(segments: Sequence[Segment], customers: Sequence[Customer]) -> None:
    """Decide customers anew for the rules that are being built."""
    for segment in segments:
        if segment.next_rule is not None:
            keys = [customer.pk for customer in customers]
            MembershipDraft.objects.filter(segment=segment, customer__in=keys).delete()
            found = members_among(customers, [(segment.pk, segment.next_rule)])
            _put_drafts(segment.pk, [customer for customer, _ in found])


def _put_drafts(segment: int, customers: Sequence[int]) -> None:
    MembershipDraft.objects.bulk_create(
        [MembershipDraft(customer_id=customer, segment_id=segment) for customer in customers],
        ignore_conflicts=True,
    )


def members_among(
    customers: Sequence[Customer], rules: Iterable[tuple[int, Sequence[Condition]]]
) -> set[tuple[int, int]]:
    """Return customer and segment keys of those who meet a segment's rule now."""
    listed = list(rules)
    behaviour = behaviour_of([one.pk for one in customers], [rule for _, rule in listed])
    found = set()
    for customer in customers:
        facts = facts_of(customer) | {
            "tenure_days": (now() - customer.created_at).days,
            **behaviour.get(customer.pk, {}),
        }
        found |= {(customer.pk, key) for key, rule in listed if meets(facts, rule)}
    return found


def facts_of(customer: Customer) -> dict[str, Any]:
    """Return a customer's facts under the names that rules use."""
    return {
        "country": customer.country,
        "language": customer.language,
        "unit": customer.unit.code if customer.unit else "",
        "account": customer.account.code if customer.account else "",
        **{f"trait:{name}": value for name, value in customer.traits.items()},
    }


def behaviour_of(customers: Sequence[int], rules: Iterable[Sequence[Condition]]) -> Behaviour:
    """Return what the rules ask of behaviour, by customer; who did nothing has zeros."""
    asked = {
        fact_name(one): one
        for rule in rules
        for one in rule
        if is_behaviour(one) and one["field"] != "tenure_days"
    }
    if not asked:
        return {}
    found: dict[int, dict[str, float]] = {key: dict.fromkeys(asked, 0.0) for key in customers}
    for name, condition in asked.items():
        for key, value in _amounts(str(condition["field"]), condition, customers):
            found[key][name] = value
    return found


def _amounts(
    field: str, condition: Condition, customers: Sequence[int]
) -> Iterator[tuple[int, float]]:
    if field.startswith(EVENT):
        since = now() - timedelta(days=condition["days"])
        events = Event.objects.filter(
            customer__in=customers, kind=field.removeprefix(EVENT), at__gte=since
        )
        yield from events.order_by().values_list("customer").annotate(n=Count("pk"))
    elif field == "revenue":
        start, stop = twelve_months(today())
        values = Value.objects.filter(Q(month__gte=start, month__lt=stop), customer__in=customers)
        for key, total in values.order_by().values_list("customer").annotate(n=Sum("revenue")):
            yield key, float(total)


def twelve_months(day: date) -> tuple[date, date]:
    """Return the first day of the last twelve whole months, and of the month after them."""
    stop = day.replace(day=1)
    return stop.replace(year=stop.year - 1), stop


_CHANGED = """
    INSERT INTO activity_change ("table", key)
    SELECT 'customers', c.code FROM customers_customer c WHERE c.id IN (
        SELECT customer_id FROM customers_membership WHERE segment_id = %s AND customer_id NOT IN
            (SELECT customer_id FROM customers_membershipdraft WHERE segment_id = %s)
        UNION
        SELECT customer_id FROM customers_membershipdraft WHERE segment_id = %s
            AND customer_id NOT IN
            (SELECT customer_id FROM customers_membership WHERE segment_id = %s))"""
_GONE = """
    DELETE FROM customers_membership WHERE segment_id = %s AND customer_id NOT IN
        (SELECT customer_id FROM customers_membershipdraft WHERE segment_id = %s)"""
_NEW = """
    INSERT INTO customers_membership (customer_id, segment_id)
    SELECT customer_id, segment_id FROM customers_membershipdraft WHERE segment_id = %s
        AND customer_id NOT IN
        (SELECT customer_id FROM customers_membership WHERE segment_id = %s)"""


@transaction.atomic
def _swap(key: int, rule: Sequence[Condition]) -> bool:
    """Serve the drafted members from now on, unless the rule was changed meanwhile."""
    segment = Segment.objects.select_for_update().get(pk=key)
    if segment.next_rule != rule:
        return False
    with connection.cursor() as cursor:
        for statement in (_CHANGED, _GONE, _NEW):
            cursor.execute(statement, [key] * statement.count("%s"))
        cursor.execute("DELETE FROM customers_membershipdraft WHERE segment_id = %s", [key])
    segment.rule, segment.next_rule, segment.built_on = list(rule), None, today()
    segment.save(update_fields=["rule", "next_rule", "built_on"])
    record("segment.built", segment.slug, rule=list(rule))
    return True
