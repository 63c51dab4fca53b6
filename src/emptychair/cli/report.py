"""The report: one HTML page that can be mailed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from emptychair.cli.options import read_answers, reading_options
from emptychair.cli.output import progress


@click.command()
@click.argument("file")
@click.option(
    "-o",
    "--output",
    metavar="PAGE.html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the page.  [default: FILE with the ending .html, in this folder]",
)
@click.option(
    "--lang",
    type=click.Choice(["sv", "da", "en"]),
    default="en",
    show_default=True,
    help="Language of the page.",
)
@click.option("--title", help="Heading of the page.  [default: the file's name]")
@click.option("--by", multiple=True, metavar="COLUMN", help="Break the score down by this column.")
@click.option("--debug", is_flag=True, expose_value=False, hidden=True)
@reading_options
def report(
    file: str,
    output: Path | None,
    lang: str,
    title: str | None,
    by: tuple[str, ...],
    **reading: Any,
) -> None:
    """Write one HTML page about the answers in FILE; it needs no network and can be mailed.

    Score with interval, buckets, distribution, trend, groups, comments, what was left out of the
    file and how everything is computed. Without --by it picks columns with a few groups itself.
    """
    from emptychair.analysis.show.report import report_html
    from emptychair.analysis.show.words import Words

    answers = read_answers(file, by=by, **reading)
    target = output or Path(Path(file).name).with_suffix(".html")
    with progress(f"Writing {target} ..."):
        page = report_html(
            answers.file,
            title or _title_of(Path(file)),
            Words(lang),
            table=answers.table,
            excluded=answers.excluded,
            by=answers.by,
            made_at=datetime.now().astimezone(),
        )
        target.write_text(page, encoding="utf-8")
    click.echo(f"Wrote {target}.", err=True)


def _title_of(file: Path) -> str:
    name = file.stem.replace("_", " ").replace("-", " ").strip() or file.name
    return name[0].upper() + name[1:]
