from collections.abc import Callable
from typing import Any

import pytest

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.closedloop.models import Case, Rule
from emptychair.programme.closedloop.opening import open_case
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.clock import local_date, now


@pytest.fixture
def customer(malmo: Unit) -> Customer:
    made = Customer.objects.create(code="C1", unit=malmo, language="sv", country="SE")
    Contact.objects.create(customer=made, name="Anna Berg", email="anna@example.com")
    return made


@pytest.fixture
def answer(db: None, customer: Customer) -> Callable[..., Response]:
    """Return a function that stores an answer."""
    survey, _ = Survey.objects.get_or_create(slug="relationship", name="Relationship", state="open")

    def store(score: int = 3, **fields: Any) -> Response:
        moment = fields.pop("at", now())
        given = {"customer": customer, "unit": "malmo", "channel": "email", "language": "sv"}
        return Response.objects.create(
            survey=survey,
            score=score,
            answered_at=moment,
            answered_on=local_date(moment),
            **{**given, **fields},
        )

    return store


@pytest.fixture
def rule(db: None) -> Rule:
    return Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})


@pytest.fixture
def case(rule: Rule, answer: Callable[..., Response], bob: User) -> Case:
    made = open_case(rule, answer(2, comment="Lång kö"))
    assert made is not None
    return made


@pytest.fixture
def recorded() -> Callable[[Response], Activity]:
    """Return a function that makes the activity of an answer, as the hot path does."""
    return lambda response: Activity(action="response.recorded", subject=response.public_id)
