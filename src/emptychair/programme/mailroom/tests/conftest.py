from collections.abc import Callable
from typing import Any

import pytest

from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.lib.clock import now


@pytest.fixture
def survey(db: None) -> Survey:
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    add_standard_wordings(survey)
    return survey


@pytest.fixture
def sent(survey: Survey, settings: Any) -> Callable[..., Invitation]:
    """Return a function that makes an invitation which has left."""
    settings.MAIL_RETURN = "nps@in.example.com"

    def make(code: str = "C1", channel: str = "email", **fields: Any) -> Invitation:
        customer = Customer.objects.create(code=code, country="SE", language="sv")
        phone = f"+4670123456{code[-1]}"
        Contact.objects.create(
            customer=customer, name="Eva", email=f"{code.lower()}@example.com", phone=phone
        )
        return Invitation.objects.create(
            survey=survey,
            customer=customer,
            channel=channel,
            outcome="sent",
            sent_at=now(),
            **fields,
        )

    return make
