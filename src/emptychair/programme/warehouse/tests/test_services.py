"""The warehouse: what is committed arrives, once, and the layer equals a recount."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from emptychair.analysis.sums.groups import hash_group_of
from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.customers.services import save_segment
from emptychair.programme.warehouse import copying, layer, services, store, tables

# PostgreSQL is read over a connection of its own, which sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
FIRST = date(2026, 1, 1)
ALL = {"start": FIRST, "end": FIRST + timedelta(400)}


@pytest.fixture
def respond(transactional_db: None, malmo: Unit) -> Callable[..., Response]:
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")

    def make(score: int, day: date = FIRST, **fields: Any) -> Response:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("UTC"))
        response = Response.objects.create(
            **{
                "survey": survey,
                "score": score,
                "channel": "link",
                "unit": "malmo",
                "answered_at": noon,
                "answered_on": day,
                **fields,
            }
        )
        mark_changed("responses", [response.public_id])
        return response

    return make


def n_of(**question: Any) -> int:
    return sum(counts.n for counts in layer.counts(**{**ALL, **question}).values())


def test_it_brings_an_answer_to_the_layer(respond: Callable[..., Response]) -> None:
    respond(9)
    services.synchronise()
    assert layer.counts(**ALL)[()].scores == (0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)
    assert not Change.objects.exists()
    assert layer.first_day() == FIRST
    assert layer.options("unit") == ["malmo"]


def test_it_answers_before_there_is_anything() -> None:
    assert layer.counts(**ALL) == {}
    assert layer.counts(["segment"], **ALL) == {}
    assert layer.version() == "-1"
    assert layer.first_day() is None
    services.synchronise()
    services.maintain()


def test_it_follows_changes_holds_and_deletions(respond: Callable[..., Response]) -> None:
    first, second, third = respond(9), respond(3), respond(7)
    services.synchronise()
    Response.objects.filter(pk=first.pk).update(score=2)
    Response.objects.filter(pk=second.pk).update(held_reason="machine")
    third_id = third.public_id
    third.delete()
    mark_changed("responses", [first.public_id, second.public_id, third_id])
    services.synchronise()
    assert layer.counts(**ALL)[()].scores == (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    assert tables.responses().count().to_pyarrow().as_py() == 2


def test_it_moves_customers_between_segments(respond: Callable[..., Response]) -> None:
    customer = Customer.objects.create(code="O'Hara", country="SE")
    rule = {"slug": "sweden", "name": "Sweden", "priority": 1, "is_key": True, "actor": ""}
    save_segment(rule=[{"field": "country", "is": ["SE"]}], **rule)
    respond(9, customer=customer)
    respond(2)
    services.synchronise()
    assert layer.counts(["segment"], **ALL)[("sweden",)].n == 1
    assert n_of() == 2
    save_segment(rule=[{"field": "country", "is": ["DK"]}], **rule)
    services.synchronise()
    assert layer.counts(["segment"], **ALL) == {}


def test_it_takes_new_drivers_and_traits_as_new_columns(respond: Callable[..., Response]) -> None:
    respond(9)
    services.synchronise()
    respond(8, ratings={"waiting": 4}, traits={"tier": "gold", 'od"d': 1})
    services.synchronise()
    rows = {row["score"]: row for row in tables.responses().to_pyarrow().to_pylist()}
    assert (rows[8]["rating_waiting"], rows[8]["attr_tier"], rows[8]['attr_od"d']) == (
        4,
        "gold",
        "1",
    )
    assert rows[9]["rating_waiting"] is None


def test_its_layer_equals_a_recount_by_every_question(respond: Callable[..., Response]) -> None:
    random = Random(4)
    units, channels = ["malmo", "lund", ""], ["email", "link"]
    rows = [
        respond(
            random.randrange(11),
            FIRST + timedelta(random.randrange(120)),
            unit=random.choice(units),
            channel=random.choice(channels),
            held_reason=random.choice(["", "", "", "test"]),
        )
        for _ in range(300)
    ]
    services.synchronise()
    counted = [row for row in rows if not row.held_reason]
    for unit in units[:2]:
        for channel in channels:
            wanted = [r for r in counted if (r.unit, r.channel) == (unit, channel)]
            assert n_of(filters={"unit": unit, "channel": channel}) == len(wanted)
    assert n_of(units=frozenset({"lund"})) == sum(row.unit == "lund" for row in counted)
    months = layer.counts(every="month", **ALL)
    for (month,), counts in months.items():
        there = [r.score for r in counted if r.answered_on.replace(day=1) == month]
        assert sorted(there) == [s for s in range(11) for _ in range(counts.scores[s])]
    by_hash = tables.layer().filter(tables.layer()["grain"] == "hash_group").to_pyarrow()
    assert set(by_hash["hash_group"].to_pylist()) == {hash_group_of("")}


@pytest.mark.parametrize("step", ["_put_responses", "refresh_layer", "_replace_sums"])
def test_a_kill_at_any_step_leaves_nothing_missing_or_double(
    respond: Callable[..., Response], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    old = respond(9)
    services.synchronise()
    respond(3, FIRST + timedelta(40))
    old_id = old.public_id
    old.delete()
    mark_changed("responses", [old_id])
    with monkeypatch.context() as killed:
        original = getattr(services, step)

        def dies(*arguments: Any) -> None:
            original(*arguments)
            raise KeyboardInterrupt

        killed.setattr(services, step, dies)
        with pytest.raises(KeyboardInterrupt):
            services.synchronise()
    services.synchronise()
    assert layer.counts(**ALL)[()].scores == (0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    assert tables.responses().count().to_pyarrow().as_py() == 1


def test_it_copies_a_change_whose_number_is_older_than_what_it_copied(
    respond: Callable[..., Response],
) -> None:
    """A slow transaction commits a low number after higher ones were copied."""
    late = respond(2)
    Change.objects.all().delete()
    respond(9)
    newest = Change.objects.get().pk
    services.synchronise()
    Change.objects.create(pk=newest - 1, table="responses", key=late.public_id)
    services.synchronise()
    assert n_of() == 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_an_answer_committed_late_by_a_slow_transaction_is_copied(
    respond: Callable[..., Response],
) -> None:
    """Two real connections: the slow one takes its number first and commits last."""
    numbered, go_on = Event(), Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                respond(2)
                numbered.set()
                go_on.wait(30)
        finally:
            connection.close()

    slow = Thread(target=slowly)
    slow.start()
    assert numbered.wait(30)
    respond(9)
    early = Change.objects.get().pk
    services.synchronise()
    assert n_of() == 1
    go_on.set()
    slow.join()
    assert Change.objects.get().pk < early
    services.synchronise()
    assert n_of() == 2


def test_it_copies_words_of_every_kind_unchanged(respond: Callable[..., Response]) -> None:
    words = ['a "quoted" word', "two\nlines, a comma; a \\ back", "räksmörgås 🪑", "[1, 2]", "null"]
    words += ["two\r\nlines", '"', '""', '",", 1', " blanks ", "100 %s %w"]
    for word in words:
        respond(5, comment=word, traits={"said": word})
    services.synchronise()
    rows = tables.responses().to_pyarrow().to_pylist()
    assert sorted(row["comment"] for row in rows) == sorted(words)
    assert all(row["attr_said"] == row["comment"] for row in rows)


def test_it_copies_more_rows_than_are_read_at_once(
    respond: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "LINES_AT_ONCE", 500)
    for number in range(150):
        respond(number % 11, comment=f'"{number}",\nsaid')
    services.synchronise()
    rows = tables.responses().to_pyarrow().to_pylist()
    assert sorted(row["score"] for row in rows) == sorted(number % 11 for number in range(150))
    assert {row["comment"] for row in rows} == {f'"{number}",\nsaid' for number in range(150)}
    assert len({row["response_id"] for row in rows}) == 150
    assert not Change.objects.exists()


def test_maintenance_changes_no_figure(respond: Callable[..., Response]) -> None:
    for score in (1, 8, 10):
        respond(score)
        services.synchronise()
    before = layer.counts(**ALL)
    services.maintain()
    assert len(store.files("responses")) == 1
    assert layer.counts(**ALL) == before


def test_copying_every_second_leaves_few_files(
    respond: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL", 3)
    for number in range(8):
        respond(number)
        services.synchronise()
        assert len(store.files("responses")) < 3
    assert layer.counts(**ALL)[()].scores == (1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0)
    ids = tables.responses().to_pyarrow()["response_id"].to_pylist()
    assert sorted(ids) == sorted(Response.objects.values_list("public_id", flat=True))


def test_large_files_are_left_to_maintenance(
    respond: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL", 2)
    monkeypatch.setattr(store, "SMALL_BYTES", 10)
    for score in (1, 2, 3):
        respond(score)
        services.synchronise()
    assert len(store.files("responses")) == 3
