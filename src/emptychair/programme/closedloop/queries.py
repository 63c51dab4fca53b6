"""Reads of cases: the inbox, the board and one case with everything a conversation needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import may, scope_of
from emptychair.programme.capture.models import Response
from emptychair.programme.closedloop.guide import Lines, guide_of
from emptychair.programme.closedloop.labels import KINDS, OUTCOMES, SILENCE, STATES, STEPS
from emptychair.programme.closedloop.models import Case, Note, Promise, Rule
from emptychair.programme.closedloop.reminding import NOT_CONTACTED
from emptychair.programme.closedloop.writing import address_of, messages_of
from emptychair.programme.customers.models import Contact, Customer, Value
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.lists import Column

BOARD_STATES = ("new", "claimed", "contacted", "waiting")
ON_BOARD = 25
HISTORY = 8
SHOWN_CLOSED_DAYS = 30


@dataclass(frozen=True)
class Card:
    """A case in a few words."""

    public_id: str
    score: int | None  # None after a silence
    comment: str
    kind: str
    unit: str
    owner: str
    due_at: datetime
    is_overdue: bool
    is_escalated: bool


@dataclass(frozen=True)
class BoardColumn:
    """One state of the board: how many there are, and the most urgent of them."""

    state: str
    name: object
    n: int
    cards: tuple[Card, ...]
    url: str


@dataclass(frozen=True)
class Answer:
    """One earlier or later answer of the same customer."""

    score: int
    comment: str
    at: datetime
    survey: str


@dataclass(frozen=True)
class Happened:
    """One line of a case's history."""

    at: datetime
    step: object
    by: str
    text: str


@dataclass(frozen=True)
class CasePage:
    """Everything the page of one case shows; what the reader may not see is empty."""

    case: Case
    kind: object
    state: object
    outcome: object
    unit: str
    is_overdue: bool
    score: int | None  # None after a silence
    comment: str
    ratings: tuple[tuple[str, int], ...]
    contact_wanted: bool
    name: str
    email: str
    phone: str
    account: str
    segments: tuple[str, ...]
    customer_since: datetime | None
    revenue: Decimal | None
    answers: tuple[Answer, ...]
    promises: tuple[Promise, ...]
    happened: tuple[Happened, ...]
    guide: Lines
    others: tuple[Card, ...]
    may_change: bool
    may_write: bool


def visible_cases(user: User) -> QuerySet[Case]:
    """Return the cases a colleague may see: employees their own, managers those of their units."""
    cases = Case.objects.exclude(response=None, about=Case.About.ANSWER)
    if user.role == Role.EMPLOYEE:
        return cases.filter(owner=user)
    units = scope_of(user).units
    return cases if units is None else cases.filter(Q(unit__in=units) | Q(owner=user))


def inbox(user: User, said: Mapping[str, str]) -> QuerySet[Case]:
    """Return the cases that filters ask for, the most urgent first.

    Args:
        user: who looks.
        said: `whose` (mine, nobody, all), `state` (open, overdue, or a state), `kind`, `unit`, `q`
            for words of the comment.
    """
    cases = visible_cases(user).select_related("response", "owner")
    whose, state = said.get("whose", ""), said.get("state", "") or "open"
    if whose == "mine":
        cases = cases.filter(owner=user)
    elif whose == "nobody":
        cases = cases.filter(owner=None)
    if state == "open":
        cases = cases.filter(state__in=BOARD_STATES)
    elif state == "overdue":
        cases = cases.filter(state__in=NOT_CONTACTED, due_at__lt=now())
    elif state in STATES:
        cases = cases.filter(state=state)
    if said.get("kind") in KINDS:
        cases = cases.filter(kind=said["kind"])
    if said.get("unit"):
        cases = cases.filter(unit=said["unit"])
    if said.get("q"):
        cases = cases.filter(response__comment__icontains=said["q"])
    order = F("closed_at").desc() if state == "closed" else F("due_at").asc()
    return cases.order_by(order, "pk")


def inbox_columns(*, may_tick: bool) -> tuple[Column, ...]:
    """Return the columns of the inbox."""
    units = dict(Unit.objects.values_list("code", "name"))
    tick = (Column("row", _("Choose"), lambda c: c.public_id, kind="tick"),) if may_tick else ()
    return (
        *tick,
        Column("due_at", _("Contact by"), lambda c: c.due_at, "due_at", "moment", _url),
        Column("score", _("Score"), _score, "response__score", "score", empty_last=True),
        Column("comment", _("Comment"), _words, kind="long"),
        Column("kind", _("Kind"), lambda c: str(KINDS[c.kind]), "kind"),
        Column("state", _("State"), lambda c: str(STATES[c.state]), "state"),
        Column("outcome", _("Outcome"), lambda c: str(OUTCOMES.get(c.outcome, "")), "outcome"),
        Column("unit", _("Unit"), lambda c: units.get(c.unit, c.unit), "unit"),
        Column("owner", _("Owner"), lambda c: str(c.owner or ""), "owner__name"),
    )


def _score(case: Case) -> int | None:
    return case.response.score if case.response else None


def _words(case: Case) -> str:
    return case.response.comment if case.response else str(SILENCE)


def board(user: User, said: Mapping[str, str]) -> tuple[BoardColumn, ...]:
    """Return the open cases by state, the most urgent of each first."""
    cases = inbox(user, {**said, "state": "open"})
    counts = dict(cases.order_by().values_list("state").annotate(n=Count("pk")))
    return tuple(
        BoardColumn(
            state,
            STATES[state],
            counts.get(state, 0),
            _cards(cases.filter(state=state)[:ON_BOARD]),
            f"{reverse('closedloop:cases')}?state={state}",
        )
        for state in BOARD_STATES
    )


def case_page(case: Case, user: User) -> CasePage:
    """Return everything that is known for the conversation about a case."""
    response, customer = case.response, case.customer
    contact = _contact_of(customer) if scope_of(user).pii else None
    names = dict(Unit.objects.filter(code=case.unit).values_list("code", "name"))
    language = (customer.language if customer else "") or (response.language if response else "")
    return CasePage(
        case=case,
        kind=KINDS[case.kind],
        state=STATES[case.state],
        outcome=OUTCOMES.get(case.outcome, ""),
        unit=names.get(case.unit, case.unit),
        is_overdue=is_overdue(case),
        score=response.score if response else None,
        comment=response.comment if response else "",
        ratings=tuple(sorted(response.ratings.items())) if response else (),
        contact_wanted=response.contact_wanted if response else False,
        name=contact.name if contact else "",
        email=contact.email if contact else "",
        phone=contact.phone if contact else "",
        account=customer.account.name if customer and customer.account else "",
        segments=tuple(customer.segments.values_list("name", flat=True)) if customer else (),
        customer_since=customer.created_at if customer else None,
        revenue=_revenue(customer),
        answers=_answers(customer, response),
        promises=tuple(case.promises.select_related("case")),
        happened=_happened(case),
        may_write=bool(contact and address_of(case)),
        guide=guide_of(case.kind, language, response.score)
        if response
        else guide_of("silence", language, 0),
        others=_others(case, user),
        may_change=may(user, "case.change"),
    )


def is_overdue(case: Case) -> bool:
    """Say whether the customer should have been contacted by now."""
    return case.state in NOT_CONTACTED and case.due_at < now()


def tallies(user: User) -> dict[str, int]:
    """Return how many cases are mine, nobody's and overdue, and how many promises are due."""
    cases = visible_cases(user)
    found = cases.filter(state__in=BOARD_STATES).aggregate(
        mine=Count("pk", filter=Q(owner=user)),
        nobody=Count("pk", filter=Q(owner=None)),
        overdue=Count("pk", filter=Q(state__in=NOT_CONTACTED, due_at__lt=now())),
    )
    due = Promise.objects.filter(case__owner=user, kept_at=None, due_on__lte=today())
    return {**found, "promises": due.count()}


def customers_in_cases(keys: Collection[int]) -> set[int]:
    """Return those of the customers whose open case is not about praise: they need help first."""
    cases = Case.objects.filter(customer__in=keys).exclude(state=Case.State.CLOSED)
    found = cases.exclude(kind=Rule.Kind.PRAISE).values_list("customer", flat=True)
    return {key for key in found if key is not None}


def open_promises(user: User) -> QuerySet[Promise]:
    """Return the promises still to be kept in the cases a colleague sees, the first due first."""
    return Promise.objects.filter(kept_at=None, case__in=visible_cases(user)).select_related(
        "case__response"
    )


def _cards(cases: QuerySet[Case]) -> tuple[Card, ...]:
    units = dict(Unit.objects.values_list("code", "name"))
    return tuple(
        Card(
            case.public_id,
            _score(case),
            _words(case),
            str(KINDS[case.kind]),
            units.get(case.unit, case.unit),
            str(case.owner or ""),
            case.due_at,
            is_overdue(case),
            case.escalated_at is not None,
        )
        for case in cases
    )


def _others(case: Case, user: User) -> tuple[Card, ...]:
    """Return the other open cases of the same customer."""
    if case.customer_id is None:
        return ()
    same = visible_cases(user).filter(customer=case.customer_id, state__in=BOARD_STATES)
    return _cards(same.exclude(pk=case.pk).select_related("response", "owner")[:HISTORY])


def _contact_of(customer: Customer | None) -> Contact | None:
    return Contact.objects.filter(customer=customer).first() if customer else None


def _revenue(customer: Customer | None) -> Decimal | None:
    if customer is None:
        return None
    since: date = today() - timedelta(365)
    total = Value.objects.filter(customer=customer, month__gt=since).aggregate(n=Sum("revenue"))
    found: Decimal | None = total["n"]
    return found


def _answers(customer: Customer | None, response: Response | None) -> tuple[Answer, ...]:
    if customer is None:
        return ()
    rows = Response.objects.filter(customer=customer, held_reason="")
    if response is not None:
        rows = rows.exclude(pk=response.pk)
    return tuple(
        Answer(row.score, row.comment, row.answered_at, row.survey.name)
        for row in rows.select_related("survey").order_by("-answered_at")[:HISTORY]
    )


def _happened(case: Case) -> tuple[Happened, ...]:
    notes: QuerySet[Note] = case.notes.select_related("by")
    found = [
        Happened(note.at, STEPS.get(note.step, note.step), str(note.by or ""), note.text)
        for note in notes.order_by("-at", "-pk")
    ]
    found += [Happened(one.at, STEPS["answered"], "", one.text) for one in messages_of(case)]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _url(case: Case) -> str:
    return reverse("closedloop:case", args=[case.public_id])
