"""Early and late answers, first and repeated ones: does it matter who answers when?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.differences import Difference, difference_of_buckets
from emptychair.analysis.delivery.score import Nps, nps_of_counts
from emptychair.analysis.sums.counts import Group, ScoreCounts, counted, score_counts

_HOUR = 3600
# A day is the first mail read in peace; after three days it took a reminder or a second thought.
WAVE_ENDS_HOURS = (24, 72)
WAVES = ("first_day", "first_three_days", "later")
PANEL = ("first", "repeated")


@dataclass(frozen=True)
class AnswerWaves:
    """The NPS of groups of answers in their order, such as those at once, soon and late.

    Attributes:
        waves: one record per group, named by it.
        difference: the last group minus the first, on -1 to 1; null where one of the two is
            empty.
    """

    waves: tuple[Nps, ...]
    difference: Difference | None


def answer_waves(
    responses: ir.Table, *, score: str = "score", confidence: float = 0.95
) -> AnswerWaves | None:
    """Compare those who answered late with those who answered at once.

    Those who answer late are the likest to those who do not answer at all (the continuum of
    resistance): where the late ones score lower, the silent probably do so too, and the raw NPS
    is too high. It is a hint, no correction. Responses without the moment of asking are left out.

    Args:
        responses: one row per response with `asked_at` and `answered_at`.
        score: column with the 0-to-10 answer.
        confidence: coverage of the intervals.

    Returns:
        One record each of `WAVES`; None where no response says when it was asked for.

    Raises:
        ColumnNotFoundError: `responses` lacks `score`, `asked_at` or `answered_at`.

    References:
        Lin & Schaeffer (1995), "Using Survey Participants to Estimate the Impact of
        Nonparticipation", Public Opinion Quarterly 59(2), 236-258.

    Examples:
        >>> from datetime import datetime
        >>> asked = [datetime(2026, 3, 2, 9)] * 3
        >>> answered = [datetime(2026, 3, day, 10) for day in (2, 4, 9)]
        >>> table = ibis.memtable({"score": [10, 8, 2], "asked_at": asked, "answered_at": answered})
        >>> [nps.nps_points for nps in answer_waves(table).waves]
        [100.0, 0.0, -100.0]
    """
    check_columns(responses, [score, "asked_at", "answered_at"])
    asked, answered = (
        responses[name].cast("timestamp").epoch_seconds() for name in ("asked_at", "answered_at")
    )
    first, second = (hours * _HOUR for hours in WAVE_ENDS_HOURS)
    waited = answered - asked
    wave = ibis.cases((waited <= first, WAVES[0]), (waited <= second, WAVES[1]), else_=WAVES[2])
    timed = responses.mutate(wave=wave)
    timed = timed.filter(timed["asked_at"].notnull() & timed["answered_at"].notnull())
    return _compared(score_counts(timed, ["wave"], score=score), WAVES, confidence)


def panel_effect(
    responses: ir.Table,
    *,
    score: str = "score",
    customer: str = "customer_id",
    confidence: float = 0.95,
) -> AnswerWaves | None:
    """Compare customers' first answers with those they gave when asked again.

    People who are asked often may answer differently for that alone (panel conditioning), and
    those who go on answering are not those who stop. Answers without a customer are left out.

    Args:
        responses: one row per response, from the beginning, with `answered_at`.
        score: column with the 0-to-10 answer.
        customer: column with the customer's id.
        confidence: coverage of the intervals.

    Returns:
        One record each of `PANEL`, the difference repeated minus first; None without customers.

    Raises:
        ColumnNotFoundError: a named column is missing.

    References:
        Sturgis, Allum & Brunton-Smith (2009), "Attitudes over time: the psychology of panel
        conditioning", in Lynn (ed.), "Methodology of Longitudinal Surveys", 113-126.

    Examples:
        >>> from datetime import datetime
        >>> days = [datetime(2026, 3, day) for day in (1, 2, 3)]
        >>> table = ibis.memtable(
        ...     {"customer_id": ["a", "a", "b"], "score": [10, 2, 9], "answered_at": days}
        ... )
        >>> [nps.nps_points for nps in panel_effect(table).waves]
        [100.0, -100.0]
    """
    check_columns(responses, [score, customer, "answered_at"])
    answered = counted(responses, score=score)
    answered = answered.filter(answered[customer].notnull())
    place = ibis.row_number().over(
        group_by=answered[customer], order_by=[answered["answered_at"], answered[score]]
    )
    turn = ibis.cases((place == 0, PANEL[0]), else_=PANEL[1])
    cells = score_counts(answered.mutate(turn=turn), ["turn"], score=score)
    return _compared(cells, PANEL, confidence)


def _compared(
    cells: Mapping[Group, ScoreCounts], names: Sequence[str], confidence: float
) -> AnswerWaves | None:
    if not cells:
        return None
    counts = [cells.get((name,), ScoreCounts()) for name in names]
    ends = [(one.detractors, one.passives, one.promoters) for one in (counts[0], counts[-1])]
    both = all(sum(end) for end in ends)
    return AnswerWaves(
        waves=tuple(
            nps_of_counts(one, (name,), confidence) for name, one in zip(names, counts, strict=True)
        ),
        difference=difference_of_buckets(*ends, confidence=confidence) if both else None,
    )
