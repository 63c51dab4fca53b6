"""How well comments are read: the labelled sets of tests/analysis/comments/labelled.

A line holds language, themes, tone, triage and the comment, apart by tabs; personal data stands
between brackets with its kind. `development` is what the keyword lists were made with. `heldout`
(plain sentences) and `hard` (said indirectly) were written after that.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tools.coverage.common import Rows, percent

from emptychair.analysis.comments.language import detect
from emptychair.analysis.comments.lexicon import LANGUAGES
from emptychair.analysis.comments.masking import personal_data
from emptychair.analysis.comments.reading import CommentReading, read_comment
from emptychair.analysis.comments.themes import effects_of
from emptychair.analysis.sums.groups import GROUPS

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "analysis" / "comments" / "labelled"
SETS = ("development", "heldout", "hard")
_TONES = {"pos": "positive", "neg": "negative", "mix": "mixed", "neu": "neutral"}
_TRIAGES = {
    "ans": "answer", "sug": "suggestion", "pra": "praise", "rem": "remark", "unu": "unusable"
}  # fmt: skip
_MARK = re.compile("⟦(\\w+):(.*?)⟧")


@dataclass(frozen=True)
class Labelled:
    """A comment with what a person found in it."""

    language: str
    themes: frozenset[str]
    sentiment: str
    triage: str
    text: str
    personal: tuple[tuple[int, int], ...]


@dataclass
class Hits:
    """What was found rightly, found wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


@cache
def labelled(name: str) -> tuple[Labelled, ...]:
    lines = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return tuple(_parsed(line) for line in lines)


def _parsed(line: str) -> Labelled:
    language, themes, tone, triage, marked = line.split("\t")
    text, spans, place = "", [], 0
    for found in _MARK.finditer(marked):
        text += marked[place : found.start()]
        spans.append((len(text), len(text) + len(found[2])))
        text += found[2]
        place = found.end()
    text += marked[place:]
    names = frozenset(filter(None, themes.split(",")))
    return Labelled(language, names, _TONES[tone], _TRIAGES[triage], text, tuple(spans))


def theme_hits(comments: Iterable[Labelled]) -> Hits:
    hits = Hits()
    for one in comments:
        found = set(read_comment(one.text, language=one.language).themes)
        hits.right += len(found & one.themes)
        hits.wrong += len(found - one.themes)
        hits.missed += len(one.themes - found)
    return hits


def personal_hits(comments: Iterable[Labelled]) -> Hits:
    hits = Hits()
    for one in comments:
        found = personal_data(one.text)
        covered = [any(f.start <= s and f.end >= e for f in found) for s, e in one.personal]
        hits.right += sum(covered)
        hits.missed += len(covered) - sum(covered)
        hits.wrong += sum(all(f.end <= s or f.start >= e for s, e in one.personal) for f in found)
    return hits


def class_hits(
    comments: Iterable[Labelled], truth: Callable[[Labelled], str], guess: Callable[[Labelled], str]
) -> dict[str, Hits]:
    hits: dict[str, Hits] = defaultdict(Hits)
    for one in comments:
        true, found = truth(one), guess(one)
        if true == found:
            hits[true].right += 1
        else:
            hits[true].missed += 1
            hits[found].wrong += 1
    return hits


def share_right(hits: dict[str, Hits]) -> float:
    right = sum(one.right for one in hits.values())
    return right / max(1, right + sum(one.missed for one in hits.values()))


def told_language(one: Labelled) -> str:
    guess = detect(one.text)
    return guess.language if guess else "none"


def sentiment_hits(comments: Iterable[Labelled]) -> dict[str, Hits]:
    return class_hits(comments, lambda one: one.sentiment, lambda one: _read(one).sentiment)


def triage_hits(comments: Iterable[Labelled]) -> dict[str, Hits]:
    return class_hits(comments, lambda one: one.triage, lambda one: _read(one).triage)


def _read(one: Labelled) -> CommentReading:
    return read_comment(one.text, language=one.language)


def language_hits(comments: Iterable[Labelled]) -> dict[str, Hits]:
    told = [one for one in comments if one.triage != "unusable"]
    return class_hits(told, lambda one: one.language, told_language)


def comments_table(_: float) -> Rows:
    """Return by set and language how much of each task is right, in percent."""
    rows: Rows = [[
        "set", "language", "comments", "language told", "themes: precision", "recall",
        "sentiment right", "triage right", "personal data: precision", "recall",
    ]]  # fmt: skip
    for name in SETS:
        for language in (*LANGUAGES, "all"):
            mine = [one for one in labelled(name) if language in (one.language, "all")]
            rows.append([name, language, str(len(mine)), *_figures(mine)])
    return rows


def _figures(mine: Sequence[Labelled]) -> list[str]:
    themes, personal = theme_hits(mine), personal_hits(mine)
    shares = [
        share_right(language_hits(mine)), themes.precision, themes.recall,
        share_right(sentiment_hits(mine)), share_right(triage_hits(mine)),
    ]  # fmt: skip
    masked = [personal.precision, personal.recall] if any(one.personal for one in mine) else []
    return [*(f"{100 * one:.0f}" for one in [*shares, *masked]), *(["-"] * (2 - len(masked)))]


def classes_table(_: float) -> Rows:
    """Return precision and recall of each class on what the lists were not made with."""
    rows: Rows = [["task", "class", "comments", "precision", "recall"]]
    told = [*labelled("heldout"), *labelled("hard")]
    tasks = {
        "language": language_hits(told),
        "sentiment": sentiment_hits(told),
        "triage": triage_hits(told),
    }
    for task, hits in tasks.items():
        for name, one in sorted(hits.items()):
            n = one.right + one.missed
            rows.append(
                [task, name, str(n), f"{100 * one.precision:.0f}", f"{100 * one.recall:.0f}"]
            )
    return rows


_POPULATIONS = {
    # shares of detractors, passives, promoters: of the silent, of commenters with and without it
    "pulls down": ((0.15, 0.35, 0.5), (0.55, 0.25, 0.2), (0.2, 0.3, 0.5)),
    "no effect": ((0.2, 0.3, 0.5), (0.25, 0.3, 0.45), (0.25, 0.3, 0.45)),
    "lifts": ((0.2, 0.3, 0.5), (0.05, 0.2, 0.75), (0.3, 0.3, 0.4)),
}
_COMMENTING, _MENTIONING = 0.5, 0.2  # of all; of those who comment


def impact_table(effort: float) -> Rows:
    """Return how often the interval of an impact holds the true one, customers answering twice."""
    rng = np.random.default_rng(20260701)
    runs = max(20, int(1_000 * effort))
    rows: Rows = [["theme", "answers", "true impact", "covered, %", "called sure, %"]]
    for name, shares in _POPULATIONS.items():
        silent, mention, other = (np.array(one) for one in shares)
        truth = _COMMENTING * _MENTIONING * 100 * float((mention - other) @ [-1, 0, 1])
        for n in (300, 1_000, 5_000):
            held = sure = 0
            for _ in range(runs):
                one = effects_of(_drawn(rng, n, silent, mention, other), ["theme"])[0]
                held += one.impact_low <= truth <= one.impact_high
                sure += one.q_value <= 0.05
            rows.append([name, str(n), f"{truth:+.1f}", percent(held / runs), percent(sure / runs)])
    return rows


def _drawn(rng: np.random.Generator, n: int, silent: Any, mention: Any, other: Any) -> Any:
    """Return sums by hash group of n answers; every customer answers twice alike."""
    sums = np.zeros((GROUPS, 3, 3))
    customers = n // 2
    kinds = rng.choice(
        3,
        customers,
        p=[1 - _COMMENTING, _COMMENTING * _MENTIONING, _COMMENTING * (1 - _MENTIONING)],
    )
    groups = rng.integers(GROUPS, size=customers)
    for kind, p in enumerate((silent, mention, other)):
        mine = groups[kinds == kind]
        buckets = rng.choice(3, len(mine), p=p)
        for row in ((0,), (0, 1, 2), (0, 1))[kind]:
            np.add.at(sums, (mine, row, buckets), 2)
    return sums


TABLES = {
    "comments": ("comments.md", comments_table),
    "comment-classes": ("comments.md", classes_table),
    "theme-impact": ("themes.md", impact_table),
}
