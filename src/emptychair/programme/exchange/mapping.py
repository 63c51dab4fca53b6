"""Propose which column of a file is which; a person confirms or changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emptychair.analysis.tables.layouts import Layout, compact
from emptychair.analysis.tables.synonyms import FIELDS as RESPONSE_WORDS
from emptychair.analysis.tables.synonyms import WEAK_SCORES, asks_to_recommend, words
from emptychair.programme.exchange.tables import FIELDS, RATING, TRAIT, Field, field_of


@dataclass(frozen=True)
class Proposal:
    """`fields` gives the heading of each field; `unsure` names fields with several candidates."""

    fields: dict[str, str]
    unsure: dict[str, tuple[str, ...]]


def propose(kind: str, headings: Sequence[str], labels: Sequence[str], layout: Layout) -> Proposal:
    """Return the fields that headings or the tool's layout name; of two candidates, neither.

    Args:
        kind: what the file holds, a key of `tables.FIELDS`.
        headings: the file's headings, all different.
        labels: what each column is called in full, where the file has question texts.
        layout: the tool the file was recognised as coming from.
    """
    fields = _by_layout(headings, layout) if kind == "responses" else {}
    named = dict(zip(headings, labels or headings, strict=True))
    ignored = {heading for heading in headings if compact(heading) in layout.ignore}
    unsure: dict[str, tuple[str, ...]] = {}
    for field in FIELDS[kind]:
        if field.name in fields:
            continue
        free = [one for one in headings if one not in ignored and one not in fields.values()]
        found = _candidates(kind, field, free, named)
        if len(found) == 1:
            fields[field.name] = found[0]
        elif found:
            unsure[field.name] = tuple(found)
    for heading in headings:
        if heading.startswith((RATING, TRAIT)) and _is_field(kind, heading):
            fields.setdefault(heading, heading)
    return Proposal(fields, unsure)


def chosen(
    kind: str, headings: Sequence[str], mapping: Mapping[str, str]
) -> list[tuple[Field, str]]:
    """Return the fields of a mapping (heading -> field) that this file and kind really have."""
    return [
        (field_of(kind, name), heading)
        for heading, name in mapping.items()
        if name and heading in headings and _is_field(kind, name)
    ]


def _is_field(kind: str, name: str) -> bool:
    try:
        field_of(kind, name)
    except KeyError:
        return False
    return True


def _by_layout(headings: Sequence[str], layout: Layout) -> dict[str, str]:
    by_compact = {compact(heading): heading for heading in reversed(headings)}
    fields: dict[str, str] = {}
    for name, wanted in layout.columns.items():
        heading = next((by_compact[one] for one in wanted if one in by_compact), None)
        if heading is not None and _is_field("responses", name):
            fields[name] = heading
    return fields


def _candidates(
    kind: str, field: Field, free: Sequence[str], named: Mapping[str, str]
) -> list[str]:
    exact = [heading for heading in free if heading == field.name]
    if exact:
        return exact
    known = set(RESPONSE_WORDS.get(field.name, ()) if kind == "responses" else field.synonyms)
    known.add(field.name.replace("_", " "))
    found = [
        heading for heading in free if known & {words(heading), words(named.get(heading, heading))}
    ]
    if field.meaning == "score":
        asked = [h for h in free if asks_to_recommend(h) or asks_to_recommend(named.get(h, h))]
        found = list(dict.fromkeys([*found, *asked])) or [
            heading for heading in free if words(heading) in WEAK_SCORES
        ]
    return found
