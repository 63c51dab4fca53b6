"""Comparisons: period against period, group against group, with the verdict in words.

Many rows at once: the false discovery rate of the list is held (Benjamini-Hochberg), small groups
are shrunk towards the others, and what too few people are behind is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from emptychair.analysis.delivery.compare import FALSE_DISCOVERY_RATE, Verdict, verdict_of
from emptychair.analysis.delivery.differences import (
    Difference,
    differences_of_buckets,
    mix_and_rate,
)
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg
from emptychair.analysis.delivery.score import Nps, nps_of_counts
from emptychair.analysis.delivery.shrink import shrink
from emptychair.analysis.show.words import FIGURE_FROM, INTERVAL_FROM, Words
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.visibility import names
from emptychair.programme.visibility.disclosure import counts_by, withheld_groups
from emptychair.programme.visibility.queries import counts_of, may_show
from emptychair.programme.visibility.selection import Selection

How = Literal["before", "year", "groups"]
FEWEST_TO_SHRINK: Final = 3
_Z: Final = 1.959963984540054  # of the 95 % interval
Groups = Mapping[str, ScoreCounts]


@dataclass(frozen=True)
class Pair:
    """Two groups of answers, the earlier or the others first."""

    name: str
    a: ScoreCounts
    b: ScoreCounts


@dataclass(frozen=True)
class ComparedRow:
    """One comparison as a row: both figures, the difference and what may be said of it."""

    name: str
    a: str
    b: str
    n: str
    difference: str
    verdict: Verdict
    said: str
    shrunk: str = ""


@dataclass(frozen=True)
class ComparePage:
    """Everything the page of comparisons shows."""

    how: How
    a_label: str
    b_label: str
    headline: str
    mix: str
    rows: tuple[ComparedRow, ...]
    withheld: tuple[str, ...]
    notes: tuple[str, ...]
    group_label: str
    has_shrunk: bool


def compare_page(
    selection: Selection, scope: Scope, words: Words, *, how: How, chosen: tuple[str, str]
) -> ComparePage:
    """Return the comparisons of a selection.

    Args:
        selection: period, filters and the breakdown `by`.
        scope: what the reader may see.
        words: the reader's language.
        how: against the period before, the same period last year, or groups among themselves.
        chosen: codes of two groups to compare with each other; empty for none.
    """
    if how == "groups":
        return _groups_page(selection, scope, words, chosen)
    earlier = selection.before() if how == "before" else year_before(selection)
    before, now = _by_group(earlier, scope), _by_group(selection, scope)
    hidden = _withheld(before) | _withheld(now)
    largest = sorted({*before, *now} - hidden, key=lambda code: -now.get(code, ScoreCounts()).n)
    codes = names.in_priority(selection.by, largest)
    none = ScoreCounts()
    pairs = [
        Pair(_name(selection, code), before.get(code, none), now.get(code, none)) for code in codes
    ]
    known = may_show(selection, scope) and may_show(earlier, scope)
    whole = Pair("", counts_of(earlier, scope), counts_of(selection, scope))
    return ComparePage(
        how=how,
        a_label=_span(earlier, words),
        b_label=_span(selection, words),
        headline=_change(whole, words) if known else words("withheld_explained"),
        mix=_mix(selection, before, now, words) if known and not hidden else "",
        rows=_rows(pairs, words),
        withheld=tuple(_name(selection, code) for code in sorted(hidden)),
        notes=_notes(words, withheld=bool(hidden), shrunk=False),
        group_label=names.label(selection.by),
        has_shrunk=False,
    )


def year_before(selection: Selection) -> Selection:
    """Return the same dates one year earlier."""
    return replace(
        selection,
        preset="custom",
        start=_earlier(selection.start),
        end=_earlier(selection.end),
    )


def compared(pairs: Sequence[Pair]) -> list[tuple[Difference | None, Verdict]]:
    """Return difference and verdict of each pair, the false discovery rate of the list held."""
    ready = [i for i, pair in enumerate(pairs) if pair.a.n and pair.b.n]
    differences = differences_of_buckets(
        [_three(pairs[i].a) for i in ready], [_three(pairs[i].b) for i in ready], [0.0] * len(ready)
    )
    judged = [i for i in ready if min(pairs[i].a.n, pairs[i].b.n) >= INTERVAL_FROM]
    found = dict(zip(ready, differences, strict=True))
    q_values = benjamini_hochberg([found[i].p_value for i in judged])
    q_of = dict(zip(judged, q_values, strict=True))
    result: list[tuple[Difference | None, Verdict]] = []
    for i, pair in enumerate(pairs):
        one = found.get(i)
        if one is None or i not in q_of:
            result.append((None, "too_few_answers"))
        else:
            n = min(pair.a.n, pair.b.n)
            result.append((one, verdict_of(one.low, one.high, n, q_of[i])))
    return result


def _groups_page(
    selection: Selection, scope: Scope, words: Words, chosen: tuple[str, str]
) -> ComparePage:
    found = _by_group(selection, scope)
    hidden = _withheld(found)
    total = counts_of(selection, scope)
    largest = sorted(set(found) - hidden, key=lambda code: -found[code].n)
    codes = names.in_priority(selection.by, largest)
    pairs = [Pair(_name(selection, code), _less(total, found[code]), found[code]) for code in codes]
    shrunk = _shrunk([found[code] for code in codes], words)
    return ComparePage(
        how="groups",
        a_label=_("All others"),
        b_label=names.label(selection.by),
        headline=_two(selection, {code: found[code] for code in codes}, chosen, words),
        mix="",
        rows=_rows(pairs, words, shrunk),
        withheld=tuple(_name(selection, code) for code in sorted(hidden)),
        notes=_notes(words, withheld=bool(hidden), shrunk=any(shrunk)),
        group_label=names.label(selection.by),
        has_shrunk=any(shrunk),
    )


def _rows(
    pairs: Sequence[Pair], words: Words, shrunk: Sequence[str] = ()
) -> tuple[ComparedRow, ...]:
    rows = []
    for i, (pair, (found, verdict)) in enumerate(zip(pairs, compared(pairs), strict=True)):
        rows.append(
            ComparedRow(
                name=pair.name,
                a=_short(pair.a, words),
                b=_short(pair.b, words),
                n=f"{words.number(pair.a.n)} / {words.number(pair.b.n)}",
                difference=_interval(found, words) if found else "",
                verdict=verdict,
                said=verdict_words(verdict),
                shrunk=shrunk[i] if shrunk else "",
            )
        )
    return tuple(rows)


def verdict_words(verdict: Verdict) -> str:
    """Return in words what may be said of a difference."""
    return {
        "higher": _("Really higher"),
        "lower": _("Really lower"),
        "no_clear_difference": _("No real difference"),
        "too_few_answers": _("Too few answers"),
    }[verdict]


def _interval(found: Difference, words: Words) -> str:
    interval = words.interval(100 * found.low, 100 * found.high)
    return f"{words.points(100 * found.difference)} ({interval})"


def _change(pair: Pair, words: Words) -> str:
    if min(pair.a.n, pair.b.n) < INTERVAL_FROM:
        return _("There are too few answers in one of the periods to compare them.")
    found = differences_of_buckets([_three(pair.a)], [_three(pair.b)], [0.0])[0]
    return words.change_verdict(100 * found.difference, 100 * found.low, 100 * found.high)


def _mix(selection: Selection, before: Groups, now: Groups, words: Words) -> str:
    if selection.by == "segment" or not before or not now:
        return ""  # a customer may be in several segments, so they have no shares of a whole
    mix, rate = mix_and_rate(_parts(before), _parts(now))
    return _(
        "Of the difference, %(mix)s points come from a changed mix and %(rate)s points from"
        " changes within the groups."
    ) % {"mix": words.points(100 * mix, 1), "rate": words.points(100 * rate, 1)}


def _two(selection: Selection, found: Groups, chosen: tuple[str, str], words: Words) -> str:
    if not all(chosen) or chosen[0] == chosen[1]:
        return ""
    if not all(code in found for code in chosen):
        return words("withheld_explained")
    pair = Pair("", found[chosen[0]], found[chosen[1]])
    ((difference, verdict),) = compared([pair])
    values: dict[str, Any] = {"a": _name(selection, chosen[0]), "b": _name(selection, chosen[1])}
    if difference is None:
        return _("%(a)s or %(b)s has too few answers to compare them.") % values
    values["difference"] = _interval(difference, words)
    if verdict == "no_clear_difference":
        return _("No real difference: %(b)s against %(a)s %(difference)s.") % values
    return _("A real difference: %(b)s against %(a)s %(difference)s.") % values


def _shrunk(groups: Sequence[ScoreCounts], words: Words) -> list[str]:
    """Return the shrunk NPS of each group; empty where there are too few answers or groups."""
    known = [(i, nps_of_counts(n)) for i, n in enumerate(groups) if n.n >= INTERVAL_FROM]
    result = [""] * len(groups)
    if len(known) < FEWEST_TO_SHRINK:
        return result
    values = [nps.nps_points or 0.0 for _i, nps in known]
    found = shrink(values, [_variance(nps) for _i, nps in known])
    for (i, _nps), group in zip(known, found.groups, strict=True):
        result[i] = words.points(group.value)
    return result


def _variance(nps: Nps) -> float:
    low, high = nps.low_points or 0.0, nps.high_points or 0.0
    return max(((high - low) / (2 * _Z)) ** 2, 1e-6)


def _notes(words: Words, *, withheld: bool, shrunk: bool) -> tuple[str, ...]:
    notes = [
        _(
            "Of the differences called real, at most %(rate)s are expected to be chance, however"
            " many rows there are (Benjamini-Hochberg)."
        )
        % {"rate": words.share(FALSE_DISCOVERY_RATE)},
        _("Customers on both sides count as different ones; that errs on the safe side."),
    ]
    if shrunk:
        notes.append(
            _(
                "The shrunk NPS pulls groups with few answers towards the others, as far as their"
                " answers leave doubt: read it when you compare small groups."
            )
        )
    if withheld:
        notes.append(words("withheld_note", k=settings.MINIMUM_CELL))
    return tuple(notes)


def _by_group(selection: Selection, scope: Scope) -> dict[str, ScoreCounts]:
    return {str(key[0] or ""): n for key, n in counts_by(selection.by, selection, scope).items()}


def _withheld(groups: Groups) -> set[str]:
    return {str(key[0]) for key in withheld_groups({(code,): n for code, n in groups.items()})}


def _parts(groups: Groups) -> dict[Any, tuple[float, float]]:
    return {code: (n.n, (n.promoters - n.detractors) / n.n) for code, n in groups.items() if n.n}


def _name(selection: Selection, code: str) -> str:
    return names.names_of(selection.by).get(code, code) or _("Not stated")


def _short(counts: ScoreCounts, words: Words) -> str:
    if counts.n < FIGURE_FROM:
        return words.level(nps_of_counts(counts)).value
    return words.points(nps_of_counts(counts).nps_points or 0.0)


def _span(selection: Selection, words: Words) -> str:
    return _("%(start)s to %(end)s") % {
        "start": words.day(selection.start),
        "end": words.day(selection.end),
    }


def _three(counts: ScoreCounts) -> tuple[int, int, int]:
    return counts.detractors, counts.passives, counts.promoters


def _less(total: ScoreCounts, part: ScoreCounts) -> ScoreCounts:
    return ScoreCounts(tuple(a - b for a, b in zip(total.scores, part.scores, strict=True)))


def _earlier(day: date) -> date:
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if leap else day.day)
