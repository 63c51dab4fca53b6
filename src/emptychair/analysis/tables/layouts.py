"""The exports of other survey tools: how to know them, and what their columns are.

A layout is known by headings that only that tool writes. Its columns are named as the tool names
them; what a layout does not name is looked up among the synonyms as in any other file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from emptychair.analysis.tables.synonyms import words


@dataclass(frozen=True)
class Layout:
    """One tool's export.

    `signature` are headings, all of which must be there; `columns` gives, for a field, the
    headings to take it from, best first; `drop` names rows that are no answers: a heading and
    the values that mark such a row, with the reason they are counted under.
    """

    name: str
    signature: tuple[str, ...] = ()
    header_rows: int = 1
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    drop: tuple[str, tuple[str, ...], str] | None = None


PLAIN = Layout("plain")

LAYOUTS = (
    Layout(
        name="qualtrics",
        signature=("responseid", "recordeddate", "startdate"),
        header_rows=3,
        columns={
            "response_id": ("responseid",),
            "answered_at": ("recordeddate", "enddate"),
            "customer_id": ("externalreference", "externaldatareference"),
            "channel": ("distributionchannel",),
            "language": ("userlanguage",),
        },
        ignore=("startdate", "enddate", "status", "finished", "progress", "ipaddress"),
        drop=("status", ("survey preview", "survey test", "spam", "1", "8"), "survey_preview"),
    ),
    Layout(
        name="surveymonkey",
        signature=("respondentid", "collectorid"),
        header_rows=2,
        columns={
            "response_id": ("respondentid",),
            "answered_at": ("enddate", "datemodified", "datecreated"),
            "customer_id": ("customdata1", "emailaddress"),
        },
        ignore=("startdate", "enddate", "datecreated", "datemodified", "collectorid"),
    ),
    Layout(
        name="asknicely",
        signature=("responseid", "answer", "dontcontact"),
        columns={
            "score": ("answer",),
            "response_id": ("responseid",),
            "customer_id": ("personid", "contactid"),
            "asked_at": ("sent",),
            "answered_at": ("responded",),
            "comment": ("comment",),
        },
        ignore=("created", "note", "opened", "lastemailed", "answerlabel", "contactid"),
    ),
    Layout(
        name="delighted",
        signature=("score", "permalink", "personproperties"),
        columns={
            "response_id": ("id",),
            "customer_id": ("person", "personid"),
            "answered_at": ("createdat",),
        },
        ignore=("updatedat", "notes"),
    ),
    Layout(
        name="delighted",
        signature=("delightedsource",),
        columns={"response_id": ("responseid", "id"), "customer_id": ("personid", "person")},
        ignore=("updatedat", "notes"),
    ),
    Layout(
        name="wootric",
        signature=("score", "text", "enduserid"),
        columns={
            "response_id": ("id",),
            "customer_id": ("enduserid",),
            "comment": ("text",),
            "answered_at": ("createdat",),
        },
        ignore=("updatedat",),
    ),
    Layout(
        name="retently",
        signature=("campaignid", "score", "ratingcategory"),
        columns={
            "response_id": ("id",),
            "customer_id": ("customerid",),
            "answered_at": ("createddate",),
            "comment": ("feedbackcomment", "comments"),
            "survey": ("campaignname",),
        },
        ignore=("ratingcategory", "campaignid"),
    ),
    Layout(
        name="satismeter",
        signature=("rating", "feedback", "category", "user"),
        columns={
            "score": ("rating",),
            "comment": ("feedback",),
            "answered_at": ("created",),
            "customer_id": ("user",),
            "response_id": ("id",),
        },
        ignore=("category",),
    ),
)


def detect_layout(headings: Sequence[str], following: Sequence[Sequence[str]]) -> Layout:
    """Return the layout whose signature the headings bear, or the plain one.

    Args:
        headings: the first header row.
        following: the rows after it, as far as they are known.
    """
    there = {compact(heading) for heading in headings}
    for layout in LAYOUTS:
        if there.issuperset(layout.signature) and _header_is_whole(layout, headings, following):
            return layout
    return PLAIN


def compact(heading: str) -> str:
    """Return a heading as small letters and digits only, to compare it with a signature."""
    return words(heading).replace(" ", "")


def labels_of(
    layout: Layout, headings: Sequence[str], following: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """Return what each column is called in full: heading and, where there is one, its question."""
    if layout.header_rows == 1 or not following:
        return tuple(headings)
    second = [*following[0], *[""] * (len(headings) - len(following[0]))]
    if layout.name == "surveymonkey":
        return _surveymonkey_labels(headings, second)
    return tuple(second[: len(headings)])


def _header_is_whole(
    layout: Layout, headings: Sequence[str], following: Sequence[Sequence[str]]
) -> bool:
    """Return whether the further header rows of `layout` are there; people do delete them."""
    if layout.name == "qualtrics":
        return len(following) > 1 and any("ImportId" in cell for cell in following[1])
    if layout.name == "surveymonkey":
        metadata = [compact(one) in ("respondentid", "collectorid") for one in headings]
        return bool(following) and not any(
            cell for cell, is_metadata in zip(following[0], metadata, strict=False) if is_metadata
        )
    return True


def _surveymonkey_labels(headings: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    labels, question = [], ""
    for heading, option in zip(headings, second, strict=False):
        question = question if heading.startswith("column ") else heading
        plain = option.strip().lower() in ("", "response", "open-ended response")
        labels.append(question if plain else f"{question}: {option}")
    return tuple(labels)
