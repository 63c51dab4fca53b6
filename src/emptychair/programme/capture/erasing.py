"""Erase a person: name, addresses, words and answers' link to the person; the no stays."""

from django.db import transaction

from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.capture.models import ErasurePermit, Invitation, Origin, Response
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Arrival, Contact, Customer, Event, Value
from emptychair.programme.lib.tokens import new_id


@transaction.atomic
def erase(customer: Customer, *, actor: str = "") -> None:
    """Erase everything that tells who `customer` is or what the person said.

    Responses, ledger entries and invitations go, so their scores leave the figures too. The
    customer row stays without traits under a new random id, so that counts of the base hold.
    What stays of the person is the keyed hash that keeps us from writing again.
    """
    consent.suppress_hashes(consent.hashes_of(customer), "erased")
    responses = list(Response.objects.filter(customer=customer).values_list("public_id", flat=True))
    invitations = list(
        Invitation.objects.filter(customer=customer).values_list("public_id", flat=True)
    )
    permit = ErasurePermit.objects.create()
    Response.objects.filter(customer=customer).delete()
    Origin.objects.filter(response__in=responses).delete()
    permit.delete()
    Invitation.objects.filter(customer=customer).delete()
    Contact.objects.filter(customer=customer).delete()
    Arrival.objects.filter(customer=customer).delete()
    Event.objects.filter(customer=customer).delete()
    Value.objects.filter(customer=customer).delete()
    Activity.objects.filter(subject__in=[*responses, *invitations, customer.code]).delete()
    former, customer.code = customer.code, new_id()
    customer.traits, customer.contactable, customer.account = {}, False, None
    customer.save()
    mark_changed("responses", responses)
    mark_changed("invitations", invitations)
    for table in ("customers", "values", "events", "referrals"):
        mark_changed(table, [former])
    mark_changed("referrals", customer.brought.values_list("customer__code", flat=True))
    mark_changed("customers", [customer.code])
    record("customer.erased", customer.code, actor=actor)
