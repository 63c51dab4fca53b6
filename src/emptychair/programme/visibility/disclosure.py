"""What may not be shown because too few people are behind it, or because it gives them away."""

from collections.abc import Hashable, Mapping
from dataclasses import replace

from django.conf import settings

from emptychair.analysis.delivery.disclosure import suppressed_cells
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.visibility.selection import Selection
from emptychair.programme.warehouse import layer


def withheld_groups(
    counts: Mapping[tuple[Hashable, ...], ScoreCounts],
) -> frozenset[tuple[Hashable, ...]]:
    """Return the groups of a table with a total that must not be shown."""
    people = {group: found.n for group, found in counts.items()}
    return frozenset(suppressed_cells(people, settings.MINIMUM_CELL))


def is_withheld(selection: Selection, scope: Scope) -> bool:
    """Say whether a selection would show a group that its table withholds."""
    narrowed = [*selection.filters, *(["segment"] if selection.segment else [])]
    for dimension in narrowed:
        if dimension == "segment":
            wider, value = replace(selection, segment=""), selection.segment
        else:
            others = {k: v for k, v in selection.filters.items() if k != dimension}
            wider, value = replace(selection, filters=others), selection.filters[dimension]
        if (value,) in withheld_groups(counts_by(dimension, wider, scope)):
            return True
    return False


def counts_by(
    dimension: str, selection: Selection, scope: Scope
) -> Mapping[tuple[Hashable, ...], ScoreCounts]:
    """Return the score counts of a selection by one dimension."""
    return layer.counts(
        (dimension,),
        start=selection.start,
        end=selection.end,
        segment=selection.segment or None,
        filters=selection.filters,
        units=scope.units,
    )
