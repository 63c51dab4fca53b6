"""Journeys: one map per key segment, with what each moment is worth to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.rootcause.journey import Moment
from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.rootcause import journey_chart
from emptychair.analysis.show.words import Words
from emptychair.programme.capture.models import Survey
from emptychair.programme.journeys.models import Journey, Touchpoint
from emptychair.programme.rootcause import naming
from emptychair.programme.rootcause.driver_pages import About, about, switches
from emptychair.programme.rootcause.models import Finding
from emptychair.programme.rootcause.reading import finding_of, moments_of
from emptychair.programme.visibility.names import names_of
from emptychair.programme.visibility.pictures import ChartBlock, Switch, chart_block

FIGURE_FROM = 10  # answers
MATTER_MOST = 3  # moments that are marked


@dataclass(frozen=True)
class TouchpointCard:
    """One touchpoint on the map."""

    key: int
    name: str
    met_by: str
    answers: str
    nps: str
    interval: str
    importance: str
    importance_interval: str
    weight: int  # 0 to 100, for the bar
    rank: int  # 1 to 3 among the moments that matter most; 0 otherwise
    gap: str  # nobody is asked here
    waiting: str  # a survey asks here, and nothing is known yet
    url: str
    surveys: tuple[str, ...]


@dataclass(frozen=True)
class StageColumn:
    """One step of the map with its touchpoints."""

    key: int
    name: str
    cards: tuple[TouchpointCard, ...]


@dataclass(frozen=True)
class JourneyMap:
    """One journey as a segment takes it."""

    slug: str
    name: str
    stages: tuple[StageColumn, ...]
    company_slug: str  # of the map that it is a copy of; empty for the company's own
    segment: str  # name of whose own map it is


@dataclass(frozen=True)
class Beside:
    """Segments beside each other: how much the same touchpoint matters to each."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class JourneysPage:
    """Everything the page shows."""

    state: str
    switches: tuple[Switch, ...]
    maps: tuple[JourneyMap, ...]
    chart: ChartBlock | None
    beside: Beside | None
    gaps: int
    segment: str  # slug of the key segment shown; empty for everybody
    about: About | None


def journeys_page(segment: str, words: Words, *, may_take_files: bool) -> JourneysPage:
    """Return the maps with the figures of everybody or of one key segment."""
    found = finding_of(Finding.Kind.JOURNEY, segment)
    moments = moments_of(found)
    maps = maps_of(moments, words, segment)
    chart = chart_of(segment, words)
    query = f"?segment={segment}" if segment else ""

    def file_url(kind: str) -> str:
        return reverse("rootcause:chart", args=["journey", kind]) + query

    return JourneysPage(
        state="usual" if maps else "empty",
        switches=switches("rootcause:journeys", Finding.Kind.JOURNEY, segment),
        maps=maps,
        chart=chart_block(chart, words, file_url=file_url if may_take_files else None)
        if chart is not None
        else None,
        beside=_beside(words),
        segment=segment if segment in names_of("segment") else "",
        gaps=sum(bool(card.gap) for m in maps for stage in m.stages for card in stage.cards),
        about=about(found, words) if found and moments else None,
    )


def chart_of(segment: str, words: Words) -> Chart | None:
    """Return the picture of a segment's moments, the most important first."""
    moments = moments_of(finding_of(Finding.Kind.JOURNEY, segment))
    if not any(one.measured for one in moments):
        return None
    return journey_chart(_named(moments), words, names_of("touchpoint"), min_answers=FIGURE_FROM)


def _named(moments: Sequence[Moment]) -> list[Moment]:
    """Return the moments whose touchpoint is on a map."""
    there = names_of("touchpoint")
    return [replace(one) for one in moments if one.touchpoint in there]


def maps_of(moments: Sequence[Moment], words: Words, segment: str) -> tuple[JourneyMap, ...]:
    """Return every journey with the figures of its touchpoints.

    A segment that has its own map of a journey is shown that; another takes the company's.
    """
    rows = list(_drawn().order_by("name", "pk"))
    own = {one.copy_of_id: one for one in rows if one.segment and one.segment == segment}
    shown = [own.get(one.pk, one) for one in rows if one.copy_of_id is None]
    return tuple(_map(one, moments, words, segment) for one in shown)


def drawn_map(slug: str, words: Words) -> JourneyMap:
    """Return one map without figures, for who draws it."""
    return _map(_drawn().get(slug=slug), [], words, "")


def _drawn() -> QuerySet[Journey]:
    places = Touchpoint.objects.order_by("position", "pk").select_related("same_as")
    return Journey.objects.select_related("copy_of").prefetch_related(
        "stages", Prefetch("stages__touchpoints", places)
    )


def _map(one: Journey, moments: Sequence[Moment], words: Words, segment: str) -> JourneyMap:
    by_slug = {moment.touchpoint: moment for moment in moments}
    weighed = [moment.touchpoint for moment in moments if moment.importance_share is not None]
    ranks = {slug: place for place, slug in enumerate(weighed[:MATTER_MOST], start=1)}
    surveys = _surveys()
    stages = []
    for stage in one.stages.all():
        cards = [
            _card(place, by_slug.get(place.measured.slug), ranks, surveys, words, segment)
            for place in stage.touchpoints.all()
        ]
        stages.append(StageColumn(stage.pk, stage.name, tuple(cards)))
    return JourneyMap(
        one.slug,
        one.name,
        tuple(stages),
        company_slug=one.copy_of.slug if one.copy_of else "",
        segment=names_of("segment").get(one.segment, one.segment),
    )


def _surveys() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Survey.objects.exclude(touchpoint=None).order_by("name")
    for touchpoint, name in rows.values_list("touchpoint", "name"):
        found.setdefault(touchpoint, []).append(name)
    return found


def _card(
    place: Touchpoint,
    moment: Moment | None,
    ranks: Mapping[str, int],
    surveys: Mapping[int, Sequence[str]],
    words: Words,
    segment: str,
) -> TouchpointCard:
    n = moment.n if moment else 0
    shown = moment is not None and n >= FIGURE_FROM and moment.nps_points is not None
    share = moment.importance_share if moment else None
    asked = place.measured
    attached = tuple(surveys.get(asked.pk, ()))
    gap = naming.why("not_measured") if not n and not attached else ""
    waiting = _("No figures yet") if not n and attached else ""
    query = f"&segment={segment}" if segment else ""
    nps, interval, weighs, weighs_interval = "", "", "", ""
    if shown and moment is not None:
        nps = words.points(moment.nps_points or 0.0)
        interval = words.interval(moment.low_points or 0.0, moment.high_points or 0.0)
    if share is not None and moment is not None:
        weighs = words.share(share)
        low, high = moment.importance_low or 0.0, moment.importance_high or 0.0
        weighs_interval = words("from_to", low=words.share(low), high=words.share(high))
    elif moment is not None and n:
        weighs_interval = naming.why(moment.why)
    return TouchpointCard(
        key=place.pk,
        name=place.name,
        met_by=place.met_by,
        answers=words.answers(n) if n else "",
        nps=nps or (_("Too few answers") if n else ""),
        interval=interval,
        importance=weighs,
        importance_interval=weighs_interval,
        weight=round(100 * (share or 0.0)),
        rank=ranks.get(asked.slug, 0),
        gap=gap,
        waiting=waiting,
        url=f"{reverse('visibility:responses')}?period=all&touchpoint={asked.slug}{query}"
        if n
        else "",
        surveys=attached,
    )


def _beside(words: Words) -> Beside | None:
    """Return how much each touchpoint matters to each segment; None below two segments."""
    names = names_of("touchpoint")
    there = {one.segment: one for one in Finding.objects.filter(kind=Finding.Kind.JOURNEY)}
    segments = {slug: name for slug, name in names_of("segment").items() if slug in there}
    if len(segments) < 2:
        return None
    shares = {slug: {one.touchpoint: one for one in moments_of(there[slug])} for slug in segments}
    rows = []
    for touchpoint, name in names.items():
        cells = [_weight(shares[slug].get(touchpoint), words) for slug in segments]
        if any(cells):
            rows.append((name, *cells))
    return Beside((_("Touchpoint"), *segments.values()), tuple(rows)) if rows else None


def _weight(one: Moment | None, words: Words) -> str:
    if one is None or one.importance_share is None:
        return ""
    low, high = one.importance_low or 0.0, one.importance_high or 0.0
    limits = words("from_to", low=words.share(low), high=words.share(high))
    return f"{words.share(one.importance_share)} ({limits})"
