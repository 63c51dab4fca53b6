"""Whom promoters brought: the customers that became of referrals, and what they have paid."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.advocacy.models import Referral, ReferralLink
from emptychair.programme.customers.arriving import note_arrival
from emptychair.programme.customers.models import (
    CODE_TRAIT,
    Arrival,
    Contact,
    Customer,
    Value,
)
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError

KEPT_DAYS = 365  # an address of somebody who became no customer
BATCH = 500


def follow_referrals() -> None:
    """Find the customers that became of referrals, count their money, forget old addresses."""
    _find_by_address()
    _find_by_code()
    _count_money()
    _forget_old()


def _find_by_address() -> None:
    waiting = Referral.objects.filter(customer=None, link__isnull=False).exclude(email="")
    for referral in waiting.select_related("link__customer").order_by("at")[:BATCH]:
        contacts = Contact.objects.filter(
            email__iexact=referral.email, customer__created_at__gte=referral.at - timedelta(days=1)
        ).exclude(customer__referral__isnull=False)
        contact = contacts.select_related("customer").order_by("customer__created_at").first()
        if contact is not None:
            _became(referral, contact.customer)


def _find_by_code() -> None:
    """Find customers who came with a code and left no address on its page."""
    come = Customer.objects.filter(traits__has_key=CODE_TRAIT, referral=None, arrival=None)
    for customer in come.order_by("-created_at")[:BATCH]:
        code = str(customer.traits[CODE_TRAIT]).strip().lower()
        link = ReferralLink.objects.filter(code=code).select_related("customer__unit").first()
        if link is not None and link.customer_id != customer.pk:
            unit = link.customer.unit.code if link.customer.unit else ""
            with transaction.atomic():
                made = Referral.objects.create(link=link, unit=unit, at=customer.created_at)
                _became(made, customer)


def _became(referral: Referral, customer: Customer) -> None:
    link = referral.link
    if link is None or link.customer_id == customer.pk:  # nobody refers oneself
        return
    try:
        with transaction.atomic():
            won = Referral.objects.filter(pk=referral.pk, customer=None).update(
                customer=customer, joined_at=customer.created_at
            )
            if won:
                note_arrival(
                    customer, origin=Arrival.Origin.EARNED, referrer=link.customer, at=referral.at
                )
                record("referral.joined", referral.public_id, customer=customer.code)
    except IntegrityError:  # the customer came by another referral that was found first
        return


def _count_money() -> None:
    """Keep with each referral what its customer has paid since joining."""
    joined = Referral.objects.exclude(customer=None)
    paid = dict(
        Value.objects.filter(customer__referral__isnull=False)
        .values_list("customer")
        .annotate(total=Sum("revenue"))
    )
    for referral in joined.only("pk", "customer_id", "revenue"):
        total = paid.get(referral.customer_id)
        if total != referral.revenue:
            Referral.objects.filter(pk=referral.pk).update(revenue=total)


def _forget_old() -> None:
    old = Referral.objects.filter(customer=None, at__lt=now() - timedelta(days=KEPT_DAYS))
    old.exclude(email="").update(name="", email="", phone="", consent="")


@transaction.atomic
def note_contact(referral: Referral, *, by: User) -> None:
    """Note that somebody who was referred has been contacted.

    Raises:
        RefusedError: a colleague was quicker.
    """
    waiting = Referral.objects.filter(pk=referral.pk, handled_at=None)
    if not waiting.update(handled_at=now(), handled_by=by):
        raise RefusedError("referral_handled", _("A colleague contacted them before you."))
    record("referral.contacted", referral.public_id, actor=by.public_id)
