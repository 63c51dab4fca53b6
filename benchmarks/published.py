"""The figures that docs/benchmarks shows: the last run of each benchmark, kept in one file."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import ROOT, Figure

FOLDER = ROOT / "docs" / "benchmarks"
FIGURES = FOLDER / "figures.jsonl"
ABOUT = Path(__file__).with_name("about.toml")


@dataclass(frozen=True)
class Run:
    """One run of one benchmark: its figures and how they came about."""

    benchmark: str
    figures: tuple[Figure, ...]
    size: str
    at: int
    cores: int | None
    beside: str

    @property
    def on(self) -> str:
        """The day it ran, in UTC."""
        return datetime.fromtimestamp(self.at, UTC).date().isoformat()

    @property
    def command(self) -> str:
        """What repeats it."""
        return f"./run bench --only {self.benchmark} --size {self.size}"


def about() -> dict[str, dict[str, str]]:
    """Return title, work, meaning and file of each benchmark."""
    return tomllib.loads(ABOUT.read_text(encoding="utf-8"))


def lines_of(path: Path) -> list[dict[str, object]]:
    """Return the JSON lines of a file; none of a file that is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def newest(lines: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Return the lines of the last run of each benchmark, in the order of `about`."""
    kept: dict[str, list[dict[str, object]]] = {}
    for line in lines:
        name = str(line["benchmark"])
        before = kept.get(name)
        if before is None or int(str(line["at"])) > int(str(before[0]["at"])):
            kept[name] = [line]
        elif line["at"] == before[0]["at"] and line not in before:
            before.append(line)
    return [line for name in about() if name in kept for line in kept[name]]


def runs(path: Path = FIGURES) -> Iterator[Run]:
    """Yield the published run of each benchmark."""
    known = Figure.__dataclass_fields__
    grouped: dict[str, list[dict[str, object]]] = {}
    for line in lines_of(path):
        grouped.setdefault(str(line["benchmark"]), []).append(line)
    for name, some in grouped.items():
        figures = [Figure(**{k: v for k, v in line.items() if k in known}) for line in some]
        first = some[0]
        cores = first.get("cores")
        yield Run(
            name, tuple(figures), str(first["size"]), int(str(first["at"])),
            int(str(cores)) if cores else None, str(first.get("beside", "")),
        )  # fmt: skip


def verdict(figure: Figure) -> str:
    """Return `met`, `missed` by how much, or nothing where there is no target."""
    if figure.at_most is not None:
        times = figure.value / figure.at_most
        return "met" if times <= 1 else f"missed, {times:.3g} times the target"
    if figure.at_least is not None:
        share = figure.value / figure.at_least
        return "met" if share >= 1 else f"missed, {share:.3g} of the target"
    return ""


def in_words(value: float) -> str:
    """Return a number with three figures that matter.

    Examples:
        >>> in_words(0), in_words(0.01234), in_words(12.345), in_words(123456.7)
        ('0', '0.0123', '12.3', '123,457')
    """
    if value == 0:
        return "0"
    if abs(value) < 0.0005:
        return f"{value:.1e}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
