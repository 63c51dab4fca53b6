"""The whole picture of a file of answers on one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import metadata
from importlib.resources import files
from math import inf
from typing import Final

import ibis.expr.types as ir
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from emptychair.analysis.delivery.differences import difference_of_buckets
from emptychair.analysis.delivery.score import Nps, net_promoter_score, nps_of_counts
from emptychair.analysis.delivery.trend import Every, counts_by_day, period_of, trend_of_counts
from emptychair.analysis.show import charts
from emptychair.analysis.show.look import font_bytes, tokens_css
from emptychair.analysis.show.picks import Quote, breakdowns, quotes, shown_period
from emptychair.analysis.show.render import figure_of_page
from emptychair.analysis.show.words import INTERVAL_FROM, LevelWords, Words, catalogue
from emptychair.analysis.sums.counts import ScoreCounts, score_counts
from emptychair.analysis.tables.responses import ResponsesFile

MOST_ROWS: Final = 30
_SPANS: Final[tuple[tuple[Every, float], ...]] = (
    ("day", 31),
    ("week", 180),
    ("month", 1_000),
    ("quarter", inf),
)
_BUCKETS: Final = ("detractor", "passive", "promoter")


@dataclass(frozen=True)
class Picture:
    """A chart with its table, in words.

    Attributes:
        chart: what is drawn.
        svg: the drawing, for wide and for narrow places.
        header: names of the table's columns.
        rows: the table, at most `MOST_ROWS` of it.
        left_out: how many rows the table does not show.
        note: a sentence about what the picture leaves out; may be empty.
    """

    chart: charts.Chart
    svg: Markup
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left_out: int
    note: str = ""


@dataclass(frozen=True)
class Bucket:
    """One bucket: how many, their share, and what some of them said."""

    bucket: str
    name: str
    n: str
    share: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Report:
    """Everything the page shows, in words of one language."""

    title: str
    period: str
    made: str
    level: LevelWords
    verdict: str
    change: str
    people: Picture
    buckets: tuple[Bucket, ...]
    pictures: tuple[Picture, ...]
    has_quotes: bool
    rows: tuple[tuple[str, str], ...]
    excluded: tuple[tuple[str, str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    mapping: tuple[tuple[str, str], ...]
    method: tuple[str, ...]


def report_html(
    reading: ResponsesFile,
    name: str,
    words: Words,
    *,
    table: ir.Table | None = None,
    excluded: Mapping[str, int] | None = None,
    by: Sequence[str] = (),
    made_at: datetime,
) -> str:
    """Return one page that shows what a file of answers says; it loads nothing.

    Args:
        reading: the answers and the account of how they were read.
        name: what the page is about, such as the file's name.
        words: the language.
        table: the answers to report on, if only some of the file's.
        excluded: rows left out by reason, if more than the reading left out.
        by: columns to break the score down by; by default those that lend themselves to it.
        made_at: when the page was made.

    Raises:
        AnalysisError: a column is missing or a score is not whole from 0 to 10.
    """
    answers = reading.table if table is None else table
    left_out = reading.excluded if excluded is None else excluded
    report = _report(reading, answers, left_out, name, words, by, made_at)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_text("report.html.jinja"))
    return template.render(report=report, words=words, style=Markup(_style()))  # noqa: S704  our own files


def _report(
    reading: ResponsesFile,
    answers: ir.Table,
    excluded: Mapping[str, int],
    name: str,
    words: Words,
    by: Sequence[str],
    made_at: datetime,
) -> Report:
    counts = score_counts(answers).get((), ScoreCounts())
    # Not of the counts: repeated answers of one customer widen the interval.
    total = next(iter(net_promoter_score(answers)), nps_of_counts(counts))
    days = _days(answers)
    picked = {bucket: quotes(answers, bucket) for bucket in _BUCKETS}
    level = words.level(total)
    pictures = [_picture(charts.distribution_chart(counts, words), words)] if counts.n else []
    change = ""
    shown = _shown(days)
    every = _every(shown)
    if every:
        outside = sum(c.n for c in days.values()) - sum(c.n for c in shown.values())
        trend, change = _trend(shown, outside, every, words), _change(shown, every, words)
        pictures.insert(0, trend)
    pictures += [_groups(answers, column, total, words) for column in by or breakdowns(answers)]
    return Report(
        title=name,
        period=_period(shown, words),
        made=words.day(made_at.date()),
        level=level,
        verdict=words.level_verdict(total, _three(counts)),
        change=change,
        people=_picture(charts.buckets_chart(counts, words), words),
        buckets=tuple(
            Bucket(
                bucket,
                words(f"{bucket}s"),
                words.number(n),
                words.share(n / counts.n) if counts.n else "",
                picked[bucket],
            )
            for bucket, n in zip(_BUCKETS, _three(counts), strict=True)
        ),
        pictures=tuple(pictures),
        has_quotes=any(picked.values()),
        rows=(
            (words("rows_read"), words.number(reading.rows)),
            (words("rows_used"), words.number(counts.n)),
            (words("rows_excluded"), words.number(sum(excluded.values()))),
        ),
        excluded=tuple(
            (_reason("excluded", reason, words), words.number(n), _examples(reading, reason, words))
            for reason, n in excluded.items()
        ),
        warnings=tuple(
            (words.number(n), _reason("warning", kind, words))
            for kind, n in reading.warnings.items()
        ),
        mapping=tuple(reading.mapping.items()),
        method=_method(words, has_dates=bool(every)),
    )


def _days(answers: ir.Table) -> dict[date, ScoreCounts]:
    if not {"answered_on", "answered_at"} & set(answers.columns):
        return {}
    return counts_by_day(answers).get((), {})


def _shown(days: Mapping[date, ScoreCounts]) -> dict[date, ScoreCounts]:
    """Return the days without those that a few stray dates add."""
    if not days:
        return {}
    first, last = shown_period(days)
    return {day: counts for day, counts in days.items() if first <= day <= last}


def _trend(days: Mapping[date, ScoreCounts], outside: int, every: Every, words: Words) -> Picture:
    picture = _picture(charts.trend_chart(trend_of_counts(days, every), every, words), words)
    note = ""
    if outside:
        first = words.day(min(days))
        note = words("trend_outside", n=words.answers(outside), first=first)
    return Picture(**{**vars(picture), "note": note})


def _change(days: Mapping[date, ScoreCounts], every: Every, words: Words) -> str:
    """Return what changed between the last two periods with enough answers."""
    totals = _totals(days, every)
    before, after = [period for period in sorted(totals) if totals[period].n >= INTERVAL_FROM][-2:]
    found = difference_of_buckets(_three(totals[before]), _three(totals[after]))
    verdict = words.change_verdict(100 * found.difference, 100 * found.low, 100 * found.high)
    names = words.period(before, every), words.period(after, every)
    verdict = verdict[0].lower() + verdict[1:]
    return words("change_between", before=names[0], after=names[1], verdict=verdict)


def _groups(answers: ir.Table, column: str, total: Nps, words: Words) -> Picture:
    results = sorted(net_promoter_score(answers, by=[column]), key=lambda result: -result.n)
    chart = charts.groups_chart(results, column, words, total=total)
    note = ""
    if len(results) > charts.MOST_GROUPS:
        note = words("groups_left_out", n=charts.MOST_GROUPS, count=words.number(len(results)))
    return Picture(**{**vars(_picture(chart, words)), "note": note})


def _picture(chart: charts.Chart, words: Words) -> Picture:
    header, rows = chart.table_in_words(words)
    # The drawing is ours and every text in it is escaped by the renderer.
    svg = Markup(figure_of_page(chart))  # noqa: S704
    return Picture(chart, svg, header, rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS))


def _period(days: Mapping[date, ScoreCounts], words: Words) -> str:
    if not days:
        return words("without_dates")
    first, last = words.day(min(days)), words.day(max(days))
    return first if first == last else words("from_day_to_day", first=first, last=last)


def _every(days: Mapping[date, ScoreCounts]) -> Every | None:
    """Return the shortest suitable period of which two have enough answers; None if none has."""
    span = (max(days) - min(days)).days if days else 0
    for every, longest in _SPANS:
        enough = [counts for counts in _totals(days, every).values() if counts.n >= INTERVAL_FROM]
        if span <= longest and len(enough) >= 2:
            return every
    return None


def _totals(days: Mapping[date, ScoreCounts], every: Every) -> dict[date, ScoreCounts]:
    totals: dict[date, ScoreCounts] = {}
    for day, counts in days.items():
        period = period_of(day, every)
        totals[period] = totals.get(period, ScoreCounts()) + counts
    return totals


def _reason(kind: str, reason: str, words: Words) -> str:
    key = f"{kind}_{reason}"
    return words(key) if key in catalogue() else reason.replace("_", " ")


def _examples(reading: ResponsesFile, reason: str, words: Words) -> str:
    shown = [
        words("example", row=one.row, value=one.value if one.value else words("empty"))
        for one in reading.examples.get(reason, ())
        if one.row
    ]
    return ", ".join(shown)


def _method(words: Words, *, has_dates: bool) -> tuple[str, ...]:
    keys = ["method_nps", "method_interval", "method_gate"]
    if has_dates:
        keys.append("method_trend")
    version = metadata.version("emptychair")
    return (*(words(key) for key in keys), words("method_version", version=version))


def _three(counts: ScoreCounts) -> tuple[int, int, int]:
    return counts.detractors, counts.passives, counts.promoters


def _style() -> str:
    font = base64.b64encode(font_bytes()).decode()
    address = f"data:font/woff2;base64,{font}"
    return tokens_css().replace("inter-latin-wght-normal.woff2", address) + _text("report.css")


def _text(name: str) -> str:
    return files(__package__).joinpath("look", name).read_text(encoding="utf-8")
