"""Write staged responses: ledger entry, projection and the warehouse's note, together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import LedgerEntry, Response, Survey, Wording
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tables import RATING
from emptychair.programme.exchange.traces import remember
from emptychair.programme.exchange.writing import (
    Known,
    Row,
    Tally,
    ensure_customers,
    ensure_units,
    slug_of,
    traits_of,
    utc,
)
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.bulk import insert_many, present
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.tokens import new_id

_LEDGER = ("submission_id", "response_id", "kind", "body", "digest", "at")
_RESPONSE = (
    "public_id", "survey_id", "customer_id", "wording_id", "score", "comment", "ratings",
    "contact_wanted", "language", "channel", "unit", "employee", "touchpoint", "traits",
    "asked_at", "answered_at", "answered_on", "changed_at", "held_reason", "source",
)  # fmt: skip
_NOON = time(12)


@dataclass(frozen=True)
class _Around:
    """What a chunk of responses hangs on."""

    imported: Import
    moment: datetime
    surveys: Mapping[str, Survey]  # as the file names them; "" is the one that was chosen
    touchpoints: Mapping[int, str]  # survey -> slug
    wordings: Mapping[str, int]
    customers: Mapping[str, Known]
    drivers: Mapping[str, str]  # column -> slug


def write_responses(imported: Import, rows: Sequence[Row]) -> Tally:
    """Bring responses in; one that came before, in this file or another, is left as it is."""
    ensure_units(imported, {row["unit"] for row in rows if row.get("unit")})
    around = _around(imported, rows)
    keyed = {_submission_id(around, row): row for row in rows}
    there = present(LedgerEntry, "submission_id", list(keyed))
    responses, entries = [], []
    for submission_id, row in keyed.items():
        if submission_id not in there:
            public_id = new_id()
            responses.append(_response(around, public_id, row))
            entries.append(_entry(around, submission_id, public_id, row))
    insert_many(Response, _RESPONSE, responses)
    insert_many(LedgerEntry, _LEDGER, entries)
    mark_changed("responses", [response[0] for response in responses])
    return Tally(added=len(responses), repeated=len(rows) - len(responses))


def _around(imported: Import, rows: Sequence[Row]) -> _Around:
    surveys = _surveys(imported, rows)
    drivers = _drivers(imported, rows, list(surveys.values()))
    return _Around(
        imported=imported,
        moment=now(),
        surveys=surveys,
        touchpoints={s.pk: s.touchpoint.slug if s.touchpoint else "" for s in surveys.values()},
        wordings={
            f"{wording.survey.slug}.{wording.language}.{wording.version}": wording.pk
            for wording in Wording.objects.filter(survey__in=surveys.values()).select_related(
                "survey"
            )
        },
        customers=ensure_customers(imported, rows),
        drivers=drivers,
    )


def _surveys(imported: Import, rows: Sequence[Row]) -> dict[str, Survey]:
    """Return the surveys by the name the file gives them, made where they are missing.

    The key "" stands for the one survey that all rows belong to, when one was chosen.
    """
    if imported.survey is None and imported.choices.get("survey") == "new":
        imported.survey = make_survey(
            imported, imported.choices["survey_name"], imported.choices["survey_kind"]
        )
        imported.save(update_fields=["survey"])
    if imported.survey is not None:
        return {"": imported.survey}
    known = list(Survey.objects.select_related("touchpoint"))
    by_name = {survey.name.casefold(): survey for survey in known}
    by_name |= {survey.slug: survey for survey in known}
    found = {}
    for name in sorted({_survey_name(imported, row) for row in rows}):
        survey = by_name.get(name) or by_name.get(name.casefold()) or by_name.get(slug_of(name))
        found[name] = survey or make_survey(imported, name)
    return found


def _survey_name(imported: Import, row: Row) -> str:
    return row.get("survey") or Path(imported.file_name).stem[:120]


def make_survey(imported: Import, name: str, kind: str = Survey.Kind.RELATIONSHIP) -> Survey:
    """Make a closed survey for answers that were given elsewhere."""
    slug, number = slug_of(name), 2
    while Survey.objects.filter(slug=slug).exists():
        slug, number = f"{slug_of(name, 55)}-{number}", number + 1
    survey = Survey.objects.create(slug=slug, name=name, kind=kind, state=Survey.State.CLOSED)
    remember(imported, "surveys", [(survey.pk, None, {"name": survey.name})])
    return survey


def _drivers(imported: Import, rows: Sequence[Row], surveys: Sequence[Survey]) -> dict[str, str]:
    columns = [name for name in rows[0] if name.startswith(RATING)]
    found = {name: slug_of(name.removeprefix(RATING), 40) for name in columns}
    known = {driver.slug: driver for driver in Driver.objects.filter(slug__in=found.values())}
    for name, slug in found.items():
        if slug not in known:
            words = name.removeprefix(RATING).replace("_", " ")[:120]
            known[slug] = Driver.objects.create(slug=slug, name=words.capitalize())
            remember(imported, "drivers", [(known[slug].pk, None, {"name": known[slug].name})])
    for survey in surveys:
        survey.drivers.add(*known.values())
    return found


def _survey_of(around: _Around, row: Row) -> Survey:
    chosen = around.surveys.get("")
    return chosen if chosen is not None else around.surveys[_survey_name(around.imported, row)]


def _submission_id(around: _Around, row: Row) -> str:
    """Return an id that the same answer gets whenever and however often its file is imported."""
    survey = _survey_of(around, row).pk
    if row.get("response_id"):
        said = f"{survey}\0id\0{row['response_id']}"
    else:
        said = f"{survey}\0row\0{row['_occurrence']}\0{_canonical(_said(row))}"
    return "imp_" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:44]


def _said(row: Row) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str | int) else value.isoformat()
        for name, value in row.items()
        if value is not None and not name.startswith("_")
    }


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def _entry(around: _Around, submission_id: str, public_id: str, row: Row) -> tuple[Any, ...]:
    body = _said(row)
    digest = hashlib.sha256(_canonical(body).encode("utf-8", "surrogatepass")).hexdigest()
    return submission_id, public_id, "import", body, digest, around.moment


def _response(around: _Around, public_id: str, row: Row) -> tuple[Any, ...]:
    survey = _survey_of(around, row)
    customer = around.customers.get(row.get("customer_id") or "")
    unit = row.get("unit") or (customer.unit if customer else "")
    answered_at, answered_on = _when(around.imported, row)
    traits = traits_of(row)
    return (
        public_id,
        survey.pk,
        customer.pk if customer else None,
        around.wordings.get(row.get("wording") or ""),
        row["score"],
        row.get("comment") or "",
        {slug: row[name] for name, slug in around.drivers.items() if row[name] is not None},
        False,
        row.get("language") or (customer.language if customer else ""),
        row.get("channel") or "import",
        unit,
        row.get("employee") or "",
        row.get("touchpoint") or around.touchpoints[survey.pk],
        {**customer.traits, **traits} if customer else traits,
        utc(row.get("asked_at")),
        answered_at,
        answered_on,
        around.moment,
        row.get("held_reason") or "",
        around.imported.public_id,
    )


def _when(imported: Import, row: Row) -> tuple[datetime, date]:
    """Return moment and local date; a date without a time of day counts as noon."""
    at, on = utc(row.get("answered_at")), row.get("answered_on")
    if at is not None:
        return at, on or local_date(at)
    if on is None:
        on = date.fromisoformat(imported.choices["reading"]["given_on"])
    return datetime.combine(on, _NOON, ZoneInfo(settings.TIME_ZONE)), on
