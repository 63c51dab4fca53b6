"""Reads of journeys: which touchpoints belong to which stage."""

from django.utils.translation import get_language

from emptychair.programme.journeys.models import Driver, Stage, Touchpoint


def touchpoints_by_stage() -> dict[str, tuple[str, ...]]:
    """Return the slugs of each stage's touchpoints, stages in the order of their journeys.

    A stage is named `journey.stage`, since two journeys may each have a stage of one name.
    """
    found: dict[str, tuple[str, ...]] = {}
    company = Touchpoint.objects.filter(stage__journey__copy_of=None)
    rows = company.order_by("stage__journey__slug", "stage__position", "position")
    for journey, stage, slug in rows.values_list("stage__journey__slug", "stage__slug", "slug"):
        key = f"{journey}.{stage}"
        found[key] = (*found.get(key, ()), slug)
    return found


def touchpoint_names() -> dict[str, str]:
    """Return the name of each touchpoint by the slug that answers carry, as the company says it."""
    return dict(Touchpoint.objects.filter(same_as=None).values_list("slug", "name"))


def stage_names() -> dict[str, str]:
    """Return the name of each stage, with its journey's where there is more than one journey."""
    company = Stage.objects.filter(journey__copy_of=None).select_related("journey")
    stages = company.order_by("journey__slug", "position")
    journeys = {stage.journey_id for stage in stages}
    return {
        f"{stage.journey.slug}.{stage.slug}": stage.name
        if len(journeys) == 1
        else f"{stage.journey.name}: {stage.name}"
        for stage in stages
    }


def driver_names() -> dict[str, str]:
    """Return the name of each driver by its slug, in the reader's language where it has one."""
    language = get_language() or ""
    return {
        driver.slug: driver.names.get(language[:2]) or driver.name
        for driver in Driver.objects.all()
    }
