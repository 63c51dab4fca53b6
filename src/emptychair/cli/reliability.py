"""The command that says whether the picture can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart

if TYPE_CHECKING:
    from emptychair.analysis.delivery.grading import Reason
    from emptychair.analysis.delivery.reliability import Reliability

_REASONS = {
    "too_few_answers": "Only {value:.0f} customers answered. Ask more before saying anything.",
    "wide_interval": "The interval is plus or minus {value:.1f} points. More answers narrow it.",
    "low_response_rate": "{value:.0%} of the invitations that arrived were answered. Ask closer to "
    "the event, remind once, shorten the survey.",
    "low_coverage": "{value:.0%} of the customers can be reached. Collect addresses and consent.",
    "uneven_response": "Customers answer unevenly (R-indicator {value:.2f}). Ask more among those "
    "who answer least.",
    "large_correction": "Weighting moves the score by {value:.1f} points: the raw score misleads.",
    "large_design_effect": "The weights cost precision (design effect {value:.1f}). Spread the "
    "asks more evenly.",
    "invitations_unknown": "Nobody knows how many were asked. Give the invitations.",
    "reach_unknown": "Nobody knows how many customers can be reached. Add the column contactable.",
    "traits_unknown": "Nothing is known of those who did not answer. Add segments or attributes.",
    "cells_without_answers": "In parts of the customer base too few answered to weight them fully.",
}


@click.command()
@click.argument("file")
@click.option("--customers", required=True, metavar="FILE", help="Everyone in the customer base.")
@click.option("--invitations", metavar="FILE", help="Everyone who was asked, one row per ask.")
@click.option("--traits", metavar="a,b", help="Columns of customers to weight by.")
@click.option(
    "--message",
    type=float,
    default=0.0,
    show_default=True,
    help="NPS at which you would say something else.",
)
@reading_options
@result_options
def reliability(
    file: str,
    customers: str,
    invitations: str | None,
    traits: str | None,
    message: float,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:  # fmt: skip
    """How far the NPS of FILE speaks for all customers: a grade from A to E with its reasons.

    The latest answer of each customer counts. --by takes columns of the customers.
    """
    from emptychair.analysis.delivery.reliability import reliability as judge
    from emptychair.analysis.tables.contract import read_table

    answers = read_answers(file, **reading)
    with progress("Weighting ..."):
        base = read_table(customers, "customers", engine=answers.engine)
        asked = (
            None
            if invitations is None
            else read_table(invitations, "invitations", engine=answers.engine)
        )
        found = judge(
            answers.table,
            base,
            asked,
            by=by,
            traits=None if traits is None else [one.strip() for one in traits.split(",")],
            message_points=message,
            confidence=confidence,
        )
    result = Result(
        method="weighted_to_the_customer_base",
        inputs={
            **answers.inputs, "customers": customers, "invitations": invitations, "by": list(by),
            "traits": traits, "message": message, "confidence": confidence, "seed": seed,
            "per": "customer",
        },
        excluded=answers.excluded,
        results=[_row(one, by, min_answers) for one in found],
        headings=(*by, "grade", "customers", "answered", "raw", "weighted", "low", "high",
                  "further answers for 5 points"),
        shown=[_shown(one, min_answers) for one in found],
        notes=(*_sentences(found), *answers.notes),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.estimates import reliability_chart
        from emptychair.analysis.show.words import Words

        if by:
            raise click.UsageError("A picture of the reliability shows one group: leave out --by.")
        write_chart(reliability_chart(found[0], Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _row(one: Reliability, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    row: dict[str, Any] = {**vars(one), "group": dict(zip(by, one.group, strict=True))}
    if one.answered < min_answers:
        names = ("raw_points", "weighted_points", "doubly_robust_points", "predicted_silent_points")
        row |= dict.fromkeys(names)
    return row


def _shown(one: Reliability, min_answers: int) -> tuple[str, ...]:
    few = one.answered < min_answers
    points = (one.raw_points, one.weighted_points, one.low_points, one.high_points)
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        one.grade,
        str(one.customers),
        str(one.answered),
        *(("too few answers", "", "", "") if few else (f"{value + 0.0:+.1f}" for value in points)),
        str(one.needed_for_5_points),
    )


def _sentences(found: list[Reliability]) -> list[str]:
    sentences = []
    for one in found:
        whose = f"{', '.join(str(value) for value in one.group)}: " if one.group else ""
        sentences += [f"{whose}{_sentence(reason)}" for reason in one.reasons]
        low, high = one.bounds
        sentences.append(
            f"{whose}If all who did not answer were detractors or promoters, NPS would be "
            f"{low:+.0f} or {high:+.0f}."
        )
    return sentences


def _sentence(reason: Reason) -> str:
    return f"[{reason.grade}] {_REASONS[reason.code].format(value=reason.value or 0.0)}"
