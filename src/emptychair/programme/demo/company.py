"""The demo's company: simulated once, kept in the data folder, with a log-in for each role."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from django.conf import settings
from django.db import models

from emptychair.analysis.tables.simulate import load_config, simulate_company
from emptychair.programme.accounts.models import Role, User
from emptychair.programme.accounts.services import save_user
from emptychair.programme.capture.models import (
    Link,
    Response,
    Survey,
)
from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.closedloop.opening import open_past
from emptychair.programme.closedloop.services import claim, close, contact, save_rule
from emptychair.programme.demo.filling import fill
from emptychair.programme.demo.promoters import help_along, praise_colleague
from emptychair.programme.insight.services import refresh_readings
from emptychair.programme.lib.clock import today
from emptychair.programme.mailroom.examples import write_examples
from emptychair.programme.warehouse.services import synchronise

CASE_DAYS = 21
Say = Callable[[str], None]


@dataclass(frozen=True)
class LogIn:
    """Who may look at the demo, and how."""

    role: str
    email: str
    password: str


def ensure(*, customers: int, seed: int, say: Say) -> list[LogIn]:
    """Make the company unless it is there already; return a log-in for each role."""
    if not Survey.objects.exists():
        say(f"Simulating a company of {customers} customers ...")
        config = replace(load_config(), customers=customers)
        company = simulate_company(config, seed=seed, until=today() - timedelta(1))
        say("Filling the database ...")
        fill(company, Random(seed))  # noqa: S311  names of made-up people
        write_examples()
        say("Making the sums ...")
        synchronise()
        refresh_readings()
    log_ins = _log_ins()
    if not Rule.objects.exists():
        _cases()
        help_along(User.objects.get(email="owner@nordhem.example"))
        praise_colleague(User.objects.get(email="employee@nordhem.example"))
    return log_ins


def survey_path() -> str:
    """Return the address of the public survey."""
    return f"/s/{Link.objects.order_by('pk').values_list('public_id', flat=True)[0]}"


def _log_ins() -> list[LogIn]:
    path = settings.DATA / "demo_password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"nordhem-{secrets.token_hex(4)}")
    password = path.read_text()
    busiest = _busiest_unit()
    people = (
        (Role.OWNER, "owner@nordhem.example", "Alice Lindqvist", ""),
        (Role.LEADER, "ceo@nordhem.example", "Carl Bergman", ""),
        (Role.ANALYST, "analyst@nordhem.example", "Dina Holst", ""),
        (Role.MANAGER, "manager@nordhem.example", "Bo Nyholm", busiest),
        (Role.EMPLOYEE, "employee@nordhem.example", "Elin Strand", busiest),
        (Role.ADMIN, "admin@nordhem.example", "Adam Falk", ""),
    )
    there = set(User.objects.values_list("email", flat=True))
    for role, email, name, unit in people:
        if email not in there:  # hashing a password takes its time
            save_user(email=email, name=name, role=role, unit=unit, password=password)
    return [LogIn(str(role.label), email, password) for role, email, _, _ in people]


def _cases() -> None:
    """Make the rules that open cases, and let some of the last weeks' unhappy be looked after."""
    owner, manager = (
        User.objects.get(email=f"{name}@nordhem.example") for name in ("owner", "manager")
    )
    wishes, unhappy, praise = (
        Rule(
            name="Wants to be contacted",
            position=1,
            condition={"contact_wanted": True},
            contact_hours=4,
        ),
        Rule(name="Unhappy customers", position=2, condition={"scores": [0, 6]}, holdout_percent=5),
        Rule(
            name="Praise",
            position=9,
            kind=Rule.Kind.PRAISE,
            condition={"scores": [10, 10], "has_comment": True},
        ),
    )
    for rule in (wishes, unhappy, praise):
        rule.is_on = rule is not praise
        save_rule(rule, people=[], by=owner)
    open_past(unhappy, days=CASE_DAYS, by=owner.public_id)
    oldest = Case.objects.filter(state=Case.State.NEW).order_by("response__answered_at")
    for number, case in enumerate(oldest[: 2 * oldest.count() // 3]):
        claim(case, by=manager)
        if number % 3:
            contact(case, said="Rang och lyssnade.", by=manager)
        if number % 3 == 2:
            outcome = "recovered" if number % 2 else "unchanged"
            close(case, outcome=outcome, root_cause="Väntetid", said="", by=manager)


def _busiest_unit() -> str:
    by_unit = Response.objects.exclude(unit="").values("unit")
    return str(by_unit.annotate(n=models.Count("id")).order_by("-n")[0]["unit"])
