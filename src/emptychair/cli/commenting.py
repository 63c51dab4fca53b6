"""Commands about comments: what customers write about and what it goes along with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emptychair.cli.options import read_answers, reading_options, result_options
from emptychair.cli.output import Result, emit, progress
from emptychair.cli.pictures import write_chart

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from emptychair.analysis.comments.discover import Discovery
    from emptychair.analysis.comments.quotes import Quote
    from emptychair.analysis.comments.taxonomy import Taxonomy
    from emptychair.analysis.comments.themes import ThemeEffect

_SHOWN_DISCOVERIES = 8


@click.command()
@click.argument("file")
@click.option(
    "--taxonomy", metavar="FILE",
    help="Themes with keywords as TOML; those that come along if left out.",
)  # fmt: skip
@click.option(
    "--discover", "discovers", is_flag=True,
    help="Say what comments without a theme have in common.",
)  # fmt: skip
@reading_options
@result_options
def themes(
    file: str,
    taxonomy: str | None,
    discovers: bool,
    by: tuple[str, ...],
    confidence: float,
    seed: int,
    min_answers: int,
    as_json: bool,
    as_csv: bool,
    output: str | None,
    **reading: Any,
) -> None:
    """What the comments of FILE are about, and what each theme goes along with.

    Comments in Swedish, Danish, Norwegian, Finnish, German and English are read together,
    without any service. The impact is what those who mention a theme add to the NPS of all,
    against the other commenters. -o NAME.parquet writes the answers with one column per theme.
    """
    from emptychair.analysis.comments.columns import with_themes
    from emptychair.analysis.comments.quotes import quotes
    from emptychair.analysis.comments.themes import FALSE_DISCOVERY_RATE
    from emptychair.analysis.comments.themes import themes as effects_of

    chosen = _taxonomy(taxonomy)
    answers = read_answers(file, by=by, **reading)
    with progress("Reading comments ..."):
        table = with_themes(answers.table, chosen)
        found = effects_of(table, by=answers.by, confidence=confidence)
        told = quotes(table, by=answers.by)
        discoveries = _discoveries(table) if discovers else []
    mentioned = [one for one in found if one.n]
    names = {theme.key: theme.name("en") for theme in chosen.themes}
    sure = sum(one.verdict != "unclear" for one in mentioned)
    result = Result(
        method="keyword_themes_delete_a_group_jackknife_and_benjamini_hochberg",
        inputs={
            **answers.inputs, "taxonomy": taxonomy or "shipped", "confidence": confidence,
            "seed": seed, "false_discovery_rate": FALSE_DISCOVERY_RATE,
        },
        excluded=answers.excluded,
        results=[
            *(_row(one, names, told, answers.by, min_answers) for one in mentioned),
            *(_discovered_row(one, min_answers) for one in discoveries),
        ],
        headings=(
            *answers.by, "theme", "n", "share", "NPS", "impact", "low", "high", "q", "sentiment",
        ),
        shown=[_shown(one, names, min_answers) for one in mentioned],
        notes=(*_notes(found, sure, mentioned, discoveries), *answers.notes),
    )  # fmt: skip
    if output is not None and Path(output).suffix.lower() == ".parquet":
        from pyarrow import parquet

        parquet.write_table(table.to_pyarrow(), output, compression="zstd")
        emit(result, as_json=as_json, as_csv=as_csv)
        return

    def draw(path: Path) -> None:
        from emptychair.analysis.show.themeresults import themes_chart
        from emptychair.analysis.show.words import Words

        if by:
            raise click.UsageError("A picture of themes shows one group: leave out --by.")
        write_chart(themes_chart(mentioned, names, Words("en")), path)

    emit(result, as_json=as_json, as_csv=as_csv, output=output, draw=draw)


def _taxonomy(path: str | None) -> Taxonomy:
    from emptychair.analysis.comments.taxonomy import read_taxonomy, shipped_taxonomy

    return shipped_taxonomy() if path is None else read_taxonomy(path)


def _discoveries(table: ir.Table) -> list[Discovery]:
    from emptychair.analysis.comments.discover import discover

    return discover(table)


def _row(
    one: ThemeEffect,
    names: Mapping[str, str],
    told: Mapping[Any, Sequence[Quote]],
    by: tuple[str, ...],
    min_answers: int,
) -> dict[str, Any]:
    return {
        "group": dict(zip(by, one.group, strict=True)),
        "theme": one.theme,
        "label": names[one.theme],
        "languages": dict(one.languages),
        "n": one.n,
        "share": one.share,
        "nps_points": one.nps_points if one.n >= min_answers else None,
        "others_points": one.others_points,
        "impact_points": one.impact_points,
        "impact_low": one.impact_low,
        "impact_high": one.impact_high,
        "without_points": one.without_points,
        "q_value": one.q_value,
        "verdict": one.verdict,
        "sentiment": dict(one.sentiment),
        "quotes": [quote.text for quote in told.get((one.group, one.theme), ())],
    }


def _discovered_row(one: Discovery, min_answers: int) -> dict[str, Any]:
    return {
        "theme": None,
        "label": one.label,
        "keywords": {language: list(found) for language, found in one.keywords.items()},
        "n": one.n,
        "share": one.share,
        "nps_points": one.nps_points if one.n >= min_answers else None,
        "q_value": one.q_value,
        "verdict": "discovered",
        "quotes": list(one.examples),
    }


def _shown(one: ThemeEffect, names: Mapping[str, str], min_answers: int) -> tuple[str, ...]:
    if one.n < min_answers or not isfinite(one.impact_points):
        figures: tuple[str, ...] = ("too few", "", "", "", "")
    else:
        limits = (one.nps_points, one.impact_points, one.impact_low, one.impact_high)
        figures = (*(f"{value:+.1f}" for value in limits), f"{one.q_value:.3f}")
    sentiment = ", ".join(f"{n} {name}" for name, n in one.sentiment.items())
    return (
        *("(none)" if value is None else str(value) for value in one.group),
        names[one.theme],
        str(one.n),
        f"{one.share:.1%}",
        *figures,
        sentiment,
    )


def _notes(
    found: Sequence[ThemeEffect],
    sure: int,
    mentioned: Sequence[ThemeEffect],
    discoveries: Sequence[Discovery],
) -> list[str]:
    from emptychair.analysis.comments.themes import FALSE_DISCOVERY_RATE

    notes = [
        f"{sure} of {len(mentioned)} themes go along with the NPS for sure (false discovery rate "
        f"{FALSE_DISCOVERY_RATE:.0%}); nothing shows that they cause it."
    ]
    silent = len(found) - len(mentioned)
    if silent:
        notes.append(f"{silent} themes are not mentioned.")
    if discoveries:
        words = ", ".join(f"{one.label} ({one.n})" for one in discoveries[:_SHOWN_DISCOVERIES])
        notes.append(f"Comments without a theme share: {words}.")
    return notes
