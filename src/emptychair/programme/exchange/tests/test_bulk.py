"""Many rows in one statement, held to the models."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError

from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.customers.models import Customer, Value
from emptychair.programme.lib.bulk import (
    JsonText,
    columns_of,
    create_many,
    delete_many,
    insert_many,
    present,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_insert_many_stores_what_the_model_gives_back() -> None:
    insert_many(
        Activity,
        ("action", "subject", "actor", "at", "details", "dispatched"),
        [
            ("a", "å", "", AT, {"name": "Åsa", "n": 1}, False),
            ("b", "", "", AT, JsonText('{"n": 2}'), True),
            ("c", "", "", AT, {}, True),
        ],
    )
    first, second, third = Activity.objects.order_by("action")
    assert (first.subject, first.at, first.details) == ("å", AT, {"name": "Åsa", "n": 1})
    assert (second.details, second.dispatched, third.details) == ({"n": 2}, True, {})


def test_insert_many_keeps_every_sign_of_many_rows() -> None:
    odd = ["a\tb", "a\nb", "\\N", "\\", "", "å'\"", "{}", "\x7f"]
    subjects = [f"{number}{text}" for number in range(5) for text in odd]
    names = ("action", "subject", "actor", "at", "details", "dispatched")
    rows = [("a", one, "", AT, {"text": one, "none": None}, True) for one in subjects]
    insert_many(Activity, names, rows)
    stored = Activity.objects.order_by("pk")
    assert [one.subject for one in stored] == subjects
    assert [one.details["text"] for one in stored] == subjects
    assert {one.at for one in stored} == {AT}


def test_insert_many_says_when_one_of_many_rows_breaks_a_rule() -> None:
    of_nobody = [(None, date(2026, 1, 1), Decimal(1), None)] * 50
    with pytest.raises(IntegrityError):
        insert_many(Value, ("customer_id", "month", "revenue", "margin"), of_nobody)


def test_insert_many_takes_foreign_keys_amounts_and_nothing() -> None:
    customer = Customer.objects.create(code="k1")
    month = date(2026, 1, 1)
    insert_many(
        Value,
        ("customer_id", "month", "revenue", "margin"),
        [(customer.pk, month, Decimal("12.50"), None)],
    )
    value = Value.objects.get()
    assert (value.customer, value.month) == (customer, month)
    assert (value.revenue, value.margin) == (Decimal("12.50"), None)


def test_insert_many_knows_only_fields_of_the_model() -> None:
    with pytest.raises(LookupError, match="no field colour"):
        insert_many(Change, ("table", "colour"), [("a", "b")])


def test_present_and_delete_many_take_more_values_than_one_statement_holds() -> None:
    keys = [f"k{number}" for number in range(10_500)]
    insert_many(Change, ("table", "key"), [("responses", key) for key in keys])
    assert present(Change, "key", [*keys, "other"]) == set(keys)
    delete_many(Change, "key", keys[1:])
    assert list(Change.objects.values_list("key", flat=True)) == ["k0"]
    assert present(Change, "key", []) == set()


def test_create_many_stores_objects_with_their_defaults_and_sets_their_keys() -> None:
    made = [Customer(code=f"k{number}", traits={"n": number}) for number in range(3)]
    create_many(made, "code")
    create_many([], "code")
    assert [Customer.objects.get(pk=one.pk).code for one in made] == ["k0", "k1", "k2"]
    made[1].country = "SE"
    made[1].save()
    assert Customer.objects.filter(country="SE").count() == 1
    found = columns_of(Customer, ("id", "traits", "contactable"), "code", ["k2", "none"])
    assert [(key, text) for key, text, _ in found] == [(made[2].pk, '{"n": 2}')]
