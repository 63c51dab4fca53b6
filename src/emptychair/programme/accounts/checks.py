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
        Error(f"{name} is reachable without a declared need", hint="Add @requires or @public.")
        for name, view in views(get_resolver())
        if not hasattr(view, "need") and not view.__module__.startswith(OUTSIDE)
    ]


def views(resolver: URLResolver) -> Iterator[tuple[str, Any]]:
    """Yield the path and callback of every view below `resolver`."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry)
        elif isinstance(entry, URLPattern):
            yield str(entry.pattern), entry.callback
