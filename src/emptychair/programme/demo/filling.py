"""The simulated company as rows of the database."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pyarrow as pa
from django.db import models, transaction

from emptychair.analysis.tables.simulate import Company
from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import (
    Invitation,
    LedgerEntry,
    Link,
    Response,
    Survey,
    Wording,
)
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.capture.submission import Submission
from emptychair.programme.customers.models import Account, Contact, Customer, Event, Segment, Value
from emptychair.programme.customers.services import refresh_memberships, save_segment
from emptychair.programme.insight.models import Benchmark
from emptychair.programme.journeys.models import Driver, Journey, Stage, Touchpoint
from emptychair.programme.lib.clock import today

BATCH = 2_000
Row = dict[str, Any]
FIRST_NAMES = (
    *("Anna", "Erik", "Maria", "Lars", "Karin", "Anders", "Sofie", "Mikkel", "Freja", "Mads"),
    *("Ingrid", "Ole", "Kari", "Sigrid", "Emma", "Oskar", "Ida", "Jonas", "Linnea", "Nils"),
)
LAST_NAMES = (
    *("Andersson", "Johansson", "Lindberg", "Nyström", "Sjögren", "Jensen", "Nielsen", "Møller"),
    *("Østergaard", "Hansen", "Berg", "Haugen", "Dahl", "Åkesson", "Holm", "Engström"),
)
ROLES = ("decision maker", "user", "user", "purchasing", "finance")
DRIVER_NAMES = {
    "waiting": {"sv": "Väntetid", "da": "Ventetid", "nb": "Ventetid", "en": "Waiting time"},
    "staff": {"sv": "Personal", "da": "Personale", "nb": "Betjening", "en": "Staff"},
    "price": {"sv": "Pris", "da": "Pris", "nb": "Pris", "en": "Price"},
    "range": {"sv": "Sortiment", "da": "Udvalg", "nb": "Utvalg", "en": "Range"},
    "delivery": {"sv": "Leverans", "da": "Levering", "nb": "Levering", "en": "Delivery"},
    "website": {"sv": "Webbplats", "da": "Hjemmeside", "nb": "Nettside", "en": "Website"},
}


@transaction.atomic
def fill(company: Company, random: Random) -> None:
    """Store the tables of a simulated company as the programme would have."""
    tables = company.tables
    units = _units(tables)
    accounts = _accounts(tables["customers"])
    origins = {row["referred_id"]: row["origin"] for row in _rows(tables["referrals"])}
    people = _customers(tables["customers"], units, accounts, random, origins)
    _segments(tables["customers"])
    surveys = _surveys(tables["responses"])
    asked = _invitations(tables["invitations"], surveys, people)
    _responses(tables["responses"], surveys, people)
    _values_and_events(tables, people)
    Benchmark.objects.create(
        name="Nordic retail, median",
        nps_points=28,
        source="Made up for the demo",
        published_on=today() - timedelta(120),
    )
    mark_changed("customers", people)
    mark_changed("values", people)
    mark_changed("events", people)
    mark_changed("invitations", asked)


def _units(tables: Mapping[str, pa.Table]) -> dict[str, Unit]:
    """Make a region per country and a shop per unit of the company; return the shops by name."""
    regions = {
        code: Unit.objects.create(code=code.lower(), name=name, country=code)
        for code, name in (("SE", "Sverige"), ("DK", "Danmark"), ("NO", "Norge"))
    }
    pairs = tables["customers"].select(["unit", "country"]).group_by(["unit", "country"])
    country: dict[str, str] = {}
    for row in pairs.aggregate([]).sort_by("country").to_pylist():
        country.setdefault(row["unit"], row["country"])
    return {
        name: Unit.objects.create(
            code=_code(name), name=name, country=land, parent=regions.get(land)
        )
        for name, land in country.items()
    }


def _code(unit: str) -> str:
    """Return the code of a unit: its name in plain letters."""
    letters = str.maketrans("åäöøæ", "aaooa")
    return unit.lower().translate(letters).replace(" ", "-")


def _accounts(customers: pa.Table) -> dict[str, Account]:
    codes = [code for code in customers["account_id"].unique().to_pylist() if code]
    made = Account.objects.bulk_create([Account(code=c, name=f"Bolag {c}") for c in codes])
    return {account.code: account for account in made}


def _customers(
    table: pa.Table,
    units: Mapping[str, Unit],
    accounts: Mapping[str, Account],
    random: Random,
    origins: Mapping[str, str],
) -> dict[str, int]:
    _insert(
        Customer,
        (
            Customer(
                code=row["customer_id"],
                account=accounts.get(row["account_id"]),
                unit=units.get(row["unit"]),
                language=row["language"] or "",
                country=row["country"] or "",
                contactable=row["contactable"],
                created_at=row["created_at"],
                left_at=row["left_at"],
                left_reason=row["left_reason"] or "",
                traits=_traits(row) | _role(row, random) | _origin(row, origins),
            )
            for row in _rows(table)
        ),
    )
    keys = dict(Customer.objects.values_list("code", "pk"))
    _insert(Contact, (_contact(code, key, random) for code, key in keys.items()))
    return keys


def _role(row: Row, random: Random) -> Row:
    """Return what a person of a company does there."""
    return {"role": random.choice(ROLES)} if row["account_id"] else {}


def _origin(row: Row, origins: Mapping[str, str]) -> Row:
    """Return how a customer came, where that is known."""
    origin = origins.get(row["customer_id"], "unknown")
    return {"origin": origin} if origin != "unknown" else {}


def _contact(code: str, key: int, random: Random) -> Contact:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return Contact(customer_id=key, name=f"{first} {last}", email=f"{code.lower()}@example.com")


def _segments(customers: pa.Table) -> None:
    prefix = "segment_"
    slugs = [n.removeprefix(prefix) for n in customers.column_names if n.startswith(prefix)]
    for priority, slug in enumerate(slugs, start=1):
        save_segment(
            slug=slug,
            name=slug.replace("_", " ").capitalize(),
            rule=[{"field": "trait:segment", "is": [slug]}],
            priority=priority,
            is_key=priority <= 2,
            actor="",
        )
    refresh_memberships(Segment.objects.all())


def _surveys(responses: pa.Table) -> dict[str, Survey]:
    surveys: dict[str, Survey] = {}
    places = _touchpoints(responses)
    drivers = _drivers(responses)
    columns = ["survey", "survey_kind", "touchpoint"]
    seen = responses.select(columns).group_by(columns).aggregate([]).to_pylist()
    for row in sorted(seen, key=str):
        if row["survey"] in surveys:
            continue
        surveys[row["survey"]] = survey = Survey.objects.create(
            slug=row["survey"],
            name=row["survey"].replace("-", " ").capitalize(),
            kind=row["survey_kind"],
            state=Survey.State.OPEN,
            touchpoint=places.get(row["touchpoint"] or ""),
        )
        survey.drivers.set(drivers)
        add_standard_wordings(survey)
        Link.objects.create(survey=survey)
    return surveys


def _touchpoints(responses: pa.Table) -> dict[str, Touchpoint]:
    columns = ["journey", "stage", "touchpoint"]
    seen = responses.select(columns).group_by(columns).aggregate([]).to_pylist()
    made: dict[str, Touchpoint] = {}
    for position, row in enumerate(sorted(seen, key=str), start=1):
        if not row["touchpoint"]:
            continue
        journey, _ = Journey.objects.get_or_create(
            slug=row["journey"], defaults={"name": row["journey"].capitalize()}
        )
        stage, _ = Stage.objects.get_or_create(
            journey=journey,
            slug=row["stage"],
            defaults={"name": row["stage"].capitalize(), "position": position},
        )
        made[row["touchpoint"]] = Touchpoint.objects.create(
            stage=stage,
            slug=row["touchpoint"],
            name=row["touchpoint"].replace("-", " ").capitalize(),
            position=position,
        )
    return made


def _drivers(responses: pa.Table) -> list[Driver]:
    slugs = [n.removeprefix("rating_") for n in responses.column_names if n.startswith("rating_")]
    return [
        Driver.objects.create(
            slug=slug, name=slug.capitalize(), names=DRIVER_NAMES.get(slug, {"en": slug})
        )
        for slug in slugs
    ]


def _invitations(
    table: pa.Table, surveys: Mapping[str, Survey], people: Mapping[str, int]
) -> list[str]:
    _insert(
        Invitation,
        (
            Invitation(
                customer_id=people[row["customer_id"]],
                survey=surveys[row["survey"]],
                channel=row["channel"],
                planned_at=row["planned_at"],
                sent_at=row["sent_at"],
                delivered_at=row["delivered_at"],
                answered_at=row["answered_at"],
                outcome=row["outcome"],
                suppressed_reason=row["suppressed_reason"] or "",
            )
            for row in _rows(table)
            if row["survey"] in surveys
        ),
    )
    return list(Invitation.objects.values_list("public_id", flat=True))


def _responses(table: pa.Table, surveys: Mapping[str, Survey], people: Mapping[str, int]) -> None:
    wordings = {slug: current_wordings(survey) for slug, survey in surveys.items()}
    responses = (_response(row, surveys, people, wordings) for row in _rows(table))
    while batch := list(islice(responses, BATCH)):
        LedgerEntry.objects.bulk_create(_entry(response) for response in batch)
        Response.objects.bulk_create(batch)
        mark_changed("responses", [response.public_id for response in batch])


def _response(
    row: Row,
    surveys: Mapping[str, Survey],
    people: Mapping[str, int],
    wordings: Mapping[str, Mapping[str, Wording]],
) -> Response:
    return Response(
        survey=surveys[row["survey"]],
        customer_id=people.get(row["customer_id"]),
        wording=wordings[row["survey"]].get(row["language"]),
        score=row["score"],
        comment=row["comment"] or "",
        ratings={
            name.removeprefix("rating_"): value
            for name, value in row.items()
            if name.startswith("rating_") and value is not None
        },
        language=row["language"] or "",
        channel=row["channel"] or "link",
        unit=_code(row["unit"] or ""),
        employee=row["employee"] or "",
        touchpoint=row["touchpoint"] or "",
        traits=_traits(row),
        asked_at=row["asked_at"],
        answered_at=row["answered_at"],
        answered_on=row["answered_on"],
        changed_at=row["answered_at"],
        held_reason=row["held_reason"] or "",
    )


def _entry(response: Response) -> LedgerEntry:
    said = Submission(
        f"demo-{response.public_id}",
        response.score,
        response.comment,
        response.contact_wanted,
        response.language,
        response.ratings,
    )
    return LedgerEntry(
        submission_id=said.submission_id,
        response_id=response.public_id,
        kind="import",
        body=said.body,
        digest=said.digest,
        at=response.answered_at,
    )


def _values_and_events(tables: Mapping[str, pa.Table], people: Mapping[str, int]) -> None:
    _insert(
        Value,
        (
            Value(
                customer_id=people[row["customer_id"]],
                month=row["month"],
                revenue=row["revenue"],
                margin=row["margin"],
                cost_to_serve=row["cost_to_serve"],
            )
            for row in _rows(tables["values"])
        ),
    )
    _insert(
        Event,
        (
            Event(
                customer_id=people[row["customer_id"]],
                at=row["at"],
                kind=row["kind"],
                amount=row["amount"],
            )
            for row in _rows(tables["events"])
        ),
    )


def _traits(row: Row) -> Row:
    return {
        name.removeprefix("attr_"): value
        for name, value in row.items()
        if name.startswith("attr_") and value is not None
    }


def _rows(table: pa.Table) -> Iterator[Row]:
    for batch in table.to_batches(max_chunksize=BATCH):
        for row in batch.to_pylist():
            yield {name: _in_utc(value) for name, value in row.items()}


def _in_utc(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _insert(model: type[models.Model], rows: Iterable[Any]) -> None:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        model._default_manager.bulk_create(batch)
