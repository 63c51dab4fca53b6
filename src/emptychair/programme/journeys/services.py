"""Writes about drivers, and about the map: steps and touchpoints."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, ProtectedError, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from emptychair.programme.activity.services import record
from emptychair.programme.journeys.models import Driver, Journey, Stage, Touchpoint
from emptychair.programme.lib.errors import RefusedError


@transaction.atomic
def add_driver(*, name: str, names: Mapping[str, str], by: str) -> Driver:
    """Add a thing we deliver that customers may rate.

    Args:
        name: in the organisation's language; the stable slug is made of it.
        names: per language, as shown to customers; where one is missing, `name` is shown.
        by: public id of who adds it.
    """
    wish = slugify(name)[:36].strip("-") or "driver"
    taken = set(Driver.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    wishes = [wish, *(f"{wish}-{number}" for number in range(2, len(taken) + 3))]
    slug = next(one for one in wishes if one not in taken)
    shown = {language: text.strip() for language, text in names.items() if text.strip()}
    driver = Driver.objects.create(slug=slug, name=name.strip(), names=shown)
    record("driver.added", driver.slug, actor=by, name=driver.name)
    return driver


@transaction.atomic
def add_journey(*, name: str, by: str) -> Journey:
    """Add a whole path.

    Raises:
        RefusedError: it has no name.
    """
    slug = _free_slug(name, Journey.objects.all())
    made = Journey.objects.create(slug=slug, name=_named(name))
    _changed(made, by, "added", made.name)
    return made


@transaction.atomic
def draw_own(journey: Journey, *, segment: str, by: str) -> Journey:
    """Give a segment its own map of a journey: a copy of the company's, changed apart from it.

    Raises:
        RefusedError: it has one already.
    """
    if journey.own_maps.filter(segment=segment).exists():
        raise RefusedError("own_map_there", _("This segment has its own map already."))
    slug = _free_slug(f"{journey.slug}-{segment}", Journey.objects.all())
    made = Journey.objects.create(slug=slug, name=journey.name, copy_of=journey, segment=segment)
    for stage in journey.stages.order_by("position", "pk"):
        own = made.stages.create(slug=stage.slug, name=stage.name, position=stage.position)
        for place in stage.touchpoints.order_by("position", "pk"):
            own.touchpoints.create(
                slug=_free_slug(f"{place.slug[:25]}-{segment[:20]}", Touchpoint.objects.all()),
                name=place.name,
                met_by=place.met_by,
                position=place.position,
                same_as=place,
            )
    _changed(made, by, "copied", made.name)
    return made


@transaction.atomic
def drop_own(journey: Journey, *, by: str) -> None:
    """Let a segment take the company's map again; what was drawn apart is gone.

    Raises:
        RefusedError: a survey asks about a touchpoint that stands on this map alone.
    """
    assert journey.copy_of_id is not None, "the company's map is no copy"
    _changed(journey, by, "dropped", journey.name)
    try:
        journey.delete()
    except ProtectedError as error:
        sentence = _(
            "A survey asks about a touchpoint of this map alone. Attach it elsewhere first."
        )
        raise RefusedError("touchpoint_in_use", sentence) from error


@transaction.atomic
def add_stage(journey: Journey, *, name: str, by: str) -> Stage:
    """Add a step at the end of a journey.

    Raises:
        RefusedError: it has no name.
    """
    slug = _free_slug(name, journey.stages.all())
    last = journey.stages.aggregate(last=Max("position"))["last"] or 0
    made = journey.stages.create(slug=slug, name=_named(name), position=last + 1)
    _changed(journey, by, "added", made.name)
    return made


@transaction.atomic
def add_touchpoint(stage: Stage, *, name: str, met_by: str, by: str) -> Touchpoint:
    """Add a touchpoint at the end of a step.

    Raises:
        RefusedError: it has no name.
    """
    slug = _free_slug(name, Touchpoint.objects.all())
    last = stage.touchpoints.aggregate(last=Max("position"))["last"] or 0
    made = stage.touchpoints.create(
        slug=slug, name=_named(name), met_by=met_by.strip()[:120], position=last + 1
    )
    _changed(stage.journey, by, "added", made.name)
    return made


@transaction.atomic
def rename(place: Stage | Touchpoint, *, name: str, met_by: str = "", by: str) -> None:
    """Call a step or touchpoint otherwise; its slug, which answers carry, stays.

    Raises:
        RefusedError: it has no name.
    """
    place.name = _named(name)
    if isinstance(place, Touchpoint):
        place.met_by = met_by.strip()[:120]
    place.save()
    _changed(_journey_of(place), by, "renamed", place.name)


@transaction.atomic
def move(place: Stage | Touchpoint, *, earlier: bool, by: str) -> None:
    """Move a step or touchpoint one place; at the end it stays."""
    siblings = list(_siblings(place))
    here = next(i for i, one in enumerate(siblings) if one.pk == place.pk)
    there = here - 1 if earlier else here + 1
    if not 0 <= there < len(siblings):
        return
    siblings[here], siblings[there] = siblings[there], siblings[here]
    for position, one in enumerate(siblings, start=1):
        type(one)._default_manager.filter(pk=one.pk).update(position=position)
    _changed(_journey_of(place), by, "moved", place.name)


@transaction.atomic
def remove(place: Stage | Touchpoint, *, by: str) -> None:
    """Take a step or touchpoint off the map.

    Raises:
        RefusedError: a survey asks about it.
    """
    journey, name = _journey_of(place), place.name
    try:
        place.delete()
    except ProtectedError as error:
        raise RefusedError(
            "touchpoint_in_use",
            _("A survey asks about “%(name)s”. Attach the survey elsewhere first.")
            % {"name": name},
        ) from error
    _changed(journey, by, "removed", name)


def _siblings(place: Stage | Touchpoint) -> Iterable[Stage | Touchpoint]:
    if isinstance(place, Stage):
        return place.journey.stages.order_by("position", "pk")
    return place.stage.touchpoints.order_by("position", "pk")


def _journey_of(place: Stage | Touchpoint) -> Journey:
    return place.journey if isinstance(place, Stage) else place.stage.journey


def _named(name: str) -> str:
    name = name.strip()[:120]
    if not name:
        raise RefusedError("place_unnamed", _("Give it a name first."))
    return name


def _free_slug(name: str, others: QuerySet[Any]) -> str:
    wish = slugify(_named(name))[:50].strip("-") or "place"
    taken = set(others.filter(slug__startswith=wish).values_list("slug", flat=True))
    wishes = [wish, *(f"{wish}-{number}" for number in range(2, len(taken) + 3))]
    return next(one for one in wishes if one not in taken)


def _changed(journey: Journey, by: str, what: str, name: str) -> None:
    record("journey.changed", journey.slug, actor=by, what=what, name=name)
