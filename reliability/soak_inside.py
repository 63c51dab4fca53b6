"""What a soak does inside the installation: a base, asks over time, and a look at the layer."""

# ruff: noqa: E402  Django must be set up before its models are imported

import django

django.setup()

import time
from datetime import timedelta

from benchmarks.cases_base import EMAIL
from benchmarks.cases_base import fill as fill_cases
from benchmarks.readers_base import cookie_of
from django.db import transaction
from django.db.models import Min

from emptychair.programme.activity.models import Activity, Delivery
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.activity.worker import name_of
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.closedloop.opening import consider_answer
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import layer
from emptychair.programme.warehouse.services import synchronise

ASKED = "soak"


def fill(customers: int) -> None:
    """Make customers with an answer and an open case each; print a colleague's cookie."""
    fill_cases(customers)
    mark_changed("responses", list(Response.objects.values_list("public_id", flat=True)))
    mark_changed("customers", list(Customer.objects.values_list("code", flat=True)))
    synchronise()
    print(cookie_of(EMAIL))


def ask(number: int, seconds: float) -> None:
    """Plan invitations by mail, one after another over the next `seconds`."""
    survey, moment = Survey.objects.get(slug="r"), now()
    with transaction.atomic():
        people = Customer.objects.bulk_create(
            [Customer(code=f"{ASKED}{n}", country="SE", language="sv") for n in range(number)]
        )
        Contact.objects.bulk_create(
            [Contact(customer=one, email=f"{one.code}@example.com") for one in people]
        )
        Invitation.objects.bulk_create(
            [
                Invitation(
                    survey=survey, customer=one, channel="email",
                    planned_at=moment + timedelta(seconds=seconds * n / number),
                )
                for n, one in enumerate(people)
            ]
        )  # fmt: skip


def sent() -> None:
    """Print how many of them count as sent."""
    print(Invitation.objects.filter(customer__code__startswith=ASKED, outcome="sent").count())


def watch() -> None:
    """Print again and again when the layer had how many answers, and how late follow-ups are."""
    while True:
        counted = layer.counts(start=today() - timedelta(days=30), end=today())
        there = sum(counts.n for counts in counted.values())
        there += Response.objects.exclude(held_reason="").count()
        print(time.monotonic(), there, _oldest_follow_up(), flush=True)
        time.sleep(0.5)


def _oldest_follow_up() -> float:
    """Return for how many seconds the oldest answer has waited to be followed up."""
    new = Activity.objects.filter(dispatched=False).aggregate(at=Min("at"))["at"]
    owed = Delivery.objects.filter(handler=name_of(consider_answer)).order_by("pk")
    moments = [new, owed.values_list("activity__at", flat=True).first()]
    return max([(now() - at).total_seconds() for at in moments if at], default=0.0)


if __name__ == "__main__":
    watch()
