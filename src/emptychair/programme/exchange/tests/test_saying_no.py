"""A no that came with a file holds against later files, and goes with the file alone."""

from collections.abc import Callable

import pytest

from emptychair.programme.accounts.models import User
from emptychair.programme.capture.erasing import erase
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Contact, Customer, Suppression
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tests.conftest import take_back

Bring = Callable[..., Import]
HEAD = "customer_id;email;phone;country;contactable\r\n"


def someone(code: str = "k1") -> Customer:
    return Customer.objects.get(code=code)


def test_a_no_in_a_file_holds_when_a_later_file_says_yes(bring: Bring) -> None:
    bring(f"{HEAD}k1;eva@example.com;;SE;nej\r\nk2;ola@example.com;;SE;ja\r\n", "customers")
    assert consent.is_suppressed(someone())
    assert not consent.is_suppressed(someone("k2"))
    bring(f"{HEAD}k1;eva@example.com;;SE;ja\r\nk9;EVA+x@example.com;;SE;ja\r\n", "customers")
    assert consent.is_suppressed(someone())
    assert consent.is_suppressed(someone("k9"))
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"import"}


def test_undoing_the_file_takes_its_no_back_and_nobody_elses(bring: Bring, alice: User) -> None:
    text = f"{HEAD}k1;eva@example.com;;SE;nej\r\nk2;ola@example.com;;SE;nej\r\n"
    imported = bring(text, "customers")
    consent.suppress(someone("k2"), "unsubscribed")
    take_back(imported, alice)
    assert not Customer.objects.filter(code__in=["k1", "k2"]).exists()
    again = Customer.objects.create(code="new", country="SE")
    contact = Contact.objects.create(customer=again, email="eva@example.com")
    assert not consent.is_suppressed(again)
    Contact.objects.filter(pk=contact.pk).update(email="ola@example.com")
    assert consent.is_suppressed(again)


@pytest.mark.parametrize(
    "row",
    [
        "k1;;;SE;ja",
        "x1;Eva+news@EXAMPLE.com;;SE;ja",
        "x2;;070-123 45 67;SE;ja",
        "x3;;+46 70 123 45 67;DK;ja",
        ";eva@example.com;;SE;ja",
    ],
)
def test_who_was_erased_stays_unasked_however_a_file_brings_the_person_back(
    bring: Bring, row: str
) -> None:
    bring(f"{HEAD}k1;eva@example.com;0701234567;SE;ja\r\n", "customers")
    former = someone()
    erase(former)
    bring(f"{HEAD}{row}\r\n", "customers")
    back = Customer.objects.exclude(pk=former.pk).get()
    assert consent.is_suppressed(back)
