"""The reliability panel: a grade, its reasons in plain words and what to do about each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from emptychair.analysis.show.words import INTERVAL_FROM, Words, certainty
from emptychair.programme.insight.models import Assessment
from emptychair.programme.visibility import names
from emptychair.programme.visibility.advice import advice_of, grade_meaning

UNKNOWN = "–"
Result = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """One reason: what is wanting, the best grade it leaves, and what to do."""

    grade: str
    text: str
    advice: str


@dataclass(frozen=True)
class Stat:
    """One figure of the panel with a sentence on what it means."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Row:
    """One segment or channel, cell by cell."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """A stored NPS with its interval."""

    n: int
    nps_points: float | None
    low_points: float | None
    high_points: float | None


@dataclass(frozen=True)
class Panel:
    """Everything the page shows; `state` is pending, unlinked, few or usual."""

    state: str
    starts_on: date | None = None
    ends_on: date | None = None
    computed_at: datetime | None = None
    grade: str = ""
    meaning: str = ""
    reasons: tuple[Said, ...] = ()
    asked: tuple[Stat, ...] = ()
    corrected: tuple[Stat, ...] = ()
    doubt: tuple[Stat, ...] = ()
    definitions: tuple[Stat, ...] = ()
    waves: tuple[Row, ...] = ()
    waves_said: str = ""
    segments: tuple[Row, ...] = ()
    channels: tuple[Row, ...] = ()
    digest: str = ""
    version: str = ""


def reliability_panel(words: Words) -> Panel:
    """Return the panel as the worker last stored it."""
    stored = list(Assessment.objects.all())
    whole = next((one for one in stored if one.kind == Assessment.Kind.ALL), None)
    if whole is None:
        return Panel("pending")
    result = whole.result
    few = bool(result) and certainty(result["answered"]) == "few"
    told = bool(result) and not few
    return Panel(
        state="few" if few else "usual" if result else "unlinked",
        starts_on=whole.starts_on,
        ends_on=whole.ends_on,
        computed_at=whole.computed_at,
        grade=result.get("grade", ""),
        meaning=grade_meaning(result["grade"]) if result else "",
        reasons=tuple(
            Said(reason["grade"], *advice_of(reason["code"], reason["value"], words))
            for reason in result.get("reasons", ())
        ),
        asked=_asked(result, words) if result else (),
        corrected=_corrected(result, words) if told else (),
        doubt=_doubt(result, words) if told else (),
        definitions=_definitions(result, words),
        waves=_waves(result, words),
        waves_said=" ".join(filter(None, (_waves_said(result, words), _panel_said(result, words)))),
        segments=_segments(stored, words),
        channels=_channels(stored, words),
        digest=whole.inputs_digest[:16],
        version=whole.library_version,
    )


def _asked(result: Result, words: Words) -> tuple[Stat, ...]:
    return (
        Stat(_("Asked"), _count(result["asked"], words), _("Invitations sent.")),
        Stat(_("Delivered"), _count(result["delivered"], words), _("Sent and not returned.")),
        Stat(
            _("Customers who answered"),
            _count(result["answered"], words),
            _("Of %(customers)s in the customer base, each counted once.")
            % {"customers": words.number(result["customers"])},
        ),
        Stat(
            _("Begun and not sent"),
            _count(result.get("begun"), words),
            _("A score was touched and never sent; held, not counted."),
        ),
        Stat(
            _("Response rate"),
            _share(result["response_rate"], words),
            _("Answered of the delivered."),
        ),
        Stat(
            _("Coverage"),
            _share(result["coverage"], words),
            _("Customers who may be contacted, of all."),
        ),
        Stat(
            _("Answers still needed"),
            _count(result["needed_for_5_points"], words),
            _("For an interval of ±5 points."),
        ),
    )


def _corrected(result: Result, words: Words) -> tuple[Stat, ...]:
    interval = words.interval(result["low_points"], result["high_points"])
    raw = words.interval(result["raw_low_points"], result["raw_high_points"])
    r = result["r_indicator"]
    return (
        Stat(
            _("As answered"),
            words.points(result["raw_points"]),
            _("95%% interval %(interval)s") % {"interval": raw},
        ),
        Stat(
            _("Weighted to the customer base"),
            words.points(result["weighted_points"]),
            _("95%% interval %(interval)s") % {"interval": interval},
        ),
        Stat(
            _("Design effect"),
            words.number(result["design_effect"], 2),
            _("The answers are worth %(n)s independent ones.")
            % {"n": words.number(result["n_effective"])},
        ),
        Stat(
            _("R-indicator"),
            UNKNOWN if r is None else words.number(r, 2),
            _("1 means that all kinds of customers answer equally often."),
        ),
    )


def _doubt(result: Result, words: Words) -> tuple[Stat, ...]:
    tipping = result["tipping_points"]
    low, high = result["bounds"]
    return (
        Stat(
            _("If the silent differ"),
            UNKNOWN
            if tipping is None
            else _("%(points)s points") % {"points": words.points(-tipping)},
            _(
                "So far would those who did not answer have to lie from what is predicted of them"
                " for the NPS of all customers to be %(message)s."
            )
            % {"message": words.points(result["message_points"])},
        ),
        Stat(
            _("At the very worst and best"),
            words.interval(low, high),
            _("If every silent customer were a detractor, or every one a promoter."),
        ),
    )


def _definitions(result: Result, words: Words) -> tuple[Stat, ...]:
    known = result.get("definitions", {})
    named = {
        "response": (_("Per response"), _("Every answer counts, as on Delivery.")),
        "customer": (_("Per customer"), _("The latest answer of each customer counts.")),
        "account": (_("Per account"), _("Every company counts the same: the mean of its people.")),
        "revenue": (_("By revenue"), _("Companies count by what they brought in the period.")),
    }
    return tuple(
        Stat(label, *_level(known[name], words, detail))
        for name, (label, detail) in named.items()
        if name in known
    )


def _level(found: Result, words: Words, detail: str) -> tuple[str, str]:
    said = words.level(_known(found))
    if said.certainty in ("none", "few"):
        return words("too_few"), detail
    rest = said.answers if said.certainty == "interval" else f"{said.interval}, {said.answers}"
    return said.value, f"{detail} {rest}."


def _waves(result: Result, words: Words) -> tuple[Row, ...]:
    found = result.get("waves", {}).get("waves", {})
    named = {
        "first_day": _("Within a day of the ask"),
        "first_three_days": _("Within three days"),
        "later": _("Later"),
        "first": _("A customer's first answer"),
        "repeated": _("A later answer of the same customer"),
    }
    found = {**found, **result.get("panel", {}).get("waves", {})}
    rows = []
    for name, label in named.items():
        if name in found and found[name]["n"] >= settings.MINIMUM_CELL:
            said = words.level(_known(found[name]))
            rows.append(Row(label, (words.number(found[name]["n"]), said.value, said.interval)))
    return tuple(rows)


def _waves_said(result: Result, words: Words) -> str:
    found = result.get("waves", {})
    difference = found.get("difference")
    if difference is None:
        return ""
    if min(found["waves"][name]["n"] for name in ("first_day", "later")) < INTERVAL_FROM:
        return ""
    low, high = (words.points(100 * difference[name]) for name in ("low", "high"))
    points = words.number(100 * abs(difference["difference"]))
    values = {"points": points, "low": low, "high": high}
    if difference["high"] < 0:
        return (
            _(
                "Late answers lie %(points)s points lower than early ones (%(low)s to %(high)s):"
                " those who never answer are probably less happy than those who do."
            )
            % values
        )
    if difference["low"] > 0:
        return (
            _(
                "Late answers lie %(points)s points higher than early ones (%(low)s to %(high)s):"
                " those who never answer are probably happier than those who do."
            )
            % values
        )
    return (
        _(
            "Late answers do not clearly differ from early ones (%(low)s to %(high)s points):"
            " nothing here hints that those who never answer think otherwise."
        )
        % values
    )


def _panel_said(result: Result, words: Words) -> str:
    found = result.get("panel", {})
    difference = found.get("difference")
    if difference is None:
        return ""
    if min(found["waves"][name]["n"] for name in ("first", "repeated")) < INTERVAL_FROM:
        return ""
    values = {name: words.points(100 * difference[name]) for name in ("difference", "low", "high")}
    if difference["low"] <= 0 <= difference["high"]:
        return _("Being asked again does not visibly change the answers.")
    return (
        _(
            "Repeated answers differ from first ones by %(difference)s points (%(low)s to"
            " %(high)s): those who go on answering are not like those who answer once."
        )
        % values
    )


def _known(found: Result) -> Known:
    return Known(found["n"], found["nps_points"], found["low_points"], found["high_points"])


def _segments(stored: list[Assessment], words: Words) -> tuple[Row, ...]:
    known = names.names_of("segment")
    found = {one.group: one for one in stored if one.kind == Assessment.Kind.SEGMENT}
    return tuple(
        Row(known.get(slug, slug), _segment_cells(found[slug].result, words))
        for slug in names.in_priority("segment", found)
    )


def _segment_cells(result: Result, words: Words) -> tuple[str, ...]:
    if not result or result["answered"] < settings.MINIMUM_CELL:
        return ("", *[""] * 5, words("too_few"))
    few = certainty(result["answered"]) == "few"
    weighted = words("too_few") if few else words.points(result["weighted_points"])
    return (
        result["grade"],
        _count(result["delivered"], words),
        _count(result["answered"], words),
        _share(result["response_rate"], words),
        _share(result["coverage"], words),
        _count(result["needed_for_5_points"], words),
        weighted,
    )


def _channels(stored: list[Assessment], words: Words) -> tuple[Row, ...]:
    known = names.names_of("channel")
    found = [
        Row(
            known.get(one.group, one.group),
            (
                _count(one.result["asked"], words),
                _count(one.result["delivered"], words),
                _share(one.result["response_rate"], words),
                _share(one.result["coverage"], words),
                _count(one.result["answers"], words),
                _count(one.result["needed_for_5_points"], words),
            ),
        )
        for one in stored
        if one.kind == Assessment.Kind.CHANNEL and one.result["answers"] >= settings.MINIMUM_CELL
    ]
    return tuple(sorted(found, key=lambda row: row.name.casefold()))


def _count(value: int | None, words: Words) -> str:
    return UNKNOWN if value is None else words.number(value)


def _share(value: float | None, words: Words) -> str:
    return UNKNOWN if value is None else words.share(value, 1)
