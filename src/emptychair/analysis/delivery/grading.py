"""The grade of a figure, A to E: as good as its weakest link, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Grade = Literal["A", "B", "C", "D", "E"]
ReasonCode = Literal[
    "too_few_answers",
    "wide_interval",
    "low_response_rate",
    "low_coverage",
    "uneven_response",
    "large_correction",
    "large_design_effect",
    "invitations_unknown",
    "reach_unknown",
    "traits_unknown",
    "cells_without_answers",
]

FEWEST_ANSWERS = 10

GRADES: tuple[Grade, ...] = ("A", "B", "C", "D", "E")

# The worst value that still earns A, B, C and D.
HALF_WIDTH_POINTS = (5.0, 7.5, 10.0, 15.0)
RESPONSE_RATES = (0.40, 0.25, 0.15, 0.05)
COVERAGES = (0.90, 0.75, 0.50, 0.25)
R_INDICATORS = (0.90, 0.80, 0.70, 0.60)
CORRECTION_POINTS = (3.0, 6.0, 10.0, 15.0)
DESIGN_EFFECTS = (1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class Reason:
    """One reason why a figure is no better than its grade.

    Attributes:
        code: what is wanting.
        grade: the best grade that this leaves.
        value: the number behind it, in the unit its code names; null if not known.
    """

    code: ReasonCode
    grade: Grade
    value: float | None


def at_most(value: float, limits: Sequence[float]) -> Grade:
    """Return the grade of a value that is better the smaller it is.

    Examples:
        >>> at_most(4.0, HALF_WIDTH_POINTS), at_most(12.0, HALF_WIDTH_POINTS)
        ('A', 'D')
    """
    return GRADES[sum(value > limit for limit in limits)]


def at_least(value: float, limits: Sequence[float]) -> Grade:
    """Return the grade of a value that is better the larger it is.

    Examples:
        >>> at_least(0.5, RESPONSE_RATES), at_least(0.01, RESPONSE_RATES)
        ('A', 'E')
    """
    return GRADES[sum(value < limit for limit in limits)]


def graded(
    *,
    answered: int,
    half_width_points: float | None,
    response_rate: float | None,
    coverage: float | None,
    r_indicator: float | None,
    correction_points: float | None,
    design_effect: float | None,
    margins_kept: bool,
) -> tuple[Grade, list[Reason]]:
    """Return the grade and the reasons that keep it from being an A, the gravest first.

    Args:
        answered: customers who answered.
        half_width_points: half the width of the interval.
        response_rate: answered over delivered; None if nobody knows.
        coverage: reachable over all customers; None if nobody knows.
        r_indicator: how evenly the base answers; None without traits.
        correction_points: how far weighting moved the figure.
        design_effect: by how much weighting inflates the variance.
        margins_kept: whether the weights could match the base on every trait.
    """
    reasons = [
        _reason("wide_interval", half_width_points, at_most, HALF_WIDTH_POINTS, None),
        _reason(
            "low_response_rate", response_rate, at_least, RESPONSE_RATES, "invitations_unknown"
        ),
        _reason("low_coverage", coverage, at_least, COVERAGES, "reach_unknown"),
        _reason("uneven_response", r_indicator, at_least, R_INDICATORS, "traits_unknown"),
        _reason("large_correction", correction_points, at_most, CORRECTION_POINTS, None),
        _reason("large_design_effect", design_effect, at_most, DESIGN_EFFECTS, None),
    ]
    if answered < FEWEST_ANSWERS:
        reasons.insert(0, Reason("too_few_answers", "E", float(answered)))
    if not margins_kept:
        reasons.append(Reason("cells_without_answers", "C", None))
    found = [reason for reason in reasons if reason is not None and reason.grade != "A"]
    found.sort(key=lambda reason: reason.grade, reverse=True)
    return (found[0].grade if found else "A"), found


def _reason(
    code: ReasonCode,
    value: float | None,
    grade: object,
    limits: Sequence[float],
    unknown: ReasonCode | None,
) -> Reason | None:
    if value is not None:
        measure = at_most if grade is at_most else at_least
        return Reason(code, measure(value, limits), value)
    return Reason(unknown, "C", None) if unknown else None
