"""What the pages of exchange show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may
from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Survey
from emptychair.programme.exchange import sentences
from emptychair.programme.exchange.exporting import FORMATS
from emptychair.programme.exchange.listings import LISTINGS, Listing
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tables import FIELDS, RATING, TRAIT, field_of
from emptychair.programme.lib.lists import Column

_EXPORTS_SHOWN = 20
_FORMAT_NAMES = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
_REFUSED_BATCH = 10_000
_ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "mac_roman": "Mac Roman",
    "cp850": "DOS 850",
    "cp865": "DOS 865",
}


@dataclass(frozen=True)
class Option:
    """One choice of a select."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class ExportLinks:
    """A list that the reader may take out, with the address of each format."""

    name: str
    label: str
    links: tuple[tuple[str, str], ...]  # format, address


@dataclass(frozen=True)
class ExportMade:
    """One export of the past."""

    at: datetime
    label: str
    format: str
    rows: int
    by: str


@dataclass(frozen=True)
class MappedColumn:
    """One column of the file with what it may become."""

    name: str  # of the form field
    heading: str
    label: str
    examples: tuple[str, ...]
    options: tuple[Option, ...]
    is_used: bool


@dataclass(frozen=True)
class Refusal:
    """Rows that cannot be imported for one reason."""

    sentence: str
    count: int
    examples: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Counted:
    """A number with the sentence that follows it."""

    count: int
    sentence: str
    column: str = ""


@dataclass(frozen=True)
class Question:
    """Something only a person can answer before the file can be imported."""

    code: str
    sentence: str
    column: str = ""


@dataclass(frozen=True)
class ImportPage:
    """Everything the page of one import shows."""

    imported: Import
    columns: tuple[MappedColumn, ...]
    headings: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    refusals: tuple[Refusal, ...]
    warnings: tuple[Counted, ...]
    questions: tuple[Question, ...]
    kept: tuple[Counted, ...]
    facts: tuple[tuple[str, str], ...]
    unknown_units: tuple[str, ...]
    more_units: int
    refuses_units: bool
    reading: dict[str, str]
    problem: str
    may_confirm: bool
    surveys: tuple[Option, ...]
    survey_name: str


def imports() -> QuerySet[Import]:
    """Return every import, the newest first."""
    return Import.objects.select_related("by")


def import_columns() -> tuple[Column, ...]:
    """Return the columns of the list of imports."""
    return (
        Column("uploaded_at", _("When"), lambda i: i.uploaded_at, "uploaded_at", "moment"),
        Column("file", _("File"), lambda i: i.file_name, "file_name", url=_page_of),
        Column("kind", _("What"), lambda i: i.get_kind_display(), "kind"),
        Column("state", _("State"), lambda i: i.get_state_display(), "state"),
        Column("by", _("By"), lambda i: i.by.name, "by__name"),
        Column("added", _("Added"), lambda i: i.added_rows, "added_rows", "number"),
        Column("changed", _("Changed"), lambda i: i.changed_rows, "changed_rows", "number"),
        Column("repeated", _("There already"), lambda i: i.repeated_rows, kind="number"),
        Column("refused", _("Refused"), lambda i: i.refused_rows, "refused_rows", "number"),
    )


def _page_of(imported: Import) -> str:
    return reverse("exchange:import", args=[imported.public_id])


def export_links(user: User) -> list[ExportLinks]:
    """Return the lists that `user` may take out."""
    return [
        ExportLinks(
            listing.name,
            str(listing.label),
            tuple(
                (_FORMAT_NAMES[kind], reverse("exchange:export", args=[listing.name, kind]))
                for kind in FORMATS
            ),
        )
        for listing in LISTINGS.values()
        if may(user, listing.need)
    ]


def exports_made() -> list[ExportMade]:
    """Return the latest exports."""
    made = list(Activity.objects.filter(action="export.made").order_by("-pk")[:_EXPORTS_SHOWN])
    names = dict(
        User.objects.filter(public_id__in={one.actor for one in made}).values_list(
            "public_id", "name"
        )
    )
    return [
        ExportMade(
            one.at,
            _label(LISTINGS.get(one.subject), one.subject),
            one.details["format"],
            one.details["rows"],
            names.get(one.actor, ""),
        )
        for one in made
    ]


def _label(listing: Listing | None, otherwise: str) -> str:
    return str(listing.label) if listing else otherwise


def import_page(imported: Import) -> ImportPage:
    """Return what the page of one import shows, in the reader's language."""
    preview = imported.preview
    questions = _questions(imported)
    unknown = preview.get("unknown_units", [])
    return ImportPage(
        imported=imported,
        columns=tuple(_columns(imported)),
        headings=tuple(column["heading"] for column in preview.get("columns", [])),
        rows=tuple(preview.get("rows", [])),
        refusals=tuple(
            Refusal(
                sentences.sentence(sentences.REASONS, one["reason"]),
                one["count"],
                tuple(one["examples"]),
            )
            for one in preview.get("refused", [])
        ),
        warnings=tuple(
            Counted(
                one["count"], sentences.sentence(sentences.WARNINGS, one["code"]), one["column"]
            )
            for one in preview.get("warnings", [])
        ),
        questions=questions,
        kept=tuple(
            Counted(count, sentences.sentence(sentences.KEPT, code))
            for code, count in imported.kept_rows.items()
        ),
        facts=tuple(_facts(imported)),
        unknown_units=tuple(unknown[:12]),
        more_units=max(0, preview.get("unknown_units_count", 0) - 12),
        refuses_units=imported.choices.get("unknown_units") == "refuse",
        reading=imported.choices.get("reading", {}),
        problem=sentences.sentence(sentences.PROBLEMS, imported.problem),
        may_confirm=not questions and imported.total_rows > 0,
        surveys=tuple(_surveys(imported)),
        survey_name=imported.file_name.rpartition(".")[0][:120],
    )


def _columns(imported: Import) -> Iterator[MappedColumn]:
    for number, column in enumerate(imported.preview.get("columns", [])):
        yield MappedColumn(
            name=f"column-{number}",
            heading=column["heading"],
            label="" if column["label"] == column["heading"] else column["label"],
            examples=tuple(column["examples"]),
            options=tuple(_options(imported.kind, column)),
            is_used=bool(column["field"]),
        )


def _options(kind: str, column: dict[str, Any]) -> Iterator[Option]:
    chosen, heading = column["field"], column["heading"]
    yield Option("", _("Leave out"), not chosen)
    for field in FIELDS[kind]:
        yield Option(field.name, str(field.label), chosen == field.name)
    word = re.sub(r"\W+", "_", heading.removeprefix(RATING).removeprefix(TRAIT).lower()).strip("_")
    extra = []
    if kind == "responses":
        extra.append((RATING + word, _("Rating 1 to 5: %(name)s")))
    if kind in ("responses", "customers"):
        extra.append((TRAIT + word, _("Trait: %(name)s")))
    for value, label in extra:
        own = chosen if chosen.startswith(value[:5]) else value
        yield Option(own, label % {"name": heading}, chosen == own)


def _questions(imported: Import) -> tuple[Question, ...]:
    preview = imported.preview
    found = []
    for name in preview.get("missing", []):
        label = str(field_of(imported.kind, name).label)
        both = preview.get("unsure", {}).get(name, [])
        text = sentences.missing_sentence(name, label)
        if both:
            text = _("Which column is it: %(field)s? It could be %(columns)s.") % {
                "field": label,
                "columns": _(" or ").join(f"“{one}”" for one in both),
            }
        found.append(Question("date" if name == "answered_on" else "column", text))
    for code, heading in preview.get("questions", []):
        text = sentences.sentence(sentences.QUESTIONS, code)
        found.append(Question(code, text, heading))
    return tuple(found)


def _facts(imported: Import) -> Iterator[tuple[str, str]]:
    """Yield how the file was understood: label and value."""
    form, totals = imported.preview.get("form", {}), imported.preview.get("totals", {})
    if form.get("encoding"):
        name, _space, doubt = form["encoding"].partition(" ")
        shown = _ENCODINGS.get(name, name.upper())
        yield _("Letters"), f"{shown} {_('(uncertain)')}" if doubt else shown
    if form.get("separator"):
        named = {"tab": _("tab"), ",": _("comma"), ";": _("semicolon"), "|": "|"}
        yield _("Between cells"), named.get(form["separator"], form["separator"])
    if form.get("layout", "plain") != "plain":
        yield _("Comes from"), form["layout"].capitalize()
    if form.get("dates"):
        order = {"day-first": _("day first"), "month-first": _("month first")}
        yield _("Dates"), order[form["dates"]]
    if form.get("decimal") in ("comma", "point"):
        sign = {"comma": _("comma (9,5)"), "point": _("point (9.5)")}
        yield _("Decimals"), sign[form["decimal"]]
    if totals.get("customer_id"):
        yield _("Customers"), str(totals["customer_id"])
    for name in ("answered_on", "answered_at", "at", "month"):
        if totals.get(f"first_{name}"):
            yield _("Period"), f"{totals[f'first_{name}']} – {totals[f'last_{name}']}"
            break


def _surveys(imported: Import) -> Iterator[Option]:
    if imported.kind != Import.Kind.RESPONSES:
        return
    names = {column["field"] for column in imported.preview.get("columns", [])}
    if "survey" in names:
        yield Option("file", _("As the file says"), True)
    yield Option("new", _("A new survey"), "survey" not in names)
    for slug, name in Survey.objects.order_by("name").values_list("slug", "name"):
        yield Option(slug, name)


def refused_header() -> list[str]:
    """Return the header of the report on refused rows."""
    return [_("Row"), _("Column"), _("Cell"), _("What to do")]


def refused_rows(imported: Import) -> Iterator[list[Any]]:
    """Yield every refused row: number, column, cell, and what is wrong with it."""
    with pq.ParquetFile(imported.refused_path) as file:
        for batch in file.iter_batches(_REFUSED_BATCH):
            for row in batch.to_pylist():
                reason = sentences.sentence(sentences.REASONS, row["reason"])
                yield [row["row"], row["column"] or "", row["value"] or "", reason]


def chosen_mapping(imported: Import, fields: Sequence[str]) -> dict[str, str]:
    """Return heading -> field for the fields chosen for the columns, in the file's order."""
    headings = [column["heading"] for column in imported.preview.get("columns", [])]
    return dict(zip(headings, fields, strict=False))
