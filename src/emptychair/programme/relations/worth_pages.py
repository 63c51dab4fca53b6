"""Economics and behaviour: what each bucket is worth, how long it stays, how it behaves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from emptychair.analysis.customers.behaviour import FALSE_DISCOVERY_RATE
from emptychair.analysis.show.relations import (
    Curve,
    CurveStep,
    FigureRow,
    Unit,
    figures_chart,
    retention_chart,
)
from emptychair.analysis.show.words import Words
from emptychair.programme.relations import naming
from emptychair.programme.relations.models import Study
from emptychair.programme.relations.results import (
    Grid,
    Part,
    Report,
    by_bucket,
    estimate,
    study_of,
)

SHOWN: Final = 8  # behaviours in each direction


def _figures() -> tuple[tuple[str, str, bool], ...]:
    """Return field, title and whether it is money, of every figure per customer."""
    return (
        ("revenue_12m", _("Revenue in the twelve months after the answer"), True),
        ("margin_12m", _("Margin in the twelve months after the answer"), True),
        ("lifetime_value", _("Lifetime value, 36 months"), True),
        ("cost_to_serve_12m", _("Cost to serve in twelve months"), True),
        ("months_kept", _("Months kept, of twelve"), False),
        ("retention_12m", _("Still customers after twelve months"), False),
        ("cross_sell_12m", _("Times they took more in twelve months"), False),
        ("referrals_12m", _("Customers they brought in twelve months"), False),
    )


def economics_report(segment: str, words: Words) -> Report:
    """Return what the buckets are worth."""
    kinds = [Study.Kind.ECONOMICS, Study.Kind.RETENTION]
    found = {kind: study_of(kind, segment) for kind in kinds}
    growth = study_of(Study.Kind.GROWTH) if not segment else None
    studies = tuple(study for study in (*found.values(), growth) if study is not None)
    parts: list[Part] = []
    worth, stay = found[Study.Kind.ECONOMICS], found[Study.Kind.RETENTION]
    if worth is not None and worth.result:
        parts += list(_worth_parts(by_bucket(worth.result["buckets"]), words))
    if stay is not None and stay.result:
        parts[2:2] = list(_retention_parts(stay.result, words))
    if growth is not None and growth.result:
        parts += list(_growth_parts(growth.result["periods"], words))
    return Report(
        title=_("What each bucket is worth"),
        lead=_(
            "Time starts at each customer's first answer of the last two years; only what came"
            " after it counts."
        ),
        warning=_(
            "These figures go along with the bucket. That moving a customer up would bring the"
            " difference is not shown: who is content may differ in other ways."
        ),
        parts=tuple(parts),
        studies=studies,
    )


def _worth_parts(buckets: Sequence[Mapping[str, Any]], words: Words) -> Iterator[Part]:
    if len(buckets) < 1:
        return
    for name, title, is_money in _figures():
        rows = [row for one in buckets if (row := _figure_row(one, name)) is not None]
        if rows and any(row.value or row.high for row in rows):
            unit: Unit = "share" if name == "retention_12m" else "number"
            write = naming.money if is_money else None
            stem = name.replace("_", "-")
            chart = figures_chart(stem, title, rows, words, unit=unit, write=write)
            yield Part(stem, chart=chart)
    moves = []
    for one, after in pairwise(buckets):
        limits = estimate(one.get("value_of_move"))
        if limits is not None:
            said = f"{_bucket(one['bucket'])} \u2192 {_bucket(after['bucket'])}"
            moves.append(FigureRow(said, one["n"] + after["n"], *limits))
    if moves:
        title = _("A customer one bucket up goes along with so much more margin a year")
        chart = figures_chart("value-of-move", title, moves, words, write=naming.money)
        yield Part("value-of-move", chart=chart)


def _figure_row(one: Mapping[str, Any], name: str) -> FigureRow | None:
    figure = one.get(name)
    limits = estimate(figure)
    if figure is None or limits is None:
        return None
    adjusted = figure.get("adjusted"), figure.get("adjusted_low"), figure.get("adjusted_high")
    if None in adjusted:
        adjusted = None, None, None
    return FigureRow(_bucket(one["bucket"]), one["n"], *limits, *adjusted)


def _bucket(bucket: str) -> str:
    return naming.state_names(bucket)


def _retention_parts(result: Mapping[str, Any], words: Words) -> Iterator[Part]:
    buckets = by_bucket(result["buckets"])
    curves = [
        Curve(
            one["bucket"],
            _bucket(one["bucket"]),
            one["n"],
            tuple(CurveStep(**step) for step in one["steps"]),
        )
        for one in buckets
        if one["steps"]
    ]
    if not curves:
        return
    reasons = sorted({reason for one in buckets for reason in one["lost_share"]})
    rows = tuple(
        (
            _bucket(one["bucket"]),
            words.number(one["n"]),
            words.number(one["lost"]),
            *(words.share(one["lost_share"].get(reason, 0.0), 1) for reason in reasons),
        )
        for one in buckets
    )
    head = (_("Bucket"), _("Followed"), _("Lost"), *(_reason(reason) for reason in reasons))
    sentences = []
    test = result.get("log_rank")
    if test and test.get("p_value") is not None:
        sentences.append(
            _("Curves so far apart come by chance alone with a chance of %(p)s (log-rank test).")
            % {"p": _small(test["p_value"], words)}
        )
    if reasons:
        sentences.append(
            _("The shares lost to each reason within twelve months, the other reasons apart.")
        )
    yield Part(
        "retention",
        chart=retention_chart(curves, words),
        grid=Grid(head, rows),
        sentences=tuple(sentences),
        is_wide=True,
    )


def _small(share: float, words: Words) -> str:
    """Return a share, or that it is below a thousandth."""
    return words.share(share, 1) if share >= 0.001 else f"< {words.share(0.001, 1)}"


def _reason(reason: str) -> str:
    return {"left": _("Left, reason unknown")}.get(reason) or reason.replace("_", " ").capitalize()


def _growth_parts(periods: Sequence[Mapping[str, Any]], words: Words) -> Iterator[Part]:
    rows = []
    for one in periods:
        start = date.fromisoformat(one["period"])
        year = f"{start.year}\u2013{(start + timedelta(days=364)).year}"
        for name, title in (
            ("net_revenue_retention", _("Revenue kept")),
            ("earned_growth_rate", _("Earned growth")),
        ):
            limits = estimate(one.get(name))
            if limits is not None:
                rows.append(FigureRow(f"{title}, {year}", one["customers"], *limits))
    if not rows:
        return
    newest = periods[-1]
    sentences = [
        _(
            "Revenue kept: of those who paid the year before, what they pay now over what they"
            " paid then. Earned growth adds newcomers who came by recommendation."
        ),
        _(
            "Of the newcomers' revenue, the origin of %(share)s is known (referral links, the"
            " question after the survey, the trait “origin”)."
        )
        % {"share": words.share(newest["known_origin_share"])},
        _("If all of unknown origin were bought, earned growth is %(share)s.")
        % {"share": words.share(newest["least_earned_growth_rate"], 1)},
    ]
    chart = figures_chart("growth", _("Growth that is earned"), rows, words, unit="share")
    yield Part("growth", chart=chart, sentences=tuple(sentences), is_wide=True)


def behaviour_report(segment: str, words: Words) -> Report:  # noqa: ARG001  over everybody
    """Return which behaviours and traits promoters and detractors differ in."""
    study = study_of(Study.Kind.BEHAVIOUR)
    parts: list[Part] = []
    if study is not None and study.result:
        parts = list(_contrast_parts(study.result["contrasts"], words))
    return Report(
        title=_("Typical behaviours"),
        lead=_(
            "What customers did in the half year before their latest answer, and what they are;"
            " promoters against detractors within segments."
        ),
        warning=_(
            "A behaviour that goes along with being a promoter does not make promoters. Of those"
            " called different, at most %(rate)s are expected to be chance, however many are"
            " looked at."
        )
        % {"rate": words.share(FALSE_DISCOVERY_RATE)},
        parts=tuple(parts),
        studies=(study,) if study is not None else (),
    )


def _contrast_parts(contrasts: Sequence[Mapping[str, Any]], words: Words) -> Iterator[Part]:
    known = [one for one in contrasts if one["contrast"] is not None]
    sure = [one for one in known if one["q_value"] <= FALSE_DISCOVERY_RATE]
    ordered = sorted(sure, key=lambda one: -one["contrast"])
    more = [one for one in ordered if one["contrast"] > 0][:SHOWN]
    less = [one for one in ordered if one["contrast"] < 0][-SHOWN:]
    shown = [*more, *less]
    if shown:
        rows = [
            FigureRow(feature_name(o["feature"]), o["n"], o["contrast"], o["low"], o["high"])
            for o in shown
        ]
        chart = figures_chart(
            "behaviour",
            _("Where promoters and detractors differ"),
            rows,
            words,
            caption=_("Right of zero: more with promoters. In standard deviations."),
        )
        yield Part("behaviour", chart=chart, is_wide=True)
    sentence = _("%(sure)s of %(all)s behaviours and traits differ for sure.") % {
        "sure": words.number(len(sure)),
        "all": words.number(len(known)),
    }
    yield Part(
        "all",
        title=_("Everything that was looked at"),
        sentences=(sentence,),
        grid=Grid(
            (
                _("Behaviour or trait"),
                _("Promoters"),
                _("Detractors"),
                _("Contrast"),
                _("False findings up to here"),
            ),
            tuple(
                (
                    feature_name(one["feature"]),
                    words.share(one["promoter_share"]),
                    words.share(one["detractor_share"]),
                    f"{words.points(one['contrast'], 2)} "
                    f"({words.interval(one['low'], one['high'], 2)})",
                    _small(one["q_value"], words),
                )
                for one in sorted(known, key=lambda one: one["q_value"])
            ),
        ),
        is_wide=True,
    )


def feature_name(feature: str) -> str:
    """Return what a behaviour or trait of a study is called."""
    if feature.startswith("events_"):
        return naming.event_name(feature.removeprefix("events_"))
    name, _equals, value = feature.removeprefix("attr_").partition("=")
    said = name.replace("_", " ").capitalize()
    return f"{said}: {value}" if value else said
