"""Writes docs/benchmarks: a page and two pictures per benchmark, and an index with all targets."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import scale
from benchmarks.harness import ROOT
from benchmarks.pictures import picture
from benchmarks.published import (
    FIGURES,
    FOLDER,
    Run,
    about,
    in_words,
    lines_of,
    newest,
    runs,
    verdict,
)

INTRODUCTION = """\
# Benchmarks

Measured figures, and the command that repeats each. A figure is best read as a ratio within one
run (ours to a floor or a peer, in turn, the median): machines are noisy and are used by others.
These pages are made by `./run documents` from [figures.jsonl](figures.jsonl), which
`./run bench --document` fills from the newest runs. What a figure means for a larger company
is in [scale](../operate/scale.md).
"""
SCALE = ROOT / "docs" / "operate" / "scale.md"
_PLAN = re.compile(r"(<!-- plan: (\S+) (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
NEEDED = {"B5", "B8", "B10", "B13", "B19"}  # by the model of scale


def publish(results: Path) -> None:
    """Take the last run of each benchmark over into the published figures; write the pages."""
    lines = newest([*lines_of(FIGURES), *lines_of(results)])
    FOLDER.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    write()


def write() -> None:
    """Write every page and picture; take away those of benchmarks that are gone."""
    made = pages()
    for old in (*FOLDER.glob("*.md"), *FOLDER.glob("*.svg")):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def stale() -> list[str]:
    """Return the names of pages and pictures that are not what they would be made anew."""
    return [
        name
        for name, text in pages().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]


def pages() -> dict[str, str]:
    """Return the text of every page and picture by its file name."""
    told, found = about(), list(runs())
    made = {"README.md": "\n".join([INTRODUCTION, *_index(found)]) + "\n"}
    for run in found:
        words, name = told[run.benchmark], run.benchmark.lower()
        title = f"{run.benchmark}: {words['title']}"
        made[f"{name}.md"] = "\n".join(_page(run, title, words)) + "\n"
        made[f"{name}-light.svg"] = picture(title, run.figures, "light")
        made[f"{name}-dark.svg"] = picture(title, run.figures, "dark")
    if {run.benchmark for run in found} >= NEEDED:
        made["../operate/scale.md"] = _with_plans(SCALE.read_text(encoding="utf-8"))
    return made


def _with_plans(text: str) -> str:
    """Return the page of scale with each plan reckoned anew from the published figures."""
    known = scale.constants()

    def reckoned(found: re.Match[str]) -> str:
        parts = scale.plan(float(found[2]), float(found[3]), known)
        cost = f"About {scale.cost(parts):,.0f} euros a month at the prices above."
        return f"{found[1]}{scale.table(parts)}\n\n{cost}\n{found[4]}"

    return _PLAN.sub(reckoned, text)


def _index(found: list[Run]) -> Iterator[str]:
    told = about()
    targets = [(run, figure) for run in found for figure in run.figures if verdict(figure)]
    met = sum(verdict(figure) == "met" for _, figure in targets)
    yield f"{met} of {len(targets)} targets are met in these runs.\n"
    yield "| benchmark | figure | target | measured | verdict |"
    yield "|---|---|---|---|---|"
    for run, figure in targets:
        link = f"[{run.benchmark}]({run.benchmark.lower()}.md)"
        yield (
            f"| {link} | {figure.name} | {_target(figure)} | {_value(figure)} | {verdict(figure)} |"
        )
    untold = [name for name in told if name not in {run.benchmark for run in found}]
    yield "\n| benchmark | size | day | command |"
    yield "|---|---|---|---|"
    for run in found:
        link = f"[{run.benchmark}: {told[run.benchmark]['title']}]({run.benchmark.lower()}.md)"
        yield f"| {link} | {run.size} | {run.on} | `{run.command}` |"
    if untold:
        yield f"\nNot published yet: {', '.join(untold)}."


def _page(run: Run, title: str, words: dict[str, str]) -> Iterator[str]:
    name = run.benchmark.lower()
    yield f"# {title}\n"
    yield f"{words['work']}\n"
    yield f"{words['means']}\n"
    yield "<picture>"
    yield f'<source media="(prefers-color-scheme: dark)" srcset="{name}-dark.svg">'
    yield f'<img src="{name}-light.svg" alt="The figures of the table below as bars.">'
    yield "</picture>\n"
    yield "| figure | measured | target | verdict | note |"
    yield "|---|---|---|---|---|"
    for figure in run.figures:
        yield (
            f"| {figure.name} | {_value(figure)} | {_target(figure)} | {verdict(figure)} "
            f"| {figure.note} |"
        )
    machine = f" on {run.cores} cores" if run.cores else ""
    beside = f", beside {run.beside}" if run.beside else ""
    yield f"\nMeasured on {run.on} (UTC){machine}{beside}, size {run.size}:\n"
    yield f"    {run.command}\n"
    yield f"The code is `benchmarks/{words['file']}`."


def _value(figure) -> str:
    return f"{in_words(figure.value)} {figure.unit}".strip()


def _target(figure) -> str:
    if figure.at_most is not None:
        return f"at most {in_words(figure.at_most)} {figure.unit}".strip()
    if figure.at_least is not None:
        return f"at least {in_words(figure.at_least)} {figure.unit}".strip()
    return ""
