"""What customers did, as other systems tell it: stored once, whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.customers.models import Contact, Customer, Event, Segment
from emptychair.programme.customers.services import refresh_memberships
from emptychair.programme.lib.addresses import normal_email, normal_phone
from emptychair.programme.lib.errors import RefusedError


@dataclass(frozen=True)
class Person:
    """What an event tells of its customer; None and missing traits leave what is known."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    country: str | None = None
    unit: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NewEvent:
    """One event under an id that its sender made, so that a repeat counts once."""

    event_id: str
    customer_id: str
    kind: str
    at: datetime
    amount: Decimal | None = None
    customer: Person | None = None


@transaction.atomic
def record_events(events: Sequence[NewEvent], *, by: str) -> list[bool]:
    """Store events and what they tell of their customers; say of each whether it is new.

    Args:
        events: in the order they were sent.
        by: public id of the key they came with.

    Raises:
        RefusedError: an id came with another event before (`event_differs`), a customer or unit
            is unknown, or an address is none. Nothing is stored then.
    """
    known = {
        event.client_id: event
        for event in Event.objects.select_related("customer").filter(
            client_id__in=[event.event_id for event in events]
        )
    }
    told = {key: _told_by(event) for key, event in known.items()}
    fresh: list[NewEvent] = []
    is_new = []
    for event in events:
        before = told.get(event.event_id)
        is_new.append(before is None)
        if before is None:
            told[event.event_id] = event
            fresh.append(event)
        else:
            _must_equal(event, before)
    customers = _customers(fresh)
    Event.objects.bulk_create(
        Event(
            customer=customers[event.customer_id],
            at=event.at,
            kind=event.kind,
            amount=event.amount,
            client_id=event.event_id,
        )
        for event in fresh
    )
    codes = sorted({event.customer_id for event in fresh})
    mark_changed("events", codes)
    if fresh:
        record("events.received", by, n=len(fresh))
    return is_new


def _told_by(stored: Event) -> NewEvent:
    return NewEvent(
        stored.client_id or "", stored.customer.code, stored.kind, stored.at, stored.amount
    )


def _must_equal(event: NewEvent, before: NewEvent) -> None:
    now, then = (
        (one.customer_id, one.kind, one.at, one.amount and one.amount.normalize())
        for one in (event, before)
    )
    if now != then:
        sentence = f"event_id {event.event_id} came before with another event."
        raise RefusedError("event_differs", sentence)


def _customers(events: Sequence[NewEvent]) -> dict[str, Customer]:
    codes = {event.customer_id for event in events}
    found = {one.code: one for one in Customer.objects.filter(code__in=codes)}
    changed = {}
    for event in events:
        if event.customer is not None:
            found[event.customer_id] = _with_facts(found, event.customer_id, event.customer)
            changed[event.customer_id] = found[event.customer_id]
        elif event.customer_id not in found:
            sentence = (
                f"There is no customer {event.customer_id!r}. Send `customer` with the event"
                " to make one."
            )
            raise RefusedError("customer_unknown", sentence)
    if changed:
        mark_changed("customers", sorted(changed))
        refresh_memberships(Segment.objects.all(), [one.pk for one in changed.values()])
    return found


def _with_facts(found: Mapping[str, Customer], code: str, person: Person) -> Customer:
    customer = found.get(code) or Customer(code=code)
    customer.language = person.language or customer.language
    customer.country = person.country or customer.country
    customer.traits = {**customer.traits, **person.traits}
    if person.unit:
        customer.unit = _unit(person.unit)
    customer.save()
    contact, _ = Contact.objects.get_or_create(customer=customer)
    if person.email:
        normal_email(person.email)
        contact.email = person.email
    if person.phone:
        contact.phone = normal_phone(person.phone, customer.country)
    contact.name = person.name or contact.name
    contact.save()
    return customer


def _unit(code: str) -> Unit:
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise RefusedError("unit_unknown", f"There is no unit with the code {code!r}.")
    return unit
