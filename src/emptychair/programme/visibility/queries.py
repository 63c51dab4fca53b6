"""What Delivery and its files show. Figures come from merged sums, comments from responses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.delivery.differences import difference_of_buckets
from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.delivery.trend import trend_of_counts
from emptychair.analysis.show import charts
from emptychair.analysis.show.words import INTERVAL_FROM, Words, certainty
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.models import Response
from emptychair.programme.capture.queries import responses_behind
from emptychair.programme.comments.queries import with_readings
from emptychair.programme.visibility import names
from emptychair.programme.visibility.benchmarks import Position, benchmark_points, positions
from emptychair.programme.visibility.disclosure import counts_by, is_withheld, withheld_groups
from emptychair.programme.visibility.pictures import ChartBlock, Switch, chart_block
from emptychair.programme.visibility.selection import BREAKDOWNS, Selection, possible_every
from emptychair.programme.visibility.themes import ThemeChip, theme_chips
from emptychair.programme.warehouse import layer

BUCKETS = ("detractor", "passive", "promoter")
COMMENTS_SHOWN = 8


@dataclass(frozen=True)
class Figure:
    """An NPS as large as it may be shown, and what to make of it."""

    certainty: str
    value: str
    interval: str
    answers: str
    explanation: str
    verdict: str
    change: str
    url: str
    card_url: str = ""


@dataclass(frozen=True)
class BucketPart:
    """How many are in a bucket; `url` leads to them."""

    bucket: str
    name: str
    n: int
    share: str
    url: str


@dataclass(frozen=True)
class Comment:
    """One customer's own words; `is_new` since the reader was last here."""

    text: str
    score: int
    bucket: str
    bucket_name: str
    language: str
    at: datetime
    details: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True)
class DeliveryPage:
    """Everything the live part of Delivery shows; `state` is empty, few, single or usual."""

    state: str
    version: str
    figure: Figure
    buckets: tuple[BucketPart, ...]
    charts: Mapping[str, ChartBlock]
    comments: tuple[Comment, ...]
    comment_switches: tuple[Switch, ...]
    theme_chips: tuple[ThemeChip, ...]
    comments_url: str
    positions: tuple[Position, ...]


def delivery_page(
    selection: Selection, scope: Scope, words: Words, *, may_take_files: bool
) -> DeliveryPage:
    """Return the live part of the Delivery page.

    Args:
        selection: what the reader asks to see.
        scope: what the reader may see.
        words: the reader's language.
        may_take_files: whether charts are offered as files.
    """
    version = layer.version()  # before the figures: at worst the page is read once more
    total = counts_of(selection, scope)
    withheld = is_withheld(selection, scope)
    shown = total.n >= settings.MINIMUM_CELL and not withheld
    names_shown = ("buckets", "distribution", "trend", "groups") if shown else ()
    blocks = {
        name: _block(name, selection, scope, words, may_take_files=may_take_files)
        for name in names_shown
    }
    return DeliveryPage(
        state=_state(total),
        version=version,
        figure=withheld_figure(words) if withheld else _figure(total, selection, scope, words),
        buckets=_bucket_parts(total, selection, words) if shown else (),
        charts=blocks,
        comments=comments_of(_comments_behind(selection, scope)[:COMMENTS_SHOWN]),
        comment_switches=_comment_switches(selection),
        theme_chips=theme_chips(selection, scope, words) if shown else (),
        comments_url=_behind(
            selection, bucket=selection.bucket, theme=selection.theme, comment="yes"
        ),
        positions=positions(total, words) if shown else (),
    )


def counts_of(selection: Selection, scope: Scope) -> ScoreCounts:
    """Return the score counts of a selection within the reader's scope."""
    found = _counts((), selection, scope)
    return found.get((), ScoreCounts())


def may_show(selection: Selection, scope: Scope) -> bool:
    """Say whether enough people are behind a selection to show figures of it."""
    n = counts_of(selection, scope).n
    return not 0 < n < settings.MINIMUM_CELL and not is_withheld(selection, scope)


def chart_of(name: str, selection: Selection, scope: Scope, words: Words) -> charts.Chart:
    """Return the chart `name` of the Delivery page.

    Raises:
        KeyError: there is no such chart.
    """
    if name == "buckets":
        links = {bucket: _behind(selection, bucket=bucket) for bucket in BUCKETS}
        return charts.buckets_chart(counts_of(selection, scope), words, links)
    if name == "distribution":
        by_score = [_behind(selection, score=score) for score in range(11)]
        return charts.distribution_chart(counts_of(selection, scope), words, by_score)
    if name == "trend":
        return _trend(selection, scope, words)
    if name == "groups":
        return _groups(selection, scope, words)
    raise KeyError(name)


def comments_of(
    responses: Iterable[Response], *, new_after: datetime | None = None
) -> tuple[Comment, ...]:
    """Return the comments of responses as a page shows them."""
    known = {dimension: names.names_of(dimension) for dimension in ("unit", "channel")}
    comments = []
    for response in responses:
        bucket = charts.bucket_of(response.score)
        unit = known["unit"].get(response.unit, response.unit)
        channel = known["channel"].get(response.channel, response.channel)
        comments.append(
            Comment(
                text=response.comment,
                score=response.score,
                bucket=bucket,
                bucket_name=names.bucket_name(bucket),
                language=response.language,
                at=response.answered_at,
                details=tuple(filter(None, (unit, channel))),
                is_new=new_after is not None and response.answered_at > new_after,
            )
        )
    return tuple(comments)


def change_between(before: ScoreCounts, after: ScoreCounts, words: Words) -> str:
    """Return in words whether the NPS changed; empty if `after` is too few to say anything."""
    if after.n < INTERVAL_FROM:
        return ""
    if before.n < INTERVAL_FROM:
        return words("verdict_no_comparison")
    found = difference_of_buckets(_three(before), _three(after))
    return words.change_verdict(100 * found.difference, 100 * found.low, 100 * found.high)


def withheld_figure(words: Words) -> Figure:
    """Return what stands in the place of a figure that would give people away."""
    value, why = words("withheld"), words("withheld_explained")
    return Figure("none", value, "", "", why, verdict="", change="", url="")


def figure_of(
    total: ScoreCounts, words: Words, *, change: str, url: str, card_url: str = ""
) -> Figure:
    """Return the NPS of `total` as large as it may be shown."""
    nps = nps_of_counts(total)
    said = words.level(nps)
    explanation = ""
    if said.certainty == "few":
        explanation = words("too_few_explained", n=said.answers)
    elif said.certainty == "interval":
        explanation = words("interval_only_explained")
    return Figure(
        certainty=said.certainty,
        value=said.value,
        interval=said.interval,
        answers=said.answers,
        explanation=explanation,
        verdict=words.level_verdict(nps, _three(total)),
        change=change,
        url=url,
        card_url=card_url,
    )


def fine_print_url(selection: Selection, **changes: object) -> str:
    """Return the address of the card behind the NPS of a selection."""
    return reverse("visibility:fine_print") + selection.address(
        by="", every="", theme="", **changes
    )


def _figure(total: ScoreCounts, selection: Selection, scope: Scope, words: Words) -> Figure:
    before = counts_of(selection.before(), scope)
    change = change_between(before, total, words)
    card_url = fine_print_url(selection)
    return figure_of(total, words, change=change, url=_behind(selection), card_url=card_url)


def _state(total: ScoreCounts) -> str:
    if not total.n:
        return "empty"
    if certainty(total.n) == "few":
        return "few"
    return "single" if total.n in _three(total) else "usual"


def _three(counts: ScoreCounts) -> tuple[int, int, int]:
    return counts.detractors, counts.passives, counts.promoters


def _counts(
    by: Sequence[str], selection: Selection, scope: Scope, **more: Any
) -> Mapping[tuple[Any, ...], ScoreCounts]:
    return layer.counts(
        by,
        start=selection.start,
        end=selection.end,
        segment=selection.segment or None,
        filters=selection.filters,
        units=scope.units,
        **more,
    )


def _bucket_parts(total: ScoreCounts, selection: Selection, words: Words) -> tuple[BucketPart, ...]:
    return tuple(
        BucketPart(
            bucket,
            names.bucket_names(bucket),
            n,
            words.share(n / total.n),
            _behind(selection, bucket=bucket),
        )
        for bucket, n in zip(BUCKETS, _three(total), strict=True)
    )


def _trend(selection: Selection, scope: Scope, words: Words) -> charts.Chart:
    found = _counts((), selection, scope, every=selection.every)
    points = trend_of_counts({key[0]: counts for key, counts in found.items()}, selection.every)
    starts = [point.period for point in points]
    ends = [*(later.toordinal() - 1 for later in starts[1:]), selection.end.toordinal()]
    links = [
        _behind(
            selection,
            **{
                "from": max(start, selection.start).isoformat(),
                "to": start.fromordinal(min(end, selection.end.toordinal())).isoformat(),
            },
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    hidden = {key[0] for key in withheld_groups(found)}
    withheld = [i for i, point in enumerate(points) if point.period in hidden]
    links = ["" if i in withheld else link for i, link in enumerate(links)]
    return charts.trend_chart(points, selection.every, words, links, withheld, benchmark_points())


def _groups(selection: Selection, scope: Scope, words: Words) -> charts.Chart:
    known = names.names_of(selection.by)
    shown, hidden = groups_of(selection, scope)
    results = [nps_of_counts(n, (known.get(code, code),)) for code, n in shown]
    links = [_behind(selection, **{selection.by: code}) if code else "" for code, _n in shown]
    total = nps_of_counts(counts_of(selection, scope))
    withheld = [known.get(code, code) or words("not_stated") for code in hidden]
    return charts.groups_chart(
        results, selection.by, words, total=total, links=links, withheld=withheld
    )


def groups_of(
    selection: Selection, scope: Scope
) -> tuple[list[tuple[str, ScoreCounts]], list[str]]:
    """Return the groups of the breakdown and the codes of those withheld.

    Segments come by priority, other groups the largest first.
    """
    found = {str(key[0] or ""): n for key, n in counts_by(selection.by, selection, scope).items()}
    withheld = {str(key[0]) for key in withheld_groups({(code,): n for code, n in found.items()})}
    shown = sorted(set(found) - withheld, key=lambda code: (-found[code].n, code))
    ordered = names.in_priority(selection.by, shown)
    return [(code, found[code]) for code in ordered], sorted(withheld)


def _block(
    name: str, selection: Selection, scope: Scope, words: Words, *, may_take_files: bool
) -> ChartBlock:
    switches: tuple[Switch, ...] = ()
    if name == "trend":
        switches = tuple(
            Switch(
                names.every_name(every), selection.address(every=every), every == selection.every
            )
            for every in possible_every(selection.days)
        )
    elif name == "groups":
        switches = tuple(
            Switch(names.label(by), selection.address(by=by), by == selection.by)
            for by in BREAKDOWNS
        )

    def file_url(kind: str) -> str:
        address = selection.address(by=selection.by, every=selection.every)
        return reverse("visibility:delivery_chart", args=[name, kind]) + address

    return chart_block(
        chart_of(name, selection, scope, words),
        words,
        file_url=file_url if may_take_files else None,
        switches=switches,
        switch_label=names.label(selection.by) if name == "groups" else "",
        table_open=name == "groups",
        card_urls=_card_urls(selection, scope) if name == "groups" else (),
    )


def _card_urls(selection: Selection, scope: Scope) -> list[str]:
    shown, _hidden = groups_of(selection, scope)
    return [fine_print_url(selection, **{selection.by: code}) if code else "" for code, _n in shown]


def _comments_behind(selection: Selection, scope: Scope) -> QuerySet[Response]:
    chosen = responses_behind(
        scope,
        start=selection.start,
        end=selection.end,
        segment=selection.segment,
        filters={**selection.filters, "bucket": selection.bucket},
    ).exclude(comment="")
    return with_readings(chosen, {"theme": selection.theme}) if selection.theme else chosen


def _comment_switches(selection: Selection) -> tuple[Switch, ...]:
    everyone = Switch(_("All"), selection.address(bucket=""), not selection.bucket)
    return (
        everyone,
        *(
            Switch(
                names.bucket_names(bucket),
                selection.address(bucket=bucket),
                bucket == selection.bucket,
            )
            for bucket in BUCKETS
        ),
    )


def _behind(selection: Selection, **narrower: object) -> str:
    return reverse("visibility:responses") + selection.behind(**narrower)
