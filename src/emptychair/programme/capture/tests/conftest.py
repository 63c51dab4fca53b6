from collections.abc import Callable

import pytest

from emptychair.programme.accounts.models import Unit
from emptychair.programme.capture.models import Invitation, Link, Survey
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.tokens import new_token, token_hash


@pytest.fixture
def survey(db: None) -> Survey:
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")
    add_standard_wordings(survey)
    return survey


@pytest.fixture
def link(survey: Survey, malmo: Unit) -> Link:
    return Link.objects.create(survey=survey, unit=malmo)


@pytest.fixture
def invite(survey: Survey) -> Callable[..., str]:
    """Return a function that invites a customer and gives the token of the link."""

    def make(customer: Customer, **fields: object) -> str:
        token = new_token()
        Invitation.objects.create(
            customer=customer,
            survey=survey,
            channel="email",
            token_hash=token_hash(token),
            **fields,
        )
        return token

    return make


@pytest.fixture
def invited(invite: Callable[..., str]) -> str:
    """The token of an invited customer."""
    customer = Customer.objects.create(code="C1", language="sv", traits={"tier": "basic"})
    return invite(customer)
