from datetime import timedelta

import pytest

from emptychair.programme.accounts.models import Role
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.customers import building
from emptychair.programme.customers.models import Customer, Event, Segment
from emptychair.programme.customers.services import save_segment
from emptychair.programme.lib.clock import now
from emptychair.programme.relations.previewing import preview
from emptychair.programme.visibility import names
from emptychair.programme.warehouse.services import synchronise

RULES = [
    [],
    [{"field": "country", "is": ["SE"]}],
    [{"field": "country", "is_not": ["SE"]}],
    [{"field": "country", "known": True}],
    [{"field": "unit", "known": False}],
    [{"field": "trait:size", "at_least": 3}],
    [{"field": "trait:size", "at_most": 3}, {"field": "country", "is": ["SE", "DK"]}],
    [{"field": "trait:size", "is": [1, 4]}],
    [{"field": "trait:level", "is": ["gold"]}],
    [{"field": "trait:level", "is_not": ["gold"]}],
    [{"field": "trait:vip", "is": [True]}],
    [{"field": "trait:none", "known": False}],
    [{"field": "trait:none", "is_not": ["x"]}],
    [{"field": "event:purchase", "days": 90, "at_least": 2}],
    [{"field": "event:purchase", "days": 90, "at_most": 0}],
    [{"field": "revenue", "at_least": 250}],
    [{"field": "tenure_days", "at_most": 100}, {"field": "account", "is": ["acme"]}],
]


@pytest.fixture
def people(customer, malmo):
    """Twelve customers who differ in everything that rules know."""
    for i in range(12):
        traits = {"size": i % 6, "vip": i % 2 == 0, **({"level": "gold"} if i % 4 == 0 else {})}
        one = customer(
            f"c{i}",
            revenue=100 * (i % 5),
            unit=malmo if i % 3 else None,
            account="acme" if i % 2 else "",
            country=("SE", "DK", "")[i % 3],
            traits=traits,
            created_at=now() - timedelta(days=30 * i),
        )
        for k in range(i % 4):
            at = now() - timedelta(days=40 * k + 1)
            Event.objects.create(customer=one, kind="purchase", at=at)
    mark_changed("events", [f"c{i}" for i in range(12)])
    synchronise()


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_preview_counts_those_who_become_members(people, rule):
    segment = save_segment(slug="s", name="S", rule=rule, priority=1, is_key=False, actor="")
    members = list(segment.customers.values_list("standing__revenue", flat=True))
    found = preview(rule)
    assert found.customers == len(members)
    assert found.revenue == float(sum(members))
    assert found.customers_share == pytest.approx(len(members) / 12)


def form(*conditions, **fields):
    rows = {"rule-TOTAL_FORMS": len(conditions) + 1, "rule-INITIAL_FORMS": 0}
    for number, row in enumerate([*conditions, {"field": "", "operator": "is", "value": ""}]):
        rows |= {f"rule-{number}-{name}": value for name, value in row.items()}
    return {"name": "Gold", "priority": 5, **rows, **fields}


GOLD = {"field": "trait:level", "operator": "is", "value": "gold"}
BUYERS = {"field": "event:purchase", "operator": "at_least", "value": "1", "days": "90"}


def test_a_segment_is_made_in_the_browser_and_built_behind_the_scenes(client, alice, people):
    client.force_login(alice)
    answer = client.post("/customers/segments/new/", form(GOLD, BUYERS, is_key="on"))
    assert answer["Location"] == "/customers/segments/gold/"
    segment = Segment.objects.get()
    assert segment.next_rule == [
        {"field": "trait:level", "is": ["gold"]},
        {"field": "event:purchase", "days": 90, "at_least": 1},
    ]
    assert (segment.is_key, segment.customers.count()) == (True, 0)
    assert b"Being built" in client.get("/customers/segments/").content
    building.build_segments()
    page = client.get("/customers/segments/gold/")
    assert b"Being built" not in page.content
    assert b"trait:level" in page.content


def test_a_change_is_undone_in_the_browser(client, alice, people):
    client.force_login(alice)
    client.post("/customers/segments/new/", form(GOLD))
    building.build_segments()
    client.post("/customers/segments/gold/", form(BUYERS, name="Buyers"))
    building.build_segments()
    assert Segment.objects.get().name == "Buyers"
    client.post("/customers/segments/gold/undo")
    building.build_segments()
    segment = Segment.objects.get()
    assert (segment.name, segment.rule) == ("Gold", [{"field": "trait:level", "is": ["gold"]}])


def test_the_preview_follows_the_form(client, alice, people):
    client.force_login(alice)
    told = client.post("/customers/segments/preview", form(GOLD)).content.decode()
    assert ">3</span>" in told
    assert "level is one of gold" in told
    wrong = {"field": "revenue", "operator": "is", "value": "3"}
    assert b"not right yet" in client.post("/customers/segments/preview", form(wrong)).content


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"field": "revenue", "operator": "is", "value": "3"}, "is at least"),
        ({"field": "trait:size", "operator": "at_least", "value": "many"}, "Write a number"),
        ({"field": "country", "operator": "is", "value": "Sweden"}, "no code of two letters"),
    ],
)
def test_a_wrong_condition_is_said_where_it_is(client, alice, people, row, sentence):
    client.force_login(alice)
    answer = client.post("/customers/segments/new/", form(row))
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not Segment.objects.exists()


def test_an_analyst_reads_and_changes_nothing(client, make_user, people):
    save_segment(slug="gold", name="Gold", rule=[], priority=1, is_key=False, actor="")
    client.force_login(make_user(Role.ANALYST))
    assert client.get("/customers/segments/gold/").status_code == 200
    assert client.post("/customers/segments/gold/", form(GOLD)).status_code == 403
    assert client.post("/customers/segments/gold/undo").status_code == 403
    assert client.get("/customers/segments/new/").status_code == 403


def test_key_segments_come_first_on_every_page(people):
    for slug, priority, is_key in (("a", 1, False), ("b", 9, True), ("c", 2, True)):
        save_segment(slug=slug, name=slug, rule=[], priority=priority, is_key=is_key, actor="")
    assert list(names.names_of("segment")) == ["c", "b", "a"]
    assert names.in_priority("segment", ["a", "b", "x", "c"]) == ["c", "b", "a", "x"]
    assert names.in_priority("unit", ["b", "a"]) == ["b", "a"]
    assert Customer.objects.filter(segments__slug="c").count() == 12
