"""Which column of a file is which column of the contract: by layout, by heading, or as told.

Nothing is guessed silently: of two columns that could be the same field none is taken, and the
error names both and what to write to choose.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emptychair.analysis.checks import listed
from emptychair.analysis.errors import AmbiguousColumnError, ArgumentError, ColumnNotFoundError
from emptychair.analysis.tables.layouts import PLAIN, Layout, compact
from emptychair.analysis.tables.schema import (
    ATTRIBUTE_PREFIX,
    RATING_PREFIX,
    column_names,
)
from emptychair.analysis.tables.synonyms import FIELDS, WEAK_SCORES, asks_to_recommend, words

_RATING_STARTS = ("rating ", "delbetyg ", "delkarakter ")
_RATING_ENDS = (" rating", " delbetyg", " delkarakter")


@dataclass(frozen=True)
class ColumnMapping:
    """The columns chosen: `fields` gives the heading of each field of the contract.

    `maybe_ratings` gives headings that look like ratings of a driver by their name alone; their
    values decide. `weak` is true when the score was taken from a column that may hold another
    question's answer.
    """

    fields: dict[str, str]
    maybe_ratings: dict[str, str] = field(default_factory=dict)
    weak: bool = False


def map_columns(
    headings: Sequence[str],
    labels: Sequence[str] = (),
    told: Mapping[str, str] | None = None,
    layout: Layout = PLAIN,
) -> ColumnMapping:
    """Return which heading is which field of the responses table.

    Args:
        headings: the headings of the file, all different.
        labels: what each column is called in full, where the file has question texts.
        told: fields with the heading to take them from; they win over everything else.
        layout: the layout the file was recognised as.

    Returns:
        The mapping; it has a `score`.

    Raises:
        ColumnNotFoundError: no column is the score, or a heading of `told` is not there.
        AmbiguousColumnError: two columns could be the same field.
        ArgumentError: `told` names a field that the contract does not have.
    """
    chosen = _as_told(headings, told or {})
    _by_layout(headings, layout, chosen)
    taken = set(chosen.values())
    named = dict(zip(headings, labels or headings, strict=True))
    ignored = {one for one in headings if compact(one) in layout.ignore}
    free = {one: label for one, label in named.items() if one not in taken | ignored}
    for name in FIELDS:
        if name not in chosen:
            found = [one for one, label in free.items() if _is(name, one, label)]
            if len(found) > 1:
                raise _ambiguous(name, found)
            if found:
                chosen[name] = found[0]
    weak = "score" not in chosen and _take_weak_score(free, chosen)
    if "score" not in chosen:
        raise _no_score(headings)
    maybe_ratings = _ratings([one for one in free if one not in chosen.values()], chosen)
    return ColumnMapping(chosen, maybe_ratings, weak)


def _as_told(headings: Sequence[str], told: Mapping[str, str]) -> dict[str, str]:
    known = column_names("responses")
    for name, heading in told.items():
        if name not in known and not name.startswith((RATING_PREFIX, ATTRIBUTE_PREFIX)):
            raise ArgumentError(
                f"--map {name}={heading}: {name!r} is no field. Fields are: {', '.join(known)}, "
                f"{RATING_PREFIX}<driver> and {ATTRIBUTE_PREFIX}<name>."
            )
        if heading not in headings:
            close = difflib.get_close_matches(heading, headings, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ColumnNotFoundError(
                f"--map {name}={heading}: the file has no column {heading!r}.{hint} "
                f"There are: {listed(headings)}."
            )
    twice = [one for one in told.values() if list(told.values()).count(one) > 1]
    if twice:
        raise ArgumentError(f"--map: the column {twice[0]!r} is given to two fields.")
    return dict(told)


def _by_layout(headings: Sequence[str], layout: Layout, chosen: dict[str, str]) -> None:
    by_compact = {compact(one): one for one in reversed(headings)}
    for name, wanted in layout.columns.items():
        heading = next((by_compact[one] for one in wanted if one in by_compact), None)
        if heading is not None and name not in chosen and heading not in chosen.values():
            chosen[name] = heading


def _is(name: str, heading: str, label: str) -> bool:
    """Return whether a column is the field `name` by its heading or its full label."""
    stem = heading.rpartition(" (")[0] if heading.endswith(")") else heading
    texts = {words(heading), words(stem), words(label)}
    if name == "score" and (asks_to_recommend(heading) or asks_to_recommend(label)):
        return True
    return name.replace("_", " ") in texts or not texts.isdisjoint(FIELDS[name])


def _take_weak_score(free: Mapping[str, str], chosen: dict[str, str]) -> bool:
    found = [one for one in free if one not in chosen.values() and words(one) in WEAK_SCORES]
    if len(found) > 1:
        raise _ambiguous("score", found)
    if found:
        chosen["score"] = found[0]
    return bool(found)


def _ratings(free: Sequence[str], chosen: dict[str, str]) -> dict[str, str]:
    """Add columns named `rating_...` to `chosen`; return those that may be ratings."""
    maybe: dict[str, str] = {}
    for heading in free:
        text = words(heading)
        start = next((one for one in _RATING_STARTS if text.startswith(one)), "")
        end = next((one for one in _RATING_ENDS if text.endswith(one)), "")
        driver = text.removeprefix(start).removesuffix(end).replace(" ", "_")
        name = RATING_PREFIX + driver
        if heading.startswith(RATING_PREFIX):
            chosen[heading] = heading
        elif (start or end) and name not in chosen and name not in maybe:
            maybe[name] = heading
        elif heading.startswith(ATTRIBUTE_PREFIX):
            chosen[heading] = heading
    return maybe


def _ambiguous(name: str, found: Sequence[str]) -> AmbiguousColumnError:
    columns = " and ".join(repr(one) for one in found)
    options = " or ".join(map_option(name, one) for one in found)
    return AmbiguousColumnError(f"Both {columns} could be the {name}. Write {options}.")


def _no_score(headings: Sequence[str]) -> ColumnNotFoundError:
    if all(one.replace(".", "").replace(",", "").isdigit() for one in headings):
        return ColumnNotFoundError(
            f"The first row looks like data, not like headings: {listed(headings)}. "
            "Put a row with headings above it, such as 'score'."
        )
    return ColumnNotFoundError(
        f"No column is recognised as the score. There are: {listed(headings)}. "
        "Write --map score=COLUMN with the column that holds the 0-to-10 answer."
    )


def map_option(name: str, heading: str) -> str:
    """Return the command line option that maps `heading` to `name`, quoted where needed."""
    text = f"{name}={heading}"
    return f"--map '{text}'" if not heading.replace("_", "").isalnum() else f"--map {text}"
