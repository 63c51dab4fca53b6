"""The command that compares groups and periods."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import Answers, read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit
from emptychair.cli.pictures import write_chart

if TYPE_CHECKING:
    from emptychair.analysis.delivery.compare import Comparison

_VERDICTS = {
    "higher": "higher",
    "lower": "lower",
    "no_clear_difference": "no clear difference",
    "too_few_answers": "too few answers",
}


@click.command()
@click.argument("file")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Compare the answers from this day on with those before it.",
)
@click.option("--paired", is_flag=True, help="Only customers who answered before and after.")
@click.option("--against", metavar="GROUP", help="Compare every group with this one only.")
@click.option("--mix", metavar="COLUMN", help="Split the difference into mix and rate over this.")
@click.option("--weight", metavar="COLUMN", help="Column with the weight of each answer.")
@reading_options
@result_options
def compare(
    file: str,
    before: datetime | None,
    paired: bool,
    against: str | None,
    mix: str | None,
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
    """Difference of groups (--by) or of periods (--before) in FILE, with the verdict.

    With --before and --by, each group is compared with itself, after all together. With many
    comparisons the verdicts hold the false discovery rate at 10 %.
    """
    _check_options(before, paired=paired, against=against, by=by, mix=mix, weight=weight)
    answers = read_answers(file, by=by, **reading)
    found = _compared(answers, before, paired, against, mix, weight, confidence)
    grouped = before is not None and bool(by)
    rows = [_row(one, answers.by if grouped else (), min_answers) for one in found]
    result = Result(
        method="paired_change" if paired else "mover_of_score_intervals",
        inputs={
            **answers.inputs, "before": before.date() if before else None, "paired": paired,
            "against": against, "mix": mix, "weight": weight, "confidence": confidence,
            "seed": seed, "false_discovery_rate": 0.1,
        },
        excluded=answers.excluded,
        results=rows,
        headings=(
            *(answers.by if grouped else ()), "a", "b", "answers a", "answers b", "difference",
            "low", "high", "verdict",
        ),
        shown=[
            _shown(one, row, answers.by if grouped else ())
            for one, row in zip(found, rows, strict=True)
        ],
        notes=(*_sentences(found, rows), *answers.notes),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.estimates import comparison_chart
        from emptychair.analysis.show.words import Words

        write_chart(comparison_chart(found, Words("en"), min_answers), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _check_options(
    before: datetime | None,
    *,
    paired: bool,
    against: str | None,
    by: tuple[str, ...],
    mix: str | None,
    weight: str | None,
) -> None:
    if before is None and len(by) != 1:
        raise click.UsageError(
            "Say what to compare: --by COLUMN for its groups, or --before YYYY-MM-DD for periods."
        )
    if before is None and paired:
        raise click.UsageError("--paired follows customers over time: it needs --before.")
    if before is not None and against is not None:
        raise click.UsageError("--against names a group of --by; it does not go with --before.")
    if paired and (mix or weight):
        raise click.UsageError("--paired goes with neither --mix nor --weight.")


def _compared(
    answers: Answers,
    before: datetime | None,
    paired: bool,
    against: str | None,
    mix: str | None,
    weight: str | None,
    confidence: float,
) -> list[Comparison]:
    from emptychair.analysis.delivery.compare import compare_groups, compare_periods
    from emptychair.analysis.delivery.pairing import compare_paired

    part = None if mix is None else answers.file.column(mix)
    if before is None:
        return compare_groups(
            answers.table, answers.by[0], against=against, mix=part, weight=weight,
            confidence=confidence,
        )  # fmt: skip
    if paired:
        return compare_paired(answers.table, before.date(), by=answers.by, confidence=confidence)
    return compare_periods(
        answers.table, before.date(), by=answers.by, mix=part, weight=weight, confidence=confidence
    )


def _row(one: Comparison, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    row: dict[str, Any] = vars(one).copy()
    # The whole comes first: all groups together.
    row["group"] = dict(zip(by, one.group, strict=True)) if one.group else {}
    if one.n_a < min_answers:
        row["a_points"] = None
    if one.n_b < min_answers:
        row["b_points"] = None
    if min(one.n_a, one.n_b) < min_answers:
        row |= {"difference_points": None, "verdict": "too_few_answers"}
    return row


def _shown(one: Comparison, row: dict[str, Any], by: tuple[str, ...]) -> tuple[str, ...]:
    group = [str(value) for value in one.group] if one.group else ["(all)"] * len(by)
    few = row["verdict"] == "too_few_answers"
    figures = [one.difference_points, one.low_points, one.high_points]
    return (
        *group,
        one.a,
        one.b,
        str(one.n_a),
        str(one.n_b),
        *("" if few else _points(value) for value in figures),
        _VERDICTS[row["verdict"]],
    )


def _sentences(found: list[Comparison], rows: list[dict[str, Any]]) -> list[str]:
    """Return what may be said of a single comparison, in words."""
    if len(found) != 1:
        real = sum(row["verdict"] in ("higher", "lower") for row in rows)
        return [f"{real} of {len(found)} differences are real, as far as can be told."]
    (one,), (row,) = found, rows
    if row["verdict"] == "too_few_answers":
        return ["There are too few answers on one side to compare."]
    if row["verdict"] == "no_clear_difference":
        return [f"No clear difference between {one.a} and {one.b}: chance alone may explain it."]
    sentence = f"NPS is {row['verdict']} in {one.b} than in {one.a}."
    if one.design == "paired":
        sentence = f"The same customers scored {row['verdict']} {one.b} than {one.a}."
    notes = [sentence]
    if one.mix_points is not None and one.rate_points is not None:
        notes.append(
            f"Of the difference, {_points(one.mix_points)} comes from another mix of customers, "
            f"{_points(one.rate_points)} from change within the parts."
        )
    return notes


def _points(value: float | None) -> str:
    return "" if value is None else f"{value + 0.0:+.1f}"
