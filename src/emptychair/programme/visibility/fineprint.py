"""The card behind every published figure: how it came about and what it rests on."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.insight.figures import PublishedFigure, published_figure
from emptychair.programme.lib.spreadsheets import Cell
from emptychair.programme.visibility import names
from emptychair.programme.visibility.methods import method_page
from emptychair.programme.visibility.queries import may_show
from emptychair.programme.visibility.selection import FILTERS, Selection


@dataclass(frozen=True)
class Line:
    """One line of the card."""

    label: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class FinePrint:
    """The card as a page or a dialogue shows it; without lines nothing may be shown."""

    title: str
    figure: str
    interval: str
    lines: tuple[Line, ...]
    refusal: str
    csv_url: str
    behind_url: str


def fine_print(selection: Selection, scope: Scope, words: Words, *, may_export: bool) -> FinePrint:
    """Return the card of the NPS of a selection.

    Args:
        selection: what the figure was computed for.
        scope: what the reader may see.
        words: the reader's language.
        may_export: whether the CSV is offered.
    """
    title = " · ".join(described(selection, words))
    behind = reverse("visibility:responses") + selection.behind()
    figure = figure_of(selection, scope)
    if figure is None:
        return FinePrint(title, words("withheld"), "", (), words("withheld_explained"), "", "")
    said = words.level(figure.nps)
    return FinePrint(
        title=title,
        figure=said.value,
        interval=said.interval if said.certainty == "full" else "",
        lines=tuple(_lines(figure, words)),
        refusal="",
        csv_url=reverse("visibility:fine_print_csv") + selection.address() if may_export else "",
        behind_url=behind,
    )


def figure_of(selection: Selection, scope: Scope) -> PublishedFigure | None:
    """Return the published figure of a selection; None where too few people are behind it."""
    figure = published_figure(
        start=selection.start,
        end=selection.end,
        segment=selection.segment,
        filters=selection.filters,
        units=scope.units,
    )
    return figure if may_show(selection, scope) else None


def fine_print_row(
    figure: PublishedFigure, selection: Selection, words: Words
) -> tuple[list[str], list[Cell]]:
    """Return header and row of the card's CSV: names as in the library, values unrounded."""
    nps, around = figure.nps, figure.around
    said = words.level(nps).certainty
    row: dict[str, Cell] = {
        "starts_on": figure.start,
        "ends_on": figure.end,
        "segment": selection.segment,
        **{name: selection.filters.get(name, "") for name in FILTERS},
        "n": nps.n,
        "detractors": figure.counts.detractors,
        "passives": figure.counts.passives,
        "promoters": figure.counts.promoters,
        "nps_points": nps.nps_points if said == "full" else None,
        "low_points": nps.low_points if said in ("full", "interval") else None,
        "high_points": nps.high_points if said in ("full", "interval") else None,
        "asked": around.asked,
        "delivered": around.delivered,
        "answered": around.answered,
        "response_rate": around.response_rate,
        "held": sum(around.held.values()),
        "wordings": " ".join(filter(None, around.wordings)),
        "method": figure.method,
        "inputs_digest": figure.inputs_digest,
        "library_version": figure.library_version,
    }
    return list(row), list(row.values())


def described(selection: Selection, words: Words) -> Iterator[str]:
    """Yield what a selection is of, in words: the period, then what it is narrowed to."""
    yield _("%(start)s to %(end)s") % {
        "start": words.day(selection.start),
        "end": words.day(selection.end),
    }
    if selection.segment:
        yield names.names_of("segment").get(selection.segment, selection.segment)
    for dimension, value in selection.filters.items():
        yield names.names_of(dimension).get(value, value)


def _lines(figure: PublishedFigure, words: Words) -> Iterator[Line]:
    around = figure.around
    yield Line(_("Answers that count"), words.number(figure.nps.n))
    if around.asked is None or around.delivered is None or around.answered is None:
        yield Line(_("Asked"), _("Not known"), _("Invitations do not tell a touchpoint."))
    else:
        yield Line(
            _("Asked"),
            words.number(around.asked),
            _("Invitations sent in the period. Links and imports may bring answers without one."),
        )
        yield Line(_("Delivered"), words.number(around.delivered), _("Sent and not returned."))
        rate = around.response_rate
        yield Line(
            _("Response rate"),
            _("Not known") if rate is None else words.share(rate, 1),
            _("%(answered)s answered of those delivered.")
            % {"answered": words.number(around.answered)},
        )
    yield Line(
        _("Held"),
        words.number(sum(around.held.values())),
        ", ".join(f"{names.held_reason(r)}: {words.number(n)}" for r, n in around.held.items())
        or _("Nothing was kept out."),
    )
    yield Line(
        _("Left out"),
        _("Answers without a score, test answers and held ones"),
        _("An answer that was corrected counts as it stands now; an erased one no longer counts."),
    )
    known = {wording: n for wording, n in around.wordings.items() if wording}
    yield Line(
        _("Wording versions"),
        ", ".join(f"{wording} ({words.number(n)})" for wording, n in known.items())
        or _("Not known"),
    )
    yield Line(
        _("Interval"),
        _("95%, for this date fixed beforehand"),
        _("Who looks every day should read the always-valid interval of the trend."),
    )
    method = method_page(figure.method)
    url = reverse("visibility:method", args=[figure.method])
    yield Line(_("Method"), method.title, url=url)
    yield Line(_("Inputs digest"), figure.inputs_digest[:16], _("Same inputs, same digest."))
    yield Line(_("Version"), f"Empty Chair {figure.library_version}")
