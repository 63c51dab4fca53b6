"""Filters of the pages about customers: all of their state stands in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.relations import naming
from emptychair.programme.standing.models import Health, State
from emptychair.programme.visibility.names import names_of
from emptychair.programme.visibility.pickers import Option, Picker

LONGEST = 80


@dataclass(frozen=True)
class Bar:
    """Pickers, a search field, and what else the address keeps."""

    action: str
    pickers: tuple[Picker, ...]
    search: str
    search_label: str
    hidden: tuple[tuple[str, str], ...]
    is_narrowed: bool


def filters_of(query: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return those filters of an address that are set."""
    return {name: query[name].strip()[:LONGEST] for name in names if query.get(name, "").strip()}


def customers_bar(action: str, filters: Mapping[str, str], scope: Scope, *, sort: str) -> Bar:
    """Return the filters of the list of customers."""
    label = _("Id, name or e-mail") if scope.pii else _("Customer's id")
    return Bar(
        action=action,
        pickers=(
            state_picker(filters.get("state", "")),
            segment_picker(filters.get("segment", "")),
            *unit_picker(filters.get("unit", ""), scope),
        ),
        search=filters.get("search", ""),
        search_label=label,
        hidden=tuple((n, v) for n, v in (("sort", sort), ("key", filters.get("key", ""))) if v),
        is_narrowed=bool(filters),
    )


def accounts_bar(action: str, filters: Mapping[str, str], *, sort: str) -> Bar:
    """Return the filters of the list of accounts."""
    health = filters.get("health", "")
    options = tuple(Option(one, naming.health_name(one), one == health) for one in Health.values)
    return Bar(
        action=action,
        pickers=(Picker("health", _("Health"), _("Every health"), options),),
        search=filters.get("search", ""),
        search_label=_("Account"),
        hidden=(("sort", sort),) if sort else (),
        is_narrowed=bool(filters),
    )


def state_picker(current: str) -> Picker:
    """Return the choice of a bucket or a kind of silence."""
    states = [*State.values[:3], "silent", "asked_silent", *State.values[3:]]
    options = tuple(Option(one, naming.state_names(one), one == current) for one in states)
    return Picker("state", _("Bucket"), _("The whole base"), options)


def segment_picker(current: str) -> Picker:
    """Return the choice of a segment, key segments first."""
    options = tuple(
        Option(slug, name, slug == current) for slug, name in names_of("segment").items()
    )
    return Picker("segment", _("Segment"), _("All customers"), options)


def unit_picker(current: str, scope: Scope) -> tuple[Picker, ...]:
    """Return the choice of a unit, if the reader has more than one."""
    units = Unit.objects.order_by("name").values_list("code", "name")
    seen = [(code, name) for code, name in units if scope.units is None or code in scope.units]
    if len(seen) < 2:
        return ()
    options = tuple(Option(code, name, code == current) for code, name in seen)
    return (Picker("unit", _("Unit"), _("All units"), options),)
