"""The API for programs: events in, answers in. JSON read strictly, errors as problem+json."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from emptychair.programme.accounts.keys import admit, with_key
from emptychair.programme.accounts.models import Unit
from emptychair.programme.accounts.policy import public
from emptychair.programme.capture import answering
from emptychair.programme.capture.answering_targets import Target
from emptychair.programme.capture.models import Survey
from emptychair.programme.capture.submission import (
    MOST_BYTES,
    Problem,
    Submission,
    read_moment,
    submission_of,
)
from emptychair.programme.customers.events import NewEvent, Person, record_events
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib import strict_json
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.middleware import problem

MOST_EVENTS = 500
MOST_EVENT_BYTES = 1_048_576
MOST_TRAITS = 50
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)  # another system's clock may be so far ahead
_EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,39}", re.ASCII)
_CODE = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_EVENT_FIELDS = frozenset({"event_id", "customer_id", "kind", "at", "amount", "customer"})
_PERSON = {"name": 200, "email": 254, "phone": 40, "language": 2, "country": 2, "unit": 60}
_ANSWER_FIELDS = ("survey", "customer_id", "unit", "employee")
_STATUS = {"event_differs": 409, "customer_unknown": 422, "unit_unknown": 422}


class WrongError(Exception):
    """A body says something that cannot be; becomes problem+json."""

    def __init__(self, code: str, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.status = code, sentence, status


def _json_api(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except WrongError as error:
            return problem(error.status, error.code, error.sentence)
        except RefusedError as error:
            return problem(_STATUS.get(error.code, 400), error.code, error.sentence)

    answered.__doc__, answered.__module__ = view.__doc__, view.__module__
    return answered


@require_POST
@with_key("event.write")
@_json_api
def events(request: HttpRequest) -> HttpResponseBase:
    """Store events of customers, one or up to 500; each counts once by its `event_id`."""
    return _events(request)


# The key in the address is the proof; no cookie is involved.
@csrf_exempt
@public
@require_POST
def hook(request: HttpRequest, key: str) -> HttpResponseBase:
    """Take the same events from systems that can only call an address."""
    return admit(request, key, "event.write") or _json_api(_events)(request)


def _events(request: HttpRequest) -> HttpResponseBase:
    said = _body(request, MOST_EVENT_BYTES)
    rows = said["events"] if isinstance(said, dict) and set(said) == {"events"} else [said]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_EVENTS:
        sentence = f'Send one event, or {{"events": [...]}} with 1 to {MOST_EVENTS}.'
        raise WrongError("events_shape", sentence)
    found = [_event(row, f"events[{place}]") for place, row in enumerate(rows)]
    key = request.api_key  # type: ignore[attr-defined]
    try:
        is_new = record_events(found, by=key.public_id)
    except IntegrityError:  # the same ids came at the same time, and are known by now
        is_new = record_events(found, by=key.public_id)
    body = [
        {"event_id": event.event_id, "status": "created" if new else "known"}
        for event, new in zip(found, is_new, strict=True)
    ]
    return JsonResponse({"events": body}, status=201 if any(is_new) else 200)


@require_POST
@with_key("response.write")
@_json_api
def responses(request: HttpRequest) -> HttpResponseBase:
    """Store an answer that was given elsewhere; it counts once by its `submission_id`."""
    said = _body(request, MOST_BYTES)
    if not isinstance(said, dict):
        raise WrongError("json_shape", "Send one JSON object.")
    around = {name: _text(said, name, 80, "") for name in _ANSWER_FIELDS}
    submission = submission_of({k: v for k, v in said.items() if k not in _ANSWER_FIELDS})
    outcome = submission if isinstance(submission, Problem) else _stored(submission, around)
    if isinstance(outcome, Problem):
        return problem(outcome.status, outcome.code, outcome.sentence)
    body = {"response": outcome.response, "submission_id": outcome.submission_id}
    return JsonResponse(body, status=201 if outcome.created else 200)


def _stored(said: Submission, around: Mapping[str, str | None]) -> answering.Outcome:
    if said.unconfirmed or said.amends or said.trap:
        return Problem(400, "field_unknown", "unconfirmed, amends and leave_empty are for pages.")
    survey = Survey.objects.select_related("touchpoint").filter(slug=around["survey"]).first()
    if survey is None:
        return Problem(422, "survey_unknown", f"There is no survey {around['survey']!a}.")
    if survey.state == Survey.State.CLOSED:
        return answering.CLOSED
    customer = Customer.objects.filter(code=around["customer_id"]).first()
    if around["customer_id"] and customer is None:
        return Problem(422, "customer_unknown", f"There is no customer {around['customer_id']!a}.")
    if around["unit"] and not Unit.objects.filter(code=around["unit"]).exists():
        return Problem(422, "unit_unknown", f"There is no unit {around['unit']!a}.")
    target = _target(survey, customer, around)
    return answering.store(lambda _: target, said)


def _target(survey: Survey, customer: Customer | None, around: Mapping[str, str | None]) -> Target:
    unit = around["unit"] or (customer.unit.code if customer and customer.unit else "")
    return Target(
        survey.pk,
        "api",
        customer=customer.pk if customer else None,
        unit=unit,
        employee=around["employee"] or "",
        touchpoint=survey.touchpoint.slug if survey.touchpoint else "",
        traits=answering.traits_text(customer.traits if customer else {}),
        state_reason="test" if survey.state == Survey.State.DRAFT else "",
    )


def _body(request: HttpRequest, most: int) -> Any:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongError("content_type", "Send JSON: Content-Type: application/json.", 415)
    if len(request.body) > most:
        raise WrongError("too_large", f"Send at most {most} bytes.", 413)
    try:
        return strict_json.read(request.body)
    except ValueError as error:
        sentence = "The body is not valid JSON with unique keys."
        raise WrongError("json_unreadable", sentence) from error


def _event(said: Any, where: str) -> NewEvent:
    if not isinstance(said, dict):
        raise WrongError("event_shape", f"{where} must be a JSON object.")
    if unknown := sorted(set(said) - _EVENT_FIELDS):
        raise WrongError("field_unknown", f"{where} has no field {unknown[0][:60]!a}.")
    event_id, kind = said.get("event_id"), said.get("kind")
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        sentence = f"{where}.event_id: 8 to 64 of A-Z a-z 0-9 _ . : -, made by you, one for each."
        raise WrongError("event_id", sentence)
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise WrongError("kind", f"{where}.kind: a word such as purchase, in small letters.")
    return NewEvent(
        event_id,
        _code(said.get("customer_id"), f"{where}.customer_id"),
        kind,
        _at(said.get("at"), where),
        _amount(said.get("amount"), where),
        _person(said.get("customer"), f"{where}.customer"),
    )


def _code(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value) or not _is_whole(value):
        raise WrongError("customer_id", f"{where}: your own id of the customer, 1 to 80 letters.")
    return value


def _at(value: Any, where: str) -> datetime:
    if value is None:
        return now()
    moment = read_moment(value)
    if moment is None or not EARLIEST <= moment <= now() + AHEAD:
        sentence = f"{where}.at: a moment with its zone since 2000, not in the future."
        raise WrongError("at", sentence)
    return moment.astimezone(UTC)


def _amount(value: Any, where: str) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= 1e12:
        raise WrongError("amount", f"{where}.amount: a number in the installation's currency.")
    return round(Decimal(str(value)), 2)


def _person(said: Any, where: str) -> Person | None:
    if said is None:
        return None
    if not isinstance(said, dict):
        raise WrongError("customer_shape", f"{where} must be a JSON object.")
    if unknown := sorted(set(said) - {*_PERSON, "traits"}):
        raise WrongError("field_unknown", f"{where} has no field {unknown[0][:60]!a}.")
    texts = {name: _text(said, name, most, None) for name, most in _PERSON.items()}
    language, country = texts["language"], texts["country"]
    if language and not re.fullmatch("[a-z]{2}", language, re.ASCII):
        raise WrongError("language", f"{where}.language: a code of two letters, such as sv.")
    if country and not re.fullmatch("[A-Z]{2}", country, re.ASCII):
        raise WrongError("country", f"{where}.country: a code of two letters, such as SE.")
    return Person(**texts, traits=_traits(said.get("traits", {}), where))


def _text(said: Mapping[str, Any], name: str, most: int, default: str | None) -> str | None:
    value = said.get(name, default)
    if value is None:
        return default
    if not isinstance(value, str) or len(value) > most or "\0" in value or not _is_whole(value):
        raise WrongError(name, f"{name}: text of at most {most} letters.")
    return value


def _traits(said: Any, where: str) -> dict[str, Any]:
    if not isinstance(said, dict) or len(said) > MOST_TRAITS:
        raise WrongError("traits", f"{where}.traits: an object of at most {MOST_TRAITS} facts.")
    for name, value in said.items():
        is_fact = isinstance(value, str | int | float | bool) and len(str(value)) <= 200
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name, re.ASCII) or not is_fact:
            sentence = f"{where}.traits: names of small letters; values text, number, true, false."
            raise WrongError("traits", sentence)
        if isinstance(value, str) and ("\0" in value or not _is_whole(value)):
            raise WrongError("traits", f"{where}.traits.{name} is not text.")
    return dict(said)


def _is_whole(text: str) -> bool:
    """Say whether text has no half characters, which no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
