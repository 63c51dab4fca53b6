"""What each theme goes along with: how many mention it, their score, what it costs the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, Final

import ibis
import numpy as np
from scipy import stats

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.comments.columns import LANGUAGE, SENTIMENT, THEME_PREFIX, theme_columns
from emptychair.analysis.comments.tone import SENTIMENTS
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError
from emptychair.analysis.sums.counts import Group, counted, in_order
from emptychair.analysis.sums.groups import GROUPS, hash_group
from emptychair.analysis.sums.jackknife import from_replicates

if TYPE_CHECKING:
    import ibis.expr.types as ir

FEWEST_MENTIONS: Final = 10  # below, no effect of a theme is told
FALSE_DISCOVERY_RATE: Final = 0.1

_ALL, _COMMENTED, _FIRST = 0, 1, 2  # rows of the sums: all answers, comments, then the themes


@dataclass(frozen=True)
class ThemeEffect:
    """How a theme goes along with the score.

    Attributes:
        group: values of the columns grouped by.
        theme: its key.
        n: answers whose comment mentions it.
        share: of the comments that tell something.
        nps_points: NPS of those who mention it; NaN without any.
        others_points: NPS of those who comment and do not mention it; NaN without any.
        impact_points: what those who mention it add to the NPS of all, against what it would
            be had they answered as the other commenters did; below zero it pulls down.
        impact_low: lower limit of its interval.
        impact_high: upper limit.
        without_points: the NPS of all without that.
        p_value: of no impact; NaN where no interval can be given.
        q_value: share of false findings in a list that ends here; NaN likewise.
        languages: mentions by language, the most common first.
        sentiment: mentions by sentiment.
    """

    group: Group
    theme: str
    n: int
    share: float
    nps_points: float
    others_points: float
    impact_points: float
    impact_low: float
    impact_high: float
    without_points: float
    p_value: float
    q_value: float
    languages: Mapping[str, int]
    sentiment: Mapping[str, int]

    @property
    def verdict(self) -> str:
        """`pulls_down`, `lifts`, or `unclear` where chance may explain it or too few tell."""
        if not self.q_value <= FALSE_DISCOVERY_RATE:
            return "unclear"
        return "pulls_down" if self.impact_points < 0 else "lifts"


def themes(
    readings: ir.Table, *, by: Sequence[str] = (), confidence: float = 0.95
) -> list[ThemeEffect]:
    """Return how the themes of comments go along with the NPS, the worst first.

    With n answers, of which m comments mention the theme, the impact is
    m/n * (NPS of those who mention it - NPS of the other commenters). It is an association: a
    theme may be mentioned by those who are unhappy about something else. Its interval is a
    delete-a-group jackknife over customers, the false discovery rate is held over all themes
    of a group. Below ten mentions no effect is told.

    Args:
        readings: responses with the columns of `with_themes`.
        by: columns to group by.
        confidence: coverage of the intervals.

    Returns:
        Effects by group, the lowest impact first, those that are not told last.

    Raises:
        ColumnNotFoundError: a column is missing.
        NoAnswersError: no answer that counts has a comment that tells something.

    References:
        Kott (2001), "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4),
        521-526; Benjamini & Hochberg (1995), JRSS B 57(1), 289-300.
    """
    check_share(confidence, "confidence")
    check_columns(readings, ["score", *by])
    columns = theme_columns(readings)
    if not columns:
        raise ColumnNotFoundError(
            "There is no column of a theme; `with_themes` makes them from comments."
        )
    answers = _prepared(counted(readings), columns)
    sums = _sums(answers, columns, by)
    told = _told(answers, columns, by)
    keys = [name.removeprefix(THEME_PREFIX) for name in columns]
    found: list[ThemeEffect] = []
    for group in in_order(sums):
        if sums[group][:, _COMMENTED].sum():
            found += effects_of(sums[group], keys, told.get(group, {}), group, confidence)
    if not found:
        raise NoAnswersError(
            "No answer has a comment that tells something, so no theme can be told."
        )
    return found


def effects_of(
    sums: Floats,
    keys: Sequence[str],
    told: Mapping[str, Mapping[str, Mapping[str, int]]] | None = None,
    group: Group = (),
    confidence: float = 0.95,
) -> list[ThemeEffect]:
    """Return the effects of one group from its sums.

    Args:
        sums: of the shape (hash groups, 2 + themes, 3): detractors, passives and promoters of
            all answers, of those with a comment that tells something, and by theme.
        keys: keys of the themes.
        told: by key, mentions by language and by sentiment.
        group: values of the columns grouped by.
        confidence: coverage of the intervals.

    Examples:
        >>> sums = np.zeros((2, 3, 3))
        >>> sums[:, 0] = [10, 5, 15]  # detractors, passives, promoters of all
        >>> sums[:, 1] = [8, 4, 8]
        >>> sums[:, 2] = [6, 2, 2]
        >>> (price,) = effects_of(sums, ["price"])
        >>> round(price.impact_points, 2), round(price.without_points, 2)
        (-26.67, 43.33)
    """
    total = sums.sum(axis=0)
    without_group = total - sums
    tests = []
    for i, _ in enumerate(keys):
        value = _impact(total, i)
        replicates = [_impact(rest, i) for rest in without_group]
        is_told = total[_FIRST + i].sum() >= FEWEST_MENTIONS and all(map(isfinite, replicates))
        tests.append((value, replicates) if is_told and isfinite(value) else None)
    estimates = [None if one is None else from_replicates(*one, confidence) for one in tests]
    p_values = [
        _p_value(one.value, one.standard_error, len(sums)) for one in estimates if one is not None
    ]
    q_values = iter(benjamini_hochberg(p_values) if p_values else [])
    p_left = iter(p_values)
    effects = []
    for i, (key, one) in enumerate(zip(keys, estimates, strict=True)):
        mentions, commented = total[_FIRST + i], total[_COMMENTED]
        value, low, high = (one.value, one.low, one.high) if one else (nan, nan, nan)
        effects.append(
            ThemeEffect(
                group=group,
                theme=key,
                n=int(mentions.sum()),
                share=float(mentions.sum() / commented.sum()) if commented.sum() else nan,
                nps_points=_nps(mentions),
                others_points=_nps(commented - mentions),
                impact_points=value,
                impact_low=max(low, -200.0),
                impact_high=min(high, 200.0),
                without_points=_nps(total[_ALL]) - value,
                p_value=next(p_left) if one else nan,
                q_value=next(q_values) if one else nan,
                languages=(told or {}).get(key, {}).get("language", {}),
                sentiment=(told or {}).get(key, {}).get("sentiment", {}),
            )
        )
    return sorted(effects, key=lambda one: (not isfinite(one.impact_points), _rank(one), one.theme))


def _rank(one: ThemeEffect) -> float:
    return one.impact_points if isfinite(one.impact_points) else -one.n


def _impact(total: Floats, i: int) -> float:
    mentions = total[_FIRST + i]
    answers = total[_ALL].sum()
    if not answers:
        return nan
    gap = _nps(mentions) - _nps(total[_COMMENTED] - mentions)
    return float(mentions.sum() / answers) * gap


def _nps(counts: Floats) -> float:
    n = counts.sum()
    return float(100 * (counts[2] - counts[0]) / n) if n > 0 else nan


def _p_value(value: float, error: float, groups: int) -> float:
    if error == 0:
        return 0.0 if value else 1.0
    return 2 * float(stats.t.sf(abs(value / error), groups - 1))


def _prepared(answers: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Add the hash group of the customer and the bucket of the answer."""
    names = [name for name in ("customer_id", "response_id") if name in answers.columns]
    keys = [answers[name].cast("string") for name in names]
    if not keys:
        # Without ids every row is somebody else; the order makes it the same on every engine.
        order = [answers[name] for name in ("score", "comment") if name in answers.columns]
        keys = [ibis.row_number().over(order_by=[*order, *(answers[one] for one in columns)])]
        keys[0] = keys[0].cast("string")
    return answers.mutate(
        hash_group=hash_group(ibis.coalesce(*keys, ibis.literal(""))),
        bucket=ibis.ifelse(answers["score"] >= 9, 2, ibis.ifelse(answers["score"] <= 6, 0, 1)),
    )


def _sums(answers: ir.Table, columns: Sequence[str], by: Sequence[str]) -> dict[Group, Floats]:
    places = {f"key_{i}": answers[name] for i, name in enumerate(by)}
    commented = reduce(lambda a, b: a | b, (answers[name].notnull() for name in columns))
    totals = answers.group_by(
        **places, hash_group=answers["hash_group"], bucket=answers["bucket"]
    ).aggregate(
        n_all=answers.count(),
        n_commented=answers.count(where=commented),
        **{f"n_{i}": answers.count(where=answers[name] == 1) for i, name in enumerate(columns)},
    )
    names = ["n_all", "n_commented", *(f"n_{i}" for i in range(len(columns)))]
    found: dict[Group, Floats] = {}
    for row in totals.to_pyarrow().to_pylist():
        group = tuple(row[place] for place in places)
        table = found.setdefault(group, np.zeros((GROUPS, len(names), 3)))
        table[row["hash_group"], :, row["bucket"]] += [row[name] or 0 for name in names]
    return found


def _told(
    answers: ir.Table, columns: Sequence[str], by: Sequence[str]
) -> dict[Group, dict[str, dict[str, dict[str, int]]]]:
    """Return mentions of each theme by language and by sentiment, where these are known."""
    found: dict[Group, dict[str, dict[str, dict[str, int]]]] = {}
    for kind, column in (("language", LANGUAGE), ("sentiment", SENTIMENT)):
        if column not in answers.columns:
            continue
        places = {f"key_{i}": answers[name] for i, name in enumerate(by)}
        totals = answers.group_by(**places, value=answers[column]).aggregate(
            **{f"n_{i}": answers.count(where=answers[name] == 1) for i, name in enumerate(columns)}
        )
        for row in totals.to_pyarrow().to_pylist():
            if row["value"] is not None:
                _put(
                    found.setdefault(tuple(row[place] for place in places), {}), kind, row, columns
                )
    for group in found.values():
        for kinds in group.values():
            for kind, counts in kinds.items():
                kinds[kind] = _ordered(kind, counts)
    return found


def _put(
    group: dict[str, dict[str, dict[str, int]]],
    kind: str,
    row: Mapping[str, Any],
    columns: Sequence[str],
) -> None:
    for i, name in enumerate(columns):
        if row[f"n_{i}"]:
            kinds = group.setdefault(name.removeprefix(THEME_PREFIX), {})
            kinds.setdefault(kind, {})[row["value"]] = int(row[f"n_{i}"])


def _ordered(kind: str, counts: Mapping[str, int]) -> dict[str, int]:
    if kind == "sentiment":
        return {name: counts[name] for name in SENTIMENTS if name in counts}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
