"""Favours and lent words are part of what a customer may see."""

from datetime import timedelta

from django.test import Client

from emptychair.programme.advocacy import models
from emptychair.programme.advocacy.models import Ask, Favour, Referral, ReferralLink
from emptychair.programme.customers.models import Arrival, Customer
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import sign


def test_a_customer_sees_favours_lent_words_and_how_it_all_began(
    anna: Customer, client: Client
) -> None:
    ask = Ask.objects.create(
        customer=anna, favour=Favour.TESTIMONIAL, channel="person", note="Gladly"
    )
    models.Testimonial.objects.create(
        ask=ask, text="Best shop in town", shown_name="Anna", consent="Yes"
    )
    ReferralLink.objects.create(code="annas-code", customer=anna)
    Referral.objects.create(customer=anna, name="Anna Berg", email="anna@example.com")
    Arrival.objects.create(customer=anna, origin="earned")
    path = f"/me/{sign('my-data', anna.code, now() + timedelta(1))}"
    page = client.get(path).content.decode()
    for words in ("Gladly", "Best shop in town (Anna)", "annas-code", "Anna Berg", "How you came"):
        assert words in page
    assert len(client.get(f"{path}?download=json").json()["kept"]) == 5
