"""Write staged responses: ledger entry, projection and the warehouse's note, together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import LedgerEntry, Response, Survey, Wording
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tables import RATING, TRAIT
from emptychair.programme.exchange.traces import remember
from emptychair.programme.exchange.writing import (
    Known,
    Row,
    Tally,
    ensure_customers,
    ensure_units,
    number_or_text,
    slug_of,
    utc,
)
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.bulk import JsonText, insert_many, present
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.tokens import new_id

_LEDGER = ("submission_id", "response_id", "kind", "body", "digest", "at")
_RESPONSE = (
    "public_id", "survey_id", "customer_id", "wording_id", "score", "comment", "ratings",
    "contact_wanted", "language", "channel", "unit", "employee", "touchpoint", "traits",
    "asked_at", "answered_at", "answered_on", "changed_at", "held_reason", "source",
)  # fmt: skip
_NOON = time(12)
_encode = json.JSONEncoder(ensure_ascii=False).encode


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
    columns: Sequence[str]  # of the file, in alphabetical order: the ids hang on it
    traits: Mapping[str, str]  # column -> trait


def write_responses(imported: Import, rows: Sequence[Row]) -> Tally:
    """Bring responses in; one that came before, in this file or another, is left as it is."""
    ensure_units(imported, {row["unit"] for row in rows if row.get("unit")})
    around = _around(imported, rows)
    said = {entry.submission_id: entry for entry in (_said(around, row) for row in rows)}
    there = present(LedgerEntry, "submission_id", list(said))
    # In the order of their unique keys, so that neighbours meet in the index.
    new = [said[submission_id] for submission_id in sorted(said) if submission_id not in there]
    ids = sorted(new_id() for _ in new)
    responses = [_response(around, id_, one.row) for id_, one in zip(ids, new, strict=True)]
    insert_many(Response, _RESPONSE, responses)
    entries = [_entry(around, id_, one) for id_, one in zip(ids, new, strict=True)]
    insert_many(LedgerEntry, _LEDGER, entries)
    mark_changed("responses", ids)
    return Tally(added=len(new), repeated=len(rows) - len(new))


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
        columns=sorted(name for name in rows[0] if not name.startswith("_")),
        traits={name: name.removeprefix(TRAIT) for name in rows[0] if name.startswith(TRAIT)},
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


@dataclass(frozen=True, slots=True)
class _Said:
    """A row as the ledger keeps it."""

    submission_id: str
    body: str
    row: Row


def _said(around: _Around, row: Row) -> _Said:
    """Return what a row says, under an id that it gets whenever its file is imported."""
    survey = _survey_of(around, row).pk
    body = {
        name: value if isinstance(value, str | int) else value.isoformat()
        for name in around.columns
        if (value := row[name]) is not None
    }
    text = _encode(body)
    if row.get("response_id"):
        key = f"{survey}\0id\0{row['response_id']}"
    else:
        key = f"{survey}\0row\0{row['_occurrence']}\0{text}"
    return _Said("imp_" + _hash(key)[:44], text, row)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _entry(around: _Around, public_id: str, said: _Said) -> tuple[Any, ...]:
    digest = _hash(said.body)
    return (
        said.submission_id, public_id, "import", JsonText(said.body), digest, around.moment,
    )  # fmt: skip


def _response(around: _Around, public_id: str, row: Row) -> tuple[Any, ...]:
    survey = _survey_of(around, row)
    customer = around.customers.get(row.get("customer_id") or "")
    unit = row.get("unit") or (customer.unit if customer else "")
    answered_at, answered_on = _when(around.imported, row)
    traits = {
        trait: number_or_text(row[name])
        for name, trait in around.traits.items()
        if row[name] is not None
    }
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
    return _noon(on, settings.TIME_ZONE), on


@lru_cache(1_024)
def _noon(day: date, zone: str) -> datetime:
    return datetime.combine(day, _NOON, ZoneInfo(zone))
