"""What every page knows: the organisation, the reader's theme, and what the reader may open."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from emptychair.programme.accounts.policy import POLICY, may


def page(request: HttpRequest) -> dict[str, Any]:
    """Return `organisation`, `theme` and `allowed`, the needs the reader's role fulfils."""
    user = getattr(request, "user", None)
    return {
        "organisation": settings.ORGANISATION,
        "theme": getattr(user, "theme", ""),
        "allowed": {need for need in POLICY if user is not None and may(user, need)},
    }
