from datetime import timedelta
from decimal import Decimal

import pytest

from emptychair.programme.activity.models import Change
from emptychair.programme.customers import building
from emptychair.programme.customers.models import (
    Customer,
    Event,
    MembershipDraft,
    Segment,
    Value,
)
from emptychair.programme.customers.rules import check_rule
from emptychair.programme.customers.services import (
    free_slug,
    plan_segment,
    refresh_memberships,
    save_segment,
    undo_segment,
)
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

SWEDES = [{"field": "country", "is": ["SE"]}]
DANES = [{"field": "country", "is": ["DK"]}]


@pytest.fixture
def people(db):
    for code, country in (("anna", "SE"), ("bo", "DK"), ("cim", "SE")):
        Customer.objects.create(code=code, country=country, traits={"size": len(code)})


def save(rule, name="North", **more):
    return save_segment(
        **{"slug": "north", "name": name, "priority": 3, "is_key": False, "actor": "x", **more},
        rule=rule,
    )


def plan(rule, **more):
    fixed = {"slug": "north", "name": "North", "priority": 3, "is_key": False, "actor": "x"}
    return plan_segment(**{**fixed, **more}, rule=rule)


def members(slug="north"):
    return set(Segment.objects.get(slug=slug).customers.values_list("code", flat=True))


def test_the_old_members_are_served_until_the_new_ones_are_found(people):
    save(SWEDES)
    plan(DANES, name="South")
    segment = Segment.objects.get()
    assert (segment.name, members()) == ("South", {"anna", "cim"})
    assert (segment.rule, segment.next_rule) == (SWEDES, DANES)
    building.build_segments()
    segment.refresh_from_db()
    assert members() == {"bo"}
    assert (segment.rule, segment.next_rule) == (DANES, None)
    assert not MembershipDraft.objects.exists()


def test_everyone_who_enters_or_leaves_is_noted_for_the_warehouse(people):
    save(SWEDES)
    Change.objects.all().delete()
    save([{"field": "trait:size", "at_most": 3}])
    assert members() == {"bo", "cim"}
    assert set(Change.objects.values_list("table", "key")) == {
        ("customers", "anna"),
        ("customers", "bo"),
    }


def test_a_customer_who_changes_while_it_is_built_is_decided_for_both_rules(people, monkeypatch):
    save(SWEDES)
    plan(DANES)
    swap = building._swap

    def changed_first(key, rule):
        anna = Customer.objects.get(code="anna")
        anna.country = "DK"
        anna.save()
        refresh_memberships(Segment.objects.all(), [anna.pk])
        assert members() == {"cim"}
        return swap(key, rule)

    monkeypatch.setattr(building, "_swap", changed_first)
    building.build_segments()
    assert members() == {"anna", "bo"}


def test_a_rule_that_is_changed_while_it_is_built_is_not_served(people, monkeypatch):
    save(SWEDES)
    plan(DANES)
    swap = building._swap

    def replanned(key, rule):
        plan([{"field": "trait:size", "at_least": 9}])
        return swap(key, rule)

    monkeypatch.setattr(building, "_swap", replanned)
    assert not building.build(Segment.objects.get().pk)
    assert members() == {"anna", "cim"}
    monkeypatch.setattr(building, "_swap", swap)
    building.build_segments()
    assert members() == set()


def test_a_change_can_be_undone_and_redone(people):
    save(SWEDES)
    save(DANES, name="South", priority=1)
    undo_segment(Segment.objects.get(), actor="x")
    building.build_segments()
    assert members() == {"anna", "cim"}
    assert Segment.objects.values_list("name", "priority").get() == ("North", 3)
    undo_segment(Segment.objects.get(), actor="x")
    building.build_segments()
    assert members() == {"bo"}
    assert Segment.objects.get().name == "South"


def test_undoing_before_it_is_built_leaves_the_members_alone(people):
    save(SWEDES)
    plan(DANES)
    undo_segment(Segment.objects.get(), actor="x")
    assert Segment.objects.get().next_rule is None
    building.build_segments()
    assert members() == {"anna", "cim"}


def test_what_was_never_changed_cannot_be_undone(people):
    save(SWEDES)
    with pytest.raises(RefusedError, match="never changed"):
        undo_segment(Segment.objects.get(), actor="x")


def test_rules_know_events_revenue_and_tenure(people):
    anna, bo, cim = Customer.objects.order_by("code")
    Event.objects.create(customer=anna, kind="purchase", at=now() - timedelta(days=10))
    Event.objects.create(customer=anna, kind="purchase", at=now() - timedelta(days=20))
    Event.objects.create(customer=bo, kind="purchase", at=now() - timedelta(days=200))
    month = (today().replace(day=1) - timedelta(days=1)).replace(day=1)
    Value.objects.create(customer=cim, month=month, revenue=Decimal(500))
    Customer.objects.filter(pk=bo.pk).update(created_at=now() - timedelta(days=400))
    often = {"field": "event:purchase", "days": 90, "at_least": 2}
    never = {"field": "event:purchase", "days": 90, "at_most": 0}
    save([often])
    assert members() == {"anna"}
    save([never])
    assert members() == {"bo", "cim"}
    save([never, {"field": "revenue", "at_least": 500}])
    assert members() == {"cim"}
    save([{"field": "tenure_days", "at_least": 365}])
    assert members() == {"bo"}


def test_a_rule_about_behaviour_is_built_again_as_days_go_by(people, monkeypatch):
    anna = Customer.objects.get(code="anna")
    Event.objects.create(customer=anna, kind="purchase", at=now() - timedelta(days=80))
    save([{"field": "event:purchase", "days": 90, "at_least": 1}])
    building.build_segments()
    assert members() == {"anna"}
    later = now() + timedelta(days=20)
    monkeypatch.setattr(building, "now", lambda: later)
    monkeypatch.setattr(building, "today", lambda: later.date())
    building.build_segments()
    assert members() == set()


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"field": "event:purchase", "at_least": 1}, "needs a field, days and one operator"),
        ({"field": "event:purchase", "at_least": 1, "days": 0}, "days go from 1"),
        ({"field": "event:purchase", "is": ["1"], "days": 30}, "none of at_least, at_most"),
        ({"field": "revenue", "known": True}, "none of at_least, at_most"),
        ({"field": "country", "is": ["SE"], "days": 3}, "a field and one operator"),
        ({"field": "shoe_size", "is": ["42"]}, "none of country"),
    ],
)
def test_a_wrong_condition_is_refused_with_a_sentence(condition, sentence):
    with pytest.raises(RefusedError, match=sentence):
        check_rule([condition], with_behaviour=True)


def test_surveys_do_not_ask_by_behaviour():
    with pytest.raises(RefusedError, match="none of country"):
        check_rule([{"field": "revenue", "at_least": 1}])


def test_a_slug_is_never_taken_twice(people):
    save(SWEDES, slug="gold_plus")
    assert free_slug("Gold plus") == "gold_plus_2"
    assert free_slug("日本") == "segment"
