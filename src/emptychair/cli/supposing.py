"""The command that says what a change of drivers may bring."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from emptychair.cli.options import Answers, read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart
from emptychair.cli.rootcause import columns_named, points
from emptychair.cli.tables import share, table_option, tables_of, text

if TYPE_CHECKING:
    from emptychair.analysis.rootcause.kappa import Kappa
    from emptychair.analysis.rootcause.records import DriverGroup, DriverStudy
    from emptychair.analysis.rootcause.whatif import Money, Outcome

_SHARE = click.FloatRange(0, 1)


def _shifts(ctx: click.Context, _: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for value in values:
        name, equals, size = value.rpartition("=")
        try:
            found[name.strip()] = float(size.replace(",", "."))
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise click.BadParameter(
                f"{value!r} is not of the form DRIVER=STEPS, such as waiting=+0.5.", ctx
            )
    return found


@click.command()
@click.argument("file")
@click.option(
    "--set",
    "shifts",
    multiple=True,
    required=True,
    callback=_shifts,
    metavar="DRIVER=STEPS",
    help="Change a driver by so many steps; may be repeated.",
)
@click.option("--segment", metavar="NAME", help="Only for this segment; --by names its column.")
@click.option("--ratings", metavar="a,b", help="Drivers of the model.  [default: all]")
@click.option(
    "--reach",
    type=_SHARE,
    default=1.0,
    show_default=True,
    help="Share of the customers that the change reaches.",
)
@click.option(
    "--success", type=_SHARE, default=1.0, show_default=True, help="Chance that it works at all."
)
@click.option("--cost", type=click.FloatRange(0), help="What it costs, once.")
@table_option("customers")
@table_option("values")
@click.option(
    "--customer-count",
    type=click.FloatRange(0),
    metavar="N",
    help="Customers concerned, in place of --customers.",
)
@click.option(
    "--value-of-move",
    type=float,
    metavar="AMOUNT",
    help="Margin a year of one bucket up, in place of --values.",
)
@click.option(
    "--finished",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="CSV of own finished initiatives: expected_points, measured_points, standard_error.",
)
@reading_options
@result_options
def whatif(
    file: str,
    shifts: dict[str, float],
    segment: str | None,
    ratings: str | None,
    reach: float,
    success: float,
    cost: float | None,
    customers: str | None,
    values: str | None,
    customer_count: float | None,
    value_of_move: float | None,
    finished: str | None,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:  # fmt: skip
    """What changing drivers of FILE may bring: a range of outcomes in points and in money.

    Only a share of what goes along with a driver is caused by it. That share is learnt from
    --finished initiatives; without them it may be anything, most likely a half.
    """
    from emptychair.analysis.errors import NoAnswersError
    from emptychair.analysis.rootcause.drivers import drivers as drivers_of
    from emptychair.analysis.rootcause.whatif import rating_histograms, what_if

    answers = read_answers(file, by=by, **reading)
    column = _segment_column(answers, segment)
    with progress("Drawing outcomes ..."):
        study = drivers_of(
            answers.table, ratings=columns_named(answers, ratings), by=column, confidence=confidence
        )
        kappa = _kappa(finished)
        groups = _chosen(study, segment, column)
        rated = [name for one in groups for name in _ratings(one)]
        counts = rating_histograms(answers.table, list(dict.fromkeys(rated)), column)
        worth = _money(answers, customers, values, customer_count, value_of_move)
        outcomes = [
            what_if(
                group, shifts, counts.get(group.group, {}), reach=reach, success=success,
                kappa=kappa, money=_share_of(worth, group, study), cost=cost, seed=seed,
            )
            for group in groups
            if group.n >= min_answers
        ]  # fmt: skip
    if not outcomes:
        raise NoAnswersError(f"Fewer than {min_answers} answers: too few to suppose anything.")
    result = Result(
        method="draws_from_effects_kappa_and_success",
        inputs={
            **answers.inputs, "set": shifts, "segment": segment, "by": list(column),
            "reach": reach, "success": success, "cost": cost, "customers": customers,
            "values": values, "finished": finished, "confidence": confidence, "seed": seed,
        },
        excluded=answers.excluded,
        results=[_outcome_row(one, column) for one in outcomes],
        headings=(*column, "points", "low", "high", "P(up)", "money", "low", "high", "P(pays)"),
        shown=[_outcome_shown(one) for one in outcomes],
        notes=(*_notes(outcomes[0], kappa), *answers.notes),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.rootcause import outcomes_chart
        from emptychair.analysis.show.words import Words

        write_chart(outcomes_chart(outcomes, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _segment_column(answers: Answers, segment: str | None) -> tuple[str, ...]:
    if segment is None or answers.by:
        return answers.by
    there = [answers.file.column(name) for name in ("attr_segment", "segment")]
    found = [name for name in there if name in answers.table.columns]
    if not found:
        raise click.UsageError("--segment needs the column it stands in: name it with --by.")
    return (found[0],)


def _chosen(study: DriverStudy, segment: str | None, column: tuple[str, ...]) -> list[DriverGroup]:
    if not column:
        return [study.company]
    if segment is None:
        return study.groups
    found = [one for one in study.groups if segment in [str(value) for value in one.group]]
    if not found:
        there = ", ".join(str(one.group[0]) for one in study.groups)
        raise click.UsageError(f"There is no segment {segment!r}. There are: {there}.")
    return found


def _ratings(group: DriverGroup) -> list[str]:
    return [name for one in group.measured if not one.is_theme for name in one.members]


def _kappa(finished: str | None) -> Kappa:
    import csv

    from emptychair.analysis.errors import DataError
    from emptychair.analysis.rootcause.kappa import Finished, learn_kappa

    if finished is None:
        return learn_kappa()
    with Path(finished).open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    names = ("expected_points", "measured_points", "standard_error")
    try:
        return learn_kappa([Finished(*(float(row[name]) for name in names)) for row in rows])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError) or "initiative" in str(error):
            raise
        raise DataError(
            f"{finished}: every row needs a number in {', '.join(names)}; the file has "
            f"{', '.join(rows[0]) if rows else 'no rows'}."
        ) from error


def _money(
    answers: Answers,
    customers: str | None,
    values: str | None,
    customer_count: float | None,
    value_of_move: float | None,
) -> Money | None:
    """Return what points are worth to everybody; None where nothing is known of money."""
    from emptychair.analysis.customers.economics import economics
    from emptychair.analysis.rootcause.whatif import Money

    if customer_count is not None and value_of_move is not None:
        return Money(customer_count, value_of_move)
    if customers is None or values is None:
        if customers or values or customer_count or value_of_move:
            raise click.UsageError(
                "Money needs --customers and --values, or --customer-count and --value-of-move."
            )
        return None
    tables = tables_of(answers.engine, customers=customers, values=values)
    base = cast("Any", tables["customers"])
    found = economics(answers.table, base, cast("Any", tables["values"]), confidence=0.95)
    moves = [one.value_of_move for one in found if one.value_of_move is not None]
    if not moves:
        raise click.UsageError("The values do not tell what a customer one bucket up is worth.")
    left = base.filter(base["left_at"].isnull()) if "left_at" in base.columns else base
    n = int(left.count().to_pyarrow().as_py())
    error = sum(one.standard_error**2 for one in moves) ** 0.5 / len(moves)
    return Money(customer_count or n, sum(one.value for one in moves) / len(moves), error)


def _share_of(worth: Money | None, group: DriverGroup, study: DriverStudy) -> Money | None:
    """Return what points are worth to a group, as large as its share of the answers."""
    from dataclasses import replace

    if worth is None or not group.group:
        return worth
    return replace(worth, customers=worth.customers * group.n / study.company.n)


def _outcome_row(one: Outcome, by: tuple[str, ...]) -> Mapping[str, Any]:
    row: dict[str, Any] = {
        "group": dict(zip(by, one.group, strict=True)),
        **{name: value for name, value in vars(one).items() if name not in ("group", "kappa")},
        "kappa_mean": one.kappa.mean,
        "kappa_low": one.kappa.low,
        "kappa_high": one.kappa.high,
        "kappa_initiatives": one.kappa.n,
    }
    return row


def _outcome_shown(one: Outcome) -> tuple[str, ...]:
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        points(one.effect_points),
        points(one.low_points),
        points(one.high_points),
        share(one.p_positive),
        *(text(value) for value in (one.money, one.money_low, one.money_high)),
        share(one.p_pays_back),
    )


def _notes(one: Outcome, kappa: Kappa) -> list[str]:
    source = f"{kappa.n} finished initiatives" if kappa.n else "no initiative of your own yet"
    notes = [
        f"Of what goes along with a driver {kappa.mean:.0%} ({kappa.low:.0%} to {kappa.high:.0%}) "
        f"counts as caused by it: learnt from {source}.",
        "The range holds 80 % of 4000 drawn outcomes.",
    ]
    notes += [
        f"{shift.driver}: {shift.asked:+.2f} steps were asked; as nobody rates above 5, "
        f"{shift.possible:+.2f} are possible."
        for shift in one.shifts
        if abs(shift.possible - shift.asked) > 0.005
    ]
    return notes
