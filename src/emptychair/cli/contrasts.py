"""Commands that set groups of customers against each other: in the bucket, or having moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import click

from emptychair.cli.options import Answers, read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart
from emptychair.cli.tables import table_option, tables_of, text

_SHOWN = 20


@click.command()
@click.argument("file")
@table_option("events", required=True)
@click.option(
    "--days", type=click.IntRange(1), default=180, show_default=True,
    help="How long before the answer events count.",
)  # fmt: skip
@reading_options
@result_options
def behaviour(
    file: str,
    events: str,
    days: int,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """What promoters of FILE did and are before they answer, and detractors not.

    Only what came before the answer counts, within segments; the false discovery rate is held
    over all features, however many there are.
    """
    from emptychair.analysis.customers.behaviour import behaviour as contrasts

    answers = read_answers(file, by=by, **reading)
    with progress("Comparing ..."):
        tables = tables_of(answers.engine, events=events)
        found = contrasts(
            answers.table, cast("Any", tables["events"]), by=answers.by, days=days,
            confidence=confidence,
        )  # fmt: skip
    result = _result(
        found, answers, min_answers,
        inputs={"events": events, "days": days, "confidence": confidence, "seed": seed},
        headings=("feature", "promoters", "detractors"),
        shown=lambda one: (one.feature, text(one.promoter_mean), text(one.detractor_mean)),
        said=("features", "the bucket"),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import behaviour_chart
        from emptychair.analysis.show.words import Words

        if by:
            raise click.UsageError("A picture of behaviour shows one group: leave out --by.")
        write_chart(behaviour_chart(found, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


@click.command()
@click.argument("file")
@table_option("events")
@click.option(
    "--days", type=click.IntRange(1), default=400, show_default=True,
    help="How far apart a customer's two answers may be.",
)  # fmt: skip
@reading_options
@result_options
def movers(
    file: str,
    events: str | None,
    days: int,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """What changed or happened between two answers of customers of FILE who moved.

    Who moved to a better or worse bucket is compared with who started from the same score and
    did not: changes of ratings, and with --events what happened in between.
    """
    from emptychair.analysis.customers.movers import movers as contrasts

    answers = read_answers(file, by=by, **reading)
    with progress("Comparing ..."):
        tables = tables_of(answers.engine, events=events)
        found = contrasts(
            answers.table, tables["events"], by=answers.by, days=days, confidence=confidence
        )
    result = _result(
        found, answers, min_answers,
        inputs={"events": events, "days": days, "confidence": confidence, "seed": seed},
        headings=("direction", "feature", "moved", "others"),
        shown=lambda one: (
            one.direction, one.feature, text(one.mover_mean), text(one.other_mean),
        ),
        said=("comparisons", "the move"),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import movers_chart
        from emptychair.analysis.show.words import Words

        if by:
            raise click.UsageError("A picture of movers shows one group: leave out --by.")
        write_chart(movers_chart(found, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _result(
    found: Sequence[Any],
    answers: Answers,
    min_answers: int,
    *,
    inputs: dict[str, Any],
    headings: tuple[str, ...],
    shown: Callable[[Any], tuple[str, ...]],
    said: tuple[str, str],
) -> Result:
    """Return contrasts for printing; `said` names what is compared and what it goes along with."""
    from emptychair.analysis.customers.behaviour import FALSE_DISCOVERY_RATE as RATE

    def row(one: Any) -> dict[str, Any]:
        said_of_one = {**vars(one), "group": dict(zip(answers.by, one.group, strict=True))}
        return said_of_one | {"contrast": None} if one.n < min_answers else said_of_one

    def line(one: Any) -> tuple[str, ...]:
        return (
            *("(none)" if value is None else str(value) for value in one.group),
            *shown(one),
            *(f"{value:+.2f}" for value in (one.contrast, one.low, one.high)),
            f"{one.q_value:.3f}",
        )

    what, along = said
    findings = sum(one.q_value <= RATE for one in found)
    return Result(
        method="standardised_contrast_and_benjamini_hochberg",
        inputs={**answers.inputs, **inputs, "false_discovery_rate": RATE},
        excluded=answers.excluded,
        results=[row(one) for one in found],
        headings=(*answers.by, *headings, "contrast", "low", "high", "q"),
        shown=[line(one) for one in found[:_SHOWN]],
        notes=(
            f"{findings} of {len(found)} {what} differ (false discovery rate {RATE:.0%}). They go "
            f"along with {along}; nothing shows that they make it.",
            *answers.notes,
        ),
    )
