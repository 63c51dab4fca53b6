"""Reads about colleagues and units."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from emptychair.programme.accounts.models import Unit, User


@dataclass(frozen=True)
class UnitLine:
    """A unit in its tree: `depth` units stand above it."""

    key: int
    code: str
    name: str
    depth: int
    country: str
    colleagues: int

    @property
    def indented(self) -> str:
        """The name, set in by its depth, for a list of choices."""
        return "\u2003" * self.depth + self.name


def colleagues(search: str = "") -> QuerySet[User]:
    """Return the colleagues whose name or address has `search` in it, by name."""
    found = User.objects.select_related("unit").order_by("name", "pk")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(email__icontains=search))
    return found


def unit_tree() -> list[UnitLine]:
    """Return every unit, each followed by those below it."""
    children: dict[int | None, list[Unit]] = {}
    with_people = Unit.objects.annotate(
        colleagues=Count("user", filter=Q(user__is_active=True))
    ).order_by("name", "pk")
    for unit in with_people:
        children.setdefault(unit.parent_id, []).append(unit)
    return list(_lines(children, None, 0))


def _lines(
    children: dict[int | None, list[Unit]], above: int | None, depth: int
) -> Iterator[UnitLine]:
    for unit in children.get(above, ()):
        people: int = getattr(unit, "colleagues", 0)
        yield UnitLine(unit.pk, unit.code, unit.name, depth, unit.country, people)
        yield from _lines(children, unit.pk, depth + 1)
