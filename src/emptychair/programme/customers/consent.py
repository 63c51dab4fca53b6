"""Saying no: one list over all channels and units, checked when a message is about to leave."""

from collections.abc import Iterable

from django.db import transaction

from emptychair.programme.activity.services import record
from emptychair.programme.customers.models import Contact, Customer, Suppression
from emptychair.programme.lib.addresses import normal_email, normal_phone
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.tokens import keyed_hash

REASONS = ("unsubscribed", "stop", "replied", "staff", "import", "bounced", "complained", "erased")


@transaction.atomic
def suppress(customer: Customer, reason: str, *, actor: str = "") -> None:
    """Never contact `customer` again, at any address we know, over any channel."""
    suppress_hashes(hashes_of(customer), reason)
    record("customer.suppressed", customer.code, actor=actor, reason=reason)


def suppress_email(address: str, reason: str) -> None:
    """Never write to `address` again, whoever it belongs to.

    Raises:
        RefusedError: it is not an e-mail address.
    """
    suppress_hashes([keyed_hash(f"email:{normal_email(address)}")], reason)


def suppress_hashes(hashes: Iterable[str], reason: str) -> None:
    """Add hashes to the list; one that is there keeps its first reason."""
    assert reason in REASONS, reason
    Suppression.objects.bulk_create(
        [Suppression(address_hash=one, reason=reason) for one in hashes], ignore_conflicts=True
    )


@transaction.atomic
def allow_again(customer: Customer, *, actor: str) -> None:
    """Take a customer off the list, at the customer's own word; who did it is on record."""
    Suppression.objects.filter(address_hash__in=hashes_of(customer)).delete()
    record("customer.allowed_again", customer.code, actor=actor)


def is_suppressed(customer: Customer) -> bool:
    """Say whether anyone with one of this customer's addresses has said no."""
    return Suppression.objects.filter(address_hash__in=hashes_of(customer)).exists()


def hashes_of(customer: Customer) -> list[str]:
    """Return the keyed hashes a customer is known by: id, e-mail address, phone number."""
    names = [f"customer:{customer.code}"]
    contact = Contact.objects.filter(pk=customer.pk).first()
    if contact is not None:
        names += _known(contact, customer.country)
    return [keyed_hash(name) for name in names]


def _known(contact: Contact, country: str) -> list[str]:
    names = []
    try:
        if contact.email:
            names.append(f"email:{normal_email(contact.email)}")
        if contact.phone:
            names.append(f"phone:{normal_phone(contact.phone, country)}")
    except RefusedError:
        # An address that is none is written to by nobody; the customer's id still counts.
        return names
    return names
