"""The page of themes, from what the worker stored."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.comments.masking import LABELS
from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.relations import FigureRow
from emptychair.analysis.show.themeresults import impact_chart
from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.comments.queries import progress, theme_names
from emptychair.programme.listening import naming
from emptychair.programme.listening.models import ThemeStudy
from emptychair.programme.relations.picking import Bar, segment_picker, unit_picker
from emptychair.programme.visibility.pickers import Option, Picker
from emptychair.programme.visibility.pictures import ChartBlock, chart_block

FILTERS: Final = ("period", "segment", "unit")
USUAL_PERIOD: Final = ThemeStudy.Period.YEAR
Kind = Literal["discoveries", "meanings"]
_MASKS = re.compile("|".join(re.escape(label) for label in LABELS.values()))


@dataclass(frozen=True)
class QuoteLine:
    """A customer's words as they may be shown to everybody."""

    text: str
    language: str
    score: int
    bucket: str


@dataclass(frozen=True)
class ThemeRow:
    """One theme of the table; figures are words, empty where they may not be told."""

    name: str
    n: str
    share: str
    nps: str
    impact: str
    interval: str
    verdict: str
    verdict_name: str
    sentiment: str
    languages: str
    url: str
    quotes: tuple[QuoteLine, ...]


@dataclass(frozen=True)
class DiscoveryRow:
    """Words that could be a theme."""

    label: str
    n: str
    nps: str
    keywords: str
    example: str
    adopt_url: str


@dataclass(frozen=True)
class MeaningRow:
    """Comments that mean the same and could be a theme."""

    label: str
    n: str
    nps: str
    languages: str
    keywords: tuple[tuple[str, str, str], ...]  # code and name of the language, words
    quotes: tuple[QuoteLine, ...]
    adopt_url: str


@dataclass(frozen=True)
class ThemesPage:
    """Everything the page shows; `state` is pending, empty, withheld or usual."""

    state: str
    bar: Bar
    percent_read: int | None
    why_empty: str = ""
    comments: str = ""
    chart: ChartBlock | None = None
    rows: tuple[ThemeRow, ...] = ()
    discoveries: tuple[DiscoveryRow, ...] = ()
    meanings: tuple[MeaningRow, ...] = ()
    computed_at: datetime | None = None
    digest: str = ""
    version: str = ""


def themes_page(
    filters: Mapping[str, str], scope: Scope, words: Words, *, may_take_files: bool
) -> ThemesPage:
    """Return the page of themes for what the address asks and the reader may see."""
    period = _period(filters)
    chosen = _chosen(filters, scope)
    bar = _bar(period, chosen, scope)
    going_on = progress()
    percent = going_on.percent if going_on else None
    study = _study(period, chosen)
    if study is None:
        return ThemesPage("pending", bar, percent)
    if study.is_withheld:
        return ThemesPage("withheld", bar, percent)
    if not study.effects:
        return ThemesPage("empty", bar, percent, why_empty=study.why_empty)
    rows = [_row(one, words, period, chosen) for one in study.effects]
    query = urlencode(
        {name: value for name, value in {"period": period, **chosen}.items() if value}
    )

    def file_url(kind: str) -> str:
        return f"{reverse('comments:chart', args=[kind])}?{query}"

    chart = chart_of(study, words)
    return ThemesPage(
        state="usual",
        bar=bar,
        percent_read=percent,
        comments=words.number(study.n),
        chart=chart_block(chart, words, file_url=file_url if may_take_files else None),
        rows=tuple(rows),
        discoveries=tuple(
            _discovery(one, period, words) for one in study.discoveries if scope.units is None
        ),
        meanings=tuple(
            _meaning(one, period, words) for one in study.meanings if scope.units is None
        ),
        computed_at=study.computed_at,
        digest=study.inputs_digest[:12],
        version=study.library_version,
    )


def chart_for(filters: Mapping[str, str], scope: Scope, words: Words) -> Chart | None:
    """Return the chart of the page, None where it may not be shown."""
    study = _study(_period(filters), _chosen(filters, scope))
    return None if study is None or study.is_withheld else chart_of(study, words)


def chart_of(study: ThemeStudy, words: Words) -> Chart:
    """Return the impacts of a study as a chart."""
    names = theme_names(words.language)
    rows = [
        FigureRow(
            names.get(one["theme"], one["theme"]),
            one["n"], one["impact_points"], one["impact_low"], one["impact_high"],
        )
        for one in study.effects
        if one["impact_points"] is not None
    ]  # fmt: skip
    return impact_chart(rows, words)


def discovery_called(
    label: str, kind: Kind = "discoveries", period: str = USUAL_PERIOD
) -> Mapping[str, Any] | None:
    """Return a stored discovery of a period by its label: words, or comments that mean the same."""
    studies = ThemeStudy.objects.filter(among=ThemeStudy.Among.ALL, period=period)
    for found in studies.values_list(kind, flat=True):
        for one in found:
            if one["label"] == label:
                known: Mapping[str, Any] = one
                return known
    return None


def localised(text: str) -> str:
    """Return a text in which the library masked personal data, masks in the reader's language."""
    labels = naming.mask_labels()
    by_label = {label: labels[kind] for kind, label in LABELS.items()}  # type: ignore[index]
    return _MASKS.sub(lambda found: by_label[found.group()], text)


def _period(filters: Mapping[str, str]) -> str:
    asked = filters.get("period", "")
    return asked if asked in ThemeStudy.Period.values else USUAL_PERIOD


def _chosen(filters: Mapping[str, str], scope: Scope) -> dict[str, str]:
    """Return the one cell asked for; who sees some units only always looks at one of them."""
    unit = filters.get("unit", "")
    if scope.units is not None:
        return {"unit": unit if unit in scope.units else min(scope.units, default="")}
    if unit:
        return {"unit": unit}
    return {"segment": filters["segment"]} if filters.get("segment") else {}


def _study(period: str, chosen: Mapping[str, str]) -> ThemeStudy | None:
    among, value = next(iter(chosen.items()), ("all", ""))
    return ThemeStudy.objects.filter(period=period, among=among, value=value).first()


def _bar(period: str, chosen: Mapping[str, str], scope: Scope) -> Bar:
    options = tuple(
        Option(one, naming.period_name(one), one == period)
        for one in ThemeStudy.Period.values
        if one != USUAL_PERIOD
    )
    periods = Picker("period", _("Period"), naming.period_name(USUAL_PERIOD), options)
    there = set(
        ThemeStudy.objects.filter(period=period, among="segment").values_list("value", flat=True)
    )
    segments = segment_picker(chosen.get("segment", ""))
    kept = tuple(option for option in segments.options if option.value in there)
    pickers: list[Picker] = [periods]
    if kept and scope.units is None:
        pickers.append(Picker(segments.name, segments.label, segments.all_label, kept))
    pickers += unit_picker(chosen.get("unit", ""), scope)
    is_narrowed = period != USUAL_PERIOD or (bool(chosen) and scope.units is None)
    return Bar(reverse("comments:themes"), tuple(pickers), "", "", (), is_narrowed)


def _row(one: Mapping[str, Any], words: Words, period: str, chosen: Mapping[str, str]) -> ThemeRow:
    names = theme_names(words.language)
    query = {"theme": one["theme"], "period": "" if period == USUAL_PERIOD else period, **chosen}
    url = f"{reverse('comments:search')}?" + urlencode({k: v for k, v in query.items() if v})
    name = names.get(one["theme"], one["theme"])
    if one["is_withheld"]:
        few = _("too few to show")
        return ThemeRow(name, few, "", "", "", "", "", "", "", "", "", ())
    told = one["impact_points"] is not None
    return ThemeRow(
        name=name,
        n=words.number(one["n"]),
        share=words.share(one["share"], 1),
        nps=words.points(one["nps_points"]) if told else "",
        impact=words.points(one["impact_points"], 1) if told else _("too few answers"),
        interval=words.interval(one["impact_low"], one["impact_high"], 1) if told else "",
        verdict=one["verdict"] if told else "",
        verdict_name=naming.verdict_name(one["verdict"]) if told else "",
        sentiment=_parts(one["sentiment"], naming.sentiment_name, words),
        languages=_parts(one["languages"], naming.language_name, words),
        url=url,
        quotes=tuple(_quote(quote) for quote in one["quotes"]),
    )


def _parts(counts: Mapping[str, int], name: Any, words: Words) -> str:
    total = sum(counts.values()) or 1
    ordered: Sequence[tuple[str, int]] = sorted(counts.items(), key=lambda item: -item[1])
    return " · ".join(f"{name(key)} {words.share(n / total)}" for key, n in ordered)


def _quote(quote: Mapping[str, Any]) -> QuoteLine:
    score = quote["score"]
    bucket = "promoter" if score >= 9 else "detractor" if score <= 6 else "passive"
    return QuoteLine(localised(quote["text"]), quote["language"] or "", score, bucket)


def _discovery(one: Mapping[str, Any], period: str, words: Words) -> DiscoveryRow:
    keywords = [
        f"{naming.language_name(language)}: {', '.join(found)}"
        for language, found in sorted(one["keywords"].items())
    ]
    example = localised(one["examples"][0]) if one["examples"] else ""
    return DiscoveryRow(
        one["label"], words.number(one["n"]), words.points(one["nps_points"]),
        "; ".join(keywords), example, _adopt_url(adopt=one["label"], period=period),
    )  # fmt: skip


def _meaning(one: Mapping[str, Any], period: str, words: Words) -> MeaningRow:
    return MeaningRow(
        label=one["label"],
        n=words.number(one["n"]),
        nps=words.points(one["nps_points"]),
        languages=_parts(one["languages"], naming.language_name, words),
        keywords=tuple(
            (language, naming.language_name(language), ", ".join(found))
            for language, found in one["keywords"].items()
        ),
        quotes=tuple(_quote(quote) for quote in one["examples"]),
        adopt_url=_adopt_url(adopt_group=one["label"], period=period),
    )


def _adopt_url(**asked: str) -> str:
    return f"{reverse('comments:new_theme')}?{urlencode(asked)}"
