"""`emptychair doctor warehouse`: says which month differs, and mends it."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from click.testing import CliRunner

from emptychair.cli import group
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.customers.models import Customer, Value
from emptychair.programme.doctor import examine
from emptychair.programme.warehouse import checking, services, store, tables

pytestmark = pytest.mark.django_db(transaction=True)
DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(2026, 2, 1))


@pytest.fixture
def answers(transactional_db: None) -> list[Response]:
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    made = [
        Response.objects.create(
            survey=survey,
            score=score,
            channel="link",
            comment=f'said "{score}", å',
            answered_on=day,
            answered_at=datetime(day.year, day.month, day.day, 12, 0, 0, 123_400, tzinfo=UTC),
        )
        for score, day in zip((3, 9, 8, 10), DAYS, strict=True)
    ]
    mark_changed("responses", [response.public_id for response in made])
    services.synchronise()
    return made


def said_by_doctor(*options: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, ["doctor", "warehouse", *options])
    return done.exit_code, done.output


def damage(response: Response, **columns: pa.Array) -> None:
    """Write a row of the warehouse anew with other values, as only a fault would."""
    there = tables.responses()
    row = there.filter(there["response_id"] == response.public_id).to_pyarrow()
    store.delete("responses", "response_id", [response.public_id])
    for name, values in columns.items():
        row = row.set_column(row.schema.get_field_index(name), name, values)
    store.append("responses", row, ["month"])


def test_it_finds_nothing_in_a_sound_warehouse(answers: list[Response]) -> None:
    code, output = said_by_doctor()
    assert (code, "responses: 4 in 3 months, checksums agree" in output) == (0, True), output


def test_it_names_the_month_of_a_lost_row_and_brings_it_back(answers: list[Response]) -> None:
    store.delete("responses", "response_id", [answers[1].public_id])
    code, output = said_by_doctor()
    assert code == 1
    assert "responses of 2026-01: 2 in the database, 1 in the warehouse, 1 differ" in output
    assert answers[1].public_id in output
    assert "of 2025-12" not in output
    code, output = said_by_doctor("--rebuild")
    assert code == 0, output


def test_it_sees_a_changed_value_where_counts_agree(answers: list[Response]) -> None:
    damage(answers[3], score=pa.array([0], pa.int8()))
    assert [month.differing for month in checking.months()] == [(), (), (answers[3].public_id,)]
    assert said_by_doctor("--rebuild")[0] == 0
    scores = tables.responses().to_pyarrow()["score"].to_pylist()
    assert sorted(scores) == [3, 8, 9, 10]


def test_it_removes_a_double_and_a_row_the_database_does_not_have(
    answers: list[Response],
) -> None:
    there = tables.responses()
    row = there.filter(there["response_id"] == answers[0].public_id).to_pyarrow()
    store.append("responses", row, ["month"])
    Response.objects.filter(pk=answers[2].pk).delete()
    differing = {key for month in checking.months() for key in month.differing}
    assert differing == {answers[0].public_id, answers[2].public_id}
    assert said_by_doctor("--rebuild")[0] == 0
    assert tables.responses().count().to_pyarrow().as_py() == 3


def test_what_only_waits_to_be_copied_is_no_difference(answers: list[Response]) -> None:
    Response.objects.filter(pk=answers[0].pk).update(score=5)
    mark_changed("responses", [answers[0].public_id])
    assert not any(month.differing for month in checking.months())
    code, output = said_by_doctor()
    assert (code, "1 changes wait for the warehouse" in output) == (1, True)


def test_rebuilding_from_nothing_serves_the_old_sums_until_the_new_ones_are_there(
    answers: list[Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.delete("responses", "response_id", [response.public_id for response in answers])
    before = tables.layer().count().to_pyarrow().as_py()
    with monkeypatch.context() as slow:
        slow.setattr(services, "refresh_layer", lambda: None)
        for month in checking.months():
            checking.mend(month)
        services.synchronise()
        assert tables.layer().count().to_pyarrow().as_py() == before > 0
    assert said_by_doctor("--rebuild")[0] == 0
    assert tables.layer().count().to_pyarrow().as_py() == before


def test_it_mends_the_other_tables_while_it_goes_on(transactional_db: None) -> None:
    anna = Customer.objects.create(code="anna", country="SE")
    Customer.objects.create(code="bo", country="SE")
    for month in (1, 2):
        Value.objects.create(customer=anna, month=date(2026, month, 1), revenue=100 * month)
    mark_changed("customers", ["anna", "bo"])
    mark_changed("values", ["anna"])
    services.synchronise()
    assert all(one.is_well for one in examine("warehouse"))
    store.delete("customers", "customer_id", ["bo"])
    store.append("values", tables.table("values").limit(1).to_pyarrow())
    Customer.objects.filter(pk=anna.pk).update(country="DK")
    late = Customer.objects.create(code="late")
    mark_changed("customers", [late.code])  # waits, which is no damage
    found = {one.name: one.differing for one in checking.others() if one.differing}
    assert found == {"customers": ("anna", "bo"), "values": ("anna",)}
    sentences = [one.sentence for one in examine("warehouse") if not one.is_well]
    assert any("customers: database 2, warehouse 1, 2 differ (first anna)" in s for s in sentences)
    assert all(one.is_well for one in examine("warehouse", rebuild=True))
    rows = tables.table("customers").order_by("customer_id").to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["country"]) for row in rows] == [
        ("anna", "DK"),
        ("bo", "SE"),
        ("late", None),
    ]
    assert tables.table("values").count().to_pyarrow().as_py() == 2
