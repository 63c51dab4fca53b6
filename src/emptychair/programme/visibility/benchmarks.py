"""Where the NPS stands beside what others report: a position, not a target."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.show.words import INTERVAL_FROM, Words
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.insight.models import Benchmark


@dataclass(frozen=True)
class Position:
    """One benchmark and where the company stands to it."""

    name: str
    where: str
    points: str
    said: str
    source: str
    published_on: date


def benchmark_points() -> dict[str, float]:
    """Return the points of every benchmark by its name, as lines of a chart."""
    return dict(Benchmark.objects.order_by("name").values_list("name", "nps_points"))


def positions(total: ScoreCounts, words: Words) -> tuple[Position, ...]:
    """Return the company's position to every benchmark."""
    return tuple(
        Position(
            one.name,
            " · ".join(filter(None, (one.industry, one.country))),
            words.points(one.nps_points),
            _position(total, one.nps_points),
            one.source,
            one.published_on,
        )
        for one in Benchmark.objects.all()
    )


def _position(total: ScoreCounts, benchmark: float) -> str:
    nps = nps_of_counts(total)
    if nps.n < INTERVAL_FROM or nps.low_points is None or nps.high_points is None:
        return _("Too few answers to tell.")
    if nps.low_points > benchmark:
        return _("We lie above it.")
    if nps.high_points < benchmark:
        return _("We lie below it.")
    return _("We cannot be told apart from it.")
