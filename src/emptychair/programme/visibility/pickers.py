"""The filter bar of Delivery and of the responses behind its figures."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.visibility import names
from emptychair.programme.visibility.selection import BREAKDOWNS, PRESETS, Selection
from emptychair.programme.warehouse import layer


@dataclass(frozen=True)
class Option:
    """One choice of a picker."""

    value: str
    label: str
    is_current: bool


@dataclass(frozen=True)
class Picker:
    """A choice among the values of one dimension."""

    name: str
    label: str
    all_label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class FilterBar:
    """Everything `components/filter_bar.html` shows."""

    action: str
    presets: tuple[Option, ...]
    is_custom: bool
    start: date
    end: date
    pickers: tuple[Picker, ...]
    hidden: tuple[tuple[str, str], ...]
    clear_url: str
    error: str


def filter_bar(
    selection: Selection,
    scope: Scope,
    action: str,
    *,
    more: tuple[Picker, ...] = (),
    hidden: tuple[tuple[str, str], ...] = (),
) -> FilterBar:
    """Return the pickers of a selection; those with nothing to choose are left out.

    Args:
        selection: what is chosen now.
        scope: what the reader may see.
        action: address of the page.
        more: pickers of the page's own.
        hidden: what the page keeps of its state besides the pickers.
    """
    pickers = (*(_picker(dimension, selection, scope) for dimension in BREAKDOWNS), *more)
    is_narrowed = bool(selection.segment or selection.filters or selection.address() != "?")
    return FilterBar(
        action=action,
        presets=tuple(
            Option(preset, names.preset_name(preset), preset == selection.preset)
            for preset in PRESETS
        ),
        is_custom=selection.preset == "custom" or bool(selection.error),
        start=selection.start,
        end=selection.end,
        pickers=tuple(picker for picker in pickers if picker.options),
        hidden=hidden,
        clear_url=action if is_narrowed else "",
        error=selection.error,
    )


def bucket_picker(bucket: str) -> Picker:
    """Return the choice of a bucket."""
    options = tuple(
        Option(name, names.bucket_names(name), name == bucket)
        for name in ("detractor", "passive", "promoter")
    )
    return Picker("bucket", _("Bucket"), _("All buckets"), options)


def compare_pickers(
    selection: Selection, scope: Scope, how: str, chosen: tuple[str, str]
) -> tuple[Picker, ...]:
    """Return the choices of what is compared with what."""
    kinds = (("year", _("The same period last year")), ("groups", _("Groups with each other")))
    by = tuple(Option(name, names.label(name), name == selection.by) for name in BREAKDOWNS[1:])
    own = (
        Picker(
            "how",
            _("Compare with"),
            _("The period before"),
            tuple(Option(value, label, value == how) for value, label in kinds),
        ),
        Picker("by", _("By"), names.label(BREAKDOWNS[0]), by),
    )
    if how != "groups":
        return own
    two = zip(("a", "b"), (_("Group"), _("With group")), chosen, strict=True)
    groups = _picker(selection.by, selection, scope).options
    return own + tuple(
        Picker(
            name,
            label,
            _("Choose"),
            tuple(Option(one.value, one.label, one.value == current) for one in groups),
        )
        for name, label, current in two
    )


def _picker(dimension: str, selection: Selection, scope: Scope) -> Picker:
    known = names.names_of(dimension)
    current = selection.segment if dimension == "segment" else selection.filters.get(dimension, "")
    values = set(layer.options(dimension)) | ({current} if current else set())
    if dimension == "unit" and scope.units is not None:
        values &= scope.units
    by_name = sorted(values, key=lambda value: known.get(value, value).casefold())
    options = tuple(
        Option(value, known.get(value, value), value == current)
        for value in names.in_priority(dimension, by_name)
    )
    return Picker(dimension, names.label(dimension), names.label_of_all(dimension), options)
