"""One story of a customer from many sources: each slice adds what it knows.

A slice registers its source once, in the `ready` of its app:

    timeline.add_source("cases", cases_of)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.customers.models import Customer


@dataclass(frozen=True)
class Entry:
    """One thing that happened between us and a customer.

    Attributes:
        at: when.
        kind: ask, answer, event, choice, message; later slices add their own.
        title: what happened, in the reader's language.
        details: more about it, each a short phrase.
        text: the customer's own words.
        language: of those words.
        score: of an answer.
        is_counted: false for an answer that is held; it is shown paler.
        url: where it leads; empty leads nowhere.
    """

    at: datetime
    kind: str
    title: str
    details: tuple[str, ...] = field(default=())
    text: str = ""
    language: str = ""
    score: int | None = None
    is_counted: bool = True
    url: str = ""


@dataclass(frozen=True)
class Window:
    """Which part of a story is wanted: at most so many entries, those before a moment."""

    most: int
    before: datetime | None = None


# Returns the newest entries of the window, in any order, within the reader's scope.
Source = Callable[[Customer, Scope, Window], Iterable[Entry]]
_SOURCES: dict[str, Source] = {}


def add_source(name: str, source: Source) -> None:
    """Let a slice tell its part of every customer's story; a second call replaces the first."""
    _SOURCES[name] = source


def entries_of(customer: Customer, scope: Scope, window: Window) -> list[Entry]:
    """Return the newest entries of a customer's story, the newest first."""
    found = [entry for source in _SOURCES.values() for entry in source(customer, scope, window)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[: window.most]
