"""The Net Promoter Score of each group, with an interval that holds its coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf

import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.delivery.definitions import Per, account_answers, latest_answers
from emptychair.analysis.delivery.effective import WeightedNps, weighted_nps
from emptychair.analysis.delivery.intervals import score_interval, score_intervals
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.counts import Group, ScoreCounts, score_counts
from emptychair.analysis.sums.weighted import WeightedSums, weighted_sums


@dataclass(frozen=True)
class Nps:
    """The Net Promoter Score of one group.

    Attributes:
        group: values of the grouping columns.
        n: responses that count.
        n_effective: independent answers they are worth, after weights, strata and repeats.
        promoters: how many of them are 9 or 10.
        passives: how many are 7 or 8.
        detractors: how many are 0 to 6.
        nps_points: from -100 to 100; null where nobody answered.
        low_points: lower limit of the interval; null where nobody answered.
        high_points: upper limit of the interval; null where nobody answered.
    """

    group: Group
    n: int
    n_effective: float
    promoters: int
    passives: int
    detractors: int
    nps_points: float | None
    low_points: float | None
    high_points: float | None


def net_promoter_score(
    responses: ir.Table,
    *,
    by: Sequence[str] = (),
    score: str = "score",
    confidence: float = 0.95,
    per: Per = "response",
    customer: str | None = "customer_id",
    account: str = "account_id",
    revenue: str | None = None,
    weight: str | None = None,
    stratum: str | None = None,
    population: Mapping[object, float] | None = None,
) -> list[Nps]:
    """Return the Net Promoter Score of each group, with its confidence interval.

    The counting is one query, run where the data lives; no row of `responses` comes into
    Python. A null score was not answered and does not count, nor does a response that is
    held back. A group in which nobody answered is absent: no score is invented for it.
    Below ten answers the interval is wide and the point says little; show `n` beside it.

    Args:
        responses: one row per response.
        by: columns to group by. Empty means one result for the whole table.
        score: column with the 0-to-10 answer: promoter 9-10, passive 7-8, detractor 0-6.
        confidence: coverage of the interval, a share strictly between 0 and 1.
        per: "response" counts every answer, "customer" the latest answer of each,
            "account" the mean of each account's people, weighted by `revenue`.
        customer: column with the customer's id. Where a customer answers more than once,
            the answers count as one unit in the interval. A missing column, or None, means
            that all answers are independent.
        account: column with the account's id, for `per="account"`.
        revenue: column with the account's revenue, for `per="account"`.
        weight: column with the weight of each response.
        stratum: column with the stratum each response was drawn from.
        population: units in each stratum of `stratum` (or in the whole, keyed by 0), if the
            question is about exactly these and no others.

    Returns:
        One `Nps` per group, ordered by group; `_points` fields run from -100 to +100.

    Raises:
        ColumnNotFoundError: `responses` lacks a named column.
        ScoreRangeError: a score is not a whole number from 0 to 10.
        ArgumentError: the definition does not fit the other arguments.

    References:
        Score interval: Tango (1998), Statistics in Medicine 17, 891-908; for the NPS Rocks
        (2016), "Interval Estimation for the Net Promoter Score", The American Statistician
        70(4), 365-372. Effective numbers: Kish (1965), "Survey Sampling", 11.7.

    Examples:
        >>> import ibis
        >>> table = ibis.memtable({"score": [10, 9, 8, 3]})
        >>> net_promoter_score(table)[0].nps_points
        25.0
    """
    check_columns(responses, [score, *by])
    check_share(confidence, "confidence")
    if per != "response" and customer is None:
        raise ArgumentError(f"NPS per {per} needs the column with the customer.")
    if per == "account" and (weight or stratum):
        raise ArgumentError("NPS per account has weights of its own; leave weight and stratum out.")
    unit = customer if customer in responses.columns else None
    if per == "account":
        responses = account_answers(
            responses, by, score=score, customer=str(customer), account=account, revenue=revenue
        )
        weight, unit = "account_weight", account
    elif per == "customer":
        responses, unit = latest_answers(responses, score=score, customer=str(customer)), None
    counts = score_counts(responses, by, score=score)
    if unit is None and weight is None and stratum is None and population is None:
        return nps_of_cells(counts, confidence)
    sums = weighted_sums(responses, by, score=score, weight=weight, stratum=stratum, unit=unit)
    return [nps_of_sums(sums[group], group, confidence, population) for group in sums]


def nps_of_counts(
    counts: ScoreCounts,
    group: Group = (),
    confidence: float = 0.95,
    *,
    population: float | None = None,
) -> Nps:
    """Return the NPS of one cell of counts of independent answers.

    Args:
        counts: how many gave each score.
        group: values of the grouping columns, copied to the result.
        confidence: coverage of the interval, a share strictly between 0 and 1.
        population: how many could have answered, if the question is about exactly these.

    Returns:
        The NPS; its points are null where nobody answered.

    Raises:
        ArgumentError: `population` is smaller than the number of answers.

    References:
        See `net_promoter_score`.

    Examples:
        >>> cell = nps_of_counts(ScoreCounts.of([10] * 15 + [7] * 9 + [0] * 12))
        >>> round(cell.low_points, 2), round(cell.high_points, 2)
        (-19.56, 34.86)
    """
    check_share(confidence, "confidence")
    if not counts.n:
        return Nps(group, 0, 0.0, 0, 0, 0, None, None, None)
    buckets = (counts.detractors, counts.passives, counts.promoters)
    effective = effective_of_population(counts.n, population)
    nps = (counts.promoters - counts.detractors) / counts.n
    low, high = _limits(buckets, counts.n, effective, confidence)
    return Nps(
        group,
        counts.n,
        effective,
        counts.promoters,
        counts.passives,
        counts.detractors,
        100 * nps,
        100 * low,
        100 * high,
    )


def nps_of_cells(cells: Mapping[Group, ScoreCounts], confidence: float = 0.95) -> list[Nps]:
    """Return the NPS of many cells of counts at once, in their order, as `nps_of_counts` does.

    Examples:
        >>> cells = {("A",): ScoreCounts.of([10, 3]), ("B",): ScoreCounts()}
        >>> [(nps.group, nps.nps_points) for nps in nps_of_cells(cells)]
        [(('A',), 0.0), (('B',), None)]
    """
    low, high = score_intervals(
        [cell.detractors for cell in cells.values()],
        [cell.passives for cell in cells.values()],
        [cell.promoters for cell in cells.values()],
        confidence,
    )
    return [
        Nps(
            group,
            cell.n,
            float(cell.n),
            cell.promoters,
            cell.passives,
            cell.detractors,
            100 * ((cell.promoters - cell.detractors) / cell.n) if cell.n else None,
            100 * float(low[i]) if cell.n else None,
            100 * float(high[i]) if cell.n else None,
        )
        for i, (group, cell) in enumerate(cells.items())
    ]


def nps_of_sums(
    strata: Mapping[object, WeightedSums],
    group: Group = (),
    confidence: float = 0.95,
    population: Mapping[object, float] | None = None,
) -> Nps:
    """Return the NPS of one group from its weighted sums by stratum.

    Args:
        strata: sums of each stratum, from `weighted_sums`.
        group: values of the grouping columns, copied to the result.
        confidence: coverage of the interval, a share strictly between 0 and 1.
        population: units in each stratum, if the question is about exactly these.

    Returns:
        The weighted NPS, with unweighted counts of people beside it.
    """
    total = sum(strata.values(), WeightedSums())
    weighted = weighted_nps(strata, population)
    low, high = weighted_limits(weighted, confidence)
    return Nps(
        group,
        int(total.n),
        weighted.n_effective,
        int(total.promoters),
        int(total.passives),
        int(total.detractors),
        100 * weighted.nps,
        100 * low,
        100 * high,
    )


def weighted_limits(weighted: WeightedNps, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a weighted NPS on its effective number of answers."""
    shares = (
        weighted.detractor_share,
        max(0.0, 1 - weighted.detractor_share - weighted.promoter_share),
        weighted.promoter_share,
    )
    return _limits(shares, 1.0, weighted.n_effective, confidence)


def effective_of_population(n: float, population: float | None) -> float:
    """Return the answers that `n` of a finite population are worth: n (N - 1) / (N - n).

    Raises:
        ArgumentError: the population is smaller than `n`.

    Examples:
        >>> effective_of_population(30, 40)
        117.0
        >>> effective_of_population(30, None)
        30.0
    """
    if population is None:
        return float(n)
    if population < n:
        raise ArgumentError(f"{n:g} answers from a population of only {population:g}")
    return n * (population - 1) / (population - n) if population > n else float("inf")


def _limits(
    buckets: tuple[float, float, float], total: float, effective: float, confidence: float
) -> tuple[float, float]:
    if isinf(effective):  # everyone answered: nothing is left to estimate
        nps = (buckets[2] - buckets[0]) / total
        return nps, nps
    d, p, k = (effective * bucket / total for bucket in buckets)
    return score_interval(d, p, k, confidence)
