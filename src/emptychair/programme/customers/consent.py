"""Saying no: one list over all channels and units, checked when a message is about to leave."""

from collections.abc import Collection
from contextlib import suppress as suppress_error

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


def suppress_address(channel: str, address: str, reason: str, country: str = "") -> None:
    """Never write to an address again, whoever it belongs to.

    Args:
        channel: `email` or `sms`.
        address: the e-mail address or phone number.
        reason: one of `REASONS`.
        country: where a phone number without a country belongs.

    Raises:
        RefusedError: it is none.
    """
    suppress_hashes([keyed_hash(_name(channel, address, country))], reason)


def suppress_hashes(hashes: Collection[str], reason: str, *, source: str = "") -> None:
    """Add hashes to the list; one that is there keeps its first reason.

    Args:
        hashes: of addresses and ids, see `hashes_of`.
        reason: one of `REASONS`.
        source: id of the import that says so; undoing it takes them off again.
    """
    assert reason in REASONS, reason
    Suppression.objects.bulk_create(
        [Suppression(address_hash=one, reason=reason, source=source) for one in hashes],
        ignore_conflicts=True,
    )
    if not source:
        # A person's own no does not go when an import that said the same is undone.
        Suppression.objects.filter(address_hash__in=list(hashes)).exclude(source="").update(
            source="", reason=reason
        )


@transaction.atomic
def allow_again(customer: Customer, *, actor: str) -> None:
    """Take a customer off the list, at the customer's own word; who did it is on record."""
    Suppression.objects.filter(address_hash__in=hashes_of(customer)).delete()
    record("customer.allowed_again", customer.code, actor=actor)


def is_suppressed(customer: Customer) -> bool:
    """Say whether anyone with one of this customer's addresses has said no."""
    return Suppression.objects.filter(address_hash__in=hashes_of(customer)).exists()


def hashes_of(customer: Customer, contact: Contact | None = None) -> list[str]:
    """Return the keyed hashes a customer is known by: id, e-mail address, phone number."""
    contact = contact or Contact.objects.filter(pk=customer.pk).first() or Contact()
    names = [f"customer:{customer.code}"]
    for channel in ("email", "sms"):
        address = contact.email if channel == "email" else contact.phone
        # An address that is none is written to by nobody; the customer's id still counts.
        with suppress_error(RefusedError):
            names += [_name(channel, address, customer.country)] if address else []
    return [keyed_hash(name) for name in names]


def _name(channel: str, address: str, country: str) -> str:
    if channel == "sms":
        return f"phone:{normal_phone(address, country)}"
    return f"email:{normal_email(address)}"
