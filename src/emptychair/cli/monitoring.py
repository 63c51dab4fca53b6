"""The command that watches for real changes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit
from emptychair.cli.pictures import write_chart

if TYPE_CHECKING:
    from emptychair.analysis.delivery.monitor import Alarm

_DIRECTIONS = {"down": "fell", "up": "rose"}


@click.command()
@click.argument("file")
@click.option(
    "--baseline-until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Last day of the baseline.  [default: half a year, or half of a shorter history]",
)
@click.option(
    "--mean-days",
    type=click.FloatRange(1),
    default=3650,
    show_default=True,
    help="Days, on average at least, until any group alarms though nothing changed.",
)
@reading_options
@result_options
def monitor(
    file: str,
    baseline_until: datetime | None,
    mean_days: float,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """Alarms over all groups of FILE at once: what really changed, since when, by how much."""
    from emptychair.analysis.delivery.monitor import monitor as watch

    answers = read_answers(file, by=by, **reading)
    found = watch(
        answers.table,
        by=answers.by,
        baseline_until=baseline_until.date() if baseline_until else None,
        mean_days_to_false_alarm=mean_days,
        confidence=confidence,
    )
    rows = [_row(one, answers.by, min_answers) for one in found]
    result = Result(
        method="mixture_e_detector",
        inputs={
            **answers.inputs, "baseline_until": found[0].baseline_until, "mean_days": mean_days,
            "confidence": confidence, "seed": seed,
        },
        excluded=answers.excluded,
        results=rows,
        headings=(*answers.by, "direction", "alarm", "change began", "difference", "low", "high",
                  "evidence", "needed"),
        shown=[_shown(one) for one in found],
        notes=(*_sentences(found), *answers.notes),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.estimates import alarm_chart
        from emptychair.analysis.show.words import Words

        write_chart(alarm_chart(found, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _row(one: Alarm, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    row: dict[str, Any] = {**vars(one), "group": dict(zip(by, one.group, strict=True))}
    if one.baseline_n < min_answers:
        row["baseline_points"] = None
    if one.since_n < min_answers:
        row["since_points"] = None
    return row


def _shown(one: Alarm) -> tuple[str, ...]:
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        one.direction,
        one.alarm_at.isoformat() if one.alarm_at else "",
        one.change_at.isoformat() if one.change_at else "",
        *(
            "" if value is None else f"{value + 0.0:+.1f}"
            for value in (one.difference_points, one.low_points, one.high_points)
        ),
        f"{one.evidence:.3g}",
        f"{one.threshold:.3g}",
    )


def _sentences(found: list[Alarm]) -> list[str]:
    alarms = [one for one in found if one.alarm_at is not None]
    if not alarms:
        return ["No real change: nothing departs from the baseline more than chance does."]
    sentences = []
    for one in alarms:
        whose = f"NPS of {', '.join(str(value) for value in one.group)}" if one.group else "NPS"
        sentences.append(
            f"{whose} {_DIRECTIONS[one.direction]}: most plausibly on {one.change_at}, between "
            f"{one.change_low_on} and {one.change_high_on}."
        )
    return sentences
