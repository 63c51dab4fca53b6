"""Who was asked and what was held: kept by day, exact after every change."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.warehouse import layer, services

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 1, 10)
ALL: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2026, 1, 31)}


@pytest.fixture
def survey() -> Survey:
    return Survey.objects.create(slug="relationship", name="Relationship", state="open")


def invite(survey: Survey, code: str, at: datetime, **fields: Any) -> Invitation:
    customer = Customer.objects.create(code=code)
    made = Invitation.objects.create(
        survey=survey,
        customer=customer,
        **{"channel": "email", "unit": "malmo", "sent_at": at, "outcome": "sent", **fields},
    )
    mark_changed("invitations", [made.public_id])
    return made


def test_it_counts_asks_by_local_day_and_follows_their_fate(survey: Survey) -> None:
    # 23.30 UTC on the 9th is the 10th in Stockholm.
    first = invite(survey, "a", datetime(2026, 1, 9, 23, 30, tzinfo=UTC))
    invite(survey, "b", datetime(2026, 1, 10, 9, tzinfo=UTC), unit="lund")
    invite(survey, "c", datetime(2026, 2, 1, 9, tzinfo=UTC))
    services.synchronise()
    found = layer.circumstances(start=DAY, end=DAY)
    assert (found.asked, found.delivered, found.answered) == (2, 2, 0)
    assert found.response_rate == 0
    first.outcome = "bounced"
    first.save()
    mark_changed("invitations", [first.public_id])
    services.synchronise()
    found = layer.circumstances(**ALL)
    assert (found.asked, found.delivered) == (2, 1)
    assert layer.circumstances(**ALL, filters={"unit": "lund"}).asked == 1
    assert layer.circumstances(**ALL, units=frozenset({"lund"})).asked == 1
    assert layer.circumstances(**ALL, filters={"touchpoint": "till"}).asked is None


def test_it_counts_held_responses_by_reason_and_forgets_deleted_ones(survey: Survey) -> None:
    at = datetime(2026, 1, 10, 9, tzinfo=UTC)
    made = [
        Response.objects.create(
            survey=survey,
            score=9,
            channel="link",
            answered_at=at,
            answered_on=DAY,
            held_reason=reason,
        )
        for reason in ("stuffing", "stuffing", "test", "")
    ]
    keys = [response.public_id for response in made]
    mark_changed("responses", keys)
    services.synchronise()
    found = layer.circumstances(**ALL)
    assert found.held == {"stuffing": 2, "test": 1}
    assert sum(found.wordings.values()) == 1
    assert found.response_rate is None
    Response.objects.filter(public_id=keys[0]).delete()
    mark_changed("responses", keys[:1])
    services.rebuild_layer()
    services.synchronise()
    assert layer.circumstances(**ALL).held == {"stuffing": 1, "test": 1}
