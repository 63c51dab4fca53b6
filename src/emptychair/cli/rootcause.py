"""Commands about root causes: drivers, moments of a journey, and what a change may bring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart
from emptychair.cli.tables import share, text

if TYPE_CHECKING:
    from emptychair.analysis.rootcause.journey import Moment
    from emptychair.analysis.rootcause.records import Driver, DriverGroup, DriverStudy

VERDICTS = {
    "improve": "improve: matters, below the others",
    "keep": "keep: matters, as good as the others",
    "unclear": "no effect that is sure",
    "raises": "goes along with higher scores",
    "lowers": "goes along with lower scores",
    "constant": "everybody rated the same",
    "not_rated": "nobody rated it",
    "too_few": "too few answers",
    "one_bucket": "all answers fall into one bucket",
}
_WHY = {
    "not_measured": "nobody is asked about it",
    "no_customer": "answers name no customer",
    "no_overall_answers": "nobody answers about us as a whole",
    "too_few": "too few answered about it and about us as a whole",
}


@click.command()
@click.argument("file")
@click.option(
    "--ratings", metavar="a,b",
    help="Drivers to look at.  [default: all columns that begin with rating_ or theme_]",
)  # fmt: skip
@click.option("--weight", metavar="COLUMN", help="Column with the weight of each answer.")
@reading_options
@result_options
def drivers(
    file: str,
    ratings: str | None,
    weight: str | None,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """Which drivers go along with the score of FILE: importance and effect, per segment too.

    Importance is the share of explained variance; the effect is in NPS points per step of the
    rating. Effects go along with the driver; that they are caused by it is not shown.
    """
    from emptychair.analysis.rootcause.drivers import drivers as drivers_of

    answers = read_answers(file, by=by, **reading)
    with progress("Adding up ..."):
        study = drivers_of(
            answers.table,
            ratings=columns_named(answers, ratings),
            by=answers.by,
            weight=None if weight is None else answers.file.column(weight),
            confidence=confidence,
        )
    groups = study.groups if by else [study.company]
    result = Result(
        method="lmg_and_least_squares_with_empirical_bayes",
        inputs={
            **answers.inputs, "ratings": ratings, "weight": weight, "confidence": confidence,
            "seed": seed,
        },
        excluded=answers.excluded,
        results=[
            _driver_row(one, group, answers.by, min_answers)
            for group in groups
            for one in group.drivers
        ],
        headings=(
            *answers.by, "driver", "importance", "low", "high", "points per step", "low", "high",
            "mean", "n", "verdict",
        ),
        shown=[_driver_shown(one, group) for group in groups for one in group.drivers],
        notes=(*_driver_notes(study, groups), *answers.notes),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.rootcause import drivers_chart
        from emptychair.analysis.show.words import Words

        if len(groups) > 1:
            raise click.UsageError("A picture of drivers shows one group: leave out --by.")
        write_chart(drivers_chart(groups[0], Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def columns_named(answers: Any, ratings: str | None) -> list[str] | None:
    """Return the columns of drivers that were named; `waiting` stands for `rating_waiting`."""
    if ratings is None:
        return None
    found = []
    for name in (one.strip() for one in ratings.split(",")):
        column = answers.file.column(name)
        prefixed = f"rating_{name}"
        is_short = column not in answers.table.columns and prefixed in answers.table.columns
        found.append(prefixed if is_short else column)
    return found


def _driver_row(
    one: Driver, group: DriverGroup, by: Sequence[str], min_answers: int
) -> dict[str, Any]:
    row = {
        "group": dict(zip(by, group.group, strict=True)),
        **{name: value for name, value in vars(one).items() if name != "members"},
        "members": list(one.members),
        "explained_share": group.explained_share,
        "is_filled": group.is_filled,
        "is_borrowed": group.is_borrowed,
        "group_n": group.n,
    }
    return row | ({"performance_mean": None} if one.n < min_answers else {})


def _driver_shown(one: Driver, group: DriverGroup) -> tuple[str, ...]:
    verdict = VERDICTS[one.verdict]
    if one.against_company is not None:
        also = {"same": "same as the company", "stronger": "stronger than the company's",
                "weaker": "weaker than the company's"}  # fmt: skip
        verdict = f"{verdict}; {also[one.against_company]}"
    return (
        *("(none)" if value is None else str(value) for value in group.group),
        one.driver,
        *(share(v) for v in (one.importance_share, one.importance_low, one.importance_high)),
        *(points(v) for v in (one.effect_points, one.effect_low, one.effect_high)),
        text(one.performance_mean),
        str(one.n),
        verdict,
    )


def points(value: float | None) -> str:
    """Return points for people, with their sign."""
    return "" if value is None else f"{value:+.1f}"


def _driver_notes(study: DriverStudy, groups: Sequence[DriverGroup]) -> list[str]:
    notes = [
        "Importance says what to look at, the effect what a step goes along with; neither shows a "
        "cause. Effects of a group are pulled towards the company's by how uncertain they are."
        if groups and groups[0].group
        else "Importance says what to look at, the effect what a step goes along with; neither "
        "shows a cause."
    ]
    notes += [
        f"{', '.join(names)} go along with each other too closely to be told apart (VIF above "
        "5); they stand as one."
        for names in study.overlaps
    ]
    if any(group.is_filled for group in groups):
        notes.append("Ratings that were not given were filled in from the others (EM).")
    borrowed = [group for group in groups if group.is_borrowed]
    if borrowed:
        names = "; ".join(", ".join(str(value) for value in one.group) for one in borrowed)
        notes.append(f"Too few answers of their own, so the company's effects stand in: {names}.")
    return notes


@click.command()
@click.argument("file")
@click.option(
    "--touchpoint", "named", multiple=True, metavar="STAGE/TOUCHPOINT",
    help="A touchpoint there is, even if nobody answers about it; may be repeated.",
)  # fmt: skip
@reading_options
@result_options
def journey(
    file: str,
    named: tuple[str, ...],
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """How each touchpoint of FILE does, and how much it matters to each segment.

    Importance is the share of a touchpoint in what the same customers answer about us as a
    whole; it needs answers with and without a touchpoint from the same customers.
    """
    from emptychair.analysis.rootcause.journey import journey as moments_of

    answers = read_answers(file, by=by, **reading)
    with progress("Adding up ..."):
        moments = moments_of(
            answers.table,
            by=answers.by,
            touchpoints=[_place(one) for one in named],
            confidence=confidence,
        )
    result = Result(
        method="score_interval_and_lmg_of_touchpoints",
        inputs={
            **answers.inputs, "touchpoints": list(named), "confidence": confidence, "seed": seed,
        },
        excluded=answers.excluded,
        results=[_moment_row(one, answers.by, min_answers) for one in moments],
        headings=(
            *answers.by, "stage", "touchpoint", "n", "NPS", "low", "high", "importance", "low",
            "high", "",
        ),
        shown=[_moment_shown(one, min_answers) for one in moments],
        notes=(
            "Importance goes along with the overall score; that a touchpoint causes it is not "
            "shown.",
            *answers.notes,
        ),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.rootcause import journey_chart
        from emptychair.analysis.show.words import Words

        if len({one.group for one in moments}) > 1:
            raise click.UsageError("A picture of a journey shows one group: leave out --by.")
        write_chart(journey_chart(moments, Words("en"), min_answers=min_answers), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _place(written: str) -> tuple[str, str]:
    stage, slash, touchpoint = written.partition("/")
    if not slash or not stage.strip() or not touchpoint.strip():
        raise click.UsageError(f"--touchpoint {written!r} is not of the form STAGE/TOUCHPOINT.")
    return stage.strip(), touchpoint.strip()


def _moment_row(one: Moment, by: Sequence[str], min_answers: int) -> dict[str, Any]:
    row = {**vars(one), "group": dict(zip(by, one.group, strict=True))}
    return row | ({"nps_points": None} if one.n < min_answers else {})


def _moment_shown(one: Moment, min_answers: int) -> tuple[str, ...]:
    nps = "" if not one.measured else "too few answers" if one.n < min_answers else None
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        one.stage,
        one.touchpoint,
        str(one.n),
        points(one.nps_points) if nps is None else nps,
        points(one.low_points),
        points(one.high_points),
        *(share(v) for v in (one.importance_share, one.importance_low, one.importance_high)),
        _WHY.get(one.why, ""),
    )
