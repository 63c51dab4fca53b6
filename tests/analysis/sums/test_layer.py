"""The statistics layer: every grain holds the same answers."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError
from emptychair.analysis.sums.counts import ScoreCounts, layer_counts
from emptychair.analysis.sums.groups import hash_group_of
from emptychair.analysis.sums.layer import DIMENSIONS, EVERYONE, GRAINS, grain_for, layer_of

FIRST = date(2026, 1, 1)
ROWS = 300


def rows() -> list[dict[str, Any]]:
    chance = Random(11)
    return [
        {
            "customer_id": f"c{chance.randrange(40)}",
            "score": chance.randrange(11),
            "answered_on": FIRST + timedelta(chance.randrange(30)),
            "unit": chance.choice(["malmo", "lund", None]),
            "channel": chance.choice(["email", "sms"]),
            "held_reason": chance.choice([None, None, None, "machine"]),
        }
        for _ in range(ROWS)
    ]


@pytest.fixture
def made(engine: Any) -> Any:
    """Responses and memberships as tables of the engine: even customers are in `even`."""
    answers = pa.Table.from_pylist(rows())
    members = pa.table(
        {
            "customer_id": [f"c{n}" for n in range(0, 40, 2)],
            "segment": ["even"] * 20,
        }
    )
    responses = engine.create_table("layer_responses", answers, overwrite=True)
    memberships = engine.create_table("layer_members", members, overwrite=True)
    yield responses, memberships
    engine.drop_table("layer_responses")
    engine.drop_table("layer_members")


def counted() -> list[dict[str, Any]]:
    return [row for row in rows() if row["held_reason"] is None]


def of_grain(layer: Any, grain: str, segment: str = EVERYONE) -> Any:
    return layer.filter((layer["grain"] == grain) & (layer["segment"] == segment))


def test_every_grain_holds_every_counted_answer(made: Any) -> None:
    layer = layer_of(*made)
    expected = ScoreCounts.of([row["score"] for row in counted()])
    for grain in GRAINS:
        assert layer_counts(of_grain(layer, grain))[()] == expected, grain


def test_a_grain_tells_its_columns_apart_and_leaves_the_others_empty(made: Any) -> None:
    layer = layer_of(*made)
    by_unit = layer_counts(of_grain(layer, "unit"), ["unit", "channel"])
    assert set(by_unit) == {("malmo", ""), ("lund", ""), ("", "")}
    malmo = [row["score"] for row in counted() if row["unit"] == "malmo"]
    assert by_unit[("malmo", "")] == ScoreCounts.of(malmo)
    both = layer_counts(of_grain(layer, "full"), ["unit", "channel", "survey"])
    sms = [r["score"] for r in counted() if (r["unit"], r["channel"]) == ("lund", "sms")]
    assert both[("lund", "sms", "")] == ScoreCounts.of(sms)


def test_a_segment_counts_its_members_only(made: Any) -> None:
    layer = layer_of(*made)
    even = [r["score"] for r in counted() if int(r["customer_id"][1:]) % 2 == 0]
    assert layer_counts(of_grain(layer, "segment", "even"))[()] == ScoreCounts.of(even)


def test_hash_groups_are_those_of_the_customers(made: Any) -> None:
    layer = layer_of(*made)
    groups = layer_counts(of_grain(layer, "hash_group"), ["hash_group"])
    assert {group for (group,) in groups} == {hash_group_of(r["customer_id"]) for r in counted()}


def test_days_add_up_whatever_the_partition(made: Any) -> None:
    responses, memberships = made
    whole = layer_counts(of_grain(layer_of(responses, memberships), "full"), ["unit", "channel"])
    halves = [
        responses.filter(responses["answered_on"] < FIRST + timedelta(9)),
        responses.filter(responses["answered_on"] >= FIRST + timedelta(9)),
    ]
    parts = [
        layer_counts(of_grain(layer_of(half, memberships), "full"), ["unit", "channel"])
        for half in halves
    ]
    keys = set(parts[0]) | set(parts[1])
    added = {k: parts[0].get(k, ScoreCounts()) + parts[1].get(k, ScoreCounts()) for k in keys}
    assert added == whole


def test_responses_without_customers_segments_or_dimensions_do(engine: Any) -> None:
    bare = pa.table({"score": [9, 3], "answered_on": [FIRST, FIRST]})
    responses = engine.create_table("layer_bare", bare, overwrite=True)
    layer = layer_of(responses)
    assert layer_counts(of_grain(layer, "full"))[()].n == 2
    assert layer_counts(layer, ["segment"]).keys() == {(EVERYONE,)}
    engine.drop_table("layer_bare")


def test_the_smallest_grain_that_can_tell_is_chosen() -> None:
    assert grain_for([]) == "segment"
    assert grain_for(["channel"]) == "channel"
    assert grain_for(["hash_group"]) == "hash_group"
    assert grain_for(DIMENSIONS) == "full"
    with pytest.raises(ArgumentError, match="hash_group, unit"):
        grain_for(["unit", "hash_group"])


def test_a_layer_needs_days_and_scores(duckdb: Any) -> None:
    responses = duckdb.create_table("layer_none", pa.table({"score": [1]}), overwrite=True)
    with pytest.raises(ColumnNotFoundError):
        layer_of(responses)
