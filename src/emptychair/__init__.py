"""Empty Chair: the Net Promoter method as a library. `import emptychair as ec`.

The names below are imported when they are first used, so that starting is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

_PLACES = {
    "connect": "emptychair.analysis.tables",
    "read_responses": "emptychair.analysis.tables",
    "ResponsesFile": "emptychair.analysis.tables",
}

__all__ = list(_PLACES)  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name of the library when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
