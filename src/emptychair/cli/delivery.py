"""Commands of Delivery: how are we doing, and does it hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

import click

from emptychair.cli.options import Answers, read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit
from emptychair.cli.pictures import write_chart

_POINT_FROM = 25  # answers from which the score itself is printed beside its interval


@click.command()
@click.argument("file")
@reading_options
@result_options
def score(
    file: str,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """Net Promoter Score of each group of the answers in FILE, with its interval.

    FILE is a CSV, Excel, Parquet or Delta file, or a folder written by `simulate`.
    """
    from emptychair.analysis.delivery.score import net_promoter_score

    answers = read_answers(file, by=by, **reading)
    results = net_promoter_score(answers.table, by=answers.by, confidence=confidence)
    _check_some(results, answers)
    rows = []
    for one in results:
        row = {**vars(one), "group": dict(zip(answers.by, one.group, strict=True))}
        rows.append(_gated(row, min_answers))
    result = Result(
        method="score_interval",
        inputs={**answers.inputs, "confidence": confidence, "seed": seed},
        excluded=answers.excluded,
        results=rows,
        headings=(
            *answers.by, "answers", "promoters", "passives", "detractors", "NPS", "low", "high"
        ),
        shown=[
            (
                *(_text(value) for value in one.group),
                str(one.n), str(one.promoters), str(one.passives), str(one.detractors),
                *_printed(one.n, (one.nps_points, one.low_points, one.high_points), min_answers),
            )
            for one in results
        ],
        notes=answers.notes,
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show import charts
        from emptychair.analysis.show.words import Words
        from emptychair.analysis.sums.counts import score_counts

        if answers.by:
            chart = charts.groups_chart(results, ", ".join(answers.by), Words("en"))
        else:
            chart = charts.buckets_chart(score_counts(answers.table)[()], Words("en"))
        write_chart(chart, path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


@click.command()
@click.argument("file")
@click.option(
    "--every",
    type=click.Choice(["day", "week", "month", "quarter", "year"]),
    default="month",
    show_default=True,
    help="Length of the periods.",
)
@reading_options
@result_options
def trend(
    file: str,
    every: str,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """Score of each period in FILE: an interval for its end, and one that bears daily looking."""
    from emptychair.analysis.delivery.trend import trend as trend_of

    length = cast(Literal["day", "week", "month", "quarter", "year"], every)
    answers = read_answers(file, by=by, **reading)
    points = trend_of(answers.table, length, by=answers.by, confidence=confidence)
    _check_some(points, answers)
    rows = []
    for one in points:
        row = {**vars(one), "group": dict(zip(answers.by, one.group, strict=True))}
        rows.append(_gated(row, min_answers))
    result = Result(
        method="score_interval_and_betting_sequence",
        inputs={**answers.inputs, "every": every, "confidence": confidence, "seed": seed},
        excluded=answers.excluded,
        results=rows,
        headings=(*answers.by, "period", "answers", "NPS", "low", "high", "always low",
                  "always high"),
        shown=[
            (
                *(_text(value) for value in one.group),
                one.period.isoformat(),
                str(one.n),
                *_printed(one.n, (one.nps_points, one.low_points, one.high_points), min_answers),
                *(_points(value) for value in (one.sequence_low_points, one.sequence_high_points)),
            )
            for one in points
        ],
        notes=answers.notes,
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show import charts
        from emptychair.analysis.show.words import Words

        if answers.by:
            raise click.UsageError("A picture of the trend shows one group: leave out --by.")
        write_chart(charts.trend_chart(points, length, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _check_some(results: Sequence[object], answers: Answers) -> None:
    if results:
        return
    from emptychair.analysis.errors import NoAnswersError

    left_out = ", ".join(f"{count} {reason}" for reason, count in answers.excluded.items())
    chosen = " that --where and --period choose" if answers.file.used else ""
    raise NoAnswersError(
        f"No answer{chosen} is left to compute from. Rows read: {answers.file.rows}; "
        f"left out: {left_out or 'none'}."
    )


def _gated(row: dict[str, Any], min_answers: int) -> dict[str, Any]:
    return {**row, "nps_points": None} if row["n"] < min_answers else row


def _printed(
    n: int, points: tuple[float | None, float | None, float | None], min_answers: int
) -> tuple[str, str, str]:
    """Return score and interval as printed: none, the interval alone, or both, by `n`."""
    if n < min_answers:
        return ("too few answers", "", "")
    nps, low, high = (_points(value) for value in points)
    return (nps if n >= max(_POINT_FROM, min_answers) else "", low, high)


def _points(value: float | None) -> str:
    return "" if value is None else f"{value + 0.0:+.1f}"


def _text(value: object) -> str:
    return "(none)" if value is None else str(value)
