"""Commands about people: who moves between buckets, and what the silent may think."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart
from emptychair.cli.tables import day_of, share, table_option, tables_of, text, until_option

if TYPE_CHECKING:
    from emptychair.analysis.customers.movement import Move, Movement
    from emptychair.analysis.customers.predict import Prediction
    from emptychair.analysis.sums.moves import Every


@click.command()
@click.argument("file")
@table_option("customers")
@table_option("values")
@click.option(
    "--every", type=click.Choice(["month", "quarter", "year"]), default="quarter",
    show_default=True, help="Length of the periods.",
)  # fmt: skip
@until_option
@reading_options
@result_options
def movement(
    file: str,
    customers: str | None,
    values: str | None,
    every: str,
    until: datetime | None,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """Who of FILE moved from bucket to bucket, into silence or away, from period to period.

    Without --customers the base are those who ever answered, and nobody is lost. The corrected
    share is what customers think, not say: without the noise of answers and without silence.
    """
    from emptychair.analysis.customers.movement import movement as moves_of

    answers = read_answers(file, **reading)
    with progress("Following customers ..."):
        tables = tables_of(answers.engine, customers=customers, values=values)
        base = tables["customers"]
        if base is None:
            named = answers.table.filter(answers.table["customer_id"].notnull())
            base = named.select("customer_id").distinct()
        found = moves_of(
            answers.table,
            base,
            tables["values"],
            every=cast("Every", every),
            by=by,
            until=day_of(until),
            confidence=confidence,
        )
    result = Result(
        method="dirichlet_jeffreys_and_noise_correction",
        inputs={
            **answers.inputs, "customers": customers, "values": values, "every": every,
            "until": day_of(until), "by": list(by), "confidence": confidence, "seed": seed,
        },
        excluded=answers.excluded,
        results=[
            _move_row(move, group, by, min_answers) for group in found for move in group.moves
        ],
        headings=(*by, "from", "to", "customers", "share", "low", "high", "corrected", "value"),
        shown=[
            _move_shown(move, group)
            for group in found
            for move in group.moves
            if move.period is None
        ],
        notes=(*(note for group in found for note in _movement_notes(group)), *answers.notes),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import flows_chart
        from emptychair.analysis.show.words import Words

        if len(found) > 1:
            raise click.UsageError("A picture of movement shows one group: leave out --by.")
        write_chart(flows_chart(found[0], Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _move_row(move: Move, group: Movement, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    started = sum(
        one.n for one in group.moves if one.period == move.period and one.before == move.before
    )
    few = started < min_answers
    return {
        "group": dict(zip(by, group.group, strict=True)),
        "period": "all" if move.period is None else move.period,
        "from": move.before,
        "to": move.after,
        "n": move.n,
        "share": None if few else move.share,
        "low": move.low,
        "high": move.high,
        "corrected_share": None if few else move.corrected_share,
        "corrected_low": move.corrected_low,
        "corrected_high": move.corrected_high,
        "value": None if few else move.value,
        "value_low": move.value_low,
        "value_high": move.value_high,
    }


def _move_shown(move: Move, group: Movement) -> tuple[str, ...]:
    return (
        *("(none)" if value is None else str(value) for value in group.group),
        move.before,
        move.after,
        str(move.n),
        share(move.share),
        share(move.low),
        share(move.high),
        share(move.corrected_share),
        text(move.value),
    )


def _movement_notes(group: Movement) -> list[str]:
    whose = f"{', '.join(str(value) for value in group.group)}: " if group.group else ""
    notes = [
        f"{whose}{change.period}: {change.n} customers answered in both periods; their NPS changed "
        f"by {change.panel_points:+.1f} ({change.low_points:+.1f} to {change.high_points:+.1f}). "
        f"Others answering added {change.panel_change_points:+.1f}."
        for change in group.changes[-1:]
    ]
    if group.noise_share is None:
        notes.append(f"{whose}Too few answered twice to tell moves from the noise of answers.")
    else:
        notes.append(
            f"{whose}Of the moves seen between buckets {group.noise_share:.0%} were noise."
        )
    return notes


@click.command()
@click.argument("file")
@table_option("customers", required=True)
@table_option("events")
@click.option("--traits", metavar="a,b", help="Columns of customers to predict by.")
@click.option(
    "--set-confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.9,
    show_default=True, help="How often the set of buckets holds the true one, a share.",
)  # fmt: skip
@click.option("--segment", metavar="COLUMN", help="Of customers: sets hold within each value.")
@click.option(
    "--asked-at-random", is_flag=True,
    help="Those asked were drawn by chance and nearly all answered.",
)  # fmt: skip
@until_option
@reading_options
@result_options
def predict(
    file: str,
    customers: str,
    events: str | None,
    traits: str | None,
    set_confidence: float,
    segment: str | None,
    asked_at_random: bool,
    until: datetime | None,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """What the customers may think who did not answer FILE, and the NPS of everybody.

    -o NAME.parquet or NAME.csv writes one row per silent customer. They are chances, no answers:
    without skill over the plain shares everybody gets these.
    """
    from emptychair.analysis.customers.predict import predict as predicted

    if by:
        raise click.UsageError("predict gives one row per customer: leave out --by.")
    answers = read_answers(file, **reading)
    with progress("Learning ..."):
        tables = tables_of(answers.engine, customers=customers, events=events)
        found = predicted(
            answers.table,
            cast("Any", tables["customers"]),
            tables["events"],
            traits=None if traits is None else [one.strip() for one in traits.split(",")],
            on=day_of(until),
            set_confidence=set_confidence,
            segment=segment,
            confidence=confidence,
            asked_at_random=asked_at_random,
        )
    overall = _overall(found, min_answers)
    result = Result(
        method="multinomial_logit_venn_abers_aipw",
        inputs={
            **answers.inputs, "customers": customers, "events": events, "traits": traits,
            "until": day_of(until), "set_confidence": set_confidence, "segment": segment,
            "asked_at_random": asked_at_random, "confidence": confidence, "seed": seed,
        },
        excluded=answers.excluded,
        results=found.table.to_pylist() if as_csv or _ends(output, ".csv") else [overall],
        headings=("customers", "answered", "silent", "NPS of all", "low", "high", "log loss",
                  "base log loss", "calibration error"),
        shown=[_predict_shown(found, overall)],
        notes=(*_predict_notes(found), *answers.notes),
    )  # fmt: skip
    if _ends(output, ".parquet"):
        from pyarrow import parquet

        parquet.write_table(found.table, output, compression="zstd")
        emit(result, as_json=as_json, as_csv=as_csv)
        return
    if output is None and not as_csv:
        overall["customers"] = found.table.to_pylist() if as_json else []

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import reliability_of_predictions_chart
        from emptychair.analysis.show.words import Words

        write_chart(reliability_of_predictions_chart(found, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _ends(output: str | None, ending: str) -> bool:
    return output is not None and Path(output).suffix.lower() == ending


def _overall(found: Prediction, min_answers: int) -> dict[str, Any]:
    skill, total = found.skill, found.total
    return {
        "n": total.answered,
        "base": total.customers,
        "silent": found.silent,
        "expected": found.expected,
        "unknown_share": found.unknown_share,
        "uses_model": found.uses_model,
        "log_loss": skill.log_loss if skill else None,
        "base_log_loss": skill.base_log_loss if skill else None,
        "brier": skill.brier if skill else None,
        "ranked_score": skill.ranked_score if skill else None,
        "calibration_error": skill.calibration_error if skill else None,
        "base_nps_points": None if total.answered < min_answers else 100 * total.nps,
        "low_points": 100 * total.low,
        "high_points": 100 * total.high,
        "predicted_silent_points": 100 * total.predicted_silent,
        "tipping_points": found.tipping_points,
        "bounds": list(found.bounds),
        "reliability": [vars(one) for one in found.reliability],
    }


def _predict_shown(found: Prediction, overall: dict[str, Any]) -> tuple[str, ...]:
    points = (overall[name] for name in ("base_nps_points", "low_points", "high_points"))
    losses = (overall[name] for name in ("log_loss", "base_log_loss", "calibration_error"))
    return (
        str(found.total.customers),
        str(found.total.answered),
        str(found.silent),
        *("too few answers" if value is None else f"{value:+.1f}" for value in points),
        *("" if value is None else f"{value:.3f}" for value in losses),
    )


def _predict_notes(found: Prediction) -> list[str]:
    notes = []
    if not found.uses_model:
        notes.append(
            "Traits and behaviour did not predict later answers better than the plain shares, so "
            "everybody gets these."
        )
    expected = ", ".join(f"{n:.0f} {name}s" for name, n in found.expected.items())
    notes.append(
        f"Of {found.silent} silent customers {expected} are to be expected; of "
        f"{found.unknown_share:.0%} nobody can tell."
    )
    if found.tipping_points is not None:
        notes.append(
            f"The NPS of all would be 0 if the silent thought {found.tipping_points:.0f} points "
            f"less of us than predicted. At the very worst it is {found.bounds[0]:+.0f}, at best "
            f"{found.bounds[1]:+.0f}."
        )
    return notes
