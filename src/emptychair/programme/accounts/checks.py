"""A view that does not say who may use it does not start."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

# Log-in pages bring their own checks.
OUTSIDE = ("allauth.",)


@register
def every_view_declares_its_need(**_: Any) -> list[CheckMessage]:
    """Return one error per view without `@requires` or `@public`."""
    return [
        Error(f"/{address} is reachable without a declared need", hint="Add @requires or @public.")
        for address, view in addresses(get_resolver())
        if not hasattr(view, "need") and not view.__module__.startswith(OUTSIDE)
    ]


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the address, without its first slash, and the view of every page."""
    for entry in resolver.url_patterns:
        address = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, address)
        elif isinstance(entry, URLPattern):
            yield address, entry.callback
