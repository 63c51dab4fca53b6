"""What favours add to a customer's story."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.advocacy.labels import CHANNELS, FAVOURS, STATES
from emptychair.programme.advocacy.models import Ask, Referral, ReferralLink, Testimonial
from emptychair.programme.customers.holdings import Holding
from emptychair.programme.customers.models import Customer
from emptychair.programme.customers.timeline import Entry, Window


def asks_of(customer: Customer, scope: Scope, window: Window) -> Iterator[Entry]:
    """Yield every favour the customer was asked for, within the reader's units."""
    asks = Ask.objects.filter(customer=customer)
    if scope.units is not None:
        asks = asks.filter(unit__in=scope.units)
    if window.before is not None:
        asks = asks.filter(planned_at__lt=window.before)
    for one in asks.order_by("-planned_at", "-pk")[: window.most]:
        yield Entry(
            at=one.planned_at,
            kind="favour",
            title=_("Favour: %(favour)s") % {"favour": FAVOURS[one.favour]},
            details=tuple(
                filter(None, (str(STATES[one.state]), str(CHANNELS[one.channel]), one.note))
            ),
        )


def held_about(customer: Customer) -> Iterator[Holding]:
    """Yield favours, the words a customer lent us, and who was recommended by whom."""
    for ask in Ask.objects.filter(customer=customer):
        yield Holding(ask.planned_at, "favour", ask.note or str(FAVOURS[ask.favour]))
    for words in Testimonial.objects.filter(ask__customer=customer):
        yield Holding(words.consented_at, "testimonial", f"{words.text} ({words.shown_name})")
    for link in ReferralLink.objects.filter(customer=customer):
        yield Holding(link.made_at, "referral", link.code)
    for referral in Referral.objects.filter(customer=customer):
        told = (referral.name, referral.email, referral.phone)
        yield Holding(referral.at, "referral", ", ".join(filter(None, told)))
