"""Writes about customers and the segments they belong to."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.customers.models import Contact, Customer, Membership, Segment
from emptychair.programme.customers.rules import check_rule, meets
from emptychair.programme.lib.addresses import normal_email, normal_phone

BATCH = 2_000


@transaction.atomic
def save_segment(
    *, slug: str, name: str, rule: list[dict[str, Any]], priority: int, is_key: bool, actor: str
) -> Segment:
    """Create or change a segment and decide anew who belongs to it.

    Raises:
        RefusedError: the rule is not one (see `rules.check_rule`).
    """
    check_rule(rule)
    segment, _ = Segment.objects.update_or_create(
        slug=slug, defaults={"name": name, "rule": rule, "priority": priority, "is_key": is_key}
    )
    refresh_memberships([segment])
    record("segment.saved", segment.slug, actor=actor, rule=rule)
    return segment


def refresh_memberships(
    segments: Iterable[Segment], customers: Iterable[int] | None = None
) -> None:
    """Decide anew which customers meet which segment's rule; all customers when none are named."""
    segments = list(segments)
    chosen = Customer.objects.select_related("unit", "account").order_by("pk")
    if customers is not None:
        chosen = chosen.filter(pk__in=list(customers))
    for start in range(0, chosen.count(), BATCH):
        _refresh_batch(segments, list(chosen[start : start + BATCH]))


@transaction.atomic
def _refresh_batch(segments: list[Segment], customers: list[Customer]) -> None:
    keys = [customer.pk for customer in customers]
    before = set(
        Membership.objects.filter(customer__in=keys, segment__in=segments).values_list(
            "customer_id", "segment_id"
        )
    )
    wanted = {
        (customer.pk, segment.pk)
        for customer in customers
        for segment in segments
        if meets(facts_of(customer), segment.rule)
    }
    left = before - wanted
    Membership.objects.filter(
        pk__in=[
            pk
            for pk, customer, segment in Membership.objects.filter(
                customer__in={c for c, _ in left}
            ).values_list("pk", "customer_id", "segment_id")
            if (customer, segment) in left
        ]
    ).delete()
    Membership.objects.bulk_create(
        [Membership(customer_id=c, segment_id=s) for c, s in sorted(wanted - before)]
    )
    changed = {customer for customer, _ in before ^ wanted}
    mark_changed("customers", [c.code for c in customers if c.pk in changed])


def facts_of(customer: Customer) -> dict[str, Any]:
    """Return a customer's facts under the names that segment rules use."""
    return {
        "country": customer.country,
        "language": customer.language,
        "unit": customer.unit.code if customer.unit else "",
        "account": customer.account.code if customer.account else "",
        **{f"trait:{name}": value for name, value in customer.traits.items()},
    }


@transaction.atomic
def correct_contact(
    customer: Customer, *, name: str, email: str, phone: str, actor: str = ""
) -> None:
    """Put right a customer's name and addresses.

    Raises:
        RefusedError: the e-mail address or the phone number is none.
    """
    if email:
        normal_email(email)
    if phone:
        phone = normal_phone(phone, customer.country)
    Contact.objects.update_or_create(
        customer=customer, defaults={"name": name[:200], "email": email, "phone": phone}
    )
    record("customer.corrected", customer.code, actor=actor)
