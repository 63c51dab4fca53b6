from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers.models import Account, Contact, Customer, Value
from emptychair.programme.lib.clock import local_date, now, today

Made = Callable[..., Customer]


@pytest.fixture
def survey(db: None) -> Survey:
    return Survey.objects.create(slug="relationship", name="Relationship", state="open")


@pytest.fixture
def answer(survey: Survey) -> Callable[..., Response]:
    """Return a function that stores an answer of a customer, so many days ago."""

    def store(customer: Customer, score: int, days: int = 1, **fields: Any) -> Response:
        moment = now() - timedelta(days=days)
        made = Response.objects.create(
            survey=survey,
            customer=customer,
            score=score,
            answered_at=moment,
            answered_on=local_date(moment),
            **{"channel": "email", "language": "en", **fields},
        )
        mark_changed("responses", [made.public_id])
        return made

    return store


@pytest.fixture
def customer(survey: Survey, answer: Callable[..., Response]) -> Made:
    """Return a function that makes a customer, asked and answered as told."""

    def make(
        code: str,
        *scores: int,
        asked: bool = False,
        revenue: int = 0,
        unit: Unit | None = None,
        account: str = "",
        **facts: Any,
    ) -> Customer:
        firm = Account.objects.get_or_create(code=account, defaults={"name": f"Firm {account}"})[0]
        made = Customer.objects.create(
            code=code, unit=unit, account=firm if account else None, **facts
        )
        if not account:
            firm.delete()
        Contact.objects.create(customer=made, name=f"Person {code}", email=f"{code}@example.com")
        if asked:
            ask = Invitation.objects.create(
                customer=made, survey=survey, channel="email", sent_at=now(), outcome="sent"
            )
            mark_changed("invitations", [ask.public_id])
        if revenue:
            month = (today().replace(day=1) - timedelta(days=1)).replace(day=1)
            Value.objects.create(customer=made, month=month, revenue=Decimal(revenue))
            mark_changed("values", [code])
        for days, score in enumerate(reversed(scores), start=1):
            answer(made, score, days)
        mark_changed("customers", [code])
        return made

    return make
