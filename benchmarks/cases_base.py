"""Many open cases, made and measured inside an installation (see B17)."""

# ruff: noqa: E402  Django must be set up before its models are imported

import django

django.setup()

import statistics
import time
from datetime import timedelta

from django.conf import settings
from django.test import Client

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.closedloop.models import Case, Note, Rule
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.clock import local_date, now

EMAIL = "bench@example.com"
MANAGER = "manager@example.com"
UNITS = 20
STATES = ("new", "claimed", "contacted", "waiting")
WORDS = "Jag väntade en timme i kassan och ingen sade varför. Det var inte första gången."
ROUNDS = 9


def fill(cases: int) -> None:
    """Make so many customers with an unhappy answer and an open case each."""
    units = [
        Unit.objects.create(code=f"u{n}", name=f"Unit {n}", country="SE") for n in range(UNITS)
    ]
    User.objects.create(email=EMAIL, name="Owner", role=Role.OWNER)
    manager = User.objects.create(email=MANAGER, name="Manager", role=Role.MANAGER, unit=units[0])
    survey = Survey.objects.create(slug="s", name="S", state="open")
    rule = Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})
    moment = now()
    people = Customer.objects.bulk_create(
        [Customer(code=f"c{n}", unit=units[n % UNITS], language="sv") for n in range(cases)]
    )
    Contact.objects.bulk_create(
        [Contact(customer=one, name=f"N {one.pk}", email=f"{one.code}@x.example") for one in people]
    )
    answers = Response.objects.bulk_create(
        [
            Response(
                survey=survey, customer=one, score=n % 7, comment=WORDS, unit=f"u{n % UNITS}",
                channel="email", language="sv", answered_at=moment - timedelta(minutes=n),
                answered_on=local_date(moment - timedelta(minutes=n)),
            )
            for n, one in enumerate(people)
        ]
    )  # fmt: skip
    made = Case.objects.bulk_create(
        [
            Case(
                response=one, customer=one.customer, rule=rule, unit=one.unit,
                owner=manager if n % 3 == 0 else None, state=STATES[n % 4],
                opened_at=one.answered_at, due_at=one.answered_at + timedelta(hours=8),
            )
            for n, one in enumerate(answers)
        ]
    )  # fmt: skip
    Note.objects.bulk_create([Note(case=one, step="opened", text="Unhappy") for one in made])


def measure() -> None:
    """Print the median seconds of each page, by the wall and of the processor, apart by tabs."""
    settings.ALLOWED_HOSTS = ["*"]
    case = Case.objects.order_by("pk")[0].public_id
    pages = (
        ("inbox", EMAIL, "/actions/"),
        ("inbox, tenth page", EMAIL, "/actions/?page=10"),
        ("inbox, by score", EMAIL, "/actions/?sort=score"),
        ("inbox, overdue in a unit", EMAIL, "/actions/?state=overdue&unit=u3"),
        ("inbox, words in the comment", EMAIL, "/actions/?q=kassan"),
        ("inbox of a manager", MANAGER, "/actions/?whose=mine"),
        ("board", EMAIL, "/actions/board/"),
        ("one case", EMAIL, f"/actions/cases/{case}/"),
    )
    for name, reader, address in pages:
        client = Client()
        client.force_login(User.objects.get(email=reader))
        seconds, processor = _seconds(client, address)
        print(f"{name}\t{seconds}\t{processor}", flush=True)


def _seconds(client: Client, address: str) -> tuple[float, float]:
    """Return the median by the clock on the wall and by the processor's."""
    assert client.get(address).status_code == 200, address
    taken, worked = [], []
    for _round in range(ROUNDS):
        began, began_work = time.perf_counter(), time.process_time()
        client.get(address)
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - began_work)
    return statistics.median(taken), statistics.median(worked)
