"""Whom to leave alone with favours just now: each slice tells what it knows.

A slice registers its reason once, in the `ready` of its app:

    sparing.add_reason("in_case", customers_in_cases)
"""

from collections.abc import Callable, Collection

# Gets the keys of customers and returns those to be left alone.
Reason = Callable[[Collection[int]], set[int]]
_REASONS: dict[str, Reason] = {}


def add_reason(name: str, reason: Reason) -> None:
    """Let a slice keep customers from being asked for a favour; a second call replaces it."""
    _REASONS[name] = reason


def spared(keys: Collection[int]) -> dict[int, str]:
    """Return the customers to be left alone, each with the name of a reason."""
    return {key: name for name, reason in _REASONS.items() for key in reason(keys)}
