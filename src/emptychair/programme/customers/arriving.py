"""How a customer came to us: recommended (earned), by advertising or a campaign (bought)."""

from datetime import datetime

from django.db import transaction

from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.customers.models import Arrival, Customer
from emptychair.programme.lib.clock import now


@transaction.atomic
def note_arrival(
    customer: Customer,
    *,
    origin: str,
    referrer: Customer | None = None,
    at: datetime | None = None,
) -> None:
    """Keep how a customer came; a referral link proves it, so an answer never overrides one.

    Args:
        customer: who came.
        origin: `earned`, `bought` or `unknown`, a value of `Arrival.Origin`.
        referrer: whose link brought the customer; None when it is the customer's own word.
        at: when; now if None.
    """
    there = Arrival.objects.select_for_update().filter(customer=customer).first()
    if there is not None and there.referrer_id is not None and referrer is None:
        return
    changes = {"origin": Arrival.Origin(origin), "referrer": referrer, "at": at or now()}
    Arrival.objects.update_or_create(customer=customer, defaults=changes)
    mark_changed("referrals", [customer.code])
    record("customer.arrival_noted", customer.code, origin=origin)
