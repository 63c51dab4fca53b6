"""What is said of one customer base from the answers of some, and how it comes about."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from emptychair.analysis.delivery.answerdependent import AnswerDependent
from emptychair.analysis.delivery.asking import Asking
from emptychair.analysis.delivery.effective import WeightedNps
from emptychair.analysis.delivery.grading import Grade, Reason, graded
from emptychair.analysis.delivery.nonresponse import (
    DoublyRobust,
    doubly_robust,
    representativity,
    tipping_difference,
    worst_bounds,
)
from emptychair.analysis.delivery.sampling import answers_for_precision
from emptychair.analysis.delivery.score import weighted_limits
from emptychair.analysis.delivery.weighting import (
    FEWEST_PER_CELL,
    BucketCell,
    Weighting,
    post_stratified,
    raked,
)
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.frame import FrameCell

Correction = Literal["none", "post_stratified", "raked", "answer_dependent"]

MOST_TRAITS = 6
_WANTED_POINTS = 5.0
_SMALLEST_VARIANCE = 0.01  # nobody plans for answers that are all alike


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
        trait_weighted_points: NPS weighted by traits alone.
        trait_weighted_low_points: lower limit.
        trait_weighted_high_points: upper limit.
        bucket_rates: response rates of detractors, passives and promoters, other traits
            equal, where enough customers were asked twice.
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
    trait_weighted_points: float | None = None
    trait_weighted_low_points: float | None = None
    trait_weighted_high_points: float | None = None
    bucket_rates: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class _Corrected:
    """The figure that stands for all customers, on -1 to 1."""

    correction: Correction
    nps: float
    low: float
    high: float
    n_effective: float
    variance: float
    answers: float

    @property
    def design_effect(self) -> float:
        return self.answers / self.n_effective


class Sample:
    """One group's base and answers, and what its figures are made of."""

    def __init__(
        self, cells: Sequence[FrameCell], traits: Sequence[str], confidence: float
    ) -> None:
        self.confidence = confidence
        self.traits = list(traits)
        self.cells = cells
        self.merged = bucket_cells(cells)
        self.customers = sum(cell.customers for cell in cells)
        self.raw = post_stratified(whole(self.merged)).nps

    def judged(
        self,
        group: Group,
        coverage: float | None,
        asking: Asking | None,
        panel: AnswerDependent | None,
        message_points: float,
    ) -> Reliability:
        """Return the judgement of this group."""
        by_traits, weighting = self._by_traits()
        best = by_traits if panel is None else _of_panel(panel)
        robust = doubly_robust(self.cells, self.confidence)
        silent = self._silent(best, robust)
        even = representativity(self.cells, self.traits) if self.traits else None
        answered_share = self.raw.n / self.customers
        bounds = worst_bounds(self.raw.nps, answered_share)
        tipping = tipping_difference(self.raw.nps, silent, answered_share, message_points / 100)
        r_indicator = even.r_indicator if even else None
        grade, reasons = self._graded(best, weighting, coverage, asking, r_indicator)
        raw_low, raw_high = weighted_limits(self.raw, self.confidence)
        return Reliability(
            grade=grade,
            reasons=reasons,
            asked=asking.asked if asking else None,
            delivered=asking.delivered if asking else None,
            answered=int(self.raw.n),
            response_rate=asking.response_rate if asking else None,
            coverage=coverage,
            raw_points=100 * self.raw.nps,
            weighted_points=100 * best.nps,
            low_points=100 * best.low,
            high_points=100 * best.high,
            design_effect=best.design_effect,
            r_indicator=r_indicator,
            tipping_points=None if tipping is None else 100 * tipping,
            bounds=(100 * bounds[0], 100 * bounds[1]),
            needed_for_5_points=self._needed(best),
            group=group,
            customers=self.customers,
            n_effective=best.n_effective,
            raw_low_points=100 * raw_low,
            raw_high_points=100 * raw_high,
            doubly_robust_points=100 * robust.nps,
            doubly_robust_low_points=100 * robust.low,
            doubly_robust_high_points=100 * robust.high,
            predicted_silent_points=100 * silent,
            message_points=message_points,
            correction=best.correction,
            traits=tuple(self.traits),
            partial_r=even.partial if even else {},
            trait_weighted_points=100 * by_traits.nps,
            trait_weighted_low_points=100 * by_traits.low,
            trait_weighted_high_points=100 * by_traits.high,
            bucket_rates=panel.rates if panel else None,
        )

    def _by_traits(self) -> tuple[_Corrected, Weighting]:
        correction: Correction = "raked"
        if not self.traits:
            correction, weighting = "none", post_stratified(whole(self.merged))
        elif all(cell.n >= FEWEST_PER_CELL for cell in self.merged):
            correction, weighting = "post_stratified", post_stratified(self.merged)
        else:
            weighting = raked(self.merged)
        low, high = weighted_limits(weighting.nps, self.confidence)
        effective = weighting.nps.n_effective
        return (
            _Corrected(
                correction,
                weighting.nps.nps,
                low,
                high,
                effective,
                _variance(weighting.nps),
                self.raw.n,
            ),
            weighting,
        )

    def _silent(self, best: _Corrected, robust: DoublyRobust) -> float:
        """Return the mean answer of those who did not answer that fits the best figure."""
        answered = self.raw.n / self.customers
        if best.correction != "answer_dependent" or answered >= 1:
            return robust.predicted_silent
        return (best.nps - answered * self.raw.nps) / (1 - answered)

    def _graded(
        self,
        best: _Corrected,
        weighting: Weighting,
        coverage: float | None,
        asking: Asking | None,
        r_indicator: float | None,
    ) -> tuple[Grade, list[Reason]]:
        return graded(
            answered=int(self.raw.n),
            half_width_points=50 * (best.high - best.low),
            response_rate=asking.response_rate if asking else None,
            coverage=coverage,
            r_indicator=r_indicator,
            correction_points=100 * abs(best.nps - self.raw.nps),
            design_effect=best.design_effect,
            margins_kept=weighting.margins_kept,
        )

    def _needed(self, best: _Corrected) -> int:
        wanted = answers_for_precision(
            _WANTED_POINTS,
            variance=min(1.0, max(best.variance, _SMALLEST_VARIANCE)),
            design_effect=best.design_effect,
            confidence=self.confidence,
        )
        return max(0, wanted - int(best.answers))


def telling_traits(cells: Sequence[FrameCell], traits: Sequence[str]) -> list[str]:
    """Return up to six traits, those whose weighting alone moves the figure most."""
    shifts = []
    for place, trait in enumerate(traits):
        alone = bucket_cells(only_traits(cells, [place]))
        if len(alone) > 1 and any(cell.n for cell in alone):
            moved = post_stratified(alone).nps.nps - post_stratified(whole(alone)).nps.nps
            shifts.append((-abs(moved), place, trait))
    chosen = sorted(shifts)[:MOST_TRAITS]
    return [trait for _, _, trait in sorted(chosen, key=lambda found: found[1])]


def only_traits(cells: Sequence[FrameCell], places: Sequence[int]) -> list[FrameCell]:
    """Return the cells with only the traits at `places`."""
    return [
        FrameCell(
            tuple(cell.traits[place] for place in places),
            cell.fold,
            cell.customers,
            cell.detractors,
            cell.passives,
            cell.promoters,
        )
        for cell in cells
    ]


def margins_of(cells: Sequence[FrameCell], size: int) -> list[dict[Hashable, float]]:
    """Return customers by value of each of the first `size` traits."""
    margins: list[dict[Hashable, float]] = [{} for _ in range(size)]
    for cell in cells:
        for margin, value in zip(margins, cell.traits, strict=True):
            margin[value] = margin.get(value, 0.0) + cell.customers
    return margins


def bucket_cells(cells: Sequence[FrameCell]) -> list[BucketCell]:
    """Return the cells with their folds put together."""
    totals: dict[Group, list[int]] = {}
    for cell in cells:
        total = totals.setdefault(cell.traits, [0, 0, 0, 0])
        for i, n in enumerate((cell.customers, cell.detractors, cell.passives, cell.promoters)):
            total[i] += n
    return [BucketCell(traits, *totals[traits]) for traits in in_order(totals)]


def whole(cells: Sequence[BucketCell]) -> list[BucketCell]:
    """Return all cells as one."""
    return [
        BucketCell(
            (),
            sum(cell.customers for cell in cells),
            sum(cell.detractors for cell in cells),
            sum(cell.passives for cell in cells),
            sum(cell.promoters for cell in cells),
        )
    ]


def _of_panel(panel: AnswerDependent) -> _Corrected:
    variance = panel.n_effective * panel.standard_error**2
    return _Corrected(
        "answer_dependent",
        panel.nps,
        panel.low,
        panel.high,
        panel.n_effective,
        variance,
        panel.answers,
    )


def _variance(weighted: WeightedNps) -> float:
    return weighted.promoter_share + weighted.detractor_share - weighted.nps**2
