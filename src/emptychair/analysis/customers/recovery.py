"""Detractors who were called against those who were not: the rest is regression to the mean."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Literal

import ibis
from scipy import stats

from emptychair.analysis.checks import check_columns, check_positive
from emptychair.analysis.delivery.differences import difference_of_buckets
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import bucket_value, counted
from emptychair.analysis.sums.followup import answer_moment

if TYPE_CHECKING:
    import ibis.expr.types as ir

LONGEST_DAYS = 365
FEWEST_HELD_OUT = 10

_ARMS = ("called", "not_reached", "held_out")


@dataclass(frozen=True)
class Recovery:
    """What detractors said the next time they answered, called or not.

    Attributes:
        called: cases of detractors who were called; with a holdout, all who were meant to be.
        called_again: of these, those who answered again.
        called_recovered_share: of these, those no longer detractors; None of none.
        others: cases to compare with.
        others_again: of these, those who answered again.
        others_recovered_share: of these, those no longer detractors: what happens by itself.
        difference_points: NPS of the called less that of the others, of their next answer.
        low_points: lower limit of its interval.
        high_points: upper limit.
        p_value: of no difference.
        compared_with: held_out, who were not called by chance, so that the difference was
            caused; or not_reached, so that it only goes along with the call. None where too
            few answered again.
    """

    called: int
    called_again: int
    called_recovered_share: float | None
    others: int
    others_again: int
    others_recovered_share: float | None
    difference_points: float | None
    low_points: float | None
    high_points: float | None
    p_value: float | None
    compared_with: Literal["held_out", "not_reached"] | None


def recovery(
    responses: ir.Table,
    cases: ir.Table,
    *,
    within_days: int = LONGEST_DAYS,
    confidence: float = 0.95,
) -> Recovery:
    """Return whether detractors who were called think better than those who were not.

    Detractors were picked for a low answer, so their next one is higher whatever is done;
    only the difference to detractors who were not called tells of the call.

    Args:
        responses: one row per response.
        cases: one row per case, with `opened_at`, maybe `first_contact_at` and `holdout`.
        within_days: how long after the case the next answer may come.
        confidence: coverage of the interval.

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: there is no case.

    References:
        Barnett, van der Pols & Dobson (2005), "Regression to the mean: what it is and how to
        deal with it", International Journal of Epidemiology 34(1), 215-220.
    """
    check_positive(within_days, "within_days")
    check_columns(cases, ["case_id", "customer_id", "opened_at"])
    arms = _next_answers(responses, cases, within_days)
    if not any(sum(arm) for arm in arms.values()):
        raise NoAnswersError("There are no cases, so nobody was called or not.")
    called, missed, held = (arms[name] for name in _ARMS)
    if sum(held[:3]) >= FEWEST_HELD_OUT:
        # All who were meant to be called: who can be reached was not left to chance.
        meant = [a + b for a, b in zip(called, missed, strict=True)]
        return _recovery(meant, held, "held_out", confidence)
    return _recovery(called, missed, "not_reached", confidence)


def _recovery(
    called: list[int],
    others: list[int],
    compared_with: Literal["held_out", "not_reached"],
    confidence: float,
) -> Recovery:
    again, others_again = sum(called[:3]), sum(others[:3])
    found = (
        difference_of_buckets(others[:3], called[:3], confidence=confidence)
        if again and others_again
        else None
    )
    return Recovery(
        called=sum(called),
        called_again=again,
        called_recovered_share=(called[1] + called[2]) / again if again else None,
        others=sum(others),
        others_again=others_again,
        others_recovered_share=(others[1] + others[2]) / others_again if others_again else None,
        difference_points=100 * found.difference if found else None,
        low_points=100 * found.low if found else None,
        high_points=100 * found.high if found else None,
        p_value=found.p_value if found else None,
        compared_with=compared_with if found else None,
    )


def _next_answers(responses: ir.Table, cases: ir.Table, within_days: int) -> dict[str, list[int]]:
    """Count cases by arm and next answer: detractor, passive, promoter, none."""
    never = ibis.null("timestamp")
    called = cases["first_contact_at"] if "first_contact_at" in cases.columns else never
    held = cases["holdout"].fill_null(False) if "holdout" in cases.columns else ibis.literal(False)
    arm = ibis.cases((held, _ARMS[2]), (called.notnull(), _ARMS[0]), else_=_ARMS[1])
    opened = cases.select(
        "case_id", "customer_id", arm=arm, opened=cases["opened_at"].cast("timestamp")
    )
    answered = counted(responses)
    said = answered.select(
        who=answered["customer_id"],
        moment=answer_moment(answered),
        s=bucket_value(answered["score"]),
    )
    both = opened.inner_join(said, opened["customer_id"] == said["who"])
    waited = both["moment"].epoch_seconds() - both["opened"].epoch_seconds()
    both = both.filter((waited > 0) & (waited <= within_days * 86_400))
    rank = ibis.row_number().over(group_by="case_id", order_by=[both["moment"], both["s"]])
    ranked = both.mutate(place=rank)
    first = ranked.filter(ranked["place"] == 0).select(of_case="case_id", s="s")
    known = opened.left_join(first, opened["case_id"] == first["of_case"])
    counts = known.group_by(["arm", "s"]).aggregate(n=known.count())
    found = {name: [0, 0, 0, 0] for name in _ARMS}
    for row in counts.to_pyarrow().to_pylist():
        found[row["arm"]][3 if row["s"] is None else row["s"] + 1] += row["n"]
    return found


def regression_to_the_mean(mean: float, sd_between: float, sd_within: float, cut: float) -> float:
    """Return by how much those below `cut` rise by themselves the next time.

    Args:
        mean: of everybody.
        sd_between: standard deviation of what people truly think.
        sd_within: standard deviation of an answer about that.
        cut: those whose first answer lies below it are looked at.

    References:
        Barnett, van der Pols & Dobson (2005), International Journal of Epidemiology 34(1),
        215-220, eq. 1.

    Examples:
        >>> round(regression_to_the_mean(30, 20, 30, 0), 6)
        34.754839
    """
    check_positive(sd_within, "sd_within")
    total = sqrt(sd_between**2 + sd_within**2)
    z = (cut - mean) / total
    return float(sd_within**2 / total * stats.norm.pdf(z) / stats.norm.cdf(z))
