"""Many tests at once: adjusted p-values, and the list of e-values that may be refreshed daily."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emptychair.analysis.checks import check_share
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for the false discovery rate, for independent tests.

    Rejecting where the adjusted value is at most q keeps the expected share of false
    findings in the list at q.

    Args:
        p_values: one per test, in any order.

    Returns:
        Adjusted p-values in the same order.

    Raises:
        ArgumentError: a p-value lies outside 0 to 1.

    References:
        Benjamini & Hochberg (1995), "Controlling the False Discovery Rate", Journal of the
        Royal Statistical Society B 57(1), 289-300.

    Examples:
        >>> benjamini_hochberg([0.01, 0.04, 0.03])
        [0.03, 0.04, 0.04]
    """
    return _step_up(p_values, 1.0)


def benjamini_yekutieli(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for the false discovery rate under any dependence of the tests.

    References:
        Benjamini & Yekutieli (2001), "The Control of the False Discovery Rate in Multiple
        Testing under Dependency", Annals of Statistics 29(4), 1165-1188.

    Examples:
        >>> [round(p, 4) for p in benjamini_yekutieli([0.01, 0.04])]
        [0.03, 0.06]
    """
    return _step_up(p_values, sum(1 / rank for rank in range(1, len(p_values) + 1)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that any false finding at all is improbable.

    References:
        Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian
        Journal of Statistics 6(2), 65-70.

    Examples:
        >>> holm([0.01, 0.04])
        [0.02, 0.04]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return [float(value) for value in adjusted]


def e_benjamini_hochberg(e_values: Sequence[float], false_discovery_rate: float = 0.1) -> list[int]:
    """Return the places of the e-values that make the list, under any dependence.

    An e-value from a confidence sequence or a detector may be looked at daily, so this list
    may be refreshed daily.

    Args:
        e_values: one per test, at least 0; large values speak against the null.
        false_discovery_rate: the largest expected share of false findings in the list.

    Returns:
        Places in `e_values`, ascending.

    Raises:
        ArgumentError: an e-value is negative.

    References:
        Wang & Ramdas (2022), "False Discovery Rate Control with E-values", Journal of the
        Royal Statistical Society B 84(3), 822-852.

    Examples:
        >>> e_benjamini_hochberg([50.0, 1.0, 20.0, 3.0], 0.1)
        [0, 2]
    """
    check_share(false_discovery_rate, "false_discovery_rate")
    if any(not e >= 0 for e in e_values):
        raise ArgumentError(f"An e-value is at least 0; got {min(e_values)!r}.")
    order = sorted(range(len(e_values)), key=lambda place: -e_values[place])
    needed = len(e_values) / false_discovery_rate
    listed = max(
        (k for k, place in enumerate(order, 1) if k * e_values[place] >= needed), default=0
    )
    return sorted(order[:listed])


def _step_up(p_values: Sequence[float], factor: float) -> list[float]:
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")[::-1]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(factor * len(p) / ranks * p[order]), 1.0)
    return [float(value) for value in adjusted]


def _checked(p_values: Sequence[float]) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if not np.all((p >= 0) & (p <= 1)):
        raise ArgumentError("A p-value lies between 0 and 1; leave tests without one out.")
    return p
