"""Customers, values, events and units from a file, and back again."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.models import Change
from emptychair.programme.customers.models import (
    Contact,
    Customer,
    Event,
    Membership,
    Segment,
    Value,
)
from emptychair.programme.exchange import queries, running, services
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.reading import Choices
from emptychair.programme.exchange.tests.conftest import take_back

pytestmark = pytest.mark.django_db
TakeIn = Callable[..., Import]

CUSTOMERS = (
    "Kundnummer,Namn,E-post,Telefon,Land,Språk,Enhet,Kontaktbar,Kund sedan,attr_tier\n"
    "k1,Anna Åkesson,Anna@Example.se,+46 70 111,Sverige,Svenska,malmo,ja,2020-05-01,gold\n"
    "k2,Bo Beck,bo@example.dk,,DK,da,malmo,nej,2021-06-02,12\n"
    "k2,Bo again,,,,,,,,\n"
    "k3,,,,,,,kanske,,\n"
)


def test_it_brings_customers_in_with_who_they_are_kept_apart(bring: TakeIn, malmo: Unit) -> None:
    segment = Segment.objects.create(
        slug="gold", name="Gold", rule=[{"field": "trait:tier", "is": ["gold"]}]
    )
    imported = bring(CUSTOMERS, "customers")
    assert (imported.added_rows, imported.refused_rows) == (2, 2)
    anna = Customer.objects.get(code="k1")
    assert (anna.country, anna.language, anna.unit, anna.contactable) == ("SE", "sv", malmo, True)
    assert anna.traits == {"tier": "gold"}
    assert anna.created_at.date() == date(2020, 5, 1)
    assert (anna.contact.name, anna.contact.email) == ("Anna Åkesson", "anna@example.se")
    bo = Customer.objects.get(code="k2")
    assert (bo.contactable, bo.traits) == (False, {"tier": 12})
    assert list(segment.customers.all()) == [anna]
    assert set(Change.objects.filter(table="customers").values_list("key", flat=True)) == {
        "k1",
        "k2",
    }
    refused = [(row[0], row[1], row[2]) for row in queries.refused_rows(imported)]
    assert refused == [(4, "customer_id", "k2"), (5, "Kontaktbar", "kanske")]


def test_it_changes_only_what_a_file_says_and_gives_it_back(
    bring: TakeIn, malmo: Unit, alice: User
) -> None:
    anna = Customer.objects.create(
        code="k1", country="NO", language="nb", traits={"tier": "basic", "age": 44}, unit=malmo
    )
    Contact.objects.create(customer=anna, name="Anna A", email="old@example.se", phone="1")
    untouched = Customer.objects.create(code="k9")
    imported = bring(
        "customer_id,email,country,attr_tier\nk1,new@example.se,SE,gold\n", "customers"
    )
    assert (imported.added_rows, imported.changed_rows) == (0, 1)
    anna.refresh_from_db()
    assert (anna.country, anna.language) == ("SE", "nb")
    assert anna.traits == {"tier": "gold", "age": 44}
    contact = Contact.objects.get(customer=anna)
    assert (contact.name, contact.email, contact.phone) == ("Anna A", "new@example.se", "1")
    take_back(imported, alice)
    assert imported.undone_rows == 1
    anna.refresh_from_db()
    contact.refresh_from_db()
    assert (anna.country, anna.traits) == ("NO", {"tier": "basic", "age": 44})
    assert contact.email == "old@example.se"
    assert set(Customer.objects.all()) == {anna, untouched}


def test_it_adds_no_customer_twice(bring: TakeIn, malmo: Unit) -> None:
    bring(CUSTOMERS, "customers")
    again = bring(CUSTOMERS, "customers")
    assert (again.added_rows, again.changed_rows, again.repeated_rows) == (0, 0, 2)


def test_it_knows_customers_by_address_where_a_file_has_no_ids(bring: TakeIn) -> None:
    anna = Customer.objects.create(code="k1")
    Contact.objects.create(customer=anna, email="anna@example.se")
    imported = bring("email,name\nANNA@example.se,Anna\nnew@example.se,New\n", "customers")
    assert (imported.added_rows, imported.changed_rows) == (1, 1)
    new = Customer.objects.exclude(pk=anna.pk).get()
    assert new.contact.email == "new@example.se"
    assert "@" not in new.code
    assert bring("email,name\nnew@example.se,New\n", "customers").repeated_rows == 1


def test_it_takes_new_customers_back_unless_somebody_needs_them(
    bring: TakeIn, malmo: Unit, alice: User
) -> None:
    Segment.objects.create(slug="all", name="All", rule=[])
    imported = bring(CUSTOMERS, "customers")
    Value.objects.create(customer=Customer.objects.get(code="k2"), month="2026-01-01", revenue=1)
    take_back(imported, alice)
    assert imported.undone_rows == 1
    assert imported.kept_rows == {"in_use": 1}
    assert list(Customer.objects.values_list("code", flat=True)) == ["k2"]
    assert Membership.objects.count() == Contact.objects.count() == 1


def test_it_reads_amounts_as_they_are_written(bring: TakeIn) -> None:
    bring(
        "customer_id;month;revenue;margin\n"
        "k1;2026-01-15;1 234,50 kr;-9,5\nk1;2026-02-01;2.345,00;\n",
        "values",
    )
    january = Value.objects.get(month=date(2026, 1, 1))
    assert (january.revenue, january.margin) == (Decimal("1234.50"), Decimal("-9.50"))
    assert Value.objects.get(month=date(2026, 2, 1)).revenue == Decimal("2345.00")
    assert set(Change.objects.filter(table="values").values_list("key", flat=True)) == {"k1"}


def test_it_asks_whether_a_thousand_or_a_bit_more_than_one(take_in: TakeIn, alice: User) -> None:
    imported = take_in("customer_id,month,revenue\nk1,2026-01-01,1.234\n", "values")
    assert imported.preview["questions"] == [["decimal", "revenue"]]
    services.read_again(
        imported,
        mapping=imported.mapping,
        reading=Choices(decimal="comma"),
        unknown_units="create",
    )
    running.work_off()
    imported.refresh_from_db()
    services.confirm(imported, survey="", survey_name="", survey_kind="", by=alice)
    running.work_off()
    assert Value.objects.get().revenue == Decimal("1234.00")


def test_it_brings_a_month_up_to_date_and_gives_it_back(bring: TakeIn, alice: User) -> None:
    bring("customer_id,month,revenue\nk1,2026-01-01,100\nk1,2026-02-01,200\n", "values")
    second = bring("customer_id,month,revenue\nk1,2026-01-01,150\nk1,2026-02-01,200\n", "values")
    assert (second.added_rows, second.changed_rows, second.repeated_rows) == (0, 1, 1)
    take_back(second, alice)
    assert sorted(Value.objects.values_list("revenue", flat=True)) == [100, 200]


def test_it_leaves_a_month_that_was_changed_since(bring: TakeIn, alice: User) -> None:
    imported = bring("customer_id,month,revenue\nk1,2026-01-01,100\n", "values")
    Value.objects.update(revenue=175)
    take_back(imported, alice)
    assert imported.kept_rows == {"changed_since": 1, "in_use": 1}
    assert Value.objects.get().revenue == 175


def test_it_counts_equal_events_and_knows_them_again(bring: TakeIn, alice: User) -> None:
    content = (
        "customer_id,at,kind,amount\n"
        "k1,2026-01-01 10:00,Purchase,100\n"
        "k1,2026-01-01 10:00,Purchase,100\n"
        "k1,2026-01-02 10:00,complaint,\n"
    )
    first = bring(content, "events")
    assert first.added_rows == 3
    assert Event.objects.filter(kind="purchase").count() == 2
    assert Event.objects.first().at == datetime(2026, 1, 1, 9, tzinfo=UTC)  # Stockholm's ten
    again = bring(content, "events")
    assert (again.added_rows, again.repeated_rows) == (0, 3)
    take_back(first, alice)
    assert not Event.objects.exists()
    assert not Customer.objects.exists()


def test_it_builds_the_tree_of_units(bring: TakeIn, malmo: Unit, alice: User) -> None:
    imported = bring(
        "code,name,parent,country\nlund,Lund,south,SE\nmalmo,Malmö C,south,SE\nsouth,Söder,,SE\n",
        "units",
    )
    assert (imported.added_rows, imported.changed_rows) == (2, 1)
    malmo.refresh_from_db()
    south = Unit.objects.get(code="south")
    assert (malmo.name, malmo.parent, south.name) == ("Malmö C", south, "Söder")
    take_back(imported, alice)
    malmo.refresh_from_db()
    assert (malmo.name, malmo.parent) == ("Malmö", None)


def test_it_asks_for_the_column_it_needs(take_in: TakeIn) -> None:
    imported = take_in("customer_id,revenue\nk1,100\n", "values")
    (question,) = queries.import_page(imported).questions
    assert "Month" in question.sentence
