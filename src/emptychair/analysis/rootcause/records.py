"""What is said about drivers: records that commands print, pages store and what-if reckons with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from emptychair.analysis.sums.counts import Group

Verdict = Literal[
    "improve",
    "keep",
    "unclear",
    "raises",
    "lowers",
    "constant",
    "not_rated",
    "too_few",
    "one_bucket",
]
Against = Literal["same", "stronger", "weaker"]
ActsOn = Literal["both", "detractors", "promoters"]

RECOMMENDED = ("improve", "keep")  # verdicts that say to spend on a driver


@dataclass(frozen=True)
class Driver:
    """One driver of one group. It goes along with the score; nothing shows that it causes it.

    Attributes:
        driver: its name; names joined by ` + ` where drivers overlap too much to be told apart.
        members: the columns behind it.
        n: answers in which it was rated (of several members, the least).
        missing_share: answers in which it was not.
        performance_mean: mean rating; of a theme, the share of comments that mention it.
        performance_low: lower limit of that mean.
        performance_high: upper limit.
        importance_share: of the explained variance (LMG); the shares of a group make 1.
        importance_low: lower limit of its interval.
        importance_high: upper limit.
        rank_low: best rank by importance that cannot be ruled out (90 %).
        rank_high: worst rank likewise.
        effect_points: points that one step of the rating, or the theme, goes along with.
        effect_low: lower limit.
        effect_high: upper limit.
        own_points: the effect before it was pulled towards the company's.
        promoter_points: change of the promoter share per step, in percentage points.
        promoter_low: lower limit.
        promoter_high: upper limit.
        detractor_points: change of the detractor share per step; below 0 is good.
        detractor_low: lower limit.
        detractor_high: upper limit.
        acts_on: whether it moves detractors or promoters for sure more than the others.
        against_company: whether the effect differs from the company's (90 %).
        p_value: of no effect, adjusted for all that is said of all drivers (Bonferroni); of a
            segment that is the same as the company, the company's.
        robustness_share: the share of what is left unexplained, in the driver and in the score,
            that a hidden cause would have to explain to make the effect vanish.
        verdict: what to do with it, or why nothing is said.
    """

    driver: str
    members: tuple[str, ...]
    n: int
    missing_share: float
    performance_mean: float | None
    verdict: Verdict
    performance_low: float | None = None
    performance_high: float | None = None
    importance_share: float | None = None
    importance_low: float | None = None
    importance_high: float | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    effect_points: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    own_points: float | None = None
    promoter_points: float | None = None
    promoter_low: float | None = None
    promoter_high: float | None = None
    detractor_points: float | None = None
    detractor_low: float | None = None
    detractor_high: float | None = None
    acts_on: ActsOn | None = None
    against_company: Against | None = None
    p_value: float | None = None
    robustness_share: float | None = None

    @property
    def is_theme(self) -> bool:
        """Whether it is a theme of comments, not a rating."""
        return self.members[0].startswith("theme_")


@dataclass(frozen=True)
class DriverGroup:
    """All drivers of one group of customers.

    Attributes:
        group: values of the columns grouped by.
        n: answers.
        nps_points: their NPS.
        explained_share: of the variance of answers that all drivers together explain.
        is_filled: whether missing ratings were filled in (EM).
        is_borrowed: whether the group is too small to say anything itself and the company's
            effects stand in.
        drivers: the drivers, the most important first.
        covariance: of the effects of those drivers that have one, in their order.
    """

    group: Group
    n: int
    nps_points: float | None
    explained_share: float | None
    is_filled: bool
    is_borrowed: bool
    drivers: list[Driver]
    covariance: list[list[float]] = field(default_factory=list)

    @property
    def measured(self) -> list[Driver]:
        """Those drivers that have an effect."""
        return [one for one in self.drivers if one.effect_points is not None]


@dataclass(frozen=True)
class DriverStudy:
    """The company, its groups, and which drivers overlap too much to be told apart."""

    company: DriverGroup
    groups: list[DriverGroup]
    overlaps: list[list[str]]


def driver_name(column: str) -> str:
    """Return what a driver's column is called.

    Examples:
        >>> driver_name("rating_waiting"), driver_name("theme_price")
        ('waiting', 'theme_price')
    """
    return column.removeprefix("rating_")
