"""Open cases: for an answer as it comes, and for past answers when a rule is switched on."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed, record, record_many
from emptychair.programme.capture.models import Response
from emptychair.programme.closedloop.assigning import Assigner, country_above
from emptychair.programme.closedloop.conditions import responses_meeting
from emptychair.programme.closedloop.models import Case, Note, Rule
from emptychair.programme.comments.reading import read_now
from emptychair.programme.customers.consent import is_suppressed
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import after_working_hours

HELD_OUT_DAYS = 30
USUAL_HOURS = 8
HARMLESS_FROM = 4  # nobody who scored lower, or who wants to be contacted, is left to wait
MOST_AT_ONCE = 2_000
AT_ONCE = 50  # in one transaction: answers wait for its lock


def that_meet_a_rule(activities: Sequence[Activity]) -> list[Activity]:
    """Return those whose answer has no case and may get one; themes are read only for these."""
    subjects = {activity.subject for activity in activities}
    without_case = Response.objects.filter(public_id__in=subjects, case=None)
    meeting: set[str] = set()
    for rule in Rule.objects.filter(is_on=True):
        found = responses_meeting(_without_themes(rule.condition), without_case)
        meeting.update(found.values_list("public_id", flat=True))
    return [activity for activity in activities if activity.subject in meeting]


def _without_themes(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what can be asked of many answers at once: that there are words, not what about."""
    if not condition.get("themes"):
        return condition
    return {
        **{part: told for part, told in condition.items() if part != "themes"},
        "has_comment": True,
    }


def consider_answer(activity: Activity) -> None:
    """Open a case for an answer that a rule wants followed up.

    Args:
        activity: `response.recorded`, `response.amended` or `response.released`; its subject is
            the response. An answer that has its case already keeps that one.
    """
    consider_answers([activity])


def consider_answers(activities: Sequence[Activity]) -> None:
    """Do so for many answers at once: a few statements for all of them."""
    rules = list(Rule.objects.filter(is_on=True))
    left = list(dict.fromkeys(activity.subject for activity in activities))
    if any(rule.condition.get("themes") for rule in rules):
        read_now(left)
    wanted: dict[str, tuple[Rule, Response]] = {}
    for rule in rules:
        waiting = Response.objects.filter(public_id__in=left, case=None)
        for response in responses_meeting(rule.condition, waiting.select_related("customer")):
            wanted[response.public_id] = rule, response
        left = [subject for subject in left if subject not in wanted]
        if not left:
            break
    came = dict.fromkeys(activity.subject for activity in activities)
    open_cases([wanted[subject] for subject in came if subject in wanted])


def open_case(rule: Rule, response: Response, *, by: str = "") -> Case | None:
    """Open the case of one answer; None if it has one. See `open_cases`."""
    return next(iter(open_cases([(rule, response)], by=by)), None)


@transaction.atomic
def open_cases(wanted: Sequence[tuple[Rule, Response]], *, by: str = "") -> list[Case]:
    """Open the cases of these answers; return those that were opened.

    Args:
        wanted: answers, each with the rule whose kind, owner and time its case gets. One that
            has a case already keeps that one.
        by: public id of the user who asked for it; empty for the rules themselves.
    """
    if not wanted:
        return []
    assigner = Assigner(response.unit for _, response in wanted)
    cases = [_case(rule, response, assigner) for rule, response in wanted]
    # Another worker may be opening them too: of each, one is there in the end.
    Case.objects.bulk_create(cases, ignore_conflicts=True)
    made = Case.objects.filter(public_id__in=[case.public_id for case in cases])
    keys = dict(made.values_list("public_id", "pk"))
    opened = [
        (case, rule, response)
        for case, (rule, response) in zip(cases, wanted, strict=True)
        if case.public_id in keys
    ]
    for case, _, _ in opened:
        case.pk = keys[case.public_id]
    Note.objects.bulk_create(
        [
            Note(case=case, at=case.opened_at, step="opened", text=rule.name)
            for case, rule, _ in opened
        ]
    )
    mark_changed("cases", [case.public_id for case, _, _ in opened])
    record_many(
        "case.opened",
        [
            (case.public_id, {"response": response.public_id, "rule": rule.public_id})
            for case, rule, response in opened
        ],
        actor=by,
    )
    return [case for case, _, _ in opened]


def _case(rule: Rule, response: Response, assigner: Assigner) -> Case:
    moment, held_out = now(), is_held_out(rule, response)
    country = assigner.country_of(response.unit)
    return Case(
        response=response,
        customer=response.customer,
        rule=rule,
        kind=rule.kind,
        unit=response.unit,
        owner=None if held_out else _owner(rule, response, assigner, moment),
        state=Case.State.LATER if held_out else Case.State.NEW,
        opened_at=moment,
        due_at=after_working_hours(moment, rule.contact_hours, country),
        is_holdout=held_out,
        wait_until=today() + timedelta(HELD_OUT_DAYS) if held_out else None,
    )


def _owner(rule: Rule, response: Response, assigner: Assigner, moment: datetime) -> User | None:
    return assigner.owner_of(
        rule,
        customer=response.customer,
        unit=response.unit,
        language=response.language,
        at=moment,
    )


@transaction.atomic
def open_for_silence(rule: Rule, customer: Customer, *, since: datetime | None) -> Case | None:
    """Open a case because a key contact says nothing; None if one is open or was lately.

    Args:
        rule: whose kind, owner and time it gets; its condition says `silent_days`.
        customer: the key contact.
        since: of the customer's last answer; None if there never was one.
    """
    moment, unit = now(), customer.unit.code if customer.unit else ""
    before = moment - timedelta(days=rule.condition["silent_days"])
    lately = Case.objects.filter(customer=customer, opened_at__gt=before)
    if lately.exists() or is_suppressed(customer):
        return None
    assigner = Assigner([unit])
    try:
        with transaction.atomic():
            case = Case.objects.create(
                about=Case.About.SILENCE,
                customer=customer,
                rule=rule,
                kind=rule.kind,
                unit=unit,
                owner=assigner.owner_of(
                    rule, customer=customer, unit=unit, language=customer.language, at=moment
                ),
                opened_at=moment,
                due_at=after_working_hours(moment, rule.contact_hours, assigner.country_of(unit)),
            )
    except IntegrityError:  # another worker was quicker
        return None
    text = f"{rule.name}: {since:%Y-%m-%d}" if since else rule.name
    Note.objects.create(case=case, at=moment, step="opened", text=text)
    record("case.opened", case.public_id, customer=customer.code, rule=rule.public_id)
    return case


def is_held_out(rule: Rule, response: Response) -> bool:
    """Say whether the case waits, so that its customers tell what contacting the others does.

    The draw depends on the answer alone: trying the rule twice draws the same.
    """
    if response.contact_wanted or response.score < HARMLESS_FROM:
        return False
    draw = hashlib.sha256(f"holdout {response.public_id}".encode()).digest()
    return int.from_bytes(draw[:4], "big") % 100 < rule.holdout_percent


def open_held_out() -> None:
    """Bring to the inbox the held-out cases whose time has come."""
    waiting = Case.objects.filter(state=Case.State.LATER, wait_until__lte=today())
    for case in waiting.exclude(response=None).select_related("rule", "response__customer"):
        _open_now(case)


@transaction.atomic
def _open_now(case: Case) -> None:
    assert case.response is not None
    hours = case.rule.contact_hours if case.rule else USUAL_HOURS
    moment, assigner = now(), Assigner([case.unit])
    changed = Case.objects.filter(pk=case.pk, state=Case.State.LATER).update(
        state=Case.State.NEW,
        due_at=after_working_hours(moment, hours, assigner.country_of(case.unit)),
        wait_until=None,
        owner=_owner(case.rule, case.response, assigner, moment) if case.rule else None,
    )
    if changed:
        Note.objects.create(case=case, step="opened")
        mark_changed("cases", [case.public_id])


def past_answers(condition: Mapping[str, Any], days: int) -> QuerySet[Response]:
    """Return the answers of the last `days` days that meet a condition, the newest first."""
    since = today() - timedelta(days)
    recent = Response.objects.filter(answered_on__gt=since)
    return responses_meeting(condition, recent).order_by("-answered_at", "pk")


def open_past(rule: Rule, *, days: int, by: str) -> int:
    """Open cases for past answers without one, the oldest `MOST_AT_ONCE`; return how many."""
    waiting = past_answers(rule.condition, days).filter(case=None)
    chosen = waiting.select_related("customer").order_by("answered_at", "pk")[:MOST_AT_ONCE]
    answers = list(chosen)
    return sum(
        len(open_cases([(rule, response) for response in answers[first : first + AT_ONCE]], by=by))
        for first in range(0, len(answers), AT_ONCE)
    )


def country_of(unit: str) -> str:
    """Return the country whose working days a unit keeps; its own or that of a unit above it."""
    return country_above(Unit.objects.filter(code=unit).first())
