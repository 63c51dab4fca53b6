"""From arrays to what is said of each driver: limits, ranks and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats

from emptychair.analysis.delivery.intervals import Floats, normal_quantile
from emptychair.analysis.rootcause.estimating import Estimates, performance
from emptychair.analysis.rootcause.pooling import Pooled, Pooling
from emptychair.analysis.rootcause.records import (
    Against,
    Driver,
    DriverGroup,
    Verdict,
    driver_name,
)
from emptychair.analysis.rootcause.regression import jackknife_covariance
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.crossproducts import PatternSums

SAME_CONFIDENCE = 0.9
RANK_CONFIDENCE = 0.9
SURE = 0.05  # chance that anything at all is said of a study in which drivers do nothing
PIECES = 2  # said of a driver: that it has an effect, and which end it moves

_DRAWS = 1000
_SEED = 1


def silent_group(group: Group, sums: PatternSums, verdicts: Mapping[str, str]) -> DriverGroup:
    """Return a group of which nothing can be said but why."""
    found = [_silent(sums, name, verdict) for name, verdict in verdicts.items()]
    return DriverGroup(group, sums.n, nps_points(sums), None, False, False, found)


def company_group(
    own: Estimates, sums: PatternSums, verdicts: Mapping[str, str], confidence: float
) -> DriverGroup:
    """Return everybody's drivers, with t intervals."""
    quantile = float(stats.t.ppf((1 + confidence) / 2, own.degrees))
    errors = np.sqrt(np.maximum(np.diag(own.covariance), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stats.t.sf(np.abs(own.effects) / errors, own.degrees)
    adjusted = bonferroni(p_values)
    found = _drivers(own, sums, own.effects, errors, quantile, adjusted, confidence)
    return _assembled((), own, sums, found, verdicts, own.covariance)


def bonferroni(p_values: Floats, families: int = 1) -> Floats:
    """Return p-values adjusted for all that is said of all drivers of all groups.

    Every driver counts twice, once for its effect and once for the end it moves; with the
    single step no driver makes it easier for the next one to be spoken of.

    Args:
        p_values: of no effect, one per driver; NaN where there is no telling.
        families: groups in which the drivers are tried.

    References:
        Dunn (1961), Journal of the American Statistical Association 56, 52-64.

    Examples:
        >>> bonferroni(np.array([0.004, 0.3])).round(3).tolist()
        [0.016, 1.0]
    """
    known = np.where(np.isfinite(p_values), p_values, 1.0)
    return np.asarray(np.minimum(1.0, known * PIECES * len(p_values) * families))


def pooled_group(
    group: Group,
    own: Estimates,
    sums: PatternSums,
    verdicts: Mapping[str, str],
    pooled: Pooled,
    confidence: float,
    *,
    company: DriverGroup,
    differing: Sequence[bool] | None,
    segments: int,
) -> DriverGroup:
    """Return a segment's drivers, pulled towards the company's.

    Where a segment is the same as the company, what is sure of the company is sure of it; where
    it differs, its own effect is tried, with as many others as there are segments.

    Args:
        group: values of the columns grouped by.
        own: what its answers say.
        sums: of its answers.
        verdicts: why nothing is said of some drivers.
        pooled: its effects after pooling.
        confidence: coverage of intervals.
        company: everybody's drivers.
        differing: of which drivers segments differ at all; None without another segment.
        segments: how many speak for themselves.
    """
    errors = np.sqrt(np.maximum(np.diag(pooled.covariance), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stats.norm.sf(np.abs(pooled.effects) / errors)
    quantile = normal_quantile(confidence)
    adjusted = bonferroni(p_values, segments)
    against = None if differing is None else _against_company(pooled, differing)
    if against is not None:
        adjusted = _as_company(adjusted, pooled.effects, against, _of_company(own, company))
    found = _drivers(own, sums, pooled.effects, errors, quantile, adjusted, confidence, segments)
    if against is not None:
        found = [
            replace(one, against_company=word) for one, word in zip(found, against, strict=True)
        ]
    return _assembled(group, own, sums, found, verdicts, pooled.covariance)


def borrowed(
    group: Group,
    sums: PatternSums,
    verdicts: Mapping[str, str],
    company: DriverGroup,
    pooling: Pooling | None,
    own: Estimates,
) -> DriverGroup:
    """Return a segment too small to speak for itself: what is known of the company stands in."""
    mean, spread = own.effects, own.covariance
    if pooling is not None:
        mean, spread = pooling.mean, pooling.between + pooling.mean_covariance
    errors = np.sqrt(np.maximum(np.diag(spread), 0.0))
    z = normal_quantile(0.95)
    by_name = {one.driver: one for one in company.drivers}
    found = []
    for i, members in enumerate(own.places):
        columns = [own.columns[place] for place in members]
        name = " + ".join(driver_name(column) for column in columns)
        found.append(
            Driver(
                **_rated(sums, columns),
                verdict=by_name[name].verdict,
                effect_points=100 * float(mean[i]),
                effect_low=100 * float(mean[i] - z * errors[i]),
                effect_high=100 * float(mean[i] + z * errors[i]),
                against_company="same",
            )
        )
    there = {column for one in found for column in one.members}
    rest = [_silent(sums, name, v) for name, v in verdicts.items() if name not in there]
    covariance = (spread * 1e4).tolist()
    return DriverGroup(
        group, sums.n, nps_points(sums), None, False, True, [*found, *rest], covariance
    )


def nps_points(sums: PatternSums) -> float | None:
    """Return the NPS of the answers in the sums."""
    weight = float(sums.weight.sum())
    promoters, detractors = sums.sums.sum(axis=(0, 1))[-2:]
    return float(100 * (promoters - detractors) / weight) if weight else None


def rank_limits(shares: Floats, confidence: float = RANK_CONFIDENCE) -> tuple[Floats, Floats]:
    """Return the ranks by importance that cannot be ruled out, from jackknife replicates.

    Args:
        shares: for all and without each hash group, (1 + groups, drivers).
        confidence: chance that the rank lies within.
    """
    rng = np.random.default_rng(_SEED)
    groups = len(shares) - 1
    noise = rng.normal(size=(_DRAWS, groups)) * sqrt((groups - 1) / groups)
    draws = shares[0] + noise @ (shares[1:] - shares[0])
    ranks = (-draws).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") + 1
    tail = (1 - confidence) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="nearest")
    return low, high


def _drivers(
    own: Estimates,
    sums: PatternSums,
    effects: Floats,
    errors: Floats,
    quantile: float,
    adjusted: Floats,
    confidence: float,
    families: int = 1,
) -> list[Driver]:
    shares = _limits(own.importance, confidence)
    ranks = rank_limits(own.importance)
    sides = {"promoter": own.promoters, "detractor": own.detractors}
    limits = {name: _limits(100 * values, confidence) for name, values in sides.items()}
    columns = [[own.columns[place] for place in members] for members in own.places]
    rated = [_rated(sums, names, confidence) for names in columns]
    means = [one["performance_mean"] for one in rated if not one["members"][0].startswith("theme_")]
    middle = sum(means) / len(means) if means else 0.0
    found = []
    for i, names in enumerate(columns):
        value = rated[i]["performance_mean"]
        sure = bool(adjusted[i] <= SURE)
        found.append(
            Driver(
                **rated[i],
                verdict=_verdict(names, sure, float(effects[i]), value, middle),
                importance_share=float(own.importance[0, i]),
                importance_low=max(0.0, float(shares[0][i])),
                importance_high=min(1.0, float(shares[1][i])),
                rank_low=int(ranks[0][i]),
                rank_high=int(ranks[1][i]),
                effect_points=100 * float(effects[i]),
                effect_low=100 * float(effects[i] - quantile * errors[i]),
                effect_high=100 * float(effects[i] + quantile * errors[i]),
                own_points=100 * float(own.effects[i]),
                acts_on=_acts_on(own, i, families) if sure else None,
                p_value=float(adjusted[i]),
                robustness_share=_robustness(effects[i], errors[i], own),
                **_sides(own, limits, i),
            )
        )
    return found


def _sides(own: Estimates, limits: Mapping[str, tuple[Floats, Floats]], i: int) -> dict[str, Any]:
    return {
        "promoter_points": 100 * float(own.promoters[0, i]),
        "promoter_low": float(limits["promoter"][0][i]),
        "promoter_high": float(limits["promoter"][1][i]),
        "detractor_points": 100 * float(own.detractors[0, i]),
        "detractor_low": float(limits["detractor"][0][i]),
        "detractor_high": float(limits["detractor"][1][i]),
    }


def _limits(replicates: Floats, confidence: float) -> tuple[Floats, Floats]:
    errors = np.sqrt(np.diag(jackknife_covariance(replicates)))
    margin = float(stats.t.ppf((1 + confidence) / 2, len(replicates) - 2)) * errors
    return replicates[0] - margin, replicates[0] + margin


def _acts_on(own: Estimates, i: int, families: int) -> Any:
    """Return which end the driver moves more, where that is sure among all that is said."""
    sign = np.sign(own.effects[i])
    gap = sign * (own.promoters[:, i] + own.detractors[:, i])
    error = sqrt(float(jackknife_covariance(gap[:, None])[0, 0]))
    level = SURE / (PIECES * len(own.effects) * families)
    if abs(gap[0]) <= float(stats.t.ppf(1 - level / 2, len(gap) - 2)) * error:
        return "both"
    return "promoters" if gap[0] > 0 else "detractors"


def _robustness(effect: float, error: float, own: Estimates) -> float | None:
    """Return the robustness value of Cinelli & Hazlett (2020), JRSS B 82(1), 39-67."""
    degrees = own.moments.n - len(own.effects) - 1
    if not error > 0 or degrees < 1:
        return None
    f2 = (effect / error) ** 2 / degrees
    return float(2 * f2 / (sqrt(f2**2 + 4 * f2) + f2)) if f2 else 0.0


def _verdict(
    names: Sequence[str], sure: bool, effect: float, value: float | None, middle: float
) -> Verdict:
    if not sure:
        return "unclear"
    if effect < 0:
        return "lowers"
    if names[0].startswith("theme_"):
        return "raises"
    return "improve" if value is not None and value < middle else "keep"


def _against_company(pooled: Pooled, differing: Sequence[bool]) -> list[Against]:
    errors = np.sqrt(np.maximum(np.diag(pooled.away_covariance), 0.0))
    margins = normal_quantile(SAME_CONFIDENCE) * errors
    return [
        _against(away, margin) if differs else "same"
        for away, margin, differs in zip(pooled.away, margins, differing, strict=True)
    ]


def _of_company(own: Estimates, company: DriverGroup) -> list[Driver]:
    """Return the company's drivers in the order of the estimates."""
    by_members = {one.members: one for one in company.drivers}
    return [by_members[tuple(own.columns[i] for i in members)] for members in own.places]


def _as_company(
    adjusted: Floats, effects: Floats, against: Sequence[Against], company: Sequence[Driver]
) -> Floats:
    """Return the p-values with the company's where a segment is the same and goes its way."""
    found = adjusted.copy()
    for i, (word, one) in enumerate(zip(against, company, strict=True)):
        if word == "same":
            agrees = effects[i] * (one.effect_points or 0.0) > 0
            found[i] = one.p_value if agrees and one.p_value is not None else 1.0
    return found


def _against(away: float, margin: float) -> Against:
    if abs(away) <= margin:
        return "same"
    return "stronger" if away > 0 else "weaker"


def _assembled(
    group: Group,
    own: Estimates,
    sums: PatternSums,
    found: Sequence[Driver],
    verdicts: Mapping[str, str],
    covariance: Floats,
) -> DriverGroup:
    order = sorted(range(len(found)), key=lambda i: (-(found[i].importance_share or 0), i))
    silent = [_silent(sums, name, verdict) for name, verdict in verdicts.items()]
    return DriverGroup(
        group,
        sums.n,
        nps_points(sums),
        float(own.explained[0]),
        not own.is_complete,
        False,
        [*(found[i] for i in order), *silent],
        (1e4 * covariance[np.ix_(order, order)]).tolist(),
    )


def _silent(sums: PatternSums, name: str, verdict: Any) -> Driver:
    return Driver(**_rated(sums, [name]), verdict=verdict)


def _rated(sums: PatternSums, columns: Sequence[str], confidence: float = 0.95) -> dict[str, Any]:
    """Return the fields that say what a driver is and how it is rated."""
    seen = performance(sums, [sums.names.index(column) for column in columns])
    margin = normal_quantile(confidence) * seen.error
    return {
        "driver": " + ".join(driver_name(column) for column in columns),
        "members": tuple(columns),
        "n": seen.n,
        "missing_share": 1 - seen.n / sums.n,
        "performance_mean": seen.mean,
        "performance_low": None if seen.mean is None else seen.mean - margin,
        "performance_high": None if seen.mean is None else seen.mean + margin,
    }
