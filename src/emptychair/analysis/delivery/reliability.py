"""Can the figure be trusted: who was asked, who answered, what correcting changes, and a grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.delivery.asking import Asking, askings
from emptychair.analysis.delivery.definitions import latest_answers
from emptychair.analysis.delivery.effective import WeightedNps
from emptychair.analysis.delivery.grading import Grade, Reason, graded
from emptychair.analysis.delivery.nonresponse import (
    doubly_robust,
    representativity,
    tipping_difference,
    worst_bounds,
)
from emptychair.analysis.delivery.sampling import TYPICAL_VARIANCE, answers_for_precision
from emptychair.analysis.delivery.score import weighted_limits
from emptychair.analysis.delivery.weighting import (
    FEWEST_PER_CELL,
    BucketCell,
    Weighting,
    post_stratified,
    raked,
)
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.frame import FrameCell, frame_cells, usable_traits, with_parts

Correction = Literal["none", "post_stratified", "raked"]

MOST_TRAITS = 6
_WANTED_POINTS = 5.0


@dataclass(frozen=True)
class Reliability:
    """What can be said of the NPS of a customer base from the answers of some.

    All figures are per customer: the latest answer of each customer of the base.

    Attributes:
        grade: A to E, the grade of the weakest link.
        reasons: what keeps it from being an A, the gravest first.
        asked: invitations sent; null without invitations.
        delivered: those that arrived; null without invitations.
        answered: customers of the base who answered.
        response_rate: answered over delivered invitations; null without invitations.
        coverage: customers that may be contacted over all; null where nothing says so.
        raw_points: NPS of those who answered.
        weighted_points: NPS weighted to the base.
        low_points: lower limit of the weighted NPS.
        high_points: upper limit.
        design_effect: by how much the weights inflate the variance.
        r_indicator: 1 if all customers are equally likely to answer; null without traits.
        tipping_points: how many points lower than predicted the silent must be for the NPS
            of all to reach `message_points`; null where everybody answered.
        bounds: NPS of all if the silent were all detractors, or all promoters.
        needed_for_5_points: further answers for plus or minus 5 points.
        group: values of the grouping columns.
        customers: size of the base.
        n_effective: independent answers that the weighted ones are worth.
        raw_low_points: lower limit of the raw NPS.
        raw_high_points: upper limit.
        doubly_robust_points: NPS of all customers, predicted where they did not answer.
        doubly_robust_low_points: lower limit.
        doubly_robust_high_points: upper limit.
        predicted_silent_points: NPS predicted for those who did not answer.
        message_points: the NPS that `tipping_points` leads to.
        correction: how the weights were made.
        traits: the traits they match.
        partial_r: by trait, how far response rates lie apart.
    """

    grade: Grade
    reasons: list[Reason]
    asked: int | None
    delivered: int | None
    answered: int
    response_rate: float | None
    coverage: float | None
    raw_points: float
    weighted_points: float
    low_points: float
    high_points: float
    design_effect: float
    r_indicator: float | None
    tipping_points: float | None
    bounds: tuple[float, float]
    needed_for_5_points: int
    group: Group = ()
    customers: int = 0
    n_effective: float = 0.0
    raw_low_points: float | None = None
    raw_high_points: float | None = None
    doubly_robust_points: float | None = None
    doubly_robust_low_points: float | None = None
    doubly_robust_high_points: float | None = None
    predicted_silent_points: float | None = None
    message_points: float = 0.0
    correction: Correction = "none"
    traits: tuple[str, ...] = ()
    partial_r: dict[str, float] = field(default_factory=dict)


def reliability(
    responses: ir.Table,
    customers: ir.Table,
    invitations: ir.Table | None = None,
    *,
    by: Sequence[str] = (),
    traits: Sequence[str] | None = None,
    score: str = "score",
    customer: str = "customer_id",
    message_points: float = 0.0,
    confidence: float = 0.95,
) -> list[Reliability]:
    """Judge the NPS of each group of customers, corrected for who did not answer.

    The latest answer of each current customer counts. It is weighted to the base by cells
    of traits where every cell holds 20 answers, by raking otherwise; a doubly robust
    estimate, the worst bounds and the tipping difference stand beside it, because no
    weighting helps where customers answer because of what they would answer.

    Args:
        responses: one row per response.
        customers: one row per customer; those with `left_at` are no longer of the base.
        invitations: one row per ask.
        by: columns of `customers` to group by.
        traits: columns of `customers` to weight by; by default segments, attributes,
            country, language, unit and tenure, the six that move the figure most.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id, in all tables.
        message_points: NPS at which one would say something else.
        confidence: coverage of the intervals.

    Returns:
        One result per group in which somebody answered.

    Raises:
        ColumnNotFoundError: a named column is missing.
        NoAnswersError: no customer of the base has answered.

    References:
        See `post_stratified`, `raked`, `doubly_robust`, `representativity`, `worst_bounds`.
    """
    check_share(confidence, "confidence")
    check_columns(customers, [customer, *by, *(traits or [])])
    check_columns(responses, [score, customer])
    base = customers.filter(customers["left_at"].isnull()) if "left_at" in customers else customers
    used = list(traits) if traits is not None else [t for t in usable_traits(base) if t not in by]
    base = with_parts(base, used)
    answers = latest_answers(responses, score=score, customer=customer)
    cells = frame_cells(base, answers, [*by, *used], score=score, customer=customer)
    groups: dict[Group, list[FrameCell]] = {}
    for cell in cells:
        own = FrameCell(
            cell.traits[len(by) :],
            cell.fold,
            cell.customers,
            cell.detractors,
            cell.passives,
            cell.promoters,
        )
        groups.setdefault(cell.traits[: len(by)], []).append(own)
    reach = _coverages(base, by)
    asking = _asking_of(invitations, base, by, customer)
    found = []
    for group in in_order(groups):
        if any(cell.n for cell in groups[group]):
            sample = _Sample(groups[group], used, confidence)
            found.append(sample.judged(group, reach.get(group), asking.get(group), message_points))
    if not found:
        raise NoAnswersError(
            "No customer of the base has answered: the customer ids of the two files may differ."
        )
    return found


class _Sample:
    """One group's base and answers, and what its figures are made of."""

    def __init__(self, cells: list[FrameCell], traits: Sequence[str], confidence: float) -> None:
        self.confidence = confidence
        self.traits = _telling_traits(cells, traits)
        places = [list(traits).index(trait) for trait in self.traits]
        self.cells = [
            FrameCell(
                tuple(cell.traits[i] for i in places),
                cell.fold,
                cell.customers,
                cell.detractors,
                cell.passives,
                cell.promoters,
            )
            for cell in cells
        ]
        self.merged = _bucket_cells(self.cells)

    def judged(
        self,
        group: Group,
        coverage: float | None,
        asking: Asking | None,
        message_points: float,
    ) -> Reliability:
        raw = post_stratified(_whole(self.merged)).nps
        correction, weighting = self._weighted()
        weighted = weighting.nps
        low, high = weighted_limits(weighted, self.confidence)
        raw_low, raw_high = weighted_limits(raw, self.confidence)
        even = representativity(self.cells, self.traits) if self.traits else None
        robust = doubly_robust(self.cells, self.confidence)
        customers = sum(cell.customers for cell in self.cells)
        grade, reasons = graded(
            answered=int(raw.n),
            half_width_points=50 * (high - low),
            response_rate=asking.response_rate if asking else None,
            coverage=coverage,
            r_indicator=even.r_indicator if even else None,
            correction_points=100 * abs(weighted.nps - raw.nps),
            design_effect=raw.n / weighted.n_effective,
            margins_kept=weighting.margins_kept,
        )
        bounds = worst_bounds(raw.nps, raw.n / customers)
        tipping = tipping_difference(
            raw.nps, robust.predicted_silent, raw.n / customers, message_points / 100
        )
        return Reliability(
            grade=grade,
            reasons=reasons,
            asked=asking.asked if asking else None,
            delivered=asking.delivered if asking else None,
            answered=int(raw.n),
            response_rate=asking.response_rate if asking else None,
            coverage=coverage,
            raw_points=100 * raw.nps,
            weighted_points=100 * weighted.nps,
            low_points=100 * low,
            high_points=100 * high,
            design_effect=raw.n / weighted.n_effective,
            r_indicator=even.r_indicator if even else None,
            tipping_points=None if tipping is None else 100 * tipping,
            bounds=(100 * bounds[0], 100 * bounds[1]),
            needed_for_5_points=_needed(weighted, raw.n, self.confidence),
            group=group,
            customers=customers,
            n_effective=weighted.n_effective,
            raw_low_points=100 * raw_low,
            raw_high_points=100 * raw_high,
            message_points=message_points,
            correction=correction,
            traits=tuple(self.traits),
            doubly_robust_points=100 * robust.nps,
            doubly_robust_low_points=100 * robust.low,
            doubly_robust_high_points=100 * robust.high,
            predicted_silent_points=100 * robust.predicted_silent,
            partial_r=even.partial if even else {},
        )

    def _weighted(self) -> tuple[Correction, Weighting]:
        if not self.traits:
            return "none", post_stratified(_whole(self.merged))
        if all(cell.n >= FEWEST_PER_CELL for cell in self.merged):
            return "post_stratified", post_stratified(self.merged)
        return "raked", raked(self.merged)


def _needed(weighted: WeightedNps, n: float, confidence: float) -> int:
    extreme = weighted.promoter_share + weighted.detractor_share
    variance = extreme - weighted.nps**2 if n > 1 else TYPICAL_VARIANCE
    wanted = answers_for_precision(
        _WANTED_POINTS,
        variance=min(1.0, max(variance, 0.01)),
        design_effect=n / weighted.n_effective,
        confidence=confidence,
    )
    return max(0, wanted - int(n))


def _telling_traits(cells: Sequence[FrameCell], traits: Sequence[str]) -> list[str]:
    """Return up to six traits, those whose weighting alone moves the figure most."""
    shifts = []
    for place, trait in enumerate(traits):
        alone = _bucket_cells(
            [
                FrameCell((c.traits[place],), 0, c.customers, c.detractors, c.passives, c.promoters)
                for c in cells
            ]
        )
        if len(alone) > 1:
            moved = post_stratified(alone).nps.nps - post_stratified(_whole(alone)).nps.nps
            shifts.append((-abs(moved), place, trait))
    chosen = sorted(shifts)[:MOST_TRAITS]
    return [trait for _, _, trait in sorted(chosen, key=lambda found: found[1])]


def _bucket_cells(cells: Sequence[FrameCell]) -> list[BucketCell]:
    """Return the cells with their folds put together."""
    totals: dict[Group, list[int]] = {}
    for cell in cells:
        total = totals.setdefault(cell.traits, [0, 0, 0, 0])
        for i, n in enumerate((cell.customers, cell.detractors, cell.passives, cell.promoters)):
            total[i] += n
    return [BucketCell(traits, *totals[traits]) for traits in in_order(totals)]


def _whole(cells: Sequence[BucketCell]) -> list[BucketCell]:
    return [
        BucketCell(
            (),
            sum(cell.customers for cell in cells),
            sum(cell.detractors for cell in cells),
            sum(cell.passives for cell in cells),
            sum(cell.promoters for cell in cells),
        )
    ]


def _coverages(base: ir.Table, by: Sequence[str]) -> dict[Group, float]:
    if "contactable" not in base.columns:
        return {}
    keys = [base[column].name(f"key_{i}") for i, column in enumerate(by)]
    reachable = base["contactable"].cast("boolean").fill_null(False)
    rows = base.aggregate(by=keys, all_customers=base.count(), reachable=reachable.sum())
    return {
        tuple(row[f"key_{i}"] for i in range(len(by))): int(row["reachable"]) / row["all_customers"]
        for row in rows.to_pyarrow().to_pylist()
        if row["all_customers"]
    }


def _asking_of(
    invitations: ir.Table | None, base: ir.Table, by: Sequence[str], customer: str
) -> dict[Group, Asking]:
    """Return what became of the invitations of the base, by group of customers."""
    if invitations is None:
        return {}
    if not by:
        return {found.group: found for found in askings(invitations)}
    check_columns(invitations, [customer])
    keys = [f"group_{i}" for i in range(len(by))]
    groups = base.select(
        **{key: base[column] for key, column in zip(keys, by, strict=True)},
        invited=base[customer],
    )
    joined = invitations.join(groups, invitations[customer] == groups["invited"])
    return {found.group: found for found in askings(joined, keys)}
