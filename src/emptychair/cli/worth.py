"""Commands about money: what buckets are worth, and growth that is earned."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart
from emptychair.cli.tables import (
    columns_of,
    day_of,
    share,
    table_option,
    tables_of,
    text,
    until_option,
)

if TYPE_CHECKING:
    from emptychair.analysis.customers.economics import Economics
    from emptychair.analysis.customers.growth import Growth
    from emptychair.analysis.customers.worth import Figure
    from emptychair.analysis.sums.jackknife import Estimate
    from emptychair.analysis.sums.moves import Every

_FIGURES = (
    "revenue_12m", "margin_12m", "cost_to_serve_12m", "cross_sell_12m", "referrals_12m",
    "retention_12m", "months_kept", "lifetime_value",
)  # fmt: skip


@click.command()
@click.argument("file")
@table_option("customers", required=True)
@table_option("values", required=True)
@table_option("events")
@table_option("referrals")
@click.option(
    "--adjust",
    metavar="a,b",
    help="Columns that make customers comparable.  [default: segment, tenure, earlier revenue]",
)
@click.option(
    "--lifetime-months", type=click.IntRange(12, 120), default=36, show_default=True,
    help="Months over which the lifetime value counts.",
)  # fmt: skip
@click.option(
    "--discount", type=click.FloatRange(0, 1, max_open=True), default=0.1, show_default=True,
    help="Interest per year, a share.",
)  # fmt: skip
@until_option
@reading_options
@result_options
def economics(
    file: str,
    customers: str,
    values: str,
    events: str | None,
    referrals: str | None,
    adjust: str | None,
    lifetime_months: int,
    discount: float,
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
    """What detractors, passives and promoters of FILE brought in the year after they answered.

    Figures are per customer, as measured and among customers alike in segment, tenure and
    earlier revenue. Differences go along with the bucket; nothing shows that it causes them.
    """
    from emptychair.analysis.customers.economics import economics as worth

    answers = read_answers(file, **reading)
    with progress("Adding up ..."):
        tables = tables_of(
            answers.engine,
            customers=customers, values=values, events=events, referrals=referrals,
        )  # fmt: skip
        found = worth(
            answers.table,
            cast("Any", tables["customers"]),
            cast("Any", tables["values"]),
            tables["events"],
            tables["referrals"],
            by=columns_of(answers, by),
            adjust=None if adjust is None else [one.strip() for one in adjust.split(",")],
            until=day_of(until),
            lifetime_months=lifetime_months,
            discount_share=discount,
            confidence=confidence,
        )
    result = Result(
        method="overlap_weights_and_jackknife",
        inputs={
            **answers.inputs, "customers": customers, "values": values, "events": events,
            "referrals": referrals, "adjust": adjust, "until": day_of(until), "by": list(by),
            "lifetime_months": lifetime_months, "discount_share": discount,
            "confidence": confidence, "seed": seed,
        },
        excluded=answers.excluded,
        results=[_economics_row(one, by, min_answers) for one in found],
        headings=(
            *by, "bucket", "customers", "revenue 12m", "adjusted", "margin 12m", "adjusted",
            "kept 12m", "lifetime value", "one bucket up",
        ),
        shown=[_economics_shown(one, min_answers) for one in found],
        notes=(
            "Figures per customer; adjusted: among customers who are alike. They go along with "
            "the bucket and are not shown to be caused by it.",
            *answers.notes,
        ),
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import worth_chart
        from emptychair.analysis.show.words import Words

        write_chart(worth_chart(found, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _economics_row(one: Economics, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "group": dict(zip(by, one.group, strict=True)),
        "bucket": one.bucket,
        "n": one.n,
        "lost": one.lost,
        "comparable_share": one.comparable_share,
    }
    few = one.n < min_answers
    for name in _FIGURES:
        figure: Figure | None = getattr(one, name)
        row |= _six(name, figure, few=few)
    move = one.value_of_move
    row["value_of_move"] = None if move is None or few else move.value
    row["value_of_move_low"] = None if move is None else move.low
    row["value_of_move_high"] = None if move is None else move.high
    return row


def _six(name: str, figure: Figure | None, *, few: bool) -> dict[str, float | None]:
    """Return a figure's value, interval, and the same among comparable customers."""
    names = (f"{name}_low", f"{name}_high")
    if figure is None:
        return dict.fromkeys((name, *names, *(f"{name}_adjusted{end}" for end in _ENDS)))
    return {
        name: None if few else figure.value,
        names[0]: figure.low,
        names[1]: figure.high,
        f"{name}_adjusted": None if few else figure.adjusted,
        f"{name}_adjusted_low": figure.adjusted_low,
        f"{name}_adjusted_high": figure.adjusted_high,
    }


_ENDS = ("", "_low", "_high")


def _economics_shown(one: Economics, min_answers: int) -> tuple[str, ...]:
    start = (*("(none)" if value is None else str(value) for value in one.group), one.bucket)
    if one.n < min_answers:
        return (*start, "too few answers", *[""] * 7)
    revenue, margin = one.revenue_12m, one.margin_12m
    return (
        *start,
        str(one.n),
        text(revenue and revenue.value),
        text(revenue and revenue.adjusted),
        text(margin and margin.value),
        text(margin and margin.adjusted),
        share(one.retention_12m.value if one.retention_12m else None),
        text(one.lifetime_value and one.lifetime_value.value),
        text(one.value_of_move and one.value_of_move.value),
    )


@click.command()
@table_option("customers", required=True)
@table_option("values", required=True)
@table_option("referrals", required=True)
@click.option(
    "--every", type=click.Choice(["month", "quarter", "year"]), default="year", show_default=True,
    help="Length of the periods, counted back from the last month of revenue.",
)  # fmt: skip
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD",
    help="Last day that counts.  [default: the last month of revenue]",
)  # fmt: skip
@click.option(
    "--engine", default="duckdb", show_default=True, metavar="ADDRESS",
    help="Where to compute: duckdb, spark, spark://host:port, postgres://...",
)  # fmt: skip
@result_options
def growth(
    customers: str,
    values: str,
    referrals: str,
    every: str,
    until: datetime | None,
    engine: str,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
) -> None:
    """Growth that was earned: customers who stay and buy more, and those they brought.

    The origin of each newcomer comes from the referrals: earned, bought or unknown.
    """
    from emptychair.analysis.customers.growth import growth as growth_of
    from emptychair.analysis.tables import connect

    with progress("Adding up ..."):
        tables = tables_of(connect(engine), customers=customers, values=values, referrals=referrals)
        found = growth_of(
            cast("Any", tables["customers"]),
            cast("Any", tables["values"]),
            cast("Any", tables["referrals"]),
            every=cast("Every", every),
            by=by,
            until=day_of(until),
            confidence=confidence,
        )
    result = Result(
        method="earned_growth_and_jackknife",
        inputs={
            "customers": customers, "values": values, "referrals": referrals, "every": every,
            "until": day_of(until), "by": list(by), "confidence": confidence, "seed": seed,
        },
        excluded={},
        results=[_growth_row(one, by, min_answers) for one in found],
        headings=(*by, "period", "earned growth", "low", "high", "revenue kept", "earned new"),
        shown=[_growth_shown(one) for one in found],
    )  # fmt: skip

    def draw(path: Path) -> None:
        from emptychair.analysis.show.customerresults import growth_chart
        from emptychair.analysis.show.words import Words

        write_chart(growth_chart(found, every, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _three(name: str, found: Estimate | None, *, few: bool = False) -> dict[str, float | None]:
    if found is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {
        name: None if few else found.value, f"{name}_low": found.low, f"{name}_high": found.high
    }  # fmt: skip


def _growth_row(one: Growth, by: tuple[str, ...], min_answers: int) -> dict[str, Any]:
    few = one.customers < min_answers
    rate = one.earned_growth_rate
    return {
        "group": dict(zip(by, one.group, strict=True)),
        "period": one.period,
        "customers": one.customers,
        "newcomers": one.newcomers,
        "revenue_before": one.revenue_before,
        "revenue": one.revenue,
        "earned_growth_rate": None if rate is None or few else rate.value,
        "low": None if rate is None else rate.low,
        "high": None if rate is None else rate.high,
        **_three("net_revenue_retention", one.net_revenue_retention, few=few),
        **_three("earned_new_share", one.earned_new_share, few=few),
        "known_origin_share": one.known_origin_share,
        "least_earned_growth_rate": one.least_earned_growth_rate,
    }


def _growth_shown(one: Growth) -> tuple[str, ...]:
    rate = one.earned_growth_rate
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        one.period.isoformat(),
        *(share(end) for end in ((rate.value, rate.low, rate.high) if rate else (None,) * 3)),
        share(one.net_revenue_retention.value),
        share(one.earned_new_share.value if one.earned_new_share else None),
    )
