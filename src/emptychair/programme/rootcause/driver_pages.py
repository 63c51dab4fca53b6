"""Drivers: what goes along with the score, importance and effect apart, and who is behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import IntegerField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.rootcause.records import Driver, DriverGroup
from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.rootcause import drivers_chart, effects_chart, name_of
from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.models import Response
from emptychair.programme.capture.queries import responses_behind, with_customer_code
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.lists import Column
from emptychair.programme.rootcause import naming
from emptychair.programme.rootcause.finding import LONGEST_DAYS
from emptychair.programme.rootcause.models import Finding
from emptychair.programme.rootcause.reading import cause_names, driver_group, finding_of
from emptychair.programme.visibility import responses
from emptychair.programme.visibility.names import names_of
from emptychair.programme.visibility.pictures import ChartBlock, Switch, chart_block

LOW_RATING = 2


@dataclass(frozen=True)
class Limits:
    """A figure and its interval, empty where nothing is said."""

    value: str = ""
    interval: str = ""


@dataclass(frozen=True)
class Row:
    """One driver of the table."""

    name: str
    importance: Limits
    rank: str
    effect: Limits
    detractors: Limits
    promoters: Limits
    acts_on: str
    mean: str
    n: str
    verdict: str
    against: str
    hidden: str
    url: str
    is_recommended: bool


@dataclass(frozen=True)
class About:
    """How a finding came about."""

    n: str
    computed_at: datetime
    method_url: str
    digest: str
    version: str


@dataclass(frozen=True)
class DriversPage:
    """Everything the page shows; `state` is pending, empty or usual."""

    state: str
    why_empty: str
    switches: tuple[Switch, ...]
    charts: tuple[ChartBlock, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    is_segment: bool
    about: About | None


def drivers_page(segment: str, words: Words, *, may_take_files: bool) -> DriversPage:
    """Return the drivers of everybody or of one key segment."""
    found = finding_of(Finding.Kind.DRIVERS, segment)
    group = driver_group(found)
    names = cause_names()
    query = f"?segment={segment}" if segment else ""

    def block(chart: Chart) -> ChartBlock:
        def file_url(kind: str) -> str:
            return reverse("rootcause:chart", args=[chart.name, kind]) + query

        return chart_block(chart, words, file_url=file_url if may_take_files else None)

    drawn = charts_of(group, segment, words) if group and group.measured else ()
    return DriversPage(
        state="pending" if found is None else "usual" if group else "empty",
        why_empty=found.why_empty if found else "",
        switches=switches("rootcause:drivers", Finding.Kind.DRIVERS, segment),
        charts=tuple(block(chart) for chart in drawn),
        rows=tuple(_row(one, segment, names, words) for one in group.drivers) if group else (),
        notes=tuple(_notes(group, found, words)) if group and found else (),
        is_segment=bool(segment),
        about=about(found, words) if found and group else None,
    )


def charts_of(group: DriverGroup, segment: str, words: Words) -> tuple[Chart, ...]:
    """Return the pictures of one group: importance against performance, and effects."""
    names = cause_names()
    links = {one.driver: responses_url(one, segment) for one in group.drivers if not one.is_theme}
    picture = drivers_chart(group, words, names, links)
    has_importance = any(one.importance_share is not None for one in group.drivers)
    return (*((picture,) if has_importance else ()), effects_chart(group, words, names))


def about(found: Finding, words: Words) -> About:
    """Return how a finding came about."""
    return About(
        words.number(found.n),
        found.computed_at,
        reverse("visibility:method", args=[found.method]),
        found.inputs_digest[:12],
        found.library_version,
    )


def switches(view: str, kind: str, segment: str, **more: str) -> tuple[Switch, ...]:
    """Return everybody and each key segment that has a finding."""
    there = set(Finding.objects.filter(kind=kind).values_list("segment", flat=True)) - {""}
    if not there:
        return ()
    url = reverse(view)

    def address(slug: str) -> str:
        query = urlencode({**({"segment": slug} if slug else {}), **more})
        return f"{url}?{query}" if query else url

    known = {slug: name for slug, name in names_of("segment").items() if slug in there}
    return (
        Switch(_("All customers"), address(""), not segment),
        *(Switch(name, address(slug), slug == segment) for slug, name in known.items()),
    )


def responses_url(one: Driver, segment: str) -> str:
    """Return the address of the low ratings behind a driver."""
    slug = one.members[0].removeprefix("rating_")
    address = reverse("rootcause:behind", args=[slug])
    return f"{address}?segment={segment}" if segment else address


def _row(one: Driver, segment: str, names: Mapping[str, str], words: Words) -> Row:
    def limits(value: float | None, low: float | None, high: float | None) -> Limits:
        if value is None or low is None or high is None:
            return Limits()
        return Limits(words.points(value, 1), words.interval(low, high, 1))

    importance = Limits()
    if one.importance_share is not None:
        ends = (one.importance_low or 0.0, one.importance_high or 0.0)
        said = words("from_to", low=words.share(ends[0]), high=words.share(ends[1]))
        importance = Limits(words.share(one.importance_share), said)
    rank = ""
    if one.rank_low is not None:
        same = one.rank_low == one.rank_high
        rank = str(one.rank_low) if same else f"{one.rank_low}\u2013{one.rank_high}"
    mean = one.performance_mean
    said_mean = "" if mean is None else words.share(mean) if one.is_theme else words.number(mean, 2)
    return Row(
        name=name_of(one, names),
        importance=importance,
        rank=rank,
        effect=limits(one.effect_points, one.effect_low, one.effect_high),
        detractors=limits(one.detractor_points, one.detractor_low, one.detractor_high),
        promoters=limits(one.promoter_points, one.promoter_low, one.promoter_high),
        acts_on=naming.acts_on(one.acts_on),
        mean=said_mean,
        n=words.number(one.n),
        verdict=naming.verdict(one.verdict),
        against=naming.against(one.against_company),
        hidden="" if one.robustness_share is None else words.share(one.robustness_share),
        url="" if one.is_theme else responses_url(one, segment),
        is_recommended=one.verdict == "improve",
    )


def _notes(group: DriverGroup, found: Finding, words: Words) -> list[str]:
    notes = []
    if group.explained_share is not None:
        notes.append(
            _("Together the drivers explain %(share)s of the differences between answers.")
            % {"share": words.share(group.explained_share)}
        )
    if group.is_filled:
        notes.append(_("Ratings that were not given were filled in from the others (EM)."))
    if group.is_borrowed:
        notes.append(
            _("Too few answered here to say anything of their own: the company's effects stand in.")
        )
    names = cause_names()
    for columns in found.result["overlaps"]:
        said = ", ".join(
            names.get(one.removeprefix("rating_"), one.removeprefix("rating_")) for one in columns
        )
        notes.append(
            _("%(names)s go along with each other too closely to be told apart; they stand as one.")
            % {"names": said}
        )
    return notes


def behind(slug: str, segment: str, scope: Scope, *, low_only: bool) -> QuerySet[Response]:
    """Return the answers in which a driver was rated, low ones alone if asked for.

    Args:
        slug: of the driver.
        segment: of the customers; empty means all.
        scope: what the reader may see.
        low_only: leave out ratings above 2.
    """
    from datetime import timedelta

    chosen = responses_behind(
        scope,
        start=today() - timedelta(days=LONGEST_DAYS),
        end=today(),
        segment=segment,
        filters={},
    ).annotate(rating=Cast(KeyTextTransform(slug, "ratings"), IntegerField()))
    wanted = {"rating__lte": LOW_RATING} if low_only else {"rating__isnull": False}
    return with_customer_code(chosen.filter(**wanted))


def behind_columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of the answers behind a driver."""
    first, *rest = responses.columns(scope)
    rating = Column("rating", _("Rating"), lambda one: one.rating, "rating", "number")
    return (first, rating, *rest)
