"""How many stay and for how long: Kaplan-Meier, competing ends, months kept, comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from typing import Literal

import numpy as np
from scipy import stats

from emptychair.analysis.checks import check_choice, check_positive, check_share
from emptychair.analysis.customers.lifetable import LifeTable
from emptychair.analysis.delivery.intervals import Floats, normal_quantile
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.jackknife import Estimate

Interval = Literal["log-log", "log"]


@dataclass(frozen=True)
class CurvePoint:
    """A curve at one time at which somebody left.

    Attributes:
        time: in the unit of the life table.
        at_risk: customers followed just before.
        lost: those who left then, for the reasons the curve is about.
        share: still customers, or for a reason those lost to it by then.
        standard_error: of the share.
        low: lower limit of its interval.
        high: upper limit.
    """

    time: float
    at_risk: int
    lost: int
    share: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class LogRank:
    """Whether several groups stay equally long."""

    chi_square: float
    degrees: int
    p_value: float


def kaplan_meier(
    table: LifeTable, *, confidence: float = 0.95, interval: Interval = "log-log"
) -> list[CurvePoint]:
    """Return the share still there after each time, with Greenwood's error.

    Args:
        table: who was followed and who left.
        confidence: coverage of the interval, a share strictly between 0 and 1.
        interval: built on log(-log(share)), which stays within 0 and 1, or on log(share).

    Returns:
        One point per time at which somebody left. Where all have left, the limits are the
        exact binomial ones for those last followed.

    Raises:
        ArgumentError: `confidence` or `interval` mean nothing here.

    References:
        Kaplan & Meier (1958), "Nonparametric Estimation from Incomplete Observations",
        Journal of the American Statistical Association 53, 457-481. Greenwood (1926).
        Kalbfleisch & Prentice (2002), "The Statistical Analysis of Failure Time Data", 1.4.

    Examples:
        >>> from emptychair.analysis.customers.lifetable import Exit, life_table
        >>> table = life_table([Exit(2, "churn", 1), Exit(3, None, 1), Exit(5, None, 2)])
        >>> [round(point.share, 2) for point in kaplan_meier(table)]
        [0.75]
    """
    check_share(confidence, "confidence")
    check_choice(interval, "interval", ("log-log", "log"))
    share, variance = _product(table)
    z = normal_quantile(confidence)
    points = []
    for i, time in enumerate(table.times):
        error = sqrt(variance[i]) if np.isfinite(variance[i]) else 0.0
        low, high = _limits(float(share[i]), error, z, interval, table.at_risk[i])
        points.append(
            CurvePoint(
                time,
                table.at_risk[i],
                int(table.ends[i]),
                float(share[i]),
                float(share[i]) * error,
                low,
                high,
            )
        )
    return points


def kept_share(table: LifeTable, time: float, *, confidence: float = 0.95) -> Estimate:
    """Return the share still there at one time, with its log-log interval.

    Before anybody has left the share is 1; its lower limit is then the exact binomial one
    for those followed that long.

    Raises:
        ArgumentError: nobody was followed that long, so nothing is known.

    Examples:
        >>> from emptychair.analysis.customers.lifetable import Exit, life_table
        >>> table = life_table([Exit(2, "churn", 1), Exit(9, None, 3)])
        >>> kept_share(table, 5).value, round(kept_share(table, 1).low, 3)
        (0.75, 0.398)
    """
    check_positive(time, "time")
    if time > table.last_time:
        raise ArgumentError(f"Nobody was followed for {time:g}; the longest is {table.last_time:g}")
    before = [p for p in kaplan_meier(table, confidence=confidence) if p.time <= time]
    if not before:
        low = ((1 - confidence) / 2) ** (1 / table.n)
        return Estimate(1.0, 0.0, low, 1.0)
    last = before[-1]
    return Estimate(last.share, last.standard_error, last.low, last.high)


def median_kept(curve: Sequence[CurvePoint]) -> tuple[float | None, float | None, float | None]:
    """Return the time by which half have left, with its interval; None where it is not reached.

    References:
        Brookmeyer & Crowley (1982), "A Confidence Interval for the Median Survival Time",
        Biometrics 38(1), 29-41.
    """

    def first(values: Sequence[float]) -> float | None:
        for i, value in enumerate(values):
            if value < 0.5 - 1e-12:
                return curve[i].time
            if abs(value - 0.5) <= 1e-12:
                following = curve[i + 1].time if i + 1 < len(curve) else curve[i].time
                return (curve[i].time + following) / 2
        return None

    shares, lows, highs = zip(*((p.share, p.low, p.high) for p in curve), strict=True)
    return first(shares), first(lows), first(highs)


def restricted_mean(table: LifeTable, horizon: float, *, confidence: float = 0.95) -> Estimate:
    """Return how long a customer stays on average, counted up to `horizon`.

    Args:
        table: who was followed and who left.
        horizon: the time after which no more is counted.
        confidence: coverage of the interval.

    Raises:
        ArgumentError: nobody was followed up to `horizon`.

    References:
        Royston & Parmar (2013), "Restricted mean survival time", BMC Medical Research
        Methodology 13, 152.

    Examples:
        >>> from emptychair.analysis.customers.lifetable import Exit, life_table
        >>> table = life_table([Exit(2, "churn", 1), Exit(9, None, 3)])
        >>> restricted_mean(table, 6).value
        5.0
    """
    check_positive(horizon, "horizon")
    if horizon > table.last_time:
        raise ArgumentError(
            f"Nobody was followed for {horizon:g}; the longest is {table.last_time:g}"
        )
    share, _ = _product(table)
    times = np.asarray(table.times)
    inside = times < horizon
    edges = np.concatenate([[0.0], times[inside], [horizon]])
    areas = np.diff(edges) * np.concatenate([[1.0], share[inside]])
    after = np.cumsum(areas[::-1])[::-1][1:]  # area beyond each time at which somebody left
    n, d = np.asarray(table.at_risk, dtype=np.float64)[inside], table.ends[inside]
    left = np.where(n > d, n * (n - d), inf)
    error = sqrt(float((after**2 * d / left).sum()))
    value = float(areas.sum())
    margin = normal_quantile(confidence) * error
    return Estimate(value, error, max(0.0, value - margin), min(horizon, value + margin))


def lost_to(table: LifeTable, cause: str, *, confidence: float = 0.95) -> list[CurvePoint]:
    """Return the share lost to one reason by each time, where others may come first.

    One minus Kaplan-Meier would count customers who moved away as if they could still
    churn; Aalen and Johansen's estimate does not.

    Args:
        table: who was followed and who left, by reason.
        cause: the reason.
        confidence: coverage of the interval.

    Raises:
        ArgumentError: nobody left for that reason.

    References:
        Aalen & Johansen (1978), Scandinavian Journal of Statistics 5(3), 141-150; variance
        Marubini & Valsecchi (1995), "Analysing Survival Data from Clinical Trials", 10.2.

    Examples:
        >>> from emptychair.analysis.customers.lifetable import Exit, life_table
        >>> table = life_table([Exit(1, "churn", 1), Exit(2, "moved", 1), Exit(3, "churn", 2)])
        >>> [point.share for point in lost_to(table, "churn")]
        [0.25, 0.25, 0.75]
    """
    check_share(confidence, "confidence")
    if cause not in table.lost:
        reasons = ", ".join(table.lost) or "none"
        raise ArgumentError(f"Nobody left for {cause!r}; the reasons are: {reasons}.")
    share, _ = _product(table)
    before = np.concatenate([[1.0], share[:-1]])
    n = np.asarray(table.at_risk, dtype=np.float64)
    d, own = table.ends, np.asarray(table.lost[cause], dtype=np.float64)
    incidence = np.cumsum(before * own / n)
    z = normal_quantile(confidence)
    points = []
    for i, time in enumerate(table.times):
        gap = incidence[i] - incidence[: i + 1]
        m, e, k, s = n[: i + 1], d[: i + 1], own[: i + 1], before[: i + 1]
        spread = gap**2 * e / np.where(m > e, m * (m - e), inf)
        own_part = s**2 * k * (m - k) / m**3
        variance = float((spread + own_part - 2 * gap * s * k / m**2).sum())
        f, error = float(incidence[i]), sqrt(max(variance, 0.0))
        low, high = _incidence_limits(f, error, z)
        points.append(CurvePoint(time, table.at_risk[i], int(own[i]), f, error, low, high))
    return points


def log_rank(tables: Sequence[LifeTable]) -> LogRank:
    """Return the log-rank test of equal retention in several groups.

    Raises:
        ArgumentError: there are fewer than two groups, or nobody left.

    References:
        Mantel (1966), Cancer Chemotherapy Reports 50(3), 163-170.
    """
    times = sorted({time for table in tables for time in table.times})
    if len(tables) < 2 or not times:
        raise ArgumentError("The log-rank test needs two groups, and somebody who left.")
    d = np.array([_at(table, times, table.ends) for table in tables])
    n = np.array([table.followed_at(times) for table in tables], dtype=np.float64)
    total_d, total_n = d.sum(axis=0), n.sum(axis=0)
    shares = n / total_n
    gap = (d - shares * total_d).sum(axis=1)
    scale = total_d * (total_n - total_d) / np.maximum(total_n - 1, 1)
    covariance = np.diag((scale * shares).sum(axis=1)) - (scale * shares) @ shares.T
    kept = slice(0, len(tables) - 1)
    solved = np.linalg.lstsq(covariance[kept, kept], gap[kept], rcond=None)[0]
    chi_square, degrees = float(gap[kept] @ solved), len(tables) - 1
    return LogRank(chi_square, degrees, float(stats.chi2.sf(chi_square, degrees)))


def _at(table: LifeTable, times: Sequence[float], values: Floats) -> Floats:
    found = dict(zip(table.times, values.tolist(), strict=True))
    return np.array([found.get(time, 0.0) for time in times])


def _product(table: LifeTable) -> tuple[Floats, Floats]:
    """Return the share kept after each time and Greenwood's variance of its logarithm."""
    n, d = np.asarray(table.at_risk, dtype=np.float64), table.ends
    share = np.cumprod(1 - d / n)
    with np.errstate(divide="ignore"):
        variance = np.cumsum(d / (n * (n - d)))
    return np.asarray(share), np.asarray(variance)


def _limits(
    share: float, log_error: float, z: float, interval: Interval, at_risk: int
) -> tuple[float, float]:
    if share <= 0:
        tail = float(stats.norm.sf(z))
        return 0.0, 1 - tail ** (1 / at_risk)
    if interval == "log":
        return share * exp(-z * log_error), min(1.0, share * exp(z * log_error))
    spread = z * log_error / abs(log(share))
    return share ** exp(spread), share ** exp(-spread)


def _incidence_limits(share: float, error: float, z: float) -> tuple[float, float]:
    if not 0 < share < 1:
        return share, share
    spread = z * error / (share * abs(log(share)))
    return share ** exp(spread), share ** exp(-spread)
