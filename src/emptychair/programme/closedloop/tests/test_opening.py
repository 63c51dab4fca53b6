"""Which answers open a case, and who gets it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from emptychair.programme.accounts.models import Role, Unit
from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.closedloop.conditions import check_condition, responses_meeting
from emptychair.programme.closedloop.models import Absence, Case, Note, Rule
from emptychair.programme.closedloop.opening import (
    consider_answer,
    consider_answers,
    is_held_out,
    open_case,
    open_held_out,
    open_past,
    that_meet_a_rule,
)
from emptychair.programme.customers.models import Account, Customer, Segment, Value
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.worktime import after_working_hours


def test_an_unhappy_answer_opens_one_case_for_the_units_manager(rule, answer, bob, recorded):
    activity = recorded(answer(4))
    consider_answer(activity)
    consider_answer(activity)
    (case,) = Case.objects.all()
    assert (case.owner, case.state, case.unit, case.kind) == (bob, "new", "malmo", "unhappy")
    assert case.notes.get().step == "opened"


def test_two_rules_never_open_two_cases(rule, answer, bob, recorded):
    Rule.objects.create(name="Wish", is_on=True, position=1, condition={"contact_wanted": True})
    consider_answer(recorded(answer(2, contact_wanted=True)))
    assert Case.objects.get().rule.name == "Wish"


@pytest.mark.parametrize("fields", [{"score": 7}, {"score": 3, "held_reason": "test"}])
def test_other_answers_open_none(rule, answer, recorded, fields):
    consider_answer(recorded(answer(**fields)))
    assert not Case.objects.exists()


def test_a_rule_that_is_off_opens_none(rule, answer, recorded):
    Rule.objects.update(is_on=False)
    consider_answer(recorded(answer(1)))
    assert not Case.objects.exists()


def test_every_part_of_a_condition_counts(answer, customer):
    shout = answer(2, comment="Er advokat hört av sig", contact_wanted=True)
    quiet = answer(6)
    Segment.objects.create(slug="vip", name="VIP", is_key=True).customers.add(customer)
    stranger = answer(1, customer=None)
    for condition, expected in (
        ({"scores": [0, 2]}, {shout, stranger}),
        ({"contact_wanted": True}, {shout}),
        ({"has_comment": True}, {shout}),
        ({"words": ["ADVOKAT", "lawyer"]}, {shout}),
        ({"key_segment": True}, {shout, quiet}),
        ({"key_segment": True, "scores": [5, 6]}, {quiet}),
        ({"surveys": ["other"]}, set()),
        ({"units": ["malmo"]}, {shout, quiet, stranger}),
    ):
        assert set(responses_meeting(condition)) == expected, condition


def test_a_rule_about_a_theme_reads_the_comment_in_whatever_language(answer, bob, recorded):
    Rule.objects.create(name="Queues", is_on=True, condition={"themes": ["waiting"]})
    late = answer(8, comment="Der var meget lang ventetid", language="da")
    for response in (late, answer(8, comment="Venligt personale", language="da"), answer(8)):
        consider_answer(recorded(response))
    assert [case.response for case in Case.objects.all()] == [late]
    past = responses_meeting({"themes": ["waiting", "price"]})
    assert list(past) == [late]


def test_looking_at_many_at_once_passes_over_none_that_gets_a_case(answer, customer, bob, recorded):
    Segment.objects.create(slug="vip", name="VIP", is_key=True).customers.add(customer)
    conditions = (
        {"scores": [0, 4]},
        {"contact_wanted": True, "scores": [9, 10]},
        {"key_segment": True, "words": ["kö"]},
        {"themes": ["waiting"], "surveys": ["relationship"]},
    )
    for position, condition in enumerate(conditions):
        Rule.objects.create(name=f"{position}", is_on=True, position=position, condition=condition)
    Rule.objects.create(name="Off", condition={"scores": [0, 10]})
    activities = [
        recorded(
            answer(score, comment=comment, contact_wanted=wanted, customer=who, held_reason=held)
        )
        for score in (2, 5, 8, 10)
        for comment in ("", "Lång kö", "Der var meget lang ventetid", "Fint")
        for wanted in (False, True)
        for who in (customer, None)
        for held in ("", "test")
    ]
    noted = that_meet_a_rule(activities)
    for activity in activities:
        consider_answer(activity)
    opened = set(Case.objects.values_list("response__public_id", flat=True))
    assert opened
    assert opened <= {activity.subject for activity in noted}
    assert len(noted) < len(activities) / 2  # held answers, and those without anything
    assert that_meet_a_rule([one for one in activities if one.subject in opened]) == []


def test_value_is_that_of_the_whole_account(answer, customer):
    account = Account.objects.create(code="A", name="Bolaget")
    colleague = Customer.objects.create(code="C2", account=account)
    Value.objects.create(customer=colleague, month=today().replace(day=1), revenue=900)
    old = today().replace(day=1) - timedelta(500)
    Value.objects.create(customer=colleague, month=old, revenue=9000)
    Value.objects.create(customer=customer, month=today().replace(day=1), revenue=300)
    own, of_account = (
        answer(2),
        answer(2, customer=Customer.objects.create(code="C3", account=account)),
    )
    assert set(responses_meeting({"value_from": "300"})) == {own, of_account}
    assert set(responses_meeting({"value_from": 500})) == {of_account}
    assert not responses_meeting({"value_from": 901})


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({}, "condition_empty"),
        ({"scores": None}, "condition_empty"),
        ({"scores": [7, 3]}, "condition_scores"),
        ({"scores": [0, 11]}, "condition_scores"),
        ({"colour": "red"}, "condition_unknown"),
    ],
)
def test_a_condition_that_is_none_is_refused(db, condition, code):
    with pytest.raises(RefusedError) as error:
        check_condition(condition)
    assert error.value.code == code


def test_the_manager_above_gets_it_while_the_units_own_is_away(
    rule, answer, bob, malmo, make_user, recorded
):
    region = Unit.objects.create(code="south", name="South")
    malmo.parent = region
    malmo.save()
    above = make_user(Role.MANAGER, region, name="Gunilla")
    Absence.objects.create(user=bob, first_on=today(), last_on=today())
    consider_answer(recorded(answer(1)))
    assert Case.objects.get().owner == above
    Absence.objects.all().delete()
    consider_answer(recorded(answer(1)))
    assert Case.objects.latest("pk").owner == bob


def test_many_answers_take_no_more_statements_than_few(rule, answer, bob, malmo, recorded):
    def statements(number: int) -> int:
        activities = [recorded(answer(n % 7)) for n in range(number)]
        with CaptureQueriesContext(connection) as seen:
            consider_answers(activities)
        return len(seen)

    few, many = statements(2), statements(25)
    assert Case.objects.filter(owner=bob).count() == 27
    # A changed row is noted by a statement of its own, which costs little.
    assert many - few <= 23
    assert few <= 12


def test_answers_that_come_together_get_what_each_would_get_alone(
    rule, answer, malmo, bob, make_user, recorded
):
    Rule.objects.create(name="Wish", is_on=True, position=1, condition={"contact_wanted": True})
    Unit.objects.create(code="kiosk", name="Kiosk", parent=malmo)
    told = [
        {"score": score, "contact_wanted": wanted, "unit": unit, "held_reason": held}
        for score in (2, 6, 8)
        for wanted in (True, False)
        for unit in ("malmo", "kiosk", "", "unknown")
        for held in ("", "test")
    ]
    alone = [answer(**fields) for fields in told]
    together = [answer(**fields) for fields in told]
    for response in alone:
        consider_answer(recorded(response))
    consider_answers([recorded(response) for response in together] * 2)

    def got(responses):
        cases = {case.response_id: case for case in Case.objects.select_related("rule", "owner")}
        found = [cases.get(response.pk) for response in responses]
        return [
            case and (case.rule.name, case.owner, case.unit, case.kind, case.state, case.customer)
            for case in found
        ]

    assert got(together) == got(alone)
    assert {bool(one) for one in got(alone)} == {True, False}
    assert {one[1] for one in got(alone) if one} == {bob, None}
    opened = Activity.objects.filter(action="case.opened")
    assert opened.count() == Case.objects.count() == Note.objects.filter(step="opened").count()
    cases = set(Case.objects.values_list("public_id", flat=True))
    assert set(opened.values_list("subject", flat=True)) == cases
    assert set(Change.objects.filter(table="cases").values_list("key", flat=True)) == cases


def test_turns_go_round_among_answers_that_come_together(
    rule, answer, malmo, make_user, recorded, customer
):
    people = [make_user(Role.EMPLOYEE, malmo, name=n, email=f"{n}@x.example") for n in "abc"]
    rule.assign = Rule.Assign.ROUND_ROBIN
    rule.save()
    rule.people.set(people)
    for number in (4, 1, 2):
        consider_answers([recorded(answer(1)) for _ in range(number)])
    owners = [case.owner.name for case in Case.objects.order_by("pk")]
    assert owners == ["a", "b", "c", "a", "b", "c", "a"]
    customer.account = Account.objects.create(code="A", name="Bolaget")
    customer.save()
    Case.objects.update(owner=None)
    rule.assign = Rule.Assign.ACCOUNT
    rule.save()
    lead = make_user(Role.MANAGER, malmo, name="m", email="m@x.example")
    consider_answers([recorded(answer(1)) for _ in range(2)])
    assert [case.owner for case in Case.objects.order_by("pk")][-2:] == [lead, lead]


def test_turns_go_round_and_pass_over_those_away(rule, answer, malmo, make_user, recorded):
    people = [make_user(Role.EMPLOYEE, malmo, name=n, email=f"{n}@x.example") for n in "abc"]
    rule.assign = Rule.Assign.ROUND_ROBIN
    rule.save()
    rule.people.set(people)
    Absence.objects.create(user=people[1], first_on=today(), last_on=today())
    for _ in range(4):
        consider_answer(recorded(answer(1)))
    owners = [case.owner.name for case in Case.objects.order_by("pk")]
    assert owners == ["a", "c", "a", "c"]


def test_language_and_account_choose_who_knows_them(rule, answer, malmo, make_user, customer):
    dane = make_user(Role.EMPLOYEE, malmo, name="d", email="d@x.example", language="da")
    swede = make_user(Role.EMPLOYEE, malmo, name="s", email="s@x.example", language="sv")
    rule.assign = Rule.Assign.LANGUAGE
    rule.save()
    rule.people.set([dane, swede])
    assert open_case(rule, answer(1, language="da")).owner == dane
    assert open_case(rule, answer(1)).owner == swede
    customer.account = Account.objects.create(code="A", name="Bolaget")
    customer.save()
    rule.assign = Rule.Assign.ACCOUNT
    rule.save()
    assert open_case(rule, answer(1)).owner == swede


def test_a_rule_is_applied_to_past_answers_once(rule, answer, alice, bob):
    answer(2, at=now() - timedelta(days=200))
    for days in (5, 40):
        answer(2, at=now() - timedelta(days=days))
    assert open_past(rule, days=90, by=alice.public_id) == 2
    assert open_past(rule, days=90, by=alice.public_id) == 0


def test_a_share_waits_where_that_is_harmless(rule, answer):
    rule.holdout_percent = 20
    rule.save()
    answers = [answer(5) for _ in range(200)]
    held_out = [one for one in answers if is_held_out(rule, one)]
    assert 20 <= len(held_out) <= 60
    assert not any(is_held_out(rule, answer(3)) for _ in range(50))
    assert not any(is_held_out(rule, answer(6, contact_wanted=True)) for _ in range(50))
    case = open_case(rule, held_out[0])
    assert (case.state, case.owner, case.is_holdout) == ("later", None, True)
    Case.objects.update(wait_until=today())
    open_held_out()
    case.refresh_from_db()
    assert (case.state, case.is_holdout) == ("new", True)


@pytest.mark.parametrize(
    ("country", "start", "hours", "due"),
    [
        # Friday afternoon in Sweden; one hour is left, the rest is Monday's.
        ("SE", "2026-11-20T16:00", 8, "2026-11-23T15:00"),
        # The clocks go back on Sunday 25 October: Monday opens at nine by the wall, 08:00 UTC.
        ("SE", "2026-10-23T15:30", 2, "2026-10-26T09:30"),
        # Danes work on 6 June, Swedes celebrate it (a Saturday in 2026, so 2025).
        ("SE", "2025-06-06T08:00", 1, "2025-06-09T08:00"),
        ("DK", "2025-06-06T08:00", 1, "2025-06-06T09:00"),
        # 17 May 2027 is a Monday and Norway's day; Whit Monday too: on Tuesday.
        ("NO", "2027-05-14T15:30", 1, "2027-05-18T07:30"),
        # Helsinki's nine o'clock comes an hour earlier; 6 December is a Sunday in 2026.
        ("FI", "2026-12-04T15:30", 1, "2026-12-07T07:30"),
        ("DE", "2026-10-02T15:30", 1, "2026-10-05T07:30"),
    ],
)
def test_the_promise_counts_working_hours(country, start, hours, due):
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert after_working_hours(moment, hours, country).strftime("%Y-%m-%dT%H:%M") == due
