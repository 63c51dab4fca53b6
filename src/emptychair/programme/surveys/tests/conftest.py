from collections.abc import Callable

import pytest
from django.test import Client

from emptychair.programme.accounts.models import User
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Survey


@pytest.fixture
def survey(db: None) -> Survey:
    return services.create_survey(name="Relationship", kind="relationship", by="")


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def page(browser: Client) -> Callable[..., str]:
    """Return a function that gives the text of a page."""

    def text(address: str) -> str:
        response = browser.get(address)
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    return text
