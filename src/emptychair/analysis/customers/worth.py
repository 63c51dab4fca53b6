"""What a bucket is worth, from sums by month after the answer: for all replicates at once."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np

from emptychair.analysis.customers.lifetime import hazards_fitted
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.sums.jackknife import Estimate, from_replicates
from emptychair.analysis.sums.money import MoneySums

_FOLLOWED_ENOUGH = 20  # customers; beyond it a month's share of leavers says little


@dataclass(frozen=True)
class Figure:
    """A figure as measured, and among comparable customers.

    Attributes:
        value: as measured.
        low: lower limit of its interval.
        high: upper limit.
        adjusted: among customers who are alike in tenure, size and segment.
        adjusted_low: lower limit of its interval.
        adjusted_high: upper limit.
    """

    value: float
    low: float
    high: float
    adjusted: float | None
    adjusted_low: float | None
    adjusted_high: float | None


@dataclass(frozen=True)
class Worth:
    """Figures of the three buckets; row 0 over all customers, then without each hash group.

    Arrays have the shape (1 + hash groups, buckets).
    """

    totals: dict[str, Floats]
    kept: Floats | None
    months_kept: Floats | None
    lifetime_value: Floats | None


def replicates(sums: Floats) -> Floats:
    """Return the sum over hash groups and, below it, the sums without each of them."""
    total = sums.sum(axis=0)
    return np.concatenate([total[None], total - sums])


def overlap_weights(people: Floats) -> Floats:
    """Return the weight of a customer by cell and bucket, so that the buckets compare.

    A customer weighs the harmonic mean of the chances of the three buckets in the cell, over
    the chance of the own one: cells in which all three occur side by side count most, cells
    that lack one do not count, and every trait that makes the cells is balanced exactly.

    Args:
        people: customers, the last two dimensions cells and buckets.

    References:
        Li & Li (2019), "Propensity score weighting for causal inference with multiple
        treatments", Annals of Applied Statistics 13(4), 2389-2415 (generalised overlap).

    Examples:
        >>> overlap_weights(np.array([[2.0, 2.0, 4.0], [0.0, 5.0, 5.0]])).round(3).tolist()
        [[0.4, 0.4, 0.2], [0.0, 0.0, 0.0]]
    """
    there = (people > 0).all(axis=-1, keepdims=True)
    inverse = 1 / np.where(people > 0, people, 1.0)
    return np.asarray(np.where(there, inverse / inverse.sum(axis=-1, keepdims=True), 0.0))


def worth_of(
    sums: MoneySums, *, adjusted: bool, months: int, horizon: int, discount_share: float
) -> Worth:
    """Return every figure of the three buckets for all replicates.

    Args:
        sums: of one group of customers.
        adjusted: weight customers so that the buckets compare, instead of each the same.
        months: over which money and retention are counted.
        horizon: months over which the lifetime value is counted.
        discount_share: interest per year.

    Returns:
        The figures; those that need more months than anybody was followed are None, a
        bucket without customers is NaN.
    """
    followed = replicates(sums.followed)
    weight = overlap_weights(followed[..., 0]) if adjusted else np.ones(followed.shape[:3])
    spread = weight[..., None]

    def weighed(values: Floats) -> Floats:
        return np.asarray((spread * replicates(values)).sum(axis=1))

    seen, at_risk, lost = (
        (spread * followed).sum(axis=1),
        weighed(sums.at_risk),
        weighed(sums.lost),
    )
    known = followed.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        if known < months:
            return Worth({}, None, None, None)
        totals = {
            name: (weighed(values) / seen)[..., :months].sum(axis=-1)
            for name, values in sums.sums.items()
        }
        kept = np.cumprod(1 - lost / at_risk, axis=-1)
        before = np.concatenate([np.ones_like(kept[..., :1]), kept[..., :-1]], axis=-1)
        alive = (before + kept) / 2
        value = None
        if "margin" in sums.sums:
            margin = weighed(sums.sums["margin"])
            if "cost_to_serve" in sums.sums:
                margin = margin - weighed(sums.sums["cost_to_serve"])
            a_month = margin.sum(axis=-1) / (at_risk - lost / 2).sum(axis=-1)
            enough = int((followed[0].sum(axis=0) >= _FOLLOWED_ENOUGH).all(axis=0).sum())
            expected = _expected(lost, at_risk, max(enough, months), horizon)
            discount = (1 + discount_share) ** (-(np.arange(1, horizon + 1) - 0.5) / 12)
            value = a_month * (expected * discount).sum(axis=-1)
    return Worth(totals, np.asarray(kept[..., months - 1]), alive[..., :months].sum(axis=-1), value)


def _expected(lost: Floats, at_risk: Floats, enough: int, horizon: int) -> Floats:
    """Return the share still there in the middle of each month up to `horizon`.

    As observed while enough were followed, then by the fitted contracts.
    """
    shape = lost.shape[:-1]
    rows = lost[..., :enough].reshape(-1, enough), at_risk[..., :enough].reshape(-1, enough)
    first, slope = hazards_fitted(*rows)
    months = np.arange(horizon)
    hazard = (first[:, None] / (1 + slope[:, None] * months)).reshape(*shape, horizon)
    observed = min(enough, horizon)
    hazard[..., :observed] = (lost / at_risk)[..., :observed]
    kept = np.cumprod(1 - hazard, axis=-1)
    before = np.concatenate([np.ones_like(kept[..., :1]), kept[..., :-1]], axis=-1)
    return np.asarray((before + kept) / 2)


def estimate(values: Floats, confidence: float, *, is_share: bool = False) -> Estimate | None:
    """Return the jackknife interval of one bucket's replicates; None where there is no figure.

    A share's interval is made on log(-log(share)), where it stays from 0 to 1.
    """
    if not np.isfinite(values).all():
        return None
    if not is_share:
        return from_replicates(float(values[0]), values[1:].tolist(), confidence)
    value = float(values[0])
    if not ((values > 0) & (values < 1)).all():
        plain = from_replicates(value, values[1:].tolist(), confidence)
        return Estimate(value, plain.standard_error, max(0.0, plain.low), min(1.0, plain.high))
    turned = np.log(-np.log(values))
    found = from_replicates(float(turned[0]), turned[1:].tolist(), confidence)
    error = abs(value * log(value)) * found.standard_error
    return Estimate(value, error, exp(-exp(found.high)), exp(-exp(found.low)))
