"""What every coverage table is made of."""

from typing import Any

import numpy as np

Rows = list[list[str]]


def percent(inside: Any) -> str:
    """Return a share as percent with one decimal."""
    return f"{100 * float(np.mean(inside)):.1f}"
