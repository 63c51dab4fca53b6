"""Events and answers from other systems: with a key, strictly read, once each."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from emptychair.programme.accounts.keys import make_key, revoke_key
from emptychair.programme.accounts.models import ApiKey, Role, User
from emptychair.programme.activity.models import Change
from emptychair.programme.capture.inviting import plan_events
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers.models import Customer, Event, Segment
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError

EVENTS, ANSWERS = "/api/v1/events", "/api/v1/responses"
EVENT = {"event_id": "order-4711", "customer_id": "C1", "kind": "purchase"}
Send = Callable[..., object]


@pytest.fixture
def key(alice: User) -> str:
    return make_key(name="CRM", scopes=["event.write", "response.write"], days=30, by=alice)[1]


@pytest.fixture
def send(client: Client, key: str) -> Send:
    def post(path: str, said: object, auth: str = f"Bearer {key}", **more: object) -> object:
        body = said if isinstance(said, str | bytes) else json.dumps(said)
        headers = {"Authorization": auth} if auth else {}
        return client.post(path, body, content_type="application/json", headers=headers, **more)

    return post


@pytest.fixture
def customer(db: None) -> Customer:
    return Customer.objects.create(code="C1", language="sv")


def code_of(reply) -> tuple[int, str]:
    assert reply.headers["Content-Type"] == "application/problem+json"
    return reply.status_code, reply.json()["code"]


def test_it_stores_an_event_once_however_often_it_comes(send: Send, customer: Customer) -> None:
    first = send(EVENTS, EVENT | {"amount": 129.5, "at": "2026-03-29T14:05:00+02:00"})
    assert first.status_code == 201
    assert first.json() == {"events": [{"event_id": "order-4711", "status": "created"}]}
    again = send(EVENTS, EVENT | {"amount": 129.50, "at": "2026-03-29T12:05:00Z"})
    assert (again.status_code, again.json()["events"][0]["status"]) == (200, "known")
    event = Event.objects.get()
    assert (event.kind, str(event.amount), event.at.hour) == ("purchase", "129.50", 12)
    assert Change.objects.filter(table="events", key="C1").exists()
    other = send(EVENTS, EVENT | {"amount": 5, "at": "2026-03-29T14:05:00+02:00"})
    assert code_of(other) == (409, "event_differs")


def test_it_stores_all_events_of_a_request_or_none(send: Send, customer: Customer) -> None:
    good, bad = EVENT, EVENT | {"event_id": "order-4712", "customer_id": "nobody"}
    assert code_of(send(EVENTS, {"events": [good, bad]})) == (422, "customer_unknown")
    assert not Event.objects.exists()
    both = {"events": [good, good, EVENT | {"event_id": "order-4713"}]}
    at = {"at": now().isoformat()}
    both = {"events": [one | at for one in both["events"]]}
    said = [one["status"] for one in send(EVENTS, both).json()["events"]]
    assert said == ["created", "known", "created"]


def test_an_event_may_bring_its_customer(send: Send) -> None:
    Segment.objects.create(slug="gold", name="G", rule=[{"field": "trait:tier", "is": ["gold"]}])
    person = {"email": "Eva@example.com", "name": "Eva", "language": "sv", "country": "SE"}
    said = EVENT | {"customer": person | {"traits": {"tier": "gold"}}}
    assert send(EVENTS, said).status_code == 201
    customer = Customer.objects.select_related("contact").get()
    assert (customer.contact.email, customer.traits) == ("Eva@example.com", {"tier": "gold"})
    assert customer.segments.get().slug == "gold"


def test_a_question_follows_an_event_after_its_delay(send: Send, customer: Customer) -> None:
    survey = Survey.objects.create(
        slug="after", name="After", kind="transactional", state="open", event_kind="purchase",
        delay_hours=2, rule=[{"field": "language", "is": ["sv"]}],
    )  # fmt: skip
    at = (now() - timedelta(hours=3)).isoformat()
    send(EVENTS, EVENT | {"at": at})
    send(EVENTS, EVENT | {"event_id": "order-4799"})
    assert plan_events(survey, now()) == 1
    assert Invitation.objects.get().event == Event.objects.get(client_id="order-4711")


def test_a_hook_takes_the_same_events_by_its_address(
    client: Client, key: str, customer: Customer
) -> None:
    reply = client.post(f"/api/v1/hooks/{key}", json.dumps(EVENT), content_type="application/json")
    assert reply.status_code == 201
    reply = client.post("/api/v1/hooks/ec_wrong", "{}", content_type="application/json")
    assert code_of(reply) == (401, "key_wrong")


def test_it_stores_an_answer_given_elsewhere(send: Send, customer: Customer, malmo: object) -> None:
    survey = Survey.objects.create(slug="shop", name="Shop", state="open")
    said = {
        "submission_id": "delighted-000000042", "survey": "shop", "customer_id": "C1", "score": 9,
        "comment": "Bra", "unit": "malmo", "answered_at": (now() - timedelta(days=3)).isoformat(),
    }  # fmt: skip
    assert send(ANSWERS, said).status_code == 201
    assert send(ANSWERS, said).status_code == 201  # a repeat gets the same reply
    response = Response.objects.get()
    assert (response.score, response.channel, response.unit) == (9, "api", "malmo")
    assert (response.customer, response.survey, response.clock) == (customer, survey, "device")
    assert response.answered_at < now() - timedelta(days=2)
    assert code_of(send(ANSWERS, said | {"score": 3})) == (409, "submission_differs")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"survey": "none"}, "survey_unknown"),
        ({"customer_id": "none"}, "customer_unknown"),
        ({"unit": "none"}, "unit_unknown"),
        ({"score": 11}, "score"),
        ({"score": None}, "score"),
        ({"answered_at": "yesterday"}, "answered_at"),
        ({"unconfirmed": True}, "field_unknown"),
        ({"survey": 5}, "survey"),
        ({"employee": "x\0"}, "employee"),
        ({"held_reason": ""}, "field_unknown"),
    ],
)
def test_it_refuses_an_answer_with_a_code(
    send: Send, customer: Customer, change: dict[str, object], code: str
) -> None:
    Survey.objects.create(slug="shop", name="Shop", state="open")
    said = {"submission_id": "x" * 16, "survey": "shop", "score": 9}
    status, found = code_of(send(ANSWERS, said | change))
    assert (status in (400, 422), found) == (True, code)
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_id": "short"}, "event_id"),
        ({"event_id": 12345678}, "event_id"),
        ({"kind": "Purchase"}, "kind"),
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": "\ud800"}, "customer_id"),
        ({"at": "2026-03-29T14:05:00"}, "at"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"at": "1999-01-01T00:00:00Z"}, "at"),
        ({"at": 1774792800}, "at"),
        ({"amount": "12"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 1e13}, "amount"),
        ({"price": 12}, "field_unknown"),
        ({"customer": "Eva"}, "customer_shape"),
        ({"customer": {"age": 5}}, "field_unknown"),
        ({"customer": {"country": "se"}}, "country"),
        ({"customer": {"email": "not one"}}, "email_invalid"),
        ({"customer": {"unit": "none"}}, "unit_unknown"),
        ({"customer": {"traits": {"a b": 1}}}, "traits"),
        ({"customer": {"traits": {"a": [1]}}}, "traits"),
    ],
)
def test_it_refuses_an_event_with_a_code(
    send: Send, customer: Customer, change: dict[str, object], code: str
) -> None:
    status, found = code_of(send(EVENTS, EVENT | change))
    assert (status in (400, 422), found) == (True, code)
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", ["null", "[]", "{", '{"a":1,"a":2}', "[" * 9_000, '{"events":[]}'])
def test_it_refuses_what_is_no_event(send: Send, body: str) -> None:
    assert code_of(send(EVENTS, body))[0] == 400


def test_it_refuses_too_much_and_other_kinds(client: Client, send: Send, key: str) -> None:
    assert code_of(send(EVENTS, b'{"x": "' + b"x" * 1_100_000 + b'"}'))[0] == 413
    assert code_of(send(EVENTS, {"events": [EVENT] * 501}))[0] == 400
    reply = client.post(
        EVENTS, "a=b", content_type="text/plain", headers={"Authorization": f"Bearer {key}"}
    )
    assert code_of(reply) == (415, "content_type")


def test_only_a_key_that_works_comes_in(send: Send, key: str, alice: User) -> None:
    assert code_of(send(EVENTS, EVENT, auth=""))[0] == 401
    assert code_of(send(EVENTS, EVENT, auth="Bearer " + key[:-1] + "A"))[0] in (401, 422)
    assert code_of(send(EVENTS, EVENT, auth="Bearer ec_nonsense"))[0] == 401
    basic = base64.b64encode(f"{key}:".encode()).decode()
    assert code_of(send(EVENTS, EVENT, auth=f"Basic {basic}")) == (422, "customer_unknown")
    assert code_of(send(EVENTS, EVENT, auth="Basic %%%"))[0] == 401
    ApiKey.objects.update(scopes=["response.write"])
    assert code_of(send(EVENTS, EVENT)) == (403, "key_scope")
    ApiKey.objects.update(scopes=["event.write"], expires_at=now())
    assert code_of(send(EVENTS, EVENT))[0] == 401
    ApiKey.objects.update(expires_at=now() + timedelta(days=1))
    revoke_key(ApiKey.objects.get(), by=alice)
    assert code_of(send(EVENTS, EVENT))[0] == 401


def test_a_key_dies_with_its_owner(send: Send, alice: User) -> None:
    User.objects.update(is_active=False)
    assert code_of(send(EVENTS, EVENT))[0] == 401
    User.objects.update(is_active=True, role=Role.EMPLOYEE)
    assert code_of(send(EVENTS, EVENT))[0] == 403


def test_keys_are_made_shown_once_and_revoked(client: Client, alice: User) -> None:
    client.force_login(alice)
    said = {"name": "CRM", "scopes": ["event.write"], "days": "90"}
    page = client.post("/people/keys/", said).content.decode()
    key = ApiKey.objects.get()
    assert f"ec_{key.prefix}_" in page
    assert key.key_hash not in page
    again = client.get("/people/keys/").content.decode()
    assert "Copy it now" not in again
    client.post(f"/people/keys/{key.public_id}/revoke")
    assert "Revoked" in client.get("/people/keys/").content.decode()
    assert client.post("/people/keys/", {"name": "x", "days": "90"}).status_code == 400


def test_nobody_makes_a_key_that_may_more_than_its_owner(
    make_user: Callable[..., User], alice: User
) -> None:
    with pytest.raises(RefusedError, match="scope"):
        make_key(name="x", scopes=["event.write"], days=30, by=make_user(Role.EMPLOYEE))
    with pytest.raises(RefusedError, match="scope"):
        make_key(name="x", scopes=["user.change"], days=30, by=alice)
    with pytest.raises(RefusedError, match="1 to 730"):
        make_key(name="x", scopes=["event.write"], days=9_999, by=alice)
