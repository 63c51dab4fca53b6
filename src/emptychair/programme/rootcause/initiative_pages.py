"""Scenarios and initiatives as their page shows them: promised against measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from emptychair.analysis.show.words import Words
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.improvement.queries import learnt_kappa
from emptychair.programme.relations.naming import short_money
from emptychair.programme.rootcause import naming
from emptychair.programme.rootcause.reading import cause_names
from emptychair.programme.visibility.names import names_of


@dataclass(frozen=True)
class ScenarioLine:
    """One saved scenario."""

    public_id: str
    name: str
    segment: str
    shifts: str
    effect: str
    money: str
    cost: str


@dataclass(frozen=True)
class InitiativeLine:
    """One initiative; `step` is what can be done next."""

    public_id: str
    name: str
    owner: str
    segments: str
    drivers: str
    cost: str
    expected: str
    measured: str
    state: str
    step: str
    raised_by: str  # the team that raised it in a huddle


@dataclass(frozen=True)
class InitiativesPage:
    """Everything the page shows."""

    scenarios: tuple[ScenarioLine, ...]
    initiatives: tuple[InitiativeLine, ...]
    kappa: str
    learnt_from: int


_NEXT = {"proposed": "decide", "decided": "start", "running": "finish", "finished": ""}


def initiatives_page(words: Words) -> InitiativesPage:
    """Return what is saved, what was decided, and what was learnt."""
    kappa = learnt_kappa()
    rows = Initiative.objects.select_related("owner", "raised__huddle__unit")
    return InitiativesPage(
        tuple(_scenario(one, words) for one in Scenario.objects.all()[:100]),
        tuple(_initiative(one, words) for one in rows[:200]),
        words("from_to", low=words.share(kappa.low), high=words.share(kappa.high)),
        kappa.n,
    )


def figure(text: str) -> float:
    """Return a number a person wrote; what is none comes out as not a number."""
    try:
        return float(text.strip().replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        return float("nan")


def _scenario(one: Scenario, words: Words) -> ScenarioLine:
    shifts = [f"{said} {words.points(one.shifts[name], 2)}" for name, said in _drivers(one.shifts)]
    return ScenarioLine(
        one.public_id,
        one.name,
        _segments([one.segment] if one.segment else []),
        ", ".join(shifts),
        f"{words.points(one.effect_points, 1)} "
        f"({words.interval(one.low_points, one.high_points, 1)})",
        "" if one.money is None else short_money(round(one.money)),
        "" if one.cost is None else short_money(one.cost),
    )


def _initiative(one: Initiative, words: Words) -> InitiativeLine:
    measured = ""
    if one.measured_points is not None:
        measured = _("%(points)s, give or take %(error)s") % {
            "points": words.points(one.measured_points, 1),
            "error": words.number(one.measured_error or 0.0, 1),
        }
    return InitiativeLine(
        one.public_id,
        one.name,
        one.owner.name or one.owner.email,
        _segments(one.segments),
        ", ".join(said for _name, said in _drivers(one.drivers)),
        "" if one.cost is None else short_money(one.cost),
        _expected(one, words),
        measured,
        naming.state(one.state),
        _NEXT[one.state],
        str(one.raised.huddle.unit) if one.raised else "",
    )


def _expected(one: Initiative, words: Words) -> str:
    if one.expected_points is None or one.expected_low is None or one.expected_high is None:
        return _("not reckoned")
    limits = words.interval(one.expected_low, one.expected_high, 1)
    return f"{words.points(one.expected_points, 1)} ({limits})"


def _segments(slugs: Sequence[str]) -> str:
    names = names_of("segment")
    return ", ".join(names.get(slug, slug) for slug in slugs) or _("All customers")


def _drivers(names: Sequence[str] | dict[str, float]) -> list[tuple[str, str]]:
    known = cause_names()
    return [
        (name, " + ".join(known.get(part, part.replace("_", " ")) for part in name.split(" + ")))
        for name in names
    ]
