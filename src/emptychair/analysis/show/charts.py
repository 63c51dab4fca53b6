"""One chart per result: what it says, the same numbers as a table, and how it is drawn.

Every function takes records of the library and `Words` and returns a `Chart`, which `render`
draws for a page or as an image. Given `links`, a click on a mark opens what lies behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from emptychair.analysis.delivery.score import Nps
from emptychair.analysis.delivery.trend import TrendPoint
from emptychair.analysis.show.levels import (
    INTERVAL_SIDE,
    LEVEL_KINDS,
    NOTHING,
    UPPER,
    Kind,
    level_header,
    level_row,
    level_values,
    sequence_header,
    sequence_row,
)
from emptychair.analysis.show.sentences import (
    group_name,
    groups_sentence,
    level_tip,
    trend_sentence,
)
from emptychair.analysis.show.words import FIGURE_FROM, Words
from emptychair.analysis.sums.counts import ScoreCounts

if TYPE_CHECKING:
    from emptychair.analysis.show.marks import Drawing

Cell: TypeAlias = str | int | float | None

WIDE: Final = 720  # pixels
NARROW: Final = 330
MOST_GROUPS: Final = 20  # more are in the table only
LINK: Final = "https://link.invalid/"  # stands before the number of a link until it is drawn
_BUCKETS: Final = ("detractor", "passive", "promoter")
_MAY_BE_UNKNOWN: Final = ("number", "share", "from", "share_from")


@dataclass(frozen=True)
class Chart:
    """A result as a picture, a sentence and a table.

    Attributes:
        name: short and stable, for file names and addresses.
        title: what it shows.
        sentence: what there is to see, for those who do not see it.
        caption: how to read the marks; may be empty.
        header: names of the table's columns.
        kinds: what each column holds.
        rows: the numbers of the picture, unrounded; null where too few answered.
        links: addresses that marks lead to, by the number after `LINK`.
        draw: makes the Altair chart for a width in pixels.
    """

    name: str
    title: str
    sentence: str
    caption: str
    header: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: tuple[tuple[Cell, ...], ...]
    links: tuple[str, ...] = ()
    draw: Callable[[int], Drawing] = field(repr=False, compare=False, kw_only=True)

    def specification(self, width: int = WIDE, *, titled: bool = False) -> str:
        """Return the Vega-Lite text of the chart at `width`, in sentinel colours."""
        from altair.utils.schemapi import debug_mode

        from emptychair.analysis.show import marks

        title, subtitle = (self.title, self.sentence) if titled else ("", "")
        with debug_mode(False):  # a test checks every chart against the schema, once for all
            return marks.specification(self.draw(width), title, subtitle, width)

    def table_in_words(self, words: Words) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return header and rows as a reader sees them: an interval is one column, not two."""
        shown = [i for i, kind in enumerate(self.kinds) if kind not in UPPER]
        header = tuple(self.header[i].split(INTERVAL_SIDE)[0] for i in shown)
        rows = [tuple(self._in_words(row, i, words) for i in shown) for row in self.rows]
        return header, rows

    def _in_words(self, row: tuple[Cell, ...], i: int, words: Words) -> str:
        cell, kind = row[i], self.kinds[i]
        if cell is None and ("count" not in self.kinds or kind in _MAY_BE_UNKNOWN):
            return ""
        if cell is None:
            is_first_interval = kind == "low" and self.kinds.index("low") == i
            answered = row[self.kinds.index("count")]
            if is_first_interval and answered is None:
                return words("withheld")
            return words("too_few") if is_first_interval and answered else ""
        if isinstance(cell, str):
            return cell
        upper = float(row[i + 1] or 0.0) if kind in ("low", "from", "share_from") else 0.0
        if kind == "low":
            return words.interval(cell, upper)
        if kind == "from":
            return words.range(cell, upper)
        if kind == "share_from":
            return words("from_to", low=words.share(cell, 1), high=words.share(upper, 1))
        if kind == "number":
            return words.amount(cell)
        if kind == "share":
            return words.share(cell, 1)
        return words.points(cell) if kind == "points" else words.number(cell)

    def digest(self) -> str:
        """Return a key under which the drawn chart may be kept."""
        parts = (self.title, self.sentence, *self.links, repr(self.rows), repr(self.header))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def buckets_chart(
    counts: ScoreCounts, words: Words, links: Mapping[str, str] | None = None
) -> Chart:
    """Return the three buckets as people: one figure per answer, or a hundred in all.

    Args:
        counts: how many gave each score.
        words: the language.
        links: address of the responses behind each bucket.
    """
    people = (counts.detractors, counts.passives, counts.promoters)
    addresses = tuple(links[bucket] for bucket in _BUCKETS) if links else ()
    names = [words(bucket + "s") for bucket in _BUCKETS]
    shares = [n / counts.n if counts.n else 0.0 for n in people]
    figures = people if counts.n <= 100 else of_hundred(people)
    values = [
        {"bucket": bucket, "tip": f"{name}: {words.answers(n)} ({words.share(share)})"}
        | _link(addresses, number)
        for number, (bucket, name, n, share) in enumerate(
            zip(_BUCKETS, names, people, shares, strict=True)
        )
        for _ in range(figures[number])
    ]
    numbers = {f"{bucket}s": words.number(n) for bucket, n in zip(_BUCKETS, people, strict=True)}
    percent = {
        f"{bucket}_share": words.share(share)
        for bucket, share in zip(_BUCKETS, shares, strict=True)
    }
    return Chart(
        name="buckets",
        title=words("chart_buckets"),
        sentence=words("chart_buckets_sentence", **numbers, **percent),
        caption=words("person_is_one" if counts.n <= 100 else "person_is_percent"),
        header=(words("group"), words("responses"), words("share")),
        kinds=("text", "count", "share"),
        rows=tuple(zip(names, people, shares, strict=True)),
        links=addresses,
        draw=lambda width: _marks().people(values, width),
    )


def distribution_chart(counts: ScoreCounts, words: Words, links: Sequence[str] = ()) -> Chart:
    """Return how many gave each score from 0 to 10.

    Args:
        counts: how many gave each score.
        words: the language.
        links: address of the responses behind each of the eleven scores.
    """
    shares = [n / counts.n if counts.n else 0.0 for n in counts.scores]
    most = max(range(11), key=lambda score: counts.scores[score])
    values = [
        {
            "score": score,
            "bucket": bucket_of(score),
            "share": shares[score],
            "label": words.share(shares[score]) if n else "",
            "tip": f"{score}: {words.answers(n)} ({words.share(shares[score])})",
            **_link(links, score),
        }
        for score, n in enumerate(counts.scores)
    ]
    return Chart(
        name="distribution",
        title=words("chart_distribution"),
        sentence=words(
            "chart_distribution_sentence",
            n=words.answers(counts.n),
            score=most,
            share=words.share(shares[most]),
        ),
        caption="",
        header=(words("score"), words("responses"), words("share")),
        kinds=("count", "count", "share"),
        rows=tuple((score, n, shares[score]) for score, n in enumerate(counts.scores)),
        links=tuple(links),
        draw=lambda width: _marks().bars(values, words, width),
    )


def trend_chart(
    points: Sequence[TrendPoint],
    every: str,
    words: Words,
    links: Sequence[str] = (),
    withheld: Collection[int] = (),
    others: Mapping[str, float] = MappingProxyType({}),
) -> Chart:
    """Return the NPS of each period with both of its intervals.

    Args:
        points: the periods in order, those without answers included.
        every: length of the periods.
        words: the language.
        links: address of the responses behind each period.
        withheld: places of periods of which nothing may be shown.
        others: points that others report, by name; drawn as lines to compare with, no targets.
    """
    values = [
        {
            "i": i,
            "tip": f"{words.period(point.period, every)}: {level_tip(point, words)}",
            **level_values(point),
            "sequence_low": point.sequence_low_points,
            "sequence_high": point.sequence_high_points,
            **_link(links, i),
        }
        if i not in withheld
        else {
            "i": i,
            "tip": f"{words.period(point.period, every)}: {words('withheld')}",
            **dict.fromkeys(("nps", "low", "high", "sequence_low", "sequence_high")),
        }
        for i, point in enumerate(points)
    ]
    labels = period_labels(points, every, words)
    lines = [f"{name} {words.points(value)}" for name, value in others.items()]
    beside = words("chart_trend_others", others=", ".join(lines)) if others else ""
    seen = [point for i, point in enumerate(points) if i not in withheld]
    return Chart(
        name="trend",
        title=words("chart_trend"),
        sentence=" ".join(filter(None, (trend_sentence(seen, every, words), beside))),
        caption=" ".join(filter(None, (words("chart_trend_caption"), beside))),
        header=(words("period"), *level_header(words), *sequence_header(words)),
        kinds=(*LEVEL_KINDS, "low", "high"),
        rows=tuple(
            (words.period(point.period, every), *level_row(point), *sequence_row(point))
            if i not in withheld
            else (words.period(point.period, every), *NOTHING, None, None)
            for i, point in enumerate(points)
        ),
        links=tuple(links),
        draw=lambda width: _marks().trend(values, labels, words, width, others),
    )


def groups_chart(
    results: Sequence[Nps],
    column: str,
    words: Words,
    *,
    total: Nps | None = None,
    links: Sequence[str] = (),
    withheld: Sequence[str] = (),
) -> Chart:
    """Return the NPS of each group as a dot with its interval.

    Args:
        results: one per group; drawn in the order given, the first `MOST_GROUPS` of them.
        column: the column they are grouped by.
        words: the language.
        total: all groups together, drawn as a dashed line.
        links: address of the responses behind each group.
        withheld: names of groups of which nothing may be shown; the table names them last.
    """
    values = [
        {
            "row": i,
            "name": group_name(result, words),
            "tip": f"{group_name(result, words)}: {level_tip(result, words)}",
            **level_values(result),
            **_link(links, i),
        }
        for i, result in enumerate(results[:MOST_GROUPS])
    ]
    total_points = total.nps_points if total is not None and total.n >= FIGURE_FROM else None
    return Chart(
        name=f"by-{column}",
        title=words("chart_groups", column=words.column(column)),
        sentence=groups_sentence(results, words),
        caption=words("chart_groups_caption"),
        header=(words.column(column).capitalize(), *level_header(words)),
        kinds=LEVEL_KINDS,
        rows=(
            *((group_name(result, words), *level_row(result)) for result in results),
            *((name, *NOTHING) for name in withheld),
        ),
        links=tuple(links),
        draw=lambda width: _marks().dots(values, total_points, words, width),
    )


def sparkline_chart(points: Sequence[TrendPoint], every: str, words: Words) -> Chart:
    """Return the NPS over time as a line without axes, for a cell of a table."""
    values = [{"i": i, **level_values(point)} for i, point in enumerate(points)]
    full = trend_chart(points, every, words)
    return Chart(
        name="sparkline",
        title=full.title,
        sentence=full.sentence,
        caption="",
        header=full.header,
        kinds=full.kinds,
        rows=full.rows,
        draw=partial(_sparkline, values),
    )


def bucket_of(score: int) -> str:
    """Return the bucket of a score.

    Examples:
        >>> [bucket_of(score) for score in (6, 7, 9)]
        ['detractor', 'passive', 'promoter']
    """
    return "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"


def of_hundred(people: Sequence[int]) -> list[int]:
    """Return whole parts of a hundred in proportion, by the largest remainder.

    Examples:
        >>> of_hundred([1, 1, 1])
        [34, 33, 33]
    """
    total = sum(people)
    parts = [100 * n // total for n in people]
    by_remainder = sorted(range(len(people)), key=lambda i: -(100 * people[i] % total))
    for i in by_remainder[: 100 - sum(parts)]:
        parts[i] += 1
    return parts


def period_labels(points: Sequence[TrendPoint], every: str, words: Words) -> list[list[str]]:
    """Return axis labels of one or two lines: the year stands under its first period."""
    labels, year = [], 0
    for point in points:
        shown_year = point.period.isocalendar().year if every == "week" else point.period.year
        lines = [words.short_period(point.period, every)]
        if shown_year != year and every != "year":
            lines.append(str(shown_year))
        labels.append(lines)
        year = shown_year
    return labels


def _marks() -> Any:
    from emptychair.analysis.show import marks  # Altair takes a while to import

    return marks


def _sparkline(values: Sequence[Mapping[str, Any]], width: int) -> Drawing:
    return _marks().sparkline(values, width)  # type: ignore[no-any-return]


def _link(links: Sequence[str], number: int) -> dict[str, str]:
    return {"link": f"{LINK}{number}"} if number < len(links) and links[number] else {}
