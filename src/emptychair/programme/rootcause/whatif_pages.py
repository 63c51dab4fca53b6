"""What if: sliders over stored effects, the range of outcomes, scenarios and initiatives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.rootcause.kappa import Kappa
from emptychair.analysis.rootcause.records import Driver, DriverGroup
from emptychair.analysis.rootcause.whatif import Money, Outcome, what_if
from emptychair.analysis.show.rootcause import name_of, outcomes_chart
from emptychair.analysis.show.words import Words
from emptychair.programme.customers.models import Customer
from emptychair.programme.improvement.queries import learnt_kappa
from emptychair.programme.lib.templatetags.look import number
from emptychair.programme.relations import naming as relations_naming
from emptychair.programme.relations.models import Study
from emptychair.programme.relations.results import by_bucket, estimate
from emptychair.programme.rootcause.driver_pages import switches
from emptychair.programme.rootcause.models import Finding
from emptychair.programme.rootcause.reading import cause_names, driver_group, finding_of
from emptychair.programme.visibility.names import names_of
from emptychair.programme.visibility.pictures import ChartBlock, Switch, chart_block

STEP = 0.1
RANGE = 1.5  # steps of a rating that a slider reaches
THEME_RANGE = 0.3  # share of comments


@dataclass(frozen=True)
class Slider:
    """One driver that can be moved."""

    name: str  # in the address
    label: str
    value: float
    said: str
    low: float
    high: float
    step: float
    hint: str


@dataclass(frozen=True)
class Asked:
    """What the form supposes."""

    segment: str
    shifts: Mapping[str, float]
    reach: float
    success: float
    cost: Decimal | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutcomeLines:
    """The outcome in words."""

    points: str
    range: str
    p_positive: str
    associated: str
    money: str
    money_range: str
    p_pays_back: str
    ceilings: tuple[str, ...]
    no_money: str
    chart: ChartBlock


@dataclass(frozen=True)
class WhatIfPage:
    """Everything the page shows."""

    state: str
    asked: Asked
    segment_name: str
    switches: tuple[Switch, ...]
    sliders: tuple[Slider, ...]
    reach_percent: int
    success_percent: int
    cost: str
    outcome: OutcomeLines | None
    kappa: str
    kappa_source: str
    hidden: tuple[tuple[str, str], ...] = field(default=())


def asked_of(query: Mapping[str, str]) -> Asked:
    """Return what an address or form supposes; what is no number is said."""
    errors: list[str] = []
    shifts = {}
    for name, text in query.items():
        if name.startswith("shift-") and text.strip():
            value = _number(text, errors)
            if value:
                shifts[name.removeprefix("shift-")] = value
    reach = _percent(query.get("reach", ""), errors)
    success = _percent(query.get("success", ""), errors)
    cost = None
    if query.get("cost", "").strip():
        try:
            cost = Decimal(query["cost"].replace(" ", "").replace("\u00a0", "").replace(",", "."))
        except InvalidOperation:
            cost = Decimal(-1)
        if not cost.is_finite() or not 0 <= cost < Decimal("1e11"):
            errors.append(_("A cost is an amount of 0 or more."))
            cost = None
    return Asked(query.get("segment", "")[:60], shifts, reach, success, cost, tuple(errors))


def _number(text: str, errors: list[str]) -> float:
    try:
        value = float(text.replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) > 4:
        errors.append(_("A shift is a number of steps between −4 and 4."))
        return 0.0
    return value


def _percent(text: str, errors: list[str]) -> float:
    if not text.strip():
        return 1.0
    try:
        value = float(text.replace(",", ".")) / 100
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        errors.append(_("Reach and chance of success are percentages from 0 to 100."))
        return 1.0
    return value


def outcome_of(asked: Asked) -> tuple[Outcome | None, str]:
    """Return the range of outcomes of what is supposed, or why there is none."""
    found = finding_of(Finding.Kind.DRIVERS, asked.segment)
    group = driver_group(found)
    if group is None or found is None or not asked.shifts:
        return None, ""
    histograms = {name: tuple(counts) for name, counts in found.result["histograms"].items()}
    try:
        outcome = what_if(
            group,
            asked.shifts,
            histograms,
            reach=asked.reach,
            success=asked.success,
            kappa=learnt_kappa(),
            money=money_of(asked.segment),
            cost=float(asked.cost) if asked.cost is not None else None,
        )
    except ArgumentError as error:
        return None, str(error)
    return outcome, ""


def money_of(segment: str) -> Money | None:
    """Return what points are worth to a segment, from the study of what buckets are worth."""
    rows = Study.objects.filter(kind=Study.Kind.ECONOMICS, segment__in=[segment, ""])
    study = next((one for one in rows.order_by("-segment") if one.result.get("buckets")), None)
    if study is None:
        return None
    buckets = by_bucket(study.result["buckets"])
    moves: list[Any] = [one.get("value_of_move") for one in buckets]
    known = [one for one in moves if estimate(one)]
    if not known:
        return None
    people = Customer.objects.filter(left_at=None)
    if segment:
        people = people.filter(segments__slug=segment)
    value = sum(one["value"] for one in known) / len(known)
    error = sum((one["standard_error"] or 0.0) ** 2 for one in known) ** 0.5 / len(known)
    return Money(people.count(), value, error)


def whatif_page(asked: Asked, words: Words) -> WhatIfPage:
    """Return the sliders and what comes of them."""
    found = finding_of(Finding.Kind.DRIVERS, asked.segment)
    group = driver_group(found)
    names = cause_names()
    outcome, error = outcome_of(asked)
    kappa = outcome.kappa if outcome else learnt_kappa()
    if error:
        asked = Asked(**{**vars(asked), "errors": (*asked.errors, error)})
    segment_name = names_of("segment").get(asked.segment, "") or _("All customers")
    return WhatIfPage(
        state="pending" if found is None else "usual" if group and group.measured else "empty",
        asked=asked,
        segment_name=segment_name,
        switches=switches("rootcause:whatif", Finding.Kind.DRIVERS, asked.segment),
        sliders=_sliders(group, asked, names, words) if group else (),
        reach_percent=round(100 * asked.reach),
        success_percent=round(100 * asked.success),
        cost="" if asked.cost is None else f"{asked.cost:f}",
        outcome=_lines(outcome, names, words, segment_name) if outcome else None,
        kappa=words("from_to", low=words.share(kappa.low), high=words.share(kappa.high)),
        kappa_source=_source(kappa),
        hidden=_hidden(asked),
    )


def _hidden(asked: Asked) -> tuple[tuple[str, str], ...]:
    shifts = tuple((f"shift-{name}", f"{value:g}") for name, value in asked.shifts.items())
    return (
        ("segment", asked.segment),
        ("reach", f"{100 * asked.reach:g}"),
        ("success", f"{100 * asked.success:g}"),
        ("cost", "" if asked.cost is None else f"{asked.cost:f}"),
        *shifts,
    )


def _sliders(
    group: DriverGroup, asked: Asked, names: Mapping[str, str], words: Words
) -> tuple[Slider, ...]:
    return tuple(
        Slider(
            name=f"shift-{one.driver}",
            label=name_of(one, names),
            value=asked.shifts.get(one.driver, 0.0),
            said=words.number(asked.shifts.get(one.driver, 0.0), 2 if one.is_theme else 1),
            low=-THEME_RANGE if one.is_theme else -RANGE,
            high=THEME_RANGE if one.is_theme else RANGE,
            step=0.05 if one.is_theme else STEP,
            hint=_hint(one, words),
        )
        for one in group.measured
    )


def _hint(one: Driver, words: Words) -> str:
    mean = one.performance_mean or 0.0
    effect = words.points(one.effect_points or 0.0, 1)
    if one.is_theme:
        return _("in %(share)s of comments; goes along with %(points)s points") % {
            "share": words.share(mean),
            "points": effect,
        }
    return _("rated %(mean)s now; a step goes along with %(points)s points") % {
        "mean": words.number(mean, 1),
        "points": effect,
    }


def _source(kappa: Kappa) -> str:
    if not kappa.n:
        return _("no initiative of yours has been measured yet, so it may be anything")
    return _("learnt from %(n)s finished initiatives") % {"n": number(kappa.n)}


def _lines(
    outcome: Outcome, names: Mapping[str, str], words: Words, segment_name: str
) -> OutcomeLines:
    money = ("", "", "")
    if outcome.money is not None:
        ends = [relations_naming.short_money(round(one or 0.0)) for one in (
            outcome.money, outcome.money_low, outcome.money_high
        )]  # fmt: skip
        money = (ends[0], words("from_to", low=ends[1], high=ends[2]), "")
    ceilings = tuple(
        _("%(driver)s: %(asked)s steps were asked, %(possible)s are possible.")
        % {
            "driver": names.get(one.driver, one.driver),
            "asked": words.points(one.asked, 2),
            "possible": words.points(one.possible, 2),
        }
        for one in outcome.shifts
        if abs(one.possible - one.asked) > 0.005
    )
    pays = outcome.p_pays_back
    chart = outcomes_chart([outcome], words, segment_name)
    return OutcomeLines(
        points=words.points(outcome.effect_points, 1),
        range=words.interval(outcome.low_points, outcome.high_points, 1),
        p_positive=words.share(outcome.p_positive),
        associated=words.points(outcome.associated_points, 1),
        money=money[0],
        money_range=money[1],
        p_pays_back="" if pays is None else words.share(pays),
        ceilings=ceilings,
        no_money="" if outcome.money is not None else _(
            "What points are worth is not known yet: it takes customers' values."
        ),
        chart=chart_block(chart, words, file_url=None),
    )  # fmt: skip
