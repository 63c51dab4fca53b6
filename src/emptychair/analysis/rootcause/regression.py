"""Effects of drivers in NPS points from sums, their standard errors, and drivers that overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import ibis
import numpy as np

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.rootcause.moments import Moments
from emptychair.analysis.sums.counts import Group, bucket_value, counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

HIGHEST_VIF = 5.0

_SINGULAR = 1e-10
_TRACE = 1e-12


@dataclass(frozen=True)
class Fit:
    """Coefficients of the answer -1, 0, +1 on an intercept and the drivers.

    Attributes:
        coefficients: intercept first.
        covariance: of the coefficients.
        degrees: of freedom, for t intervals.
    """

    coefficients: Floats
    covariance: Floats
    degrees: int


def slopes(moments: Moments, outcome: Floats | None = None) -> Floats:
    """Return the coefficients of the drivers, for all and without each group, (sets, drivers).

    Args:
        moments: from `moments`.
        outcome: covariances of the drivers with what is explained; the answer by default.
    """
    target = moments.with_nps if outcome is None else outcome
    inverse = np.linalg.pinv(moments.drivers, rcond=_SINGULAR, hermitian=True)
    found: Floats = np.einsum("rij,rj->ri", inverse, target)
    return found


def jackknife_covariance(replicates: Floats) -> Floats:
    """Return the delete-a-group covariance of estimates, the first row being that of everybody.

    References:
        Kott (2001), "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4),
        521-526.
    """
    away = replicates[1:] - replicates[0]
    groups = len(away)
    found: Floats = (groups - 1) / groups * away.T @ away
    return found


def correlations(moments: Moments) -> Floats:
    """Return correlations of the drivers and, last, the answer, (sets, drivers + 1, same)."""
    p = len(moments.names)
    full = np.empty((len(moments.mean), p + 1, p + 1))
    full[:, :p, :p] = moments.drivers
    full[:, :p, p] = full[:, p, :p] = moments.with_nps
    full[:, p, p] = moments.nps_variance
    spread = np.sqrt(np.maximum(np.einsum("rii->ri", full), 1e-30))
    scaled: Floats = full / (spread[:, :, None] * spread[:, None, :])
    return scaled


def inflation(correlation: Floats) -> Floats:
    """Return the variance inflation factor of each driver from the correlations among them.

    Examples:
        >>> inflation(np.array([[1.0, 0.5], [0.5, 1.0]])).round(3).tolist()
        [1.333, 1.333]
    """
    size = len(correlation)
    inverse = np.linalg.inv(correlation * (1 + _TRACE * np.eye(size)))
    return np.asarray(np.diag(inverse))


def overlapping(correlation: Floats, highest: float = HIGHEST_VIF) -> list[list[int]]:
    """Return the drivers in groups, so that no group is nearly made up of the others.

    The driver that is most made up of others joins the one it goes along with most, until
    every variance inflation factor is at most `highest`.

    Args:
        correlation: among the drivers.
        highest: the factor that is let pass.

    Returns:
        Places of the drivers, group by group, in their order.

    Examples:
        >>> overlapping(np.array([[1.0, 0.1, 0.95], [0.1, 1.0, 0.1], [0.95, 0.1, 1.0]]))
        [[0, 2], [1]]
    """
    groups = [[i] for i in range(len(correlation))]
    while len(groups) > 1:
        combine = _combine(groups, correlation)
        among = combine @ correlation @ combine.T
        spread = np.sqrt(np.diag(among))
        among = among / np.outer(spread, spread)
        factors = inflation(among)
        worst = int(np.argmax(factors))
        if factors[worst] <= highest:
            break
        near = np.abs(among[worst])
        near[worst] = -1.0
        first, second = sorted((worst, int(np.argmax(near))))
        groups[first] = sorted(groups[first] + groups.pop(second))
    return groups


def combination(groups: Sequence[Sequence[int]], correlation: Floats) -> Floats:
    """Return the matrix that replaces the drivers of each group by their mean.

    A driver that goes against the first of its group enters with the opposite sign.
    """
    return _combine(groups, correlation)


def _combine(groups: Sequence[Sequence[int]], correlation: Floats) -> Floats:
    found = np.zeros((len(groups), len(correlation)))
    for place, group in enumerate(groups):
        for i in group:
            sign = -1.0 if correlation[group[0], i] < 0 else 1.0
            found[place, i] = sign / len(group)
    return found


def robust_fits(
    responses: ir.Table,
    drivers: Sequence[str],
    by: Sequence[str],
    found: Mapping[Group, tuple[Moments, Floats]],
    *,
    cluster: str | None = None,
    weight: str | None = None,
) -> dict[Group, Fit]:
    """Return least-squares fits with robust standard errors: a second pass over complete answers.

    Without a cluster the covariance is HC1, with one CR1 (answers of a customer together).

    Args:
        responses: as the moments were made from.
        drivers: the columns, as they stand in the table.
        by: columns to group by.
        found: per group the moments of the combined drivers and the combination.
        cluster: column with the customer.
        weight: column with weights.

    References:
        MacKinnon & White (1985), Journal of Econometrics 29(3), 305-325; Liang & Zeger (1986),
        Biometrika 73(1), 13-22.
    """
    fits = {group: _coefficients(one) for group, (one, _) in found.items()}
    old = {}
    for group, (_, matrix) in found.items():
        intercept, *combined = fits[group]
        old[group] = np.array([intercept, *(np.array(combined) @ matrix)])
    meats = _meats(responses, drivers, by, old, cluster, weight)
    return {
        group: _fit(found[group][0], found[group][1], fits[group], *meats[group], bool(cluster))
        for group in found
    }


def _coefficients(moments: Moments) -> Floats:
    p = len(moments.names)
    b = slopes(moments)[0]
    nps = moments.mean[0, p] - moments.mean[0, p + 1]
    return np.array([nps - moments.mean[0, :p] @ b, *b])


def _fit(
    moments: Moments,
    matrix: Floats,
    coefficients: Floats,
    meat: Floats,
    units: int,
    is_clustered: bool,
) -> Fit:
    p, n = len(moments.names), moments.n
    mean, weight = moments.mean[0, :p], moments.weight[0]
    bread = np.empty((p + 1, p + 1))
    bread[0, 0] = 1.0
    bread[0, 1:] = bread[1:, 0] = mean
    bread[1:, 1:] = moments.drivers[0] + np.outer(mean, mean)
    inverse = np.linalg.pinv(bread * weight, rcond=_SINGULAR, hermitian=True)
    full = np.zeros((p + 1, matrix.shape[1] + 1))
    full[0, 0] = 1.0
    full[1:, 1:] = matrix
    correction = n / (n - p - 1)
    degrees = n - p - 1
    if is_clustered:
        correction = units / (units - 1) * (n - 1) / (n - p - 1)
        degrees = units - 1
    return Fit(coefficients, correction * inverse @ full @ meat @ full.T @ inverse, degrees)


def _meats(
    responses: ir.Table,
    drivers: Sequence[str],
    by: Sequence[str],
    coefficients: Mapping[Group, Floats],
    cluster: str | None,
    weight: str | None,
) -> dict[Group, tuple[Floats, int]]:
    """Return per group the sums of products of w e z, and how many units there are."""
    answered = counted(responses)
    size = len(drivers) + 1
    place = _place(answered, by, list(coefficients))
    names = [f"b_{i}" for i in range(size)]
    table = ibis.memtable(
        {
            "at": list(range(len(coefficients))),
            **{n: [float(b[i]) for b in coefficients.values()] for i, n in enumerate(names)},
        }
    )
    rows = answered.select(
        place=place,
        unit=answered[cluster].cast("string") if cluster else ibis.literal(""),
        w=answered[weight].cast("float64") if weight else ibis.literal(1.0),
        s=bucket_value(answered["score"]).cast("float64"),
        x_0=ibis.literal(1.0),
        **{f"x_{i}": answered[name].cast("float64") for i, name in enumerate(drivers, 1)},
    )
    rows = rows.filter(rows["place"].notnull() & (rows["w"] > 0))
    rows = rows.inner_join(table, rows["place"] == table["at"])
    fitted = reduce(lambda a, b: a + b, [rows[f"b_{i}"] * rows[f"x_{i}"] for i in range(size)])
    error = rows["w"] * (rows["s"] - fitted)
    pulls = rows.select("place", "unit", **{f"u_{i}": error * rows[f"x_{i}"] for i in range(size)})
    if cluster:
        pulls = pulls.group_by(["place", "unit"]).aggregate(
            **{f"u_{i}": pulls[f"u_{i}"].sum() for i in range(size)}
        )
    totals = pulls.group_by("place").aggregate(
        units=pulls.count(),
        **{
            f"m_{i}_{j}": (pulls[f"u_{i}"] * pulls[f"u_{j}"]).sum()
            for i in range(size)
            for j in range(i, size)
        },
    )
    groups = list(coefficients)
    found = {}
    for row in totals.to_pyarrow().to_pylist():
        meat = np.zeros((size, size))
        for i in range(size):
            for j in range(i, size):
                meat[i, j] = meat[j, i] = row[f"m_{i}_{j}"]
        found[groups[row["place"]]] = (meat, int(row["units"]))
    return found


def _place(table: ir.Table, by: Sequence[str], groups: Sequence[Group]) -> ir.Value:
    """Return the number of each row's group among `groups`; null in none of them."""
    if not by:
        return ibis.literal(0)
    cases = []
    for number, group in enumerate(groups):
        tests = [
            table[name].isnull() if value is None else table[name] == value
            for name, value in zip(by, group, strict=True)
        ]
        cases.append((reduce(and_, tests), number))
    return ibis.cases(*cases, else_=ibis.null("int64"))
