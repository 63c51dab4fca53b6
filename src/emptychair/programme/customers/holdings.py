"""What else is held about a person: each slice tells it, so that nothing is left out of "my data".

A slice registers its source once, in the `ready` of its app:

    holdings.add_source("cases", cases_about)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from emptychair.programme.customers.models import Customer


@dataclass(frozen=True)
class Holding:
    """One thing that is kept about a person.

    Attributes:
        at: when it came about.
        kind: follow_up, promise, favour, testimonial, referral or origin.
        text: what is kept, in the words that were written; may be empty.
    """

    at: datetime
    kind: str
    text: str = ""


Source = Callable[[Customer], Iterable[Holding]]
_SOURCES: dict[str, Source] = {}


def add_source(name: str, source: Source) -> None:
    """Let a slice tell what it keeps about a person; a second call replaces the first."""
    _SOURCES[name] = source


def holdings_of(customer: Customer) -> list[Holding]:
    """Return what slices keep about a customer, the newest first."""
    found = [one for source in _SOURCES.values() for one in source(customer)]
    return sorted(found, key=lambda one: one.at, reverse=True)
