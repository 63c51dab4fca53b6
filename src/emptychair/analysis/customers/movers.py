"""What moved customers: what changed or happened between two answers, with those who moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from emptychair.analysis.checks import check_positive, check_share
from emptychair.analysis.customers.behaviour import Contrast, contrasts_of
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.answerpairs import (
    BETWEEN_DAYS,
    features_of,
    last_pairs,
    sums_of_pairs,
    with_events_between,
)
from emptychair.analysis.sums.counts import Group, in_order

if TYPE_CHECKING:
    import ibis.expr.types as ir

Direction = Literal["up", "down"]
WAYS: dict[Direction, int] = {"up": 1, "down": -1}


@dataclass(frozen=True)
class MoverContrast:
    """How much more a change or an event is found with those who moved than with the others.

    Others started from the same score. It goes along with the move; that it made it is not
    shown.

    Attributes:
        group: values of the columns grouped by.
        direction: `up`, into a better bucket, or `down`.
        feature: `rating_<driver>`, the change of a rating between the two answers, or
            `events_<kind>`, how often something happened between them.
        n: customers who tell of it, movers and others.
        mover_mean: mean of those who moved.
        other_mean: mean of the others, from whatever score.
        contrast: movers less others who started from the same score, in standard deviations.
        low: lower limit of its interval.
        high: upper limit.
        p_value: of no difference.
        q_value: share of false findings in a list of the group that ends here.
    """

    group: Group
    direction: Direction
    feature: str
    n: int
    mover_mean: float
    other_mean: float
    contrast: float
    low: float
    high: float
    p_value: float
    q_value: float


def movers(
    responses: ir.Table,
    events: ir.Table | None = None,
    *,
    by: Sequence[str] = (),
    days: int = BETWEEN_DAYS,
    confidence: float = 0.95,
) -> list[MoverContrast]:
    """Return what differs between customers who moved to another bucket and those who did not.

    The latest two counted answers of each customer. Those who moved up are compared with those
    who did not and started from the same score, those who moved down likewise: who starts
    from 0 rises more easily than who starts from 6, whatever happens in between.

    Args:
        responses: one row per response.
        events: what customers did; left out, ratings alone are looked at.
        by: columns of the responses to group by, as they were at the second answer.
        days: how far apart the two answers may be.
        confidence: coverage of the intervals.

    Returns:
        Contrasts by group, the smallest q-value first; the false discovery rate is held over
        all features and both directions of a group.

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: too few customers answered twice, or nothing is known of what changed.

    References:
        Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1), 289-300;
        the contrast within strata as in `behaviour`.
    """
    check_positive(days, "days")
    check_share(confidence, "confidence")
    pairs = last_pairs(responses, by, days)
    if events is not None:
        pairs = with_events_between(pairs, events)
    features = features_of(pairs)
    sums = sums_of_pairs(pairs, by) if features else {}
    found: list[MoverContrast] = []
    for group in in_order({key[0] for key in sums}):
        own = {key[1:]: value for key, value in sums.items() if key[0] == group}
        found += _of_group(own, features, group, confidence)
    if not found:
        raise NoAnswersError(
            "What moved customers needs ten who moved and ten who started from the same scores and "
            "did not, with ratings at both answers or events between them."
        )
    return found


def _of_group(
    sums: Mapping[tuple[int, int], Floats], features: Sequence[str], group: Group, confidence: float
) -> list[MoverContrast]:
    contrasts: list[tuple[Direction, Contrast]] = []
    for direction, way in WAYS.items():
        strata = _strata(sums, way, len(features))
        contrasts += [(direction, one) for one in contrasts_of(strata, features, group, confidence)]
    q_values = benjamini_hochberg([one.p_value for _, one in contrasts]) if contrasts else []
    found = [
        MoverContrast(
            group=group,
            direction=direction,
            feature=one.feature,
            n=one.n,
            mover_mean=one.promoter_mean,
            other_mean=one.detractor_mean,
            contrast=one.contrast,
            low=one.low,
            high=one.high,
            p_value=one.p_value,
            q_value=q,
        )
        for (direction, one), q in zip(contrasts, q_values, strict=True)
    ]
    return sorted(found, key=lambda one: (one.q_value, -abs(one.contrast), one.feature))


def _strata(
    sums: Mapping[tuple[int, int], Floats], way: int, features: int
) -> dict[object, Floats]:
    """Return by first score the sums of those who did not move that way, nobody, those who did."""
    found: dict[object, Floats] = {}
    for (first, moved), value in sums.items():
        table = found.setdefault(first, np.zeros((3, features, 4)))
        table[2 if moved == way else 0] += value
    # From the outermost bucket nobody moves on: who started there is no comparison.
    return {first: one for first, one in found.items() if one[2].any() and one[0].any()}
