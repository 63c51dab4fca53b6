"""Sentences that simulated customers leave, by language, driver and bucket."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from emptychair.analysis.errors import ArgumentError

LANGUAGES = ("sv", "da", "nb", "en")
TONES = ("negative", "neutral", "positive")
_GENERAL = "general"
_UNIT = "{unit}"
_SECOND_SENTENCE_SHARE = 0.35

Strings = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Pool:
    """Sentences of one kind, each split where the unit's name goes."""

    before: Strings
    after: Strings
    names_unit: npt.NDArray[np.bool_]


def write_comments(
    rng: np.random.Generator,
    *,
    languages: Sequence[str],
    language: Integers,
    drivers: Sequence[str],
    driver: Integers,
    bucket: Integers,
    units: Sequence[str],
    unit: Integers,
) -> Strings:
    """Return one comment per answer: about its driver in its bucket's tone, in its language.

    Args:
        rng: where chance comes from.
        languages: codes of languages; `language` indexes them.
        language: the language of each comment.
        drivers: names of drivers; `driver` indexes them.
        driver: what each comment is about.
        bucket: 0 detractor, 1 passive, 2 promoter.
        units: names of units; `unit` indexes them.
        unit: the unit of each comment.
    """
    names = np.array(units, dtype=object)[unit]
    comments = np.empty(len(driver), dtype=object)
    for i, code in enumerate(languages):
        for tone in range(len(TONES)):
            for j, name in enumerate(drivers):
                chosen = np.flatnonzero((language == i) & (bucket == tone) & (driver == j))
                if chosen.size:
                    comments[chosen] = _sentences(rng, _pool(code, name, tone), names[chosen])
            chosen = np.flatnonzero((language == i) & (bucket == tone))
            more = chosen[rng.random(chosen.size) < _SECOND_SENTENCE_SHARE]
            if more.size:
                second = _sentences(rng, _pool(code, _GENERAL, tone), names[more])
                comments[more] = comments[more] + " " + second
    return comments


def _sentences(rng: np.random.Generator, pool: _Pool, names: Strings) -> Strings:
    which = rng.integers(len(pool.before), size=len(names))
    middle = np.where(pool.names_unit[which], names, "")
    sentences: Strings = pool.before[which] + middle + pool.after[which]
    return sentences


@cache
def _pool(language: str, about: str, tone: int) -> _Pool:
    sentences = _catalogue(language).get(about, _catalogue(language)[_GENERAL])[TONES[tone]]
    parts = [sentence.partition(_UNIT) for sentence in sentences]
    return _Pool(
        np.array([before for before, _, _ in parts], dtype=object),
        np.array([after for _, _, after in parts], dtype=object),
        np.array([bool(unit) for _, unit, _ in parts]),
    )


@cache
def _catalogue(language: str) -> dict[str, dict[str, list[str]]]:
    if language not in LANGUAGES:
        raise ArgumentError(
            f"There are no comments in {language!r}, only in {', '.join(LANGUAGES)}."
        )
    file = resources.files(__package__).joinpath("comments", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
