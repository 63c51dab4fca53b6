"""The interval of any statistic of sums: leave out one hash group of customers at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Protocol, TypeVar

from scipy import stats

from emptychair.analysis.checks import check_share
from emptychair.analysis.errors import ArgumentError


class Addable(Protocol):
    """A record of sums: two of them add up to the record of both."""

    def __add__(self, other: Any, /) -> Any:
        """Return the sums of both."""


Totals = TypeVar("Totals", bound=Addable)


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error and interval, all in the statistic's own unit."""

    value: float
    standard_error: float
    low: float
    high: float


def jackknife(
    totals_by_group: Sequence[Totals],
    statistic: Callable[[Totals], float],
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return `statistic` of the sum of all groups, with a delete-a-group jackknife interval.

    The groups are hash groups of customers, so that all answers of a customer leave
    together and the interval holds for customers who answer more than once.

    Args:
        totals_by_group: the sums of each hash group, empty groups included.
        statistic: computes the figure from sums.
        confidence: coverage of the interval, a share strictly between 0 and 1.

    Returns:
        The figure over all groups, its standard error and its t interval.

    Raises:
        ArgumentError: there are fewer than two groups.

    References:
        Kott (2001), "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4),
        521-526.

    Examples:
        >>> round(jackknife([1.0, 2.0, 6.0], lambda total: total).standard_error, 4)
        5.2281
    """
    check_share(confidence, "confidence")
    groups = len(totals_by_group)
    if groups < 2:
        raise ArgumentError(f"the jackknife needs at least 2 groups of customers; got {groups}")
    value = statistic(_sum(totals_by_group))
    without = [statistic(rest) for rest in _leave_one_out(totals_by_group)]
    return from_replicates(value, without, confidence)


def from_replicates(value: float, without: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return the jackknife interval of a figure whose leave-one-out values are known.

    Args:
        value: the figure over all groups.
        without: the figure without each group.
        confidence: coverage of the interval.

    Raises:
        ArgumentError: there are fewer than two groups.

    Examples:
        >>> round(from_replicates(9.0, [8.0, 7.0, 3.0]).standard_error, 4)
        5.2281
    """
    check_share(confidence, "confidence")
    groups = len(without)
    if groups < 2:
        raise ArgumentError(f"the jackknife needs at least 2 groups of customers; got {groups}")
    error = sqrt((groups - 1) / groups * sum((one - value) ** 2 for one in without))
    margin = float(stats.t.ppf((1 + confidence) / 2, groups - 1)) * error
    return Estimate(value, error, value - margin, value + margin)


def _leave_one_out(totals: Sequence[Totals]) -> list[Totals]:
    """Return the sum without each group, by prefix and suffix sums: no subtraction, so no loss."""
    before: list[Totals | None] = [None]
    for total in totals[:-1]:
        before.append(_plus(before[-1], total))
    after: list[Totals | None] = [None]
    for total in reversed(totals[1:]):
        after.append(_plus(after[-1], total))
    pairs = zip(before, reversed(after), strict=True)
    return [_present(_plus(b, a) if a is not None else b) for b, a in pairs]


def _plus(left: Totals | None, right: Totals) -> Totals:
    return right if left is None else left + right


def _present(total: Totals | None) -> Totals:
    assert total is not None  # at least two groups, so something is left
    return total


def _sum(totals: Sequence[Totals]) -> Totals:
    result = totals[0]
    for total in totals[1:]:
        result = result + total
    return result
