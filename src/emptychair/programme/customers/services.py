"""Writes about customers and the segments they belong to."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.customers import building
from emptychair.programme.customers.building import facts_of
from emptychair.programme.customers.models import (
    Contact,
    Customer,
    Membership,
    MembershipDraft,
    Segment,
)
from emptychair.programme.customers.rules import check_rule
from emptychair.programme.lib.addresses import normal_email, normal_phone
from emptychair.programme.lib.errors import RefusedError

__all__ = ["facts_of"]
BATCH = 2_000
_REMEMBERED = ("name", "priority", "is_key", "rule")


def save_segment(
    *, slug: str, name: str, rule: list[dict[str, Any]], priority: int, is_key: bool, actor: str
) -> Segment:
    """Create or change a segment and decide at once who belongs to it.

    Raises:
        RefusedError: the rule is not one (see `rules.check_rule`).
    """
    segment = plan_segment(
        slug=slug, name=name, rule=rule, priority=priority, is_key=is_key, actor=actor
    )
    building.build(segment.pk)
    segment.refresh_from_db()
    return segment


@transaction.atomic
def plan_segment(
    *, slug: str, name: str, rule: list[dict[str, Any]], priority: int, is_key: bool, actor: str
) -> Segment:
    """Create or change a segment; the worker builds it, the old members are served until then.

    Raises:
        RefusedError: the rule is not one (see `rules.check_rule`).
    """
    check_rule(rule, with_behaviour=True)
    segment = Segment.objects.select_for_update().filter(slug=slug).first()
    before = {one: getattr(segment, one) for one in _REMEMBERED} if segment else None
    segment = segment or Segment(slug=slug, rule=rule)
    segment.name, segment.priority, segment.is_key = name, priority, is_key
    segment.former, segment.next_rule = before, rule
    segment.save()
    record("segment.saved", segment.slug, actor=actor, rule=rule)
    return segment


@transaction.atomic
def undo_segment(segment: Segment, *, actor: str) -> None:
    """Take back the last change of a segment; once more takes back the taking back.

    Raises:
        RefusedError: it was never changed.
    """
    segment = Segment.objects.select_for_update().get(pk=segment.pk)
    former = segment.former
    if former is None:
        raise RefusedError("segment_unchanged", _("This segment was never changed."))
    segment.former = {one: getattr(segment, one) for one in _REMEMBERED}
    if segment.next_rule is not None:
        segment.former["rule"] = segment.next_rule
    for one in ("name", "priority", "is_key"):
        setattr(segment, one, former[one])
    is_served = segment.rule == former["rule"]
    segment.next_rule = None if is_served else former["rule"]
    if is_served:
        MembershipDraft.objects.filter(segment=segment).delete()
    segment.save()
    record("segment.undone", segment.slug, actor=actor, rule=former["rule"])


def free_slug(name: str) -> str:
    """Return a slug for a new segment of that name."""
    wish = slugify(name)[:50].strip("-").replace("-", "_") or "segment"
    taken = set(Segment.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    names = [wish, *(f"{wish}_{number}" for number in range(2, len(taken) + 3))]
    return next(slug for slug in names if slug not in taken)


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
    wanted = building.members_among(customers, [(one.pk, one.rule) for one in segments])
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
    building.draft_again(segments, customers)
    changed = {customer for customer, _ in before ^ wanted}
    mark_changed("customers", [c.code for c in customers if c.pk in changed])


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
