"""What goes along with a better score: importance and effect of each driver, per segment too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.shrink import heterogeneity_p_value
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError
from emptychair.analysis.rootcause.estimating import Estimates, estimates, usable
from emptychair.analysis.rootcause.moments import moments
from emptychair.analysis.rootcause.pooling import Pooling, pool
from emptychair.analysis.rootcause.reading import (
    SURE,
    borrowed,
    company_group,
    pooled_group,
    silent_group,
)
from emptychair.analysis.rootcause.records import DriverGroup, DriverStudy
from emptychair.analysis.rootcause.regression import (
    combination,
    correlations,
    inflation,
    overlapping,
    robust_fits,
)
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.crossproducts import PatternSums, driver_columns, pattern_sums
from emptychair.analysis.tables.cells import number

if TYPE_CHECKING:
    import ibis.expr.types as ir

_LEAST_VARIANCE = 1e-12
_MOST_READ_TWICE = 200_000  # answers; a second pass over more tells nothing the first has not
_HIGHEST_IN_SEGMENT = 100.0  # variance inflation beyond which a segment tells nothing of its own


def drivers(
    responses: ir.Table,
    *,
    ratings: Sequence[str] | None = None,
    by: Sequence[str] = (),
    company: ir.Table | None = None,
    customer: str | None = "customer_id",
    weight: str | None = None,
    confidence: float = 0.95,
) -> DriverStudy:
    """Return importance and effect of each driver on the NPS, ratings and themes in one model.

    Importance says what to look at: the share of explained variance (LMG). Effect says how
    many points one step of the driver goes along with (least squares). A driver may have one
    without the other, so budgets never rest on importance. Missing ratings are filled in by
    EM. Effects of segments are pulled towards the company's by how uncertain they are.

    Args:
        responses: one row per response.
        ratings: columns of drivers; all that begin with `rating_` or `theme_` by default.
        by: columns to group by.
        company: the answers of everybody, if `responses` holds some of them several times,
            in overlapping segments.
        customer: column with the customer's id; answers of a customer count together.
        weight: column with the weight of each response.
        confidence: coverage of intervals; that a segment differs is said at 90 %.

    Returns:
        The company and each group, with a verdict where nothing can be computed.

    Raises:
        ColumnNotFoundError: a column is missing, or there are no drivers.
        NoAnswersError: no response counts.
        ArgumentError: a driver holds no numbers, or there are too many.

    References:
        Groemping (2006), Journal of Statistical Software 17(1); Dempster, Laird & Rubin (1977);
        Efron & Morris (1975), Journal of the American Statistical Association 70, 311-319.

    Examples:
        >>> import ibis
        >>> table = ibis.memtable({
        ...     "score": [10, 3, 9, 5, 8, 2, 10, 7, 9, 4],
        ...     "rating_staff": [5, 1, 4, 3, 4, 2, 5, 3, 5, 2],
        ... })
        >>> found = drivers(table).company.drivers[0]
        >>> found.driver, round(found.effect_points, 1), found.importance_share
        ('staff', 59.8, 1.0)
    """
    check_share(confidence, "confidence")
    columns = list(ratings) if ratings is not None else driver_columns(responses)
    if not columns:
        raise ColumnNotFoundError(
            "There are no drivers: no column begins with rating_ or theme_. Name them with "
            "--ratings, or map one with --map rating_staff=COLUMN."
        )
    responses = with_numbers(responses, columns)
    sums = pattern_sums(responses, columns, by, customer=customer, weight=weight)
    everybody = responses if company is None else with_numbers(company, columns)
    whole = (
        pattern_sums(everybody, columns, customer=customer, weight=weight).get(())
        if company is not None
        else _added(sums)
    )
    if whole is None:
        raise NoAnswersError("No response counts: none has a score that is not held back.")
    model = _Model(everybody, responses, by, customer, weight, confidence)
    return model.study(whole, sums if by else {})


class _Model:
    """The steps of one study, with what they share."""

    def __init__(
        self,
        everybody: ir.Table,
        responses: ir.Table,
        by: Sequence[str],
        customer: str | None,
        weight: str | None,
        confidence: float,
    ) -> None:
        self._everybody, self._responses, self._by = everybody, responses, by
        self._cluster = customer if customer in responses.columns else None
        self._weight, self._confidence = weight, confidence

    def study(self, whole: PatternSums, sums: Mapping[Group, PatternSums]) -> DriverStudy:
        """Return the study from sums."""
        chosen, verdicts = usable(whole)
        if not chosen:
            groups = [silent_group(group, one, usable(one)[1]) for group, one in sums.items()]
            return DriverStudy(silent_group((), whole, verdicts), groups, [])
        kept = moments(whole.keep(chosen), replicates=False)
        among = correlations(kept)[0][:-1, :-1]
        places = overlapping(among)
        matrix = combination(places, among)
        overlaps = [[whole.names[chosen[i]] for i in group] for group in places if len(group) > 1]
        own = estimates(whole, chosen, places, matrix)
        own = self._robust(self._everybody, (), {(): own})[()]
        company = company_group(own, whole, verdicts, self._confidence)
        return DriverStudy(company, self._groups(company, own, verdicts, sums), overlaps)

    def _groups(
        self,
        company: DriverGroup,
        own: Estimates,
        verdicts: Mapping[str, str],
        sums: Mapping[Group, PatternSums],
    ) -> list[DriverGroup]:
        entering = {
            group: estimates(one, own.chosen, own.places, own.matrix)
            for group, one in sums.items()
            if _tells(one, own.chosen)
        }
        entering = {
            group: one
            for group, one in entering.items()
            if np.max(inflation(correlations(one.moments)[0][:-1, :-1])) <= _HIGHEST_IN_SEGMENT
        }
        entering = self._robust(self._responses, self._by, entering)
        pooling = _pooled(entering)
        differing = _differing(entering)
        order = list(entering)
        groups = []
        for group, one in sums.items():
            if group in entering and pooling is not None:
                place = pooling.groups[order.index(group)]
                groups.append(
                    pooled_group(
                        group,
                        entering[group],
                        one,
                        verdicts,
                        place,
                        self._confidence,
                        company=company,
                        differing=differing,
                        segments=len(entering),
                    )
                )
            else:
                groups.append(borrowed(group, one, usable(one)[1], company, pooling, own))
        return groups

    def _robust(
        self, table: ir.Table, by: Sequence[str], found: Mapping[Group, Estimates]
    ) -> dict[Group, Estimates]:
        """Return the estimates with robust errors where every answer is complete.

        Of very many answers the errors from leaving out hash groups, which are robust as well
        and cost nothing, are as good.
        """
        complete = {g: (one.moments, one.matrix) for g, one in found.items() if one.is_complete}
        if not complete or sum(one.n for one, _ in complete.values()) > _MOST_READ_TWICE:
            return dict(found)
        columns = next(iter(found.values())).columns
        fits = robust_fits(table, columns, by, complete, cluster=self._cluster, weight=self._weight)
        return {g: one.with_fit(fits[g]) if g in fits else one for g, one in found.items()}


def with_numbers(table: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Return the table with drivers that were written as text read as numbers."""
    check_columns(table, columns)
    texts = [name for name in columns if table[name].type().is_string()]
    truths = [name for name in columns if table[name].type().is_boolean()]
    changed = {name: number(table[name]) for name in texts}
    changed |= {name: table[name].cast("int8") for name in truths}
    return table.mutate(**changed) if changed else table


def _tells(sums: PatternSums, chosen: Sequence[int]) -> bool:
    return usable(sums.keep(chosen), least=3 * len(chosen))[0] == list(range(len(chosen)))


def _pooled(entering: Mapping[Group, Estimates]) -> Pooling | None:
    if not entering:
        return None
    effects: list[Floats] = [one.effects for one in entering.values()]
    sizes = [one.moments.weight[0] for one in entering.values()]
    return pool(effects, [one.covariance for one in entering.values()], sizes)


def _differing(entering: Mapping[Group, Estimates]) -> list[bool] | None:
    """Return of which drivers segments differ at all (Cochran's test); None for one segment."""
    if len(entering) < 2:
        return None
    effects = np.array([one.effects for one in entering.values()])
    variances = np.array([np.diag(one.covariance) for one in entering.values()])
    return [
        heterogeneity_p_value(list(b), list(np.maximum(v, _LEAST_VARIANCE))) <= SURE
        for b, v in zip(effects.T, variances.T, strict=True)
    ]


def _added(sums: Mapping[Group, PatternSums]) -> PatternSums | None:
    total: PatternSums | None = None
    for one in sums.values():
        total = one if total is None else total + one
    return total
