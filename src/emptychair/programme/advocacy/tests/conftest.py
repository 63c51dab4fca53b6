from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from emptychair.programme.accounts.models import Unit
from emptychair.programme.advocacy.models import Plan, Platform
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.clock import local_date, now


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let mail leave at night too."""
    from emptychair.programme.advocacy import asking

    monkeypatch.setattr(asking, "may_reach", lambda moment, country: True)


@pytest.fixture
def survey(db: None) -> Survey:
    made = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    add_standard_wordings(made)
    return made


@pytest.fixture
def make_customer(malmo: Unit, survey: Survey) -> Callable[..., Customer]:
    """Return a function that makes a customer who has answered."""

    def make(code: str, score: int = 10, days_ago: int = 5, **fields: Any) -> Customer:
        given = {"unit": malmo, "language": "en", "country": "SE"}
        made = Customer.objects.create(
            code=code, created_at=now() - timedelta(days=900), **{**given, **fields}
        )
        Contact.objects.create(
            customer=made, name=f"Name {code}", email=f"{code.lower()}@example.com"
        )
        at = now() - timedelta(days=days_ago)
        Response.objects.create(
            survey=survey, customer=made, score=score, comment=f"Words of {code}", unit="malmo",
            channel="email", language="en", answered_at=at, answered_on=local_date(at),
        )  # fmt: skip
        return made

    return make


@pytest.fixture
def anna(make_customer: Callable[..., Customer]) -> Customer:
    return make_customer("C1")


@pytest.fixture
def platform(db: None) -> Platform:
    return Platform.objects.create(name="Omdöme", url="https://reviews.example/nordhem")


@pytest.fixture
def plan(db: None) -> Callable[..., Plan]:
    """Return a function that keeps a plan."""
    return lambda **fields: Plan.objects.update_or_create(defaults=fields, key=1)[0]
