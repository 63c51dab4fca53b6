"""A published figure with everything that explains it, for any period and group."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version as version_of

from emptychair.analysis.delivery.score import Nps, nps_of_counts
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.warehouse import layer
from emptychair.programme.warehouse.layer import Circumstances

METHOD = "score-interval"


@dataclass(frozen=True)
class PublishedFigure:
    """One NPS as the fine print tells it.

    Attributes:
        start: first local date.
        end: last local date.
        nps: the score with its interval.
        counts: how many gave each score.
        around: who was asked, what was held, which wordings.
        method: page in docs/methods.
        inputs_digest: the same whenever the same inputs are counted.
        library_version: of the library that computed it.
    """

    start: date
    end: date
    nps: Nps
    counts: ScoreCounts
    around: Circumstances
    method: str
    inputs_digest: str
    library_version: str


def published_figure(
    *,
    start: date,
    end: date,
    segment: str = "",
    filters: Mapping[str, str] | None = None,
    units: frozenset[str] | None = None,
    counts: ScoreCounts | None = None,
) -> PublishedFigure:
    """Return the figure of a selection with its circumstances.

    Args:
        start: first local date.
        end: last local date.
        segment: slug of one segment; empty means everyone.
        filters: dimension to the one value wanted.
        units: units the reader may see; None means all.
        counts: the score counts of the selection where they are known already.
    """
    wanted = {name: value for name, value in sorted((filters or {}).items()) if value}
    if counts is None:
        found = layer.counts(
            start=start, end=end, segment=segment or None, filters=wanted, units=units
        )
        counts = found.get((), ScoreCounts())
    around = layer.circumstances(start=start, end=end, segment=segment, filters=wanted, units=units)
    inputs = {
        "period": [start.isoformat(), end.isoformat()],
        "segment": segment,
        "filters": wanted,
        "units": None if units is None else sorted(units),
        "scores": counts.scores,
        "around": asdict(around),
    }
    return PublishedFigure(
        start=start,
        end=end,
        nps=nps_of_counts(counts),
        counts=counts,
        around=around,
        method=METHOD,
        inputs_digest=digest_of(inputs),
        library_version=library_version(),
    )


def digest_of(inputs: object) -> str:
    """Return a digest of inputs made of plain values."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def library_version() -> str:
    """Return the version of the library that computes."""
    return version_of("emptychair")
