"""Early and late answers: do those who hesitate like us less?"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from emptychair.analysis.checks import check_columns
from emptychair.analysis.delivery.differences import Difference, difference_of_buckets
from emptychair.analysis.delivery.score import Nps, nps_of_counts
from emptychair.analysis.sums.counts import ScoreCounts, score_counts

_HOUR = 3600
# A day is the first mail read in peace; after three days it took a reminder or a second thought.
WAVE_ENDS_HOURS = (24, 72)
WAVES = ("first_day", "first_three_days", "later")


@dataclass(frozen=True)
class AnswerWaves:
    """The NPS of those who answered at once, soon and late.

    Attributes:
        waves: one record each of `WAVES`; their group is the wave.
        difference: late answers minus those of the first day, on -1 to 1; null where one of
            the two is empty.
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
        The waves; None where no response says when it was asked for.

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
    found = {key[0]: counts for key, counts in score_counts(timed, ["wave"], score=score).items()}
    if not found:
        return None
    counts = [found.get(name, ScoreCounts()) for name in WAVES]
    ends = [(one.detractors, one.passives, one.promoters) for one in (counts[0], counts[-1])]
    both = all(sum(end) for end in ends)
    return AnswerWaves(
        waves=tuple(
            nps_of_counts(one, (name,), confidence) for name, one in zip(WAVES, counts, strict=True)
        ),
        difference=difference_of_buckets(*ends, confidence=confidence) if both else None,
    )
