"""The command that plans how many to ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import output_options_list
from emptychair.cli.output import Result, emit
from emptychair.cli.pictures import write_chart

if TYPE_CHECKING:
    from emptychair.analysis.delivery.sampling import Allocation


def _output_options(command: Any) -> Any:
    for option in reversed(output_options_list()):
        command = option(command)
    return command


@click.command()
@click.option(
    "--precision",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="POINTS",
    help="Wanted half width of the interval.",
)
@click.option(
    "--detect",
    type=click.FloatRange(0, 200, min_open=True),
    metavar="POINTS",
    help="Difference of two groups or periods worth seeing; answers are per group.",
)
@click.option(
    "--strata",
    metavar="FILE",
    help="Table with the columns stratum, customers and, if known, deviation.",
)
@click.option(
    "--budget",
    type=click.FloatRange(1),
    metavar="ANSWERS",
    help="Answers to spread over the strata.",
)
@click.option(
    "--floor",
    type=click.FloatRange(0),
    default=0,
    show_default=True,
    help="Fewest answers per stratum of the budget.",
)
@click.option(
    "--response-rate",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="Share of invitations expected to be answered.",
)
@click.option(
    "--deviation",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.7746,
    show_default=True,
    help="Standard deviation of one answer on -1, 0, +1; at most 1.",
)
@click.option(
    "--design-effect",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="By how much weights and repeats inflate the variance.",
)
@click.option(
    "--power",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.8,
    show_default=True,
    help="Probability of seeing the difference.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Coverage of intervals, a share.",
)
@_output_options
def sample(
    precision: float | None,
    detect: float | None,
    strata: str | None,
    budget: float | None,
    floor: float,
    response_rate: float | None,
    deviation: float,
    design_effect: float,
    power: float,
    confidence: float,
    as_json: bool,
    as_csv: bool,
    output: str | None,
) -> None:  # fmt: skip
    """How many answers a wanted precision or a change worth seeing needs, and how to spread them.

    With --strata every stratum needs the precision, and a budget (or, without one, the answers
    for the whole) is spread by size and deviation (Neyman).
    """
    from emptychair.analysis.delivery.sampling import (
        answers_for_precision,
        answers_to_detect,
        plan,
    )

    if precision is not None and detect is not None:
        raise click.UsageError("Give --precision or --detect, not both.")
    if precision is None and detect is None and (budget is None or strata is None):
        raise click.UsageError("Give --precision, --detect, or --budget with --strata.")
    needed = None
    if precision is not None:
        needed = answers_for_precision(
            precision, variance=deviation**2, design_effect=design_effect, confidence=confidence
        )
    elif detect is not None:
        needed = answers_to_detect(
            detect, variance_a=deviation**2, power=power, design_effect=design_effect,
            confidence=confidence,
        )  # fmt: skip
    sizes = None if strata is None else _strata(strata, deviation)
    found = plan(needed, sizes, budget=budget, floor_per_stratum=floor, response_rate=response_rate)
    result = Result(
        method="neyman_allocation" if strata else "normal_sample_size",
        inputs={
            "precision": precision, "detect": detect, "strata": strata, "budget": budget,
            "floor": floor, "response_rate": response_rate, "deviation": deviation,
            "design_effect": design_effect, "power": power, "confidence": confidence,
        },
        excluded={},
        results=[vars(one) for one in found],
        headings=("stratum", "customers", "answers needed", "allocation", "invitations"),
        shown=[_shown(one) for one in found],
        notes=_notes(found),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show import estimates
        from emptychair.analysis.show.words import Words

        words, variance = Words("en"), deviation**2
        if strata is not None:
            chart = estimates.allocation_chart(found, words)
        elif detect is not None:
            chart = estimates.detection_chart(variance, design_effect, power, confidence, words)
        else:
            chart = estimates.precision_chart(variance, design_effect, confidence, words)
        write_chart(chart, path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _strata(path: str, deviation: float) -> dict[str, tuple[float, float]]:
    from emptychair.analysis.tables.contract import read_columns

    rows = read_columns(
        path, texts=("stratum",), numbers=("customers",), maybe_numbers=("deviation",)
    )
    return {
        row["stratum"]: (
            row["customers"],
            deviation if row["deviation"] is None else row["deviation"],
        )
        for row in rows
    }


def _shown(one: Allocation) -> tuple[str, ...]:
    return (
        one.stratum or "(all)",
        "" if one.population is None else f"{one.population:.0f}",
        "" if one.needed is None else str(one.needed),
        "" if one.allocation is None else f"{one.allocation:.1f}",
        "" if one.asks is None else str(one.asks),
    )


def _notes(found: list[Allocation]) -> tuple[str, ...]:
    small = [one.stratum for one in found if not one.reachable]
    if not small:
        return ()
    return (f"Too small for what is wanted: {', '.join(small)}.",)
