"""Movement and silence: who moves, what it goes along with, and what the silent may think."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from emptychair.analysis.customers.behaviour import FALSE_DISCOVERY_RATE
from emptychair.analysis.show.estimates import Estimate, estimates_chart
from emptychair.analysis.show.relations import (
    CalibrationBin,
    FigureRow,
    Flow,
    calibration_chart,
    figures_chart,
    movement_chart,
)
from emptychair.analysis.show.words import Words
from emptychair.programme.journeys.queries import driver_names
from emptychair.programme.lib.templatetags.look import day
from emptychair.programme.relations import naming
from emptychair.programme.relations.models import Study, Trial
from emptychair.programme.relations.results import FEWEST, Grid, Part, Report, study_of

SHOWN: Final = 8


def movement_report(segment: str, words: Words) -> Report:
    """Return who moved between buckets, as seen and without noise."""
    study = study_of(Study.Kind.MOVEMENT, segment)
    again = study_of(Study.Kind.RECOVERY) if not segment else None
    parts: list[Part] = []
    if study is not None and study.result:
        parts = list(_movement_parts(study.result, words))
    if again is not None and again.result:
        parts += list(_recovery_parts(again.result, words))
    return Report(
        title=_("Who moves"),
        lead=_("From one quarter to the next, all quarters together, with silence and loss."),
        warning=_(
            "Scores waver by themselves, and who answered very low or high falls back towards the"
            " middle. Shares without noise have that removed; compare chosen groups only with a"
            " group that was not chosen."
        ),
        parts=tuple(parts),
        studies=tuple(one for one in (study, again) if one is not None and one.result)
        or ((study,) if study is not None else ()),
    )


def _movement_parts(result: Mapping[str, Any], words: Words) -> Iterator[Part]:
    pooled = [move for move in result["moves"] if move["period"] is None]
    flows = [_flow(move) for move in pooled]
    if flows:
        sentences = [_noise_said(result, words)]
        yield Part(
            "movement",
            chart=movement_chart(flows, words),
            sentences=tuple(filter(None, sentences)),
            is_wide=True,
        )
    changes = [one for one in result["changes"] if one["n"] >= FEWEST][-SHOWN:]
    if changes:
        yield Part("panel", chart=_panel_chart(changes, words), sentences=_panel_said(words))
    values = [one for one in result["values"] if one["n"] >= FEWEST]
    if values:
        rows = [
            FigureRow(
                f"{naming.state_names(one['before'])} \u2192 {naming.state_names(one['after'])}",
                one["n"],
                one["value"],
                one["low"],
                one["high"],
            )
            for one in values
        ]
        title = _("What a move goes along with, a year")
        sentence = _(
            "Movers against those who stayed, at equal money before; few movers are pulled"
            " towards the difference between the buckets."
        )
        chart = figures_chart("move-values", title, rows, words, write=naming.money)
        yield Part("move-values", chart=chart, sentences=(sentence,))
    # Studies from before this was looked at do not have it.
    yield from _mover_parts(result.get("movers", []), words)


def _mover_parts(contrasts: Sequence[Mapping[str, Any]], words: Words) -> Iterator[Part]:
    known = [one for one in contrasts if one["contrast"] is not None and one["n"] >= FEWEST]
    sure = [one for one in known if one["q_value"] <= FALSE_DISCOVERY_RATE]
    if not known:
        return
    names = driver_names()
    ways = {"up": _("Moved up"), "down": _("Moved down")}
    rows = [
        FigureRow(
            f"{ways[one['direction']]} · {_mover_feature(one['feature'], names)}",
            one["n"],
            one["contrast"],
            one["low"],
            one["high"],
        )
        for one in sorted(sure, key=lambda one: (one["direction"] == "down", -one["contrast"]))
    ]
    sentences = [
        _(
            "%(sure)s of %(all)s comparisons differ for sure: changes of ratings and events between"
            " two answers, movers against those who started from the same score."
        )
        % {"sure": words.number(len(sure)), "all": words.number(len(known))}
    ]
    if rows:
        sentences.append(_("They go along with the move; nothing here shows that they made it."))
    title = _("What moved them")
    chart = None
    if rows:
        caption = _("Right of zero: more with those who moved. In standard deviations.")
        chart = figures_chart("movers", title, rows[: 2 * SHOWN], words, caption=caption)
    yield Part(
        "movers",
        title="" if rows else title,
        chart=chart,
        sentences=tuple(sentences),
        is_wide=True,
    )


def _mover_feature(feature: str, names: Mapping[str, str]) -> str:
    if feature.startswith("events_"):
        return naming.event_name(feature.removeprefix("events_"))
    driver = feature.removeprefix("rating_")
    return names.get(driver) or driver.replace("_", " ").capitalize()


def _flow(move: Mapping[str, Any]) -> Flow:
    return Flow(
        before=move["before"],
        before_name=naming.state_names(move["before"]),
        after=move["after"],
        after_name=naming.state_names(move["after"]),
        n=move["n"],
        share=move["share"],
        low=move["low"],
        high=move["high"],
        corrected=move["corrected_share"],
        corrected_low=move["corrected_low"],
        corrected_high=move["corrected_high"],
    )


def _noise_said(result: Mapping[str, Any], words: Words) -> str:
    if result["noise_share"] is None:
        return _("Too few answered twice to tell noise from movement.")
    return _(
        "Of the moves seen between buckets, %(noise)s are noise: two answers that nothing lies"
        " between agree with a correlation of %(reliability)s."
    ) % {
        "noise": words.share(result["noise_share"]),
        "reliability": words.number(result["reliability"], 2),
    }


def _panel_chart(changes: Sequence[Mapping[str, Any]], words: Words) -> Any:
    rows = [
        Estimate(
            words.period(date.fromisoformat(one["period"]), "quarter"),
            one["panel_points"],
            one["low_points"],
            one["high_points"],
        )
        for one in changes
    ]
    title = _("Change of those who answered both quarters, in points")
    return estimates_chart("panel", title, rows, words)


def _panel_said(words: Words) -> tuple[str, ...]:  # noqa: ARG001  the language is set
    return (
        _(
            "The same people twice: a change here is not made by others answering. What others"
            " change stands on the page of comparisons."
        ),
    )


def _recovery_parts(result: Mapping[str, Any], words: Words) -> Iterator[Part]:
    if result.get("difference_points") is None:
        return
    held_out = result["compared_with"] == "held_out"
    sentence = (
        _("The others were left out by chance, so the difference was caused by the calls.")
        if held_out
        else _("The others could not be reached, so the difference only goes along with the call.")
    )
    rows = tuple(
        (
            label,
            words.number(result[name]),
            words.number(result[f"{name}_again"]),
            words.share(result[f"{name}_recovered_share"] or 0.0),
        )
        for name, label in (("called", _("Contacted")), ("others", _("Not contacted")))
    )
    limits = [Estimate(
        _("Contacted less not contacted"),
        result["difference_points"], result["low_points"], result["high_points"],
    )]  # fmt: skip
    chart = estimates_chart("recovery", _("Detractors who were contacted"), limits, words)
    head = (_("Detractors"), _("Cases"), _("Answered again"), _("No longer detractors"))
    yield Part("recovery", chart=chart, grid=Grid(head, rows), sentences=(sentence,))


def silent_report(segment: str, words: Words) -> Report:  # noqa: ARG001  over everybody
    """Return what the silent may think, and how far that can be trusted."""
    study = study_of(Study.Kind.SILENT)
    parts: list[Part] = []
    if study is not None and study.result:
        parts = list(_silent_parts(study.result, words))
    return Report(
        title=_("What the silent may think"),
        lead=_("Chances from traits and behaviour, given once a month. Nobody is put in a bucket."),
        warning=_(
            "These are guesses about groups. Never act on one person's chance: ask the person."
        ),
        parts=tuple(parts),
        studies=(study,) if study is not None else (),
    )


def _silent_parts(result: Mapping[str, Any], words: Words) -> Iterator[Part]:
    total, silent = result["total"], result["silent"]
    points = [100 * total[name] for name in ("nps", "low", "high")]
    low, high = result["bounds"]
    rows = [
        Estimate(_("Silent guessed"), *points),
        Estimate(_("Worst to best case"), None, low, high),
    ]
    sentences = [
        _("%(answered)s of %(customers)s customers are in a measured bucket.")
        % {
            "answered": words.number(total["answered"]),
            "customers": words.number(total["customers"]),
        }
    ]
    if result["tipping_points"] is not None:
        sentences.append(
            _(
                "The silent would have to be %(points)s points lower than guessed for the NPS of"
                " all to be zero."
            )
            % {"points": words.number(result["tipping_points"])}
        )
    title = _("NPS of the whole base")
    yield Part("total", chart=estimates_chart("total", title, rows, words),
               sentences=tuple(sentences))  # fmt: skip
    if silent:
        expected = tuple(
            (naming.state_names(bucket), words.number(n), words.share(n / silent))
            for bucket, n in result["expected"].items()
        )
        yield Part(
            "expected",
            title=_("How many of each to expect among the silent"),
            grid=Grid((_("Bucket"), _("Expected"), _("Share")), expected),
            sentences=(
                _("For %(share)s of the silent no bucket can be ruled out: we don't know.")
                % {"share": words.share(result["unknown_share"])},
                _method_said(result),
            ),
        )
    if result["reliability"]:
        bins = [
            CalibrationBin(one["n"], one["predicted_share"], one["observed_share"])
            for one in result["reliability"]
        ]
        yield Part("calibration", chart=calibration_chart(bins, words),
                   sentences=_skill_said(result, words))  # fmt: skip
    trials = _trials(words)
    if trials.rows:
        yield Part(
            "trials",
            title=_("Scored against later answers"),
            grid=trials,
            sentences=(
                _("A lower log score is better; it must beat the plain shares to be worth it."),
            ),
            is_wide=True,
        )


def _method_said(result: Mapping[str, Any]) -> str:
    if result["uses_model"]:
        return _("The chances beat the plain shares on later answers of customers not seen before.")
    return _("No model beat the plain shares, so everybody gets these.")


def _skill_said(result: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    judged = result["skill"]
    if judged is None:
        return (_("Too few have answered to judge chances."),)
    return (
        _(
            "Log score %(log)s against %(base)s of the plain shares; Brier score %(brier)s;"
            " calibration error %(error)s; judged on %(n)s later answers."
        )
        % {
            "log": words.number(judged["log_loss"], 3),
            "base": words.number(judged["base_log_loss"], 3),
            "brier": words.number(judged["brier"], 3),
            "error": words.number(judged["calibration_error"], 3),
            "n": words.number(judged["n"]),
        },
    )


def _trials(words: Words) -> Grid:
    def said(value: float | None) -> str:
        return "" if value is None else words.number(value, 3)

    rows = tuple(
        (
            day(one.given_on),
            words.number(one.predicted),
            words.number(one.n),
            said(one.log_loss),
            said(one.base_log_loss),
            said(one.brier),
            said(one.calibration_error),
        )
        for one in Trial.objects.all()[:12]
    )
    head = (
        *(_("Given on"), _("Silent then"), _("Have answered since"), _("Log score")),
        *(_("Of plain shares"), _("Brier score"), _("Calibration error")),
    )
    return Grid(head, rows)
