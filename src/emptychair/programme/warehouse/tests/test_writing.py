"""However many workers run, one writes the warehouse."""

from threading import Event, Thread

import pytest
from django.db import connection

from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.customers.models import Customer
from emptychair.programme.warehouse import services, tables
from emptychair.programme.warehouse.writing import sole_writer

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_leaves_the_warehouse_to_whoever_writes_it():
    Customer.objects.create(code="anna")
    mark_changed("customers", ["anna"])
    holding, go_on = Event(), Event()

    def another() -> None:
        try:
            with sole_writer(wait=True):
                holding.set()
                go_on.wait(30)
        finally:
            connection.close()

    worker = Thread(target=another)
    worker.start()
    assert holding.wait(30)
    services.synchronise_unless_another_does()
    assert Change.objects.count() == 1
    with sole_writer(wait=False) as got:
        assert not got
    go_on.set()
    worker.join()
    services.synchronise_unless_another_does()
    assert not Change.objects.exists()
    assert tables.table("customers").count().to_pyarrow().as_py() == 1


def test_it_gives_the_right_again_to_who_has_it_and_back_at_the_end():
    with sole_writer(wait=True), sole_writer(wait=False) as again:
        assert again
        services.synchronise()
    for _ in range(2):
        with sole_writer(wait=False) as got:
            assert got
