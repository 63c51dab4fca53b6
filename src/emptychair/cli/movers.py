"""The command that tells what moved customers from one bucket to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart
from emptychair.cli.tables import table_option, tables_of, text

if TYPE_CHECKING:
    from emptychair.analysis.customers.movers import MoverContrast

_SHOWN = 20


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
    from emptychair.analysis.customers.behaviour import FALSE_DISCOVERY_RATE
    from emptychair.analysis.customers.movers import movers as contrasts

    answers = read_answers(file, by=by, **reading)
    with progress("Comparing ..."):
        tables = tables_of(answers.engine, events=events)
        found = contrasts(
            answers.table, tables["events"], by=answers.by, days=days, confidence=confidence
        )
    findings = sum(one.q_value <= FALSE_DISCOVERY_RATE for one in found)
    result = Result(
        method="standardised_contrast_and_benjamini_hochberg",
        inputs={
            **answers.inputs, "events": events, "days": days, "confidence": confidence,
            "seed": seed, "false_discovery_rate": FALSE_DISCOVERY_RATE,
        },
        excluded=answers.excluded,
        results=[_row(one, answers.by, min_answers) for one in found],
        headings=(
            *answers.by, "direction", "feature", "moved", "others", "contrast", "low", "high", "q",
        ),
        shown=[_shown(one) for one in found[:_SHOWN]],
        notes=(
            f"{findings} of {len(found)} comparisons differ (false discovery rate "
            f"{FALSE_DISCOVERY_RATE:.0%}). They go along with the move; nothing shows that they "
            "made it.",
            *answers.notes,
        ),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import movers_chart
        from emptychair.analysis.show.words import Words

        if by:
            raise click.UsageError("A picture of movers shows one group: leave out --by.")
        write_chart(movers_chart(found, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _row(one: MoverContrast, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    row: dict[str, Any] = {**vars(one), "group": dict(zip(by, one.group, strict=True))}
    return row | {"contrast": None} if one.n < min_answers else row


def _shown(one: MoverContrast) -> tuple[str, ...]:
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        one.direction,
        one.feature,
        text(one.mover_mean),
        text(one.other_mean),
        *(f"{value:+.2f}" for value in (one.contrast, one.low, one.high)),
        f"{one.q_value:.3f}",
    )
