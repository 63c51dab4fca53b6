"""The moments of a journey: how each touchpoint does, and how much it matters to a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import ibis

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.delivery.definitions import latest_answers
from emptychair.analysis.delivery.score import nps_of_cells
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.rootcause.drivers import drivers
from emptychair.analysis.rootcause.records import DriverGroup
from emptychair.analysis.sums.counts import Group, bucket_value, counted, score_counts

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_TOUCHPOINTS = 15  # whose importance is told apart; those with the most answers

Why = Literal["", "not_measured", "no_customer", "no_overall_answers", "too_few"]


@dataclass(frozen=True)
class Moment:
    """One touchpoint as one group of customers meets it.

    Attributes:
        group: values of the columns grouped by.
        stage: the stage it belongs to; empty where it is not known.
        touchpoint: the touchpoint.
        n: answers about it.
        nps_points: their NPS; None without any.
        low_points: lower limit of its interval.
        high_points: upper limit.
        importance_share: of what all touchpoints together explain of the overall score.
        importance_low: lower limit.
        importance_high: upper limit.
        n_both: customers who answered about it and about us as a whole.
        measured: whether anybody answers about it.
        why: why there is no importance, if there is none.
    """

    group: Group
    stage: str
    touchpoint: str
    n: int
    nps_points: float | None
    low_points: float | None
    high_points: float | None
    importance_share: float | None
    importance_low: float | None
    importance_high: float | None
    n_both: int
    measured: bool
    why: Why


def journey(
    responses: ir.Table,
    *,
    by: Sequence[str] = (),
    touchpoints: Sequence[tuple[str, str]] = (),
    confidence: float = 0.95,
) -> list[Moment]:
    """Return every touchpoint of each group, the moments that matter most first.

    Importance is the LMG share of a touchpoint in explaining what the same customers answer
    about us as a whole (answers without a touchpoint). A customer's answers about a touchpoint
    enter as their mean bucket; touchpoints a customer did not meet are filled in by EM.

    Args:
        responses: one row per response, with `touchpoint`.
        by: columns to group by.
        touchpoints: stage and touchpoint of all there are; those nobody answers about come
            back as not measured.
        confidence: coverage of intervals.

    Raises:
        ColumnNotFoundError: a column is missing.
        NoAnswersError: no response counts and no touchpoint is named.
    """
    check_share(confidence, "confidence")
    check_columns(responses, ["score", "touchpoint", *by])
    if "stage" not in responses.columns:
        responses = responses.mutate(stage=ibis.literal(""))
    moments = responses.filter(responses["touchpoint"].notnull())
    counts = score_counts(moments, [*by, "stage", "touchpoint"])
    scores = {one.group: one for one in nps_of_cells(counts, confidence)} if counts else {}
    groups = list(dict.fromkeys(group[: len(by)] for group in scores))
    named = list(dict.fromkeys([*touchpoints, *_places(scores, len(by))]))
    if not named:
        raise NoAnswersError("No response that counts is about a touchpoint.")
    weights, why = _importance(responses, moments, by, scores, confidence)
    found = []
    for group in groups or [()] * (not by):
        for stage, touchpoint in named:
            nps = scores.get(
                (*group, stage or None, touchpoint), scores.get((*group, stage, touchpoint))
            )
            share = weights.get(group, {}).get(touchpoint)
            moment = Moment(
                group, stage, touchpoint, nps.n if nps else 0,
                nps.nps_points if nps else None, nps.low_points if nps else None,
                nps.high_points if nps else None, None, None, None, 0, bool(nps),
                (why or "too_few") if nps else "not_measured",
            )  # fmt: skip
            found.append(_with_importance(moment, share) if share and nps else moment)
    return sorted(
        found, key=lambda one: (_order(one, groups), -(one.importance_share or 0.0), -one.n)
    )


def _order(one: Moment, groups: Sequence[Group]) -> int:
    return groups.index(one.group) if groups else 0


def _places(scores: Mapping[Group, object], by_count: int) -> list[tuple[str, str]]:
    pairs = {(str(group[by_count] or ""), str(group[by_count + 1])) for group in scores}
    return sorted(pairs)


_Share = tuple[float, float, float, int]


def _with_importance(moment: Moment, share: _Share) -> Moment:
    value, low, high, n = share
    return replace(
        moment, importance_share=value, importance_low=low, importance_high=high, n_both=n, why=""
    )


def _importance(
    responses: ir.Table,
    moments: ir.Table,
    by: Sequence[str],
    scores: Mapping[Group, object],
    confidence: float,
) -> tuple[dict[Group, dict[str, _Share]], Why]:
    """Return importance by group and touchpoint, or why there is none anywhere."""
    if "customer_id" not in responses.columns:
        return {}, "no_customer"
    overall = responses.filter(
        responses["touchpoint"].isnull() & responses["customer_id"].notnull()
    )
    if "survey_kind" in responses.columns:
        kind = overall["survey_kind"]
        overall = overall.filter(kind.isnull() | (kind == "relationship"))
    names = _most_answered(scores, len(by))
    people = _people(overall, moments, by, names)
    try:
        columns = [f"rating_{i}" for i in range(len(names))]
        study = drivers(people, ratings=columns, by=by, confidence=confidence)
    except NoAnswersError:
        return {}, "no_overall_answers"
    found = study.groups if by else [study.company]
    return {one.group: _shares(one, names) for one in found}, ""


def _people(
    overall: ir.Table, moments: ir.Table, by: Sequence[str], names: Sequence[str]
) -> ir.Table:
    """Return per customer the latest overall answer, and the mean bucket at each touchpoint."""
    latest = latest_answers(overall)
    latest = latest.select("customer_id", "score", *by)
    answered = counted(moments)
    value = bucket_value(answered["score"])
    met = answered.group_by("customer_id").aggregate(
        **{
            f"rating_{i}": value.mean(where=answered["touchpoint"] == name)
            for i, name in enumerate(names)
        }
    )
    met = met.rename(person="customer_id")
    both = latest.inner_join(met, latest["customer_id"] == met["person"])
    return both.drop("person")


def _most_answered(scores: Mapping[Group, object], by_count: int) -> list[str]:
    answers: dict[str, int] = {}
    for group, one in scores.items():
        name = str(group[by_count + 1])
        answers[name] = answers.get(name, 0) + int(getattr(one, "n", 0))
    return sorted(answers, key=lambda name: (-answers[name], name))[:MOST_TOUCHPOINTS]


def _shares(group: DriverGroup, names: Sequence[str]) -> dict[str, _Share]:
    """Return the shares by touchpoint; those that cannot be told apart share theirs."""
    found: dict[str, _Share] = {}
    for one in group.drivers:
        if one.importance_share is None or one.importance_low is None:
            continue
        parts = len(one.members)
        for member in one.members:
            name = names[int(member.removeprefix("rating_"))]
            high = one.importance_high or 0.0
            found[name] = (one.importance_share / parts, one.importance_low / parts, high, one.n)
    return found
